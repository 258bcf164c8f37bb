"""What people do with messages, as far as they let us notice."""

from __future__ import annotations

from contextlib import suppress

from database.connect import Pool
from events.notifications import IllegalMove, NotificationClicked, NotificationEvent, NotificationOpened
from notifications.links import Followed
from notifications.record import record_move

_OPENS = "select open_tracking from notification_choices where user_id = %s"
_CLICKS = "select click_tracking from notification_choices where user_id = %s"


async def note_opened(pool: Pool, followed: Followed) -> None:
    """Record that a message was looked at, unless the person does not want that (any more)."""
    if followed.notification_id:
        fact = NotificationOpened(user_id=followed.user_id, notification_id=followed.notification_id)
        await _note(pool, _OPENS, fact)


async def note_clicked(pool: Pool, followed: Followed) -> None:
    """Record that a link was followed, unless the person does not want that (any more)."""
    if followed.notification_id:
        fact = NotificationClicked(
            user_id=followed.user_id,
            notification_id=followed.notification_id,
            clicked_movie_id=followed.movie_id,
        )
        await _note(pool, _CLICKS, fact)


async def _note(pool: Pool, allows: str, fact: NotificationEvent) -> None:
    async with pool.connection() as conn, conn.transaction():
        (is_allowed,) = await (await conn.execute(allows, (fact.user_id,))).fetchone() or (False,)
        if is_allowed:
            with suppress(IllegalMove):
                await record_move(conn, fact)
