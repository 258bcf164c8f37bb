"""What people said of having been recommended a movie: the newest of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.feedback import RecommendationFeedbackGiven
from events.log import Recorded
from projections.registry import Projection, Row, register
from projections.spec import pairs

_HANDLES = (RecommendationFeedbackGiven,)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, _HANDLES):
        last = events[-1]
        assert isinstance(last.fact, RecommendationFeedbackGiven)
        yield (
            pair.user_id,
            pair.movie_id,
            pair.feedback,
            pair.comment_id,
            last.fact.slate_id,
            last.occurred_at,
            last.position,
        )


_VALUES = "data->>'feedback', (data->>'text_id')::uuid, (data->>'slate_id')::uuid, occurred_at, position"

recommendation_feedback = register(
    Projection(
        name="recommendation_feedback",
        version=1,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "feedback": "text",
            "text_id": "uuid",
            "slate_id": "uuid",
            "given_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        rows=f"""
        select distinct on (user_id, movie_id) user_id, movie_id, {_VALUES}
          from batch
         where type = '{RecommendationFeedbackGiven.type}'
         order by user_id, movie_id, position desc""",
        proof=f"""
        select user_id, movie_id, {_VALUES}
          from (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where type = 'recommendation_feedback_given') x
         where n = 1""",
        spec=_spec,
    )
)
