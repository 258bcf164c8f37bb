"""When people saw what: one row a viewing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.viewing import MovieWatched, WatchRetracted
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased

_HANDLES = (MovieWatched, WatchRetracted)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    rows: dict[object, Row] = {}
    gone = erased(log)
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if not isinstance(fact, _HANDLES) or fact.user_id in gone:
            continue
        is_active = isinstance(fact, MovieWatched)
        viewing_id = fact.viewing_id or (event.event_id if is_active else event.causation_id)
        rows[fact.user_id, viewing_id] = (
            fact.user_id,
            viewing_id,
            fact.movie_id,
            fact.watched_on,
            fact.half_stars,
            fact.reaction,
            is_active,
            event.occurred_at,
            event.position,
        )
    return rows.values()


# Old events did not name the viewing: it is the event itself, and of what took it back the cause.
_VIEWING = "coalesce((data->>'viewing_id')::uuid, case type when 'movie_watched' then event_id else causation_id end)"
_VALUES = """
movie_id, (data->>'watched_on')::date, (data->>'half_stars')::smallint, data->>'reaction', type = 'movie_watched',
occurred_at, position"""

diary = register(
    Projection(
        name="diary",
        version=1,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "viewing_id": "uuid not null",
            "movie_id": "uuid not null",
            "watched_on": "date not null",
            "half_stars": "smallint",
            "reaction": "text",
            "is_active": "boolean not null",
            "logged_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "viewing_id"),
        shown="follows_person(user_id) and shows_person(user_id)",
        indexes=(
            "(user_id, watched_on desc, position desc) where is_active",
            "(user_id, movie_id) where is_active",
        ),
        rows=f"""
        select distinct on (user_id, viewing_id) *
          from (select user_id, {_VIEWING} as viewing_id, {_VALUES} from batch where type in ({types(*_HANDLES)})) as said
         order by user_id, viewing_id, position desc""",
        proof=f"""
        select * from (
          select user_id, coalesce((data->>'viewing_id')::uuid, event_id) as viewing_id, {_VALUES}
            from batch where type = 'movie_watched'
          union all
          select user_id, coalesce((data->>'viewing_id')::uuid, causation_id), {_VALUES}
            from batch where type = 'watch_retracted') as said
         where not exists (select from batch newer
                            where newer.user_id = said.user_id and newer.position > said.position
                              and newer.type in ('movie_watched', 'watch_retracted')
                              and said.viewing_id = case newer.type when 'movie_watched'
                                  then coalesce((newer.data->>'viewing_id')::uuid, newer.event_id)
                                  else coalesce((newer.data->>'viewing_id')::uuid, newer.causation_id) end)""",
        spec=_spec,
    )
)
