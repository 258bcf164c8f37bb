"""A data key for each person: what is personal, or what a person wrote, is stored under it and nowhere in the clear.

Erasing a person destroys the key, and with it every text that was ever sealed: in tables, in the log, in backups that
have no copy of `user_keys` from before.

What another part of the program needs:

    sealed = await keys.seal(pool, user_id, "review", "I cried.")                     # bytes, for a bytea column
    many = await keys.seal_many(pool, [(user_id, "review", text), …])                 # one query at most for all
    texts = await keys.open_many(pool, [(user_id, "review", sealed), …])              # None where the key is destroyed
    data_keys = keys.fetch(conn, user_ids, make=True); data_keys[user_id].seal("review", text)   # jobs, without async

The purpose is a constant of the part that seals ("email", "review"), bound to the text: bytes that somebody copies into
another column, or to another person, do not open. `secret` of an event and a read table that holds the same bytes
use the same purpose.
"""

from __future__ import annotations

import hmac
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection, pq

from accounts.masters import NONCE_BYTES, MasterKeys
from database.connect import Pool
from events.people import AccountErased

DataKeys = Mapping[UUID, "DataKey"]

HOUSE = UUID(int=0)
"""Whose data key is nobody's: it keys what must be found without knowing the person, and is never destroyed."""
KEPT = 4096
KEPT_S = 60.0
"""Seconds that a process goes on with a key that another process destroyed."""
_FORM = b"\x01"


class DataKey:
    """The unwrapped key of one person. Its repr shows nothing of it."""

    __slots__ = ("_aead", "_secret", "_user_id")

    def __init__(self, user_id: UUID, secret: bytes) -> None:
        self._user_id, self._secret, self._aead = user_id, secret, AESGCM(secret)

    def seal(self, purpose: str, text: str) -> bytes:
        """Return the text encrypted: 29 bytes more than its UTF-8 form, and other bytes each time."""
        nonce = os.urandom(NONCE_BYTES)
        return _FORM + nonce + self._aead.encrypt(nonce, text.encode(), self._bound(purpose))

    def open(self, purpose: str, sealed: bytes) -> str:
        """Return the text. Raises cryptography's InvalidTag for bytes that this key did not seal for this purpose."""
        sealed = bytes(sealed)[len(_FORM) :]
        return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(purpose)).decode()

    def digest(self, purpose: str, text: str) -> bytes:
        """Return 32 bytes that are equal for equal texts only, and tell nothing of them without the key."""
        derived = hmac.digest(self._secret, f"digest: {purpose}".encode(), "sha256")
        return hmac.digest(derived, text.encode(), "sha256")

    def _bound(self, purpose: str) -> bytes:
        return _FORM + self._user_id.bytes + purpose.encode()


# a key that somebody else makes at the same moment is theirs for both
_GET = """
with found as (
  select user_id, wrapped, master_key_id from user_keys where user_id = any (%(ids)s)
), made as (
  insert into user_keys as k (user_id, wrapped, master_key_id)
  select n.user_id, n.wrapped, %(first)s
    from unnest(%(ids)s::uuid[], %(wrapped)s::bytea[]) as n (user_id, wrapped)
   where n.wrapped is not null and n.user_id not in (select user_id from found)
  on conflict (user_id) do update set user_id = excluded.user_id
  returning k.user_id, k.wrapped, k.master_key_id
)
select * from found union all select * from made
"""

_DESTROY = """
insert into user_keys as k (user_id, destroyed_at) values (%s, now())
on conflict (user_id) do update set wrapped = null, master_key_id = null, destroyed_at = now()
where k.destroyed_at is null
"""


class Keys:
    """The data keys of one process: some thousand are kept unwrapped, each for a minute. `clock` gives seconds."""

    def __init__(self, masters: MasterKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._masters, self._clock = masters, clock
        self._kept: OrderedDict[UUID, tuple[DataKey, float]] = OrderedDict()

    async def get(self, pool: Pool, user_ids: Iterable[UUID], *, make: bool = False) -> DataKeys:
        """Return the keys of these people, with one query for those that are not kept.

        Who has none is left out; with `make` they get one, and a destroyed one raises AccountErased. Raises
        MasterKeyMissing.
        """
        found, absent = self._known(user_ids)
        if absent:
            async with pool.connection() as conn:
                rows = await (await conn.execute(_GET, self._wanted(absent, make=make))).fetchall()
            found.update(self._learnt(rows, make=make))
        return found

    def fetch(self, conn: Connection[Any], user_ids: Iterable[UUID], *, make: bool = False) -> DataKeys:
        """Do what `get` does, for a job. Keys are made outside transactions only: what is kept must be there."""
        found, absent = self._known(user_ids)
        if absent:
            if make and conn.info.transaction_status != pq.TransactionStatus.IDLE:
                raise RuntimeError("A data key is made before the transaction that needs it.")
            rows = conn.execute(_GET, self._wanted(absent, make=make)).fetchall()
            found.update(self._learnt(rows, make=make))
        return found

    async def seal(self, pool: Pool, user_id: UUID, purpose: str, text: str) -> bytes:
        """Return a person's text encrypted. Raises AccountErased."""
        return (await self.seal_many(pool, [(user_id, purpose, text)]))[0]

    async def seal_many(self, pool: Pool, texts: Sequence[tuple[UUID, str, str]]) -> list[bytes]:
        """Return texts, each with its person and purpose, encrypted in their order. Raises AccountErased."""
        keys = await self.get(pool, {user_id for user_id, _, _ in texts}, make=True)
        return [keys[user_id].seal(purpose, text) for user_id, purpose, text in texts]

    async def open_many(
        self, pool: Pool, texts: Sequence[tuple[UUID, str, bytes | None]]
    ) -> list[str | None]:
        """Return sealed texts, each with its person and purpose, in their order.

        None stays None, and is what is left of a text whose key is destroyed. Raises InvalidTag for bytes that
        were not sealed for this person and purpose.
        """
        keys = await self.get(pool, {user_id for user_id, _, sealed in texts if sealed is not None})
        return [
            keys[user_id].open(purpose, sealed) if sealed is not None and user_id in keys else None
            for user_id, purpose, sealed in texts
        ]

    def mint(self, user_id: UUID) -> tuple[DataKey, dict[str, Any]]:
        """Return a new person's key, and the values of its row in `user_keys`: inserted together with the person."""
        secret = AESGCM.generate_key(256)
        wrapped = self._masters.wrap(user_id, secret)
        return DataKey(user_id, secret), {"wrapped": wrapped, "master_key_id": self._masters.first}

    def keep(self, user_id: UUID, key: DataKey) -> None:
        """Say that a minted key is in the table now."""
        ends = math.inf if user_id == HOUSE else self._clock() + KEPT_S
        self._kept[user_id] = key, ends
        self._kept.move_to_end(user_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def destroy(self, conn: Connection[Any], user_id: UUID) -> None:
        """Make unreadable what was sealed for a person, for ever, once the caller's transaction commits.

        This process knows the key no more; others keep it for a minute at most.
        """
        conn.execute(_DESTROY, (user_id,))
        self.forget(user_id)

    def forget(self, user_id: UUID) -> None:
        """Know a key no more in this process."""
        self._kept.pop(user_id, None)

    def _known(self, user_ids: Iterable[UUID]) -> tuple[dict[UUID, DataKey], list[UUID]]:
        now = self._clock()
        found: dict[UUID, DataKey] = {}
        absent: list[UUID] = []
        for user_id in dict.fromkeys(user_ids):
            key, ends = self._kept.get(user_id, (None, 0.0))
            if key is not None and ends > now:
                self._kept.move_to_end(user_id)
                found[user_id] = key
            else:
                absent.append(user_id)
        return found, absent

    def _wanted(self, absent: Sequence[UUID], *, make: bool) -> dict[str, Any]:
        ids = sorted(absent)  # two who make the keys of the same people must not wait for each other
        new = [self.mint(user_id)[1]["wrapped"] if make else None for user_id in ids]
        return {"ids": ids, "wrapped": new, "first": self._masters.first}

    def _learnt(self, rows: Iterable[tuple[UUID, bytes | None, str]], *, make: bool) -> dict[UUID, DataKey]:
        found: dict[UUID, DataKey] = {}
        for user_id, wrapped, key_id in rows:
            if wrapped is not None:
                found[user_id] = DataKey(user_id, self._masters.unwrap(user_id, bytes(wrapped), key_id))
                self.keep(user_id, found[user_id])
            elif make:
                raise AccountErased
        return found
