"""Each person's own part of the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.pair import PairEvent
from projections.registry import Projection, Row, register
from projections.spec import erased
from projections.viewing_states import viewing_states


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    for event in log:
        fact = event.fact
        if isinstance(fact, PairEvent) and fact.user_id not in gone:
            yield fact.user_id, event.position, fact.movie_id, event.event_id, fact.type, event.occurred_at


history = register(
    Projection(
        name="history",
        version=1,
        kind="state",
        inline=True,
        handles=viewing_states.handles,
        columns={
            "user_id": "uuid not null",
            "position": "bigint not null",
            "movie_id": "uuid not null",
            "event_id": "uuid not null",
            "type": "text not null",
            "occurred_at": "timestamptz not null",
        },
        key=("user_id", "position"),
        groups={"position": ("movie_id", "event_id", "type", "occurred_at")},
        rows="""
        select user_id, position, movie_id, event_id, type, occurred_at
          from batch where movie_id is not null and user_id is not null""",
        proof="""
        select user_id, position, movie_id, event_id, type, occurred_at
          from batch where not (movie_id is null or user_id is null)""",
        spec=_spec,
    )
)
