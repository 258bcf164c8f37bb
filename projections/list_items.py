"""The movies of each list, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from events.list_items import ListItemAdded, ListItemEvent, ListItemMoved, ListItemNoted, ListItemRemoved
from events.log import Recorded
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased

_HANDLES = (ListItemAdded, ListItemMoved, ListItemNoted, ListItemRemoved)
OWNER = "coalesce((data->>'owner_id')::uuid, user_id)"
"""Whose list an event is about: others work on it, too."""


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    rows: dict[tuple[UUID, UUID], Row] = {}
    added: dict[tuple[UUID, UUID], Recorded] = {}
    placed: dict[tuple[UUID, UUID], int] = {}
    noted: dict[tuple[UUID, UUID], int] = {}
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if not isinstance(fact, ListItemEvent) or fact.owner_id in gone:
            continue
        place = fact.list_id, fact.listed_id
        if isinstance(fact, ListItemAdded):
            added[place] = event
        if not isinstance(fact, ListItemNoted):
            placed[place] = event.position
        if not isinstance(fact, ListItemMoved):
            noted[place] = event.position
        is_active = not isinstance(fact, ListItemRemoved)
        rows[place] = (*place, fact.owner_id, fact.rank, fact.note_id, is_active, event.position)
    for place, row in rows.items():
        first = added[place]
        said = placed[place], noted[place]
        yield (
            *row,
            None if first.fact.user_id in gone else first.fact.user_id,
            first.occurred_at,
            first.position,
            *said,
        )


_PLACED = f"""
(select *, (data->>'list_id')::uuid as list_id, (data->>'listed_id')::uuid as listed_id
   from batch where type in ({types(*_HANDLES)})) as placed"""

list_items = register(
    Projection(
        name="list_items",
        version=4,
        kind="state",
        inline=True,
        handles=_HANDLES,
        person=OWNER,
        mentions=("added_by",),
        columns={
            "list_id": "uuid not null",
            "movie_id": "uuid not null",
            "user_id": "uuid not null",
            "rank": 'text collate "C" not null',
            "note_id": "uuid",
            "is_active": "boolean not null",
            "position": "bigint not null",
            "added_by": "uuid",
            "added_at": "timestamptz",
            "added_position": "bigint not null",
            "placed_position": "bigint not null",
            "noted_position": "bigint not null",
        },
        key=("list_id", "movie_id"),
        shown="sees_list(list_id)",
        shared="works_on(list_id)",
        writable="(owns_list(list_id) or works_on(list_id))",
        indexes=("(list_id, rank, movie_id) where is_active", "(user_id)", "(note_id)"),
        groups={
            "position": ("rank", "note_id", "is_active"),
            "added_position": ("added_by", "added_at"),
            "placed_position": (),
            "noted_position": (),
        },
        rows=f"""
        select list_id, listed_id, (newest.data->>'owner_id')::uuid, newest.data->>'rank',
               (newest.data->>'note_id')::uuid, newest.type <> 'list_item_removed', newest.position,
               added_by, added_at, coalesce(added_position, 0), coalesce(placed, 0), coalesce(noted, 0)
          from (select distinct on (list_id, listed_id) *,
                       max(position) filter (where type <> '{ListItemNoted.type}') over place as placed,
                       max(position) filter (where type <> '{ListItemMoved.type}') over place as noted
                  from {_PLACED} window place as (partition by list_id, listed_id)
                 order by list_id, listed_id, position desc) as newest
          left join (select distinct on (list_id, listed_id) list_id, listed_id, user_id as added_by,
                            occurred_at as added_at, position as added_position
                       from {_PLACED} where type = '{ListItemAdded.type}'
                      order by list_id, listed_id, position desc) as added using (list_id, listed_id)""",
        proof="""
        with numbered as (
          select *, data->>'list_id' as list_id, data->>'listed_id' as listed_id,
                 max(position) over place as newest,
                 max(case type when 'list_item_added' then position end) over place as added,
                 max(case when type !~ '_noted$' then position end) over place as placed,
                 max(case when type !~ '_moved$' then position end) over place as noted
            from batch where data ? 'listed_id'
          window place as (partition by data->>'list_id', data->>'listed_id'))
        select n.list_id::uuid, n.listed_id::uuid, (n.data->>'owner_id')::uuid, n.data->>'rank',
               (n.data->>'note_id')::uuid, n.type <> 'list_item_removed', n.position,
               a.user_id, a.occurred_at, a.position, n.placed, n.noted
          from numbered n join numbered a on a.position = n.added
         where n.position = n.newest""",
        spec=_spec,
    )
)
