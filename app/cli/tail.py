"""Reading along with the log: what is there, then what is appended, by snapshots, so that nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cli.database import Conn
from events.log import COLUMNS, SETTLED, TICK
from projections.checkpoints import now

_POLL_S = 0.25
_HEAD = 2**62

_WANTED = """
where (%(types)s::text[] is null or type = any (%(types)s::text[]))
  and (%(user_id)s::uuid is null or user_id = %(user_id)s)"""
_FROM = f"select {COLUMNS} from ({SETTLED}) e {_WANTED} order by position"
_LAST = f"""
select {COLUMNS} from (select * from ({SETTLED}) s {_WANTED} order by position desc limit %(last)s) e
 order by position"""
_NEW = (
    f"select {COLUMNS} from (select * from ({TICK}) t where position > %(low)s) e {_WANTED} order by position"
)

_NAMES = COLUMNS.split(", ")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of these types (all when empty), of this person (everybody when None)."""

    types: tuple[str, ...] = ()
    user_id: UUID | None = None


def tail(
    conn: Conn, wanted: Wanted, *, begin: int | None, last: int, follow: bool
) -> Generator[dict[str, Any], None, None]:
    """Yield events by column: those from position `begin` on, or the `last` ones; then, to `follow`, those to come.

    An event that commits late is yielded late, behind events of greater positions: that is how none is lost.
    """
    snapshot, settled = now(conn)
    low = (begin or 1) - 1
    values: dict[str, Any] = {
        "types": list(wanted.types) or None,
        "user_id": wanted.user_id,
        "low": low,
        "high": _HEAD,
        "new": snapshot,
        "settled": settled,
        "last": last,
    }
    with conn.transaction(), conn.cursor("tail") as cursor:
        cursor.itersize = 1_000
        for row in cursor.execute(_LAST if begin is None else _FROM, values):
            yield dict(zip(_NAMES, row, strict=True))
    while follow:
        time.sleep(_POLL_S)
        values["old"], (values["new"], _) = values["new"], now(conn)
        for row in conn.execute(_NEW, values):
            yield dict(zip(_NAMES, row, strict=True))
