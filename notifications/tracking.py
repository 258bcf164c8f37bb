"""What people do with messages, as far as they let us notice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from database.connect import Pool
from events.errors import Rejected
from events.handle import Handler
from events.log import Recorded
from events.notifications import (
    Channel,
    IllegalMove,
    NotificationClicked,
    NotificationEvent,
    NotificationOpened,
)
from events.pair import Pair, PairEvent
from events.slates import RecommendationsServed, click_recommendation
from events.window import Command
from notifications.links import Followed
from notifications.record import SOURCES, Conn, record_move

_OPENS = "select open_tracking and is_active from notification_choices where user_id = %s"
_CLICKS = "select click_tracking and is_active from notification_choices where user_id = %s"
# the log is asked, since the outbox forgets
_RECOMMENDED = f"""
select n.channel from notifications n join movies m on m.id = %(movie)s
 where n.user_id = %(user)s and n.notification_id = %(slate)s
   and exists (select from events e
                where e.user_id = %(user)s and e.movie_id is null and e.type = '{RecommendationsServed.type}'
                  and e.data->>'slate_id' = %(slate)s::text and e.data->'movie_ids' ? m.id::text)"""


async def note_opened(pool: Pool, followed: Followed) -> None:
    """Record that a message was looked at, unless the person does not want that (any more)."""
    if followed.notification_id:
        fact = NotificationOpened(user_id=followed.user_id, notification_id=followed.notification_id)
        async with pool.connection() as conn, conn.transaction():
            await _note(conn, _OPENS, fact)


async def note_clicked(pool: Pool, handler: Handler, followed: Followed) -> None:
    """Record that a link was followed, unless the person does not want that (any more).

    Where the message recommended the movie, it is a click in its slate, too. Raises what the handler raises that is not
    a rule of the domain.
    """
    if followed.notification_id is None or followed.movie_id is None:
        return
    slate_id, movie_id = followed.notification_id, followed.movie_id
    fact = NotificationClicked(user_id=followed.user_id, notification_id=slate_id, clicked_movie_id=movie_id)
    async with pool.connection() as conn, conn.transaction():
        if not await _note(conn, _CLICKS, fact):
            return
        values = {"user": followed.user_id, "slate": slate_id, "movie": movie_id}
        found = await (await conn.execute(_RECOMMENDED.encode(), values)).fetchone()
    if found is None:
        return

    def decide(pair: Pair, _: Sequence[Recorded]) -> Sequence[PairEvent]:
        return click_recommendation(pair, slate_id)

    with suppress(Rejected):  # the account was erased meanwhile
        source = SOURCES[Channel(found[0])]
        await handler.handle(
            Command(user_id=followed.user_id, movie_id=movie_id, decide=decide, source=source)
        )


async def _note(conn: Conn, allows: str, fact: NotificationEvent) -> bool:
    """Record it, and return whether it is noticed at all."""
    (is_allowed,) = await (await conn.execute(allows.encode(), (fact.user_id,))).fetchone() or (False,)
    if is_allowed:
        try:
            await record_move(conn, fact)
        except IllegalMove:
            return False
    return bool(is_allowed)
