"""Who is premium: granted by an admin, with or without an end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from database.connect import Pool
from events.errors import Rejected

IS_PREMIUM = "({t}.premium_since is not null and coalesce({t}.premium_until > now(), true))"
"""A condition on a row of `users`."""


class UnknownPerson(Rejected):
    """There is nobody of this id, or they do not show themselves."""

    code: ClassVar[str] = "UNKNOWN_PERSON"
    path = ("userId",)


class InvalidUntil(Rejected):
    """The end lies in the future. Leave it out to grant without an end."""

    code: ClassVar[str] = "INVALID_UNTIL"
    path = ("until",)


# granted again, it goes on: since when one was premium stays
_GRANT = f"""
update users t set premium_since = case when {IS_PREMIUM.format(t="t")} then premium_since else now() end,
  premium_until = %(until)s, updated_at = now()
where id = %(id)s"""
_REVOKE = "update users set premium_since = null, premium_until = null, updated_at = now() where id = %(id)s"


async def grant_premium(pool: Pool, user_id: UUID, until: datetime | None) -> None:
    """Make a person premium, until a moment with its offset or for good. Raises InvalidUntil, UnknownPerson."""
    if until is not None and (until.tzinfo is None or until <= datetime.now(UTC)):
        raise InvalidUntil
    await _change(pool, _GRANT, {"id": user_id, "until": until})


async def revoke_premium(pool: Pool, user_id: UUID) -> None:
    """End it now. Raises UnknownPerson."""
    await _change(pool, _REVOKE, {"id": user_id})


async def _change(pool: Pool, sql: str, values: dict[str, Any]) -> None:
    async with pool.connection() as conn:
        if not (await conn.execute(sql.encode(), values)).rowcount:
            raise UnknownPerson
