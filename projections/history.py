"""Each person's own part of the log: what they did with movies, lists, other people and genres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.blocks import UserBlocked, UserUnblocked
from events.facts import Event
from events.follows import FOLLOW_EVENTS
from events.genres import FavoriteGenresChosen
from events.list_items import ListItemAdded, ListItemMoved, ListItemNoted, ListItemRemoved
from events.list_members import ListMemberInvited, ListMemberJoined, ListMemberLeft
from events.lists import ListCreated, ListDeleted, ListEdited, ListRestored
from events.log import Recorded
from events.pair import PairEvent
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased
from projections.viewing_states import viewing_states

OF_NO_MOVIE: tuple[type[Event], ...] = (
    *FOLLOW_EVENTS,
    UserBlocked,
    UserUnblocked,
    ListCreated,
    ListEdited,
    ListDeleted,
    ListRestored,
    ListItemAdded,
    ListItemMoved,
    ListItemNoted,
    ListItemRemoved,
    ListMemberInvited,
    ListMemberJoined,
    ListMemberLeft,
    FavoriteGenresChosen,
)
"""What else people do than something with one movie."""


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    for event in log:
        fact = event.fact
        if isinstance(fact, (PairEvent, *OF_NO_MOVIE)) and fact.user_id not in gone:
            yield fact.user_id, event.position, fact.movie_id, event.event_id, fact.type, event.occurred_at


history = register(
    Projection(
        name="history",
        version=2,
        kind="state",
        inline=True,
        handles=(*viewing_states.handles, *OF_NO_MOVIE),
        columns={
            "user_id": "uuid not null",
            "position": "bigint not null",
            "movie_id": "uuid",
            "event_id": "uuid not null",
            "type": "text not null",
            "occurred_at": "timestamptz not null",
        },
        key=("user_id", "position"),
        groups={"position": ("movie_id", "event_id", "type", "occurred_at")},
        rows=f"""
        select user_id, position, movie_id, event_id, type, occurred_at
          from batch where user_id is not null and (movie_id is not null or type in ({types(*OF_NO_MOVIE)}))""",
        proof="""
        select user_id, position, movie_id, event_id, type, occurred_at
          from batch
         where not (user_id is null)
           and case when movie_id is null
                    then type ~ '^(user_(un)?(followed|blocked)|follower_.*|list_.*|favorite_genres_chosen)$'
                    else true end""",
        spec=_spec,
    )
)
