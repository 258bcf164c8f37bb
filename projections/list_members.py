"""Who was asked to work on a list of somebody else's, and who does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.list_members import ListMemberEvent, ListMemberInvited, ListMemberJoined, ListMemberLeft
from events.lists import MemberState
from events.log import Recorded
from projections.list_items import OWNER
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased

_STATES = {
    ListMemberInvited: MemberState.INVITED,
    ListMemberJoined: MemberState.JOINED,
    ListMemberLeft: MemberState.LEFT,
}


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    rows: dict[object, Row] = {}
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if isinstance(fact, ListMemberEvent) and not gone & {fact.owner_id, fact.member_id}:
            place = fact.list_id, fact.member_id
            rows[place] = (*place, fact.owner_id, _STATES[type(fact)], event.occurred_at, event.position)
    return rows.values()


_STATE = " ".join(f"when '{kind.type}' then '{state}'" for kind, state in _STATES.items())

list_members = register(
    Projection(
        name="list_members",
        version=1,
        kind="state",
        inline=True,
        handles=tuple(_STATES),
        person=OWNER,
        people=("user_id", "member_id"),
        columns={
            "list_id": "uuid not null",
            "member_id": "uuid not null",
            "user_id": "uuid not null",
            "state": "text not null check (state in ('INVITED', 'JOINED', 'LEFT'))",
            "changed_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("list_id", "member_id"),
        shown="sees_list(list_id)",
        # nobody works on a list who was never asked to
        writable="(owns_list(list_id) or was_asked(list_id, member_id))",
        indexes=("(member_id, position desc) where state <> 'LEFT'", "(user_id)"),
        rows=f"""
        select distinct on (list_id, member_id) list_id, member_id, (data->>'owner_id')::uuid,
               case type {_STATE} end, occurred_at, position
          from (select *, (data->>'list_id')::uuid as list_id, (data->>'member_id')::uuid as member_id
                  from batch where type in ({types(*_STATES)})) as said
         order by list_id, member_id, position desc""",
        proof="""
        select (data->>'list_id')::uuid, (data->>'member_id')::uuid, (data->>'owner_id')::uuid,
               upper(substr(type, length('list_member_') + 1)), occurred_at, position
          from (select *, row_number() over (partition by data->>'list_id', data->>'member_id' order by position desc) as n
                  from batch where starts_with(type, 'list_member_')) x
         where n = 1""",
        spec=_spec,
    )
)
