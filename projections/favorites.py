"""Movies people hold dear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.favorites import MovieFavorited, MovieUnfavorited
from events.log import Recorded
from projections.registry import Projection, Row, register
from projections.spec import pairs

_HANDLES = (MovieFavorited, MovieUnfavorited)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, _HANDLES):
        last = events[-1]
        yield pair.user_id, pair.movie_id, pair.is_favorite, last.occurred_at, last.position


favorites = register(
    Projection(
        name="favorites",
        version=2,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "is_active": "boolean not null",
            "favorited_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        shown="follows_person(user_id) and shows_person(user_id)",
        indexes=(
            "(user_id, position desc) include (movie_id, favorited_at) where is_active",
            # the newest of everybody, as programs of design S3 ask
            "((favorited_at at time zone 'UTC')) where is_active",
        ),
        rows="""
        select distinct on (user_id, movie_id) user_id, movie_id, type = 'movie_favorited', occurred_at, position
          from batch
         where type in ('movie_favorited', 'movie_unfavorited')
         order by user_id, movie_id, position desc""",
        proof="""
        select user_id, movie_id, type = 'movie_favorited', occurred_at, position
          from (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where type in ('movie_favorited', 'movie_unfavorited')) x
         where n = 1""",
        spec=_spec,
    )
)
