"""Lists as plain Python has them: what happened to each, and the state that a command about one would meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from events.facts import Event
from events.list_items import (
    ListItemEvent,
    ListItemRemoved,
    add_item,
    move_item,
    note_item,
    remove_item,
)
from events.list_members import (
    ListMemberEvent,
    ListMemberInvited,
    ListMemberJoined,
    invite_member,
    join_list,
    leave_list,
)
from events.lists import (
    Item,
    ListCreated,
    ListDeleted,
    ListEdited,
    ListState,
    ListTraits,
    ListVisibility,
    MemberState,
    create_list,
    delete_list,
    edit_list,
)
from events.ranks import LONG


def list_id(owner: UUID, number: int = 0) -> UUID:
    """The id of a list of one of the people of generated histories."""
    return uuid5(owner, f"list {number}")


@dataclass
class Kept:
    """One list."""

    owner_id: UUID
    traits: ListTraits
    items: dict[UUID, Item] = field(default_factory=dict)
    members: dict[UUID, MemberState] = field(default_factory=dict)

    def order(self) -> list[Item]:
        """Its movies in their order."""
        return sorted(self.items.values(), key=lambda item: item.rank)


@dataclass
class Lists:
    """All lists that there are."""

    kept: dict[UUID, Kept] = field(default_factory=dict)
    ever: set[UUID] = field(default_factory=set)

    def when(self, facts: Iterable[Event]) -> None:
        """Take facts in."""
        for fact in facts:
            self._take(fact)

    def _take(self, fact: Event) -> None:
        match fact:
            case ListCreated() | ListEdited():
                self.ever.add(fact.list_id)
                traits = ListTraits(fact.title_id, fact.description_id, fact.visibility, fact.link_id)
                self.kept.setdefault(fact.list_id, Kept(fact.user_id, traits)).traits = traits
            case ListDeleted():
                del self.kept[fact.list_id]
            case ListItemRemoved():
                del self.kept[fact.list_id].items[fact.listed_id]
            case ListItemEvent():
                item = Item(fact.listed_id, fact.rank, fact.note_id)
                self.kept[fact.list_id].items[fact.listed_id] = item
            case ListMemberInvited() | ListMemberJoined():
                is_in = isinstance(fact, ListMemberJoined)
                state = MemberState.JOINED if is_in else MemberState.INVITED
                self.kept[fact.list_id].members[fact.member_id] = state
            case ListMemberEvent():
                self.kept[fact.list_id].members[fact.member_id] = MemberState.LEFT

    def state(
        self,
        actor: UUID,
        which: UUID,
        *,
        movie_id: UUID | None = None,
        anchor_id: UUID | None = None,
        other_id: UUID | None = None,
    ) -> ListState:
        """The state that a command meets."""
        lists = sum(kept.owner_id == actor for kept in self.kept.values())
        kept = self.kept.get(which)
        if kept is None:
            return ListState(actor_id=actor, list_id=which, lists=lists)
        anchor = kept.items.get(anchor_id) if anchor_id and anchor_id != movie_id else None
        order = kept.order()
        low = anchor.rank if anchor else ""
        return ListState(
            actor_id=actor,
            list_id=which,
            owner_id=kept.owner_id,
            traits=kept.traits,
            role=kept.members.get(actor),
            other=kept.members.get(other_id) if other_id else None,
            item=kept.items.get(movie_id) if movie_id else None,
            anchor=anchor,
            following=next((i.rank for i in order if i.movie_id != movie_id and i.rank > low), None),
            last=order[-1].rank if order else None,
            items=len(order),
            members=sum(state is not MemberState.LEFT for state in kept.members.values()),
            lists=lists,
            crowded=tuple(order) if any(len(item.rank) > LONG for item in order) else None,
        )


def decided(
    lists: Lists, says: str, which: UUID, actor: UUID, other: UUID, movies: Sequence[UUID], text: UUID
) -> list[Event]:
    """What a person decides who works on a list of theirs or another's; raises what the command does."""
    movie, anchor = movies
    state = lists.state(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
    front = lists.state(actor, which, movie_id=movie, other_id=other)
    deciders: Mapping[str, Any] = {
        "create": lambda: [] if which in lists.ever else create_list(state, ListTraits(text)),
        "rename": lambda: edit_list(state, {"title_id": text, "description_id": None}, text),
        "show": lambda: edit_list(state, {"visibility": ListVisibility.UNLISTED}, text),
        "hide": lambda: edit_list(
            state, {"visibility": ListVisibility.PRIVATE, "description_id": text}, text
        ),
        "delete": lambda: delete_list(state),
        "invite": lambda: invite_member(state, other),
        "join": lambda: join_list(state),
        "leave": lambda: leave_list(state, actor),
        "remove": lambda: leave_list(state, other),
        "add": lambda: add_item(front, movie, None),
        "add behind": lambda: add_item(state, movie, text, anchor),
        "move": lambda: move_item(state, movie, anchor),
        "move to front": lambda: move_item(front, movie, None),
        "note": lambda: note_item(state, text),
        "take off": lambda: remove_item(state),
    }
    facts: list[Event] = deciders[says]()
    return facts
