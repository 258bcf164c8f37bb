"""What a person wants to be told of, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from psycopg import AsyncConnection

from accounts.profiles import time_zone
from events.errors import Rejected
from events.notifications import NotificationKind
from notifications.suppressions import lift_bounce

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", re.ASCII)


class InvalidDigestDay(Rejected):
    """A day of the week is 1 (Monday) to 7 (Sunday)."""

    code: ClassVar[str] = "INVALID_DIGEST_DAY"
    path = ("digestDay",)


class InvalidDigestTime(Rejected):
    """A time of day is written 09:00, from 00:00 to 23:59."""

    code: ClassVar[str] = "INVALID_DIGEST_TIME"
    path = ("digestTime",)


def _day(value: int) -> int:
    if not 1 <= value <= 7:
        raise InvalidDigestDay
    return value


def _time(value: str) -> str:
    if not _TIME.match(value):
        raise InvalidDigestTime
    return value


_CLEAN: Mapping[str, Callable[[Any], Any]] = {
    "digest_day": _day,
    "digest_time": _time,
    "time_zone": time_zone,
}
_DEFAULTS: Mapping[str, object] = {
    "weekly_digest": True,
    "recommendation_alerts": True,
    "trending_alerts": False,
    "push_recommendations": True,
    "push_trending": False,
    "digest_day": 1,
    "digest_time": "09:00",
    "time_zone": None,
    "open_tracking": False,
    "click_tracking": False,
}
_SET = """
insert into notification_preferences as p (user_id{columns}) select id{values} from users where id = %(user_id)s
on conflict (user_id) do update set updated_at = now(){changes}"""


async def set_preferences(
    conn: AsyncConnection[Any], user_id: UUID, changes: Mapping[str, Any]
) -> list[Rejected]:
    """Change what is given, by column; None is the default again. Return what is refused: then nothing is changed.

    Who turns e-mails on asks that an address from which some came back is tried again.
    """
    row: dict[str, Any] = {}
    refused: list[Rejected] = []
    for name, value in changes.items():
        clean = _CLEAN.get(name)
        try:
            row[name] = _DEFAULTS[name] if value is None else clean(value) if clean else value
        except Rejected as rejection:
            refused.append(rejection)
    if not refused:
        statement = _SET.format(
            columns="".join(f", {name}" for name in row),
            values="".join(f", %({name})s" for name in row),
            changes="".join(f", {name} = excluded.{name}" for name in row),
        )
        await conn.execute(statement.encode(), {"user_id": user_id, **row})
        if any(row.get(column) for column in E_MAILS.values()):
            await lift_bounce(conn, user_id)
    return refused


E_MAILS: Mapping[NotificationKind, str] = {
    NotificationKind.WEEKLY_DIGEST: "weekly_digest",
    NotificationKind.RECOMMENDATIONS: "recommendation_alerts",
    NotificationKind.TRENDING: "trending_alerts",
}
"""The preference that each kind of e-mail is sent by."""
PUSHES: Mapping[NotificationKind, str] = {
    NotificationKind.RECOMMENDATIONS: "push_recommendations",
    NotificationKind.TRENDING: "push_trending",
}
"""The preference that each kind of push message is sent by."""


async def unsubscribe(conn: AsyncConnection[Any], user_id: UUID, kind: NotificationKind) -> None:
    """Send a person no e-mail of this kind any more."""
    await set_preferences(conn, user_id, {E_MAILS[kind]: False})
