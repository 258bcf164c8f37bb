"""What people did that others may hear of, in the order of days; what was imported is old news."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from events.favorites import MovieFavorited
from events.lists import ListCreated
from events.log import Recorded, Source
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.reviews import ReviewWritten
from events.viewing import MovieWatched
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased

_HANDLES = (MovieRated, MovieReacted, MovieFavorited, MovieWatched, ReviewWritten, ListCreated)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    for event in log:
        fact = event.fact
        if not isinstance(fact, _HANDLES) or fact.user_id in gone or event.source is Source.IMPORT:
            continue
        yield (
            fact.user_id,
            event.position,
            event.occurred_at.astimezone(UTC).date(),
            fact.type,
            fact.movie_id,
            fact.list_id if isinstance(fact, ListCreated) else None,
            fact.review_id if isinstance(fact, ReviewWritten) else None,
            event.occurred_at,
        )


activities = register(
    Projection(
        name="activities",
        version=1,
        kind="state",
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "position": "bigint not null",
            "day": "date not null",
            "type": "text not null",
            "movie_id": "uuid",
            "list_id": "uuid",
            "review_id": "uuid",
            "occurred_at": "timestamptz not null",
        },
        key=("user_id", "position"),
        shown="follows_person(user_id)",
        indexes=("(day desc, position desc)",),
        groups={"position": ("day", "type", "movie_id", "list_id", "review_id", "occurred_at")},
        rows=f"""
        select user_id, position, (occurred_at at time zone 'UTC')::date, type, movie_id, (data->>'list_id')::uuid,
               (data->>'review_id')::uuid, occurred_at
          from batch where type in ({types(*_HANDLES)}) and source <> 'import'""",
        proof="""
        select user_id, position, (occurred_at at time zone 'UTC')::date, type, movie_id,
               case type when 'list_created' then (data->>'list_id')::uuid end,
               case type when 'review_written' then (data->>'review_id')::uuid end, occurred_at
          from batch
         where source in ('web', 'mobile', 'email', 'push', 'system')
           and type = any ('{movie_rated,movie_reacted,movie_favorited,movie_watched,review_written,list_created}')""",
        spec=_spec,
    )
)
