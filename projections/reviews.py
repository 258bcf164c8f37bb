"""What people wrote about movies: the newest of each review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.reviews import ReviewDeleted, ReviewWritten
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import pairs

_HANDLES = (ReviewWritten, ReviewDeleted)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, _HANDLES):
        last = events[-1]
        fact = last.fact
        assert isinstance(fact, ReviewWritten | ReviewDeleted)
        yield (
            pair.user_id,
            pair.movie_id,
            fact.review_id,
            fact.text_id,
            fact.has_spoilers,
            fact.audience,
            fact.half_stars,
            pair.review is not None,
            isinstance(fact, ReviewWritten) and fact.previous_text_id is not None,
            last.occurred_at,
            last.position,
        )


_VALUES = """
(data->>'review_id')::uuid, (data->>'text_id')::uuid, (data->>'has_spoilers')::boolean, data->>'audience',
(data->>'half_stars')::smallint, type = 'review_written', data->>'previous_text_id' is not null, occurred_at, position"""

reviews = register(
    Projection(
        name="reviews",
        version=2,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "review_id": "uuid not null",
            "text_id": "uuid not null",
            "has_spoilers": "boolean not null",
            "audience": "text not null",
            "half_stars": "smallint",
            "is_active": "boolean not null",
            "is_edited": "boolean not null",
            "written_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        shown="is_active and (audience = 'PUBLIC' or audience = 'FOLLOWERS' and follows_person(user_id))",
        indexes=(
            "(movie_id, position desc) where is_active",
            "(user_id, position desc) where is_active",
            "(review_id)",
            "(text_id)",
        ),
        rows=f"""
        select distinct on (user_id, movie_id) user_id, movie_id, {_VALUES}
          from batch
         where type in ({types(*_HANDLES)})
         order by user_id, movie_id, position desc""",
        proof=f"""
        select user_id, movie_id, {_VALUES}
          from (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where type in ('review_written', 'review_deleted')) x
         where n = 1""",
        spec=_spec,
    )
)
