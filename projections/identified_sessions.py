"""Sessions of visitors who signed in later, and as whom: each is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.visitors import SessionIdentified
from projections.registry import Projection, Row, register
from projections.spec import erased


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    last: dict[object, Row] = {}
    gone = erased(log)
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if isinstance(fact, SessionIdentified) and fact.user_id not in gone:
            last[fact.session_id] = fact.session_id, fact.user_id, event.occurred_at, event.position
    return last.values()


identified_sessions = register(
    Projection(
        name="identified_sessions",
        version=1,
        kind="state",
        inline=True,
        handles=(SessionIdentified,),
        columns={
            "session_id": "uuid not null",
            "user_id": "uuid not null",
            "identified_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("session_id",),
        indexes=("(user_id)",),
        rows="""
        select distinct on (data->>'session_id') (data->>'session_id')::uuid, user_id, occurred_at, position
          from batch
         where type = 'session_identified'
         order by data->>'session_id', position desc""",
        proof="""
        select (b.data->>'session_id')::uuid, b.user_id, b.occurred_at, b.position
          from batch b
         where b.type = 'session_identified'
           and not exists (select from batch later
                            where later.type = b.type and later.position > b.position
                              and later.data->>'session_id' = b.data->>'session_id')""",
        spec=_spec,
    )
)
