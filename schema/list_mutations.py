"""What can be done with lists."""

import strawberry
from strawberry import UNSET

from resolvers import lists
from resolvers.mapping import Run
from schema.enums import EventSource, ListVisibility
from schema.fields import mapped
from schema.inputs import idempotency_key, source
from schema.payloads import ListPayload, payload

CreateListPayload = payload("CreateListPayload", "The new list.", ListPayload)
UpdateListPayload = payload("UpdateListPayload", "The list.", ListPayload)
DeleteListPayload = payload("DeleteListPayload", "The end of a list.", ListPayload)
AddToListPayload = payload("AddToListPayload", "The list with the movie.", ListPayload)
MoveInListPayload = payload("MoveInListPayload", "The list in its new order.", ListPayload)
NoteInListPayload = payload("NoteInListPayload", "The list with the note.", ListPayload)
RemoveFromListPayload = payload("RemoveFromListPayload", "The list without the movie.", ListPayload)
InviteToListPayload = payload("InviteToListPayload", "The list.", ListPayload)
JoinListPayload = payload("JoinListPayload", "The list.", ListPayload)
LeaveListPayload = payload("LeaveListPayload", "The list.", ListPayload)


@strawberry.input(description="A list to make.")
class CreateListInput:
    title: str = strawberry.field(description="What it is called, 200 characters at most.")
    description: str | None = strawberry.field(
        default=UNSET, description="What it is about, 5,000 characters at most."
    )
    visibility: ListVisibility | None = strawberry.field(
        default=UNSET, description="Who may see it; PRIVATE when left out."
    )
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="A list to do something with.")
class _OnList:
    list_id: strawberry.ID = strawberry.field(description="The list's global id.")
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="What to change of a list: what is left out stays as it is.")
class UpdateListInput(_OnList):
    title: str | None = strawberry.field(
        default=UNSET, description="What it is called, 200 characters at most."
    )
    description: str | None = strawberry.field(
        default=UNSET, description="What it is about, 5,000 characters at most; null takes it away."
    )
    visibility: ListVisibility | None = strawberry.field(default=UNSET, description="Who may see it.")
    renew_link: bool = strawberry.field(
        default=False, description="Whether to make a new link: the one before finds nothing any more."
    )


@strawberry.input(description="A list to delete.")
class DeleteListInput(_OnList): ...


@strawberry.input(description="A movie of a list.")
class _OnListedMovie(_OnList):
    movie_id: strawberry.ID = strawberry.field(description="The movie's global id.")


@strawberry.input(description="A movie to put on a list.")
class AddToListInput(_OnListedMovie):
    note: str | None = strawberry.field(
        default=UNSET, description="Something to note about it, 5,000 characters at most."
    )
    after_movie_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The movie of the list to put it behind; at its end when left out."
    )


@strawberry.input(description="Another place for a movie of a list.")
class MoveInListInput(_OnListedMovie):
    after_movie_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The movie of the list to put it behind; at its beginning when left out."
    )


@strawberry.input(description="Something to note about a movie of a list.")
class NoteInListInput(_OnListedMovie):
    note: str | None = strawberry.field(
        description="What to note, 5,000 characters at most; null takes it away."
    )


@strawberry.input(description="A movie to take off a list.")
class RemoveFromListInput(_OnListedMovie): ...


@strawberry.input(description="Somebody to work on a list of one's own.")
class InviteToListInput(_OnList):
    user_id: strawberry.ID = strawberry.field(description="The person's global id.")


@strawberry.input(description="A list to which one was invited.")
class JoinListInput(_OnList): ...


@strawberry.input(description="A list to work on no more.")
class LeaveListInput(_OnList):
    user_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Who, of a list of one's own; oneself when left out."
    )


@strawberry.type(description="What can be done with lists.")
class ListMutations:
    @mapped(Run(lists.create), "Make a list.")
    def create_list(self, input: CreateListInput) -> CreateListPayload: ...  # noqa: A002

    @mapped(Run(lists.update), "Change what a list is called, who may see it, or its link (its owner).")
    def update_list(self, input: UpdateListInput) -> UpdateListPayload: ...  # noqa: A002

    @mapped(Run(lists.delete), "Delete a list (its owner).")
    def delete_list(self, input: DeleteListInput) -> DeleteListPayload: ...  # noqa: A002

    @mapped(Run(lists.add), "Put a movie on a list; one that is on it stays where it is.")
    def add_to_list(self, input: AddToListInput) -> AddToListPayload: ...  # noqa: A002

    @mapped(Run(lists.move), "Put a movie of a list at another place.")
    def move_in_list(self, input: MoveInListInput) -> MoveInListPayload: ...  # noqa: A002

    @mapped(Run(lists.note), "Note something about a movie of a list.")
    def note_in_list(self, input: NoteInListInput) -> NoteInListPayload: ...  # noqa: A002

    @mapped(Run(lists.remove), "Take a movie off a list.")
    def remove_from_list(self, input: RemoveFromListInput) -> RemoveFromListPayload: ...  # noqa: A002

    @mapped(Run(lists.invite), "Ask somebody to work on a list (its owner).")
    def invite_to_list(self, input: InviteToListInput) -> InviteToListPayload: ...  # noqa: A002

    @mapped(Run(lists.join), "Take an invitation to work on a list.")
    def join_list(self, input: JoinListInput) -> JoinListPayload: ...  # noqa: A002

    @mapped(
        Run(lists.leave), "Leave a list, refuse an invitation, or let somebody leave a list of one's own."
    )
    def leave_list(self, input: LeaveListInput) -> LeaveListPayload: ...  # noqa: A002
