"""Whom a command is about."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import args_row

from accounts.emails import email_digest_now
from accounts.keys import Keys
from accounts.names import login_key
from accounts.people import User, as_user
from app.cli.database import Conn
from app.cli.errors import Refused
from app.settings import Settings

_FIND = """
select id, database_id, username, roles, created_at, deactivated_at from users
 where id = %(id)s or email_digest = %(digest)s or username_key = %(key)s"""


def person(conn: Conn, name: str) -> User:
    """Return the account with this id, username or e-mail address. Raises Refused where there is none."""
    key = login_key(name)
    digest = email_digest_now(conn, Keys(Settings().masters()), key) if "@" in key else None
    with conn.cursor(row_factory=args_row(as_user)) as cursor:
        values = {"id": as_id(name), "key": key or None, "digest": digest}
        found = cursor.execute(_FIND, values).fetchone()
    if found is None:
        raise Refused(f"There is no account {name}. `projectionist users list` shows them.")
    return found


def as_id(name: str) -> UUID | None:
    """Return a name that is an id as one; None for others."""
    try:
        return UUID(name)
    except ValueError:
        return None
