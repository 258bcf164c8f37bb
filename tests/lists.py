"""Lists as plain Python has them: what happened to each, and the state that a command about one would meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from events.facts import Event
from events.list_items import (
    ListItemAdded,
    ListItemChanged,
    ListItemEvent,
    ListItemMoved,
    ListItemNoted,
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
    ListEvent,
    ListRestored,
    ListState,
    ListTold,
    ListTraits,
    ListVisibility,
    MemberState,
    create_list,
    delete_list,
    edit_list,
)
from events.ranks import LONG
from events.undo import undo_in_list


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
    """All lists that there are, those that were deleted beside them, and what was said of each in its order."""

    kept: dict[UUID, Kept] = field(default_factory=dict)
    gone: dict[UUID, Kept] = field(default_factory=dict)
    said: list[tuple[int, ListEvent]] = field(default_factory=list)

    def when(self, facts: Iterable[Event]) -> None:
        """Take facts in, each at the next position."""
        for fact in facts:
            self.take(fact, self.said[-1][0] + 1 if self.said else 1)

    def take(self, fact: Event, position: int) -> None:
        """Take a fact in that was recorded at this position."""
        if not isinstance(fact, ListEvent):
            return
        self.said.append((position, fact))
        which = fact.list_id
        match fact:
            case ListCreated():
                self.kept[which] = Kept(fact.user_id, fact.traits)
            case ListEdited():
                self.kept[which].traits = fact.traits
            case ListDeleted():
                self.gone[which] = self.kept.pop(which)
            case ListRestored():
                self.kept[which] = self.gone.pop(which)
                self.kept[which].traits = fact.traits
            case ListItemRemoved():
                del self.kept[which].items[fact.listed_id]
            case ListItemEvent():
                self.kept[which].items[fact.listed_id] = Item(fact.listed_id, fact.rank, fact.note_id)
            case ListMemberInvited() | ListMemberJoined():
                is_in = isinstance(fact, ListMemberJoined)
                state = MemberState.JOINED if is_in else MemberState.INVITED
                self.kept[which].members[fact.member_id] = state
            case ListMemberEvent():
                self.kept[which].members[fact.member_id] = MemberState.LEFT

    def last(self, which: UUID, *kinds: type[Event], of: UUID | None = None) -> int | None:
        """The position of the last fact of these kinds about a list, or about a movie of it."""
        about = (
            position
            for position, fact in reversed(self.said)
            if fact.list_id == which
            and isinstance(fact, kinds)
            and (of is None or (isinstance(fact, ListItemEvent) and fact.listed_id == of))
        )
        return next(about, None)

    def state(
        self,
        actor: UUID,
        which: UUID,
        *,
        movie_id: UUID | None = None,
        anchor_id: UUID | None = None,
        other_id: UUID | None = None,
        rank: str | None = None,
    ) -> ListState:
        """The state that a command meets."""
        lists = sum(kept.owner_id == actor for kept in self.kept.values())
        kept = self.kept.get(which) or self.gone.get(which)
        if kept is None:
            return ListState(actor_id=actor, list_id=which, lists=lists)
        order = kept.order()
        others = [item for item in order if item.movie_id != movie_id]
        before = [item for item in others if item.movie_id == anchor_id or item.rank < (rank or "")]
        anchor = before[-1] if before else None
        low = anchor.rank if anchor else ""
        placing = (ListItemAdded, ListItemMoved, ListItemRemoved)
        noting = (ListItemAdded, ListItemNoted, ListItemRemoved)
        return ListState(
            actor_id=actor,
            list_id=which,
            owner_id=kept.owner_id if which in self.kept else None,
            traits=kept.traits if which in self.kept else None,
            role=kept.members.get(actor),
            other=kept.members.get(other_id) if other_id else None,
            item=kept.items.get(movie_id) if movie_id else None,
            anchor=anchor,
            following=next((item.rank for item in others if item.rank > low), None),
            last=order[-1].rank if order else None,
            items=len(order),
            members=sum(state is not MemberState.LEFT for state in kept.members.values()),
            lists=lists,
            crowded=tuple(order) if any(len(item.rank) > LONG for item in order) else None,
            told_at=self.last(which, ListTold),
            filled_at=self.last(which, ListItemEvent, ListMemberEvent),
            added_at=self.last(which, ListItemAdded, of=movie_id) if movie_id else None,
            placed_at=self.last(which, *placing, of=movie_id) if movie_id else None,
            noted_at=self.last(which, *noting, of=movie_id) if movie_id else None,
        )

    def undone(self, position: int, fact: ListEvent) -> list[Event]:
        """What takes back a fact; raises what the command does."""
        movie_id = fact.listed_id if isinstance(fact, ListItemEvent) else None
        rank = fact.previous_rank if isinstance(fact, ListItemChanged) else None
        if isinstance(fact, ListItemRemoved):
            rank = fact.rank
        state = self.state(fact.user_id, fact.list_id, movie_id=movie_id, rank=rank)
        return undo_in_list(state, fact, position)


def decided(
    lists: Lists, says: str, which: UUID, actor: UUID, other: UUID, movies: Sequence[UUID], text: UUID
) -> list[Event]:
    """What a person decides who works on a list of theirs or another's; raises what the command does."""
    movie, anchor = movies
    state = lists.state(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
    front = lists.state(actor, which, movie_id=movie, other_id=other)
    deciders: Mapping[str, Any] = {
        "create": lambda: [] if state.told_at else create_list(state, ListTraits(text)),
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
        "undo": lambda: undo_last(lists, which, actor),
    }
    facts: list[Event] = deciders[says]()
    return facts


def undo_last(lists: Lists, which: UUID, actor: UUID) -> list[Event]:
    """What takes back what somebody did last with a list; nothing where they did nothing. Raises what the command does."""
    own = [said for said in lists.said if said[1].list_id == which and said[1].user_id == actor]
    return lists.undone(*own[-1]) if own else []
