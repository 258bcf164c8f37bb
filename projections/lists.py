"""Lists that people make: what each is called, and who may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from events.lists import ListCreated, ListDeleted, ListEdited, ListRestored
from events.log import Recorded
from projections.newest import LAST, types
from projections.registry import Projection, Row, register
from projections.spec import erased

_HANDLES = (ListCreated, ListEdited, ListDeleted, ListRestored)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    rows: dict[UUID, Row] = {}
    created: dict[UUID, Recorded] = {}
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if not isinstance(fact, _HANDLES) or fact.user_id in gone:
            continue
        if isinstance(fact, ListCreated):
            created[fact.list_id] = event
        rows[fact.list_id] = (
            fact.list_id,
            fact.user_id,
            fact.title_id,
            fact.description_id,
            fact.visibility,
            fact.link_id,
            not isinstance(fact, ListDeleted),
            event.occurred_at,
            event.position,
        )
    for list_id, row in rows.items():
        yield (*row, created[list_id].occurred_at, created[list_id].position)


_VALUES = """
(data->>'title_id')::uuid, (data->>'description_id')::uuid, data->>'visibility', (data->>'link_id')::uuid,
type <> 'list_deleted', occurred_at, position"""

lists = register(
    Projection(
        name="lists",
        version=2,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "list_id": "uuid not null",
            "user_id": "uuid not null",
            "title_id": "uuid not null",
            "description_id": "uuid",
            "visibility": "text not null",
            "link_id": "uuid",
            "is_active": "boolean not null",
            "changed_at": "timestamptz not null",
            "position": "bigint not null",
            "created_at": "timestamptz",
            "created_position": "bigint not null",
        },
        key=("list_id",),
        shown="is_active and (visibility = 'PUBLIC' or sees_list(list_id))",
        indexes=(
            "(user_id, created_position desc) where is_active",
            "(link_id)",
            "(title_id)",
            "(description_id)",
        ),
        groups={
            "position": ("title_id", "description_id", "visibility", "link_id", "is_active", "changed_at"),
            "created_position": ("created_at",),
        },
        rows=f"""
        select distinct on (list_id) list_id, user_id, {_VALUES}, to_timestamp(made[2]), coalesce(made[1], 0)
          from (select *, (data->>'list_id')::uuid as list_id,
                       {LAST} filter (where type = '{ListCreated.type}') over (partition by data->>'list_id') as made
                  from batch where type in ({types(*_HANDLES)})) as said
         order by list_id, position desc""",
        proof="""
        with numbered as (
          select *, max(position) over list as newest,
                 max(case type when 'list_created' then position end) over list as made
            from batch where data ? 'title_id'
          window list as (partition by data->>'list_id'))
        select (n.data->>'list_id')::uuid, n.user_id, (n.data->>'title_id')::uuid, (n.data->>'description_id')::uuid,
               n.data->>'visibility', (n.data->>'link_id')::uuid, n.type <> 'list_deleted', n.occurred_at, n.position,
               f.occurred_at, f.position
          from numbered n join numbered f on f.position = n.made
         where n.position = n.newest""",
        spec=_spec,
    )
)
