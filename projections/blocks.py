"""Who wants nothing to do with whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.blocks import UserBlocked, UserUnblocked
from events.log import Recorded
from projections.registry import Projection, Row, register
from projections.spec import erased

_HANDLES = (UserBlocked, UserUnblocked)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    rows: dict[object, Row] = {}
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if isinstance(fact, _HANDLES) and not gone & {fact.user_id, fact.blocked_id}:
            people = fact.user_id, fact.blocked_id
            rows[people] = (*people, isinstance(fact, UserBlocked), event.occurred_at, event.position)
    return rows.values()


blocks = register(
    Projection(
        name="blocks",
        version=1,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "blocked_id": "uuid not null",
            "is_active": "boolean not null",
            "blocked_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "blocked_id"),
        people=("user_id", "blocked_id"),
        writers=("user_id",),
        indexes=("(user_id, position desc) include (blocked_id) where is_active", "(blocked_id)"),
        rows="""
        select distinct on (user_id, blocked_id) user_id, blocked_id, type = 'user_blocked', occurred_at, position
          from (select *, (data->>'blocked_id')::uuid as blocked_id
                  from batch where type in ('user_blocked', 'user_unblocked')) as said
         order by user_id, blocked_id, position desc""",
        proof="""
        select user_id, (data->>'blocked_id')::uuid, type = 'user_blocked', occurred_at, position
          from (select *, row_number() over (partition by user_id, data->>'blocked_id' order by position desc) as n
                  from batch where type in ('user_blocked', 'user_unblocked')) x
         where n = 1""",
        spec=_spec,
    )
)
