"""What a command about a list decides on, from the tables that appends fold: its lock makes them what the log says."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from database.pipeline import Call, Rows, Statement
from events.lists import Item, ListState, ListTraits, ListVisibility, MemberState
from events.ranks import LONG

_READ = Statement(f"""
with items as (select movie_id, rank, note_id from list_items where list_id = $2::uuid and is_active),
anchor as (select * from items
            where movie_id is distinct from $3::uuid and (movie_id = $4::uuid or rank < $6::text)
            order by rank desc limit 1)
select json_build_object(
         'owner_id', l.user_id, 'title_id', l.title_id, 'description_id', l.description_id, 'visibility', l.visibility,
         'link_id', l.link_id,
         'role', (select state from list_members where list_id = $2::uuid and member_id = $1::uuid
                     and not exists (select from blocks b where b.user_id = l.user_id and b.blocked_id = $1::uuid
                                        and b.is_active)
                     and not is_deactivated(l.user_id)),
         'other', (select state from list_members where list_id = $2::uuid and member_id = $5::uuid),
         'item', (select json_build_array(movie_id, rank, note_id) from items where movie_id = $3::uuid),
         'told_at', (select position from lists where list_id = $2::uuid),
         'filled_at', greatest((select max(position) from list_items where list_id = $2::uuid),
                               (select max(position) from list_members where list_id = $2::uuid)),
         'at', (select json_build_array(added_position, placed_position, noted_position) from list_items
                 where list_id = $2::uuid and movie_id = $3::uuid),
         'anchor', (select json_build_array(movie_id, rank, note_id) from anchor),
         'following', (select min(rank) from items
                        where movie_id is distinct from $3::uuid and rank > coalesce((select rank from anchor), '')),
         'last', (select max(rank) from items),
         'items', (select count(*) from items),
         'members', (select count(*) from list_members where list_id = $2::uuid and state <> 'LEFT'),
         'lists', (select count(*) from lists where user_id = $1::uuid and is_active),
         'crowded', case when exists (select from items where length(rank) > {LONG})
                         then (select json_agg(json_build_array(movie_id, rank, note_id) order by rank) from items) end)
  from (select 1) one left join lists l on l.list_id = $2::uuid and l.is_active""")


def reading(
    actor_id: UUID,
    list_id: UUID,
    *,
    movie_id: UUID | None = None,
    anchor_id: UUID | None = None,
    other_id: UUID | None = None,
) -> Call:
    """Return what is asked under the locks of the actor and the list."""
    return _asked(None, actor_id, list_id, movie_id, anchor_id, other_id)


def reading_at(actor_id: UUID, list_id: UUID, movie_id: UUID | None, rank: str | None) -> Call:
    """Return the same for what goes to a rank: the anchor is the movie that stands before it."""
    return _asked(rank, actor_id, list_id, movie_id, None, None)


def _asked(rank: str | None, *ids: UUID | None) -> Call:
    return _READ, [*(each.hex.encode() if each else None for each in ids), rank.encode() if rank else None]


def list_state(actor_id: UUID, list_id: UUID, rows: Rows) -> ListState:
    """Return the state that was read."""
    found = orjson.loads(rows[0][0] or b"{}")
    added_at, placed_at, noted_at = found["at"] or (None, None, None)
    return ListState(
        actor_id=actor_id,
        list_id=list_id,
        owner_id=_uuid(found["owner_id"]),
        traits=_traits(found) if found["owner_id"] else None,
        role=_member(found["role"]),
        other=_member(found["other"]),
        item=_item(found["item"]),
        anchor=_item(found["anchor"]),
        following=found["following"],
        last=found["last"],
        items=found["items"],
        members=found["members"],
        lists=found["lists"],
        crowded=tuple(Item(UUID(m), rank, _uuid(note)) for m, rank, note in found["crowded"])
        if found["crowded"]
        else None,
        told_at=found["told_at"],
        filled_at=found["filled_at"],
        added_at=added_at,
        placed_at=placed_at,
        noted_at=noted_at,
    )


def _traits(found: dict[str, Any]) -> ListTraits:
    return ListTraits(
        UUID(found["title_id"]),
        _uuid(found["description_id"]),
        ListVisibility(found["visibility"]),
        _uuid(found["link_id"]),
    )


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _member(state: str | None) -> MemberState | None:
    return MemberState(state) if state else None


def _item(found: list[Any] | None) -> Item | None:
    return Item(UUID(found[0]), found[1], _uuid(found[2])) if found else None
