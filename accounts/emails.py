"""E-mail addresses at rest: sealed under their person's data key, unique and looked up by a keyed digest.

The key of the digests is the house's data key, so a new master key wraps it anew and no digest changes. Without it a
copy of the table does not tell whether somebody has an account here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection

from accounts.keys import HOUSE, Keys
from accounts.names import login_key
from database.connect import Pool

EMAIL = "email"
"""The purpose of sealed addresses, and of their digests."""
BATCH = 1000
"""Addresses that a transaction seals."""
ADDRESS = "coalesce(u.email_digest, sha256(u.email_sealed))"
"""What tells the address of a row `u` of `users` from others: the digest that it is found by, where it has one."""


async def email_digest(pool: Pool, keys: Keys, key: str) -> bytes | None:
    """Return what an address, as `login_key` folds it, is found by; None for what is none."""
    if "@" not in key:
        return None
    return (await keys.get(pool, [HOUSE], make=True))[HOUSE].digest(EMAIL, key)


def email_digest_now(conn: Connection[Any], keys: Keys, key: str) -> bytes:
    """Return what a folded address is found by, for a job."""
    return keys.fetch(conn, [HOUSE], make=True)[HOUSE].digest(EMAIL, key)


_PLAIN = "select id, email from users where email_key is not null order by id limit %s"
# a server of the version before may meanwhile have let somebody use an address twice: the later account keeps it, and is
# found by its username only
_SEAL = """
update users u set email = null, email_key = null, updated_at = now(),
  email_sealed = n.sealed, email_digest = case when n.is_free then n.digest end
from (select *, not exists (select from users o where o.email_digest = given.digest) as is_free
        from unnest(%(ids)s::uuid[], %(emails)s::text[], %(sealed)s::bytea[], %(digests)s::bytea[])
          as given (id, email, sealed, digest)) n
where u.id = n.id and u.email = n.email
"""


def seal_emails(
    conn: Connection[Any], keys: Keys, *, on_progress: Callable[[int], None] = lambda _: None
) -> int:
    """Seal the addresses that a version before left in the clear, and return how many; what was done stays done.

    Also shows at once whether the master key is there. Raises MasterKeyMissing.
    """
    house = keys.fetch(conn, [HOUSE], make=True)[HOUSE]
    done = 0
    while rows := conn.execute(_PLAIN, (BATCH,)).fetchall():
        people: Mapping[Any, str] = dict(rows)
        data_keys = keys.fetch(conn, people, make=True)
        conn.execute(
            _SEAL,
            {
                "ids": list(people),
                "emails": list(people.values()),
                "sealed": [data_keys[user_id].seal(EMAIL, email) for user_id, email in people.items()],
                "digests": [house.digest(EMAIL, login_key(email)) for email in people.values()],
            },
        )
        done += len(people)
        on_progress(done)
    return done
