"""Lists that people make: each mutation decides under the lock of the list, and answers with the list as it is now."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from accounts.premium import UnknownPerson
from database.ids import uuid7
from events.errors import Rejected
from events.facts import Event
from events.list_items import add_item, move_item, note_item, remove_item
from events.list_members import invite_member, join_list, leave_list
from events.lists import ListState, ListTraits, ListVisibility, create_list, delete_list, edit_list
from events.texts import Text, TextKind, written
from events.window import ListCommand
from projections.list_states import list_state, reading
from resolvers.context import Context
from resolvers.follows import SHOWN
from resolvers.ids import text, uuid_of
from resolvers.interactions import (
    Input,
    Payload,
    idempotency_key_of,
    refused,
    request_of,
    require_movie,
    source_of,
)

_list, _movie, _user = uuid_of("List"), uuid_of("Movie"), uuid_of("User")
_SHOWN = (
    "select exists (select from users u where u.id = %(id)s and "
    + SHOWN.format(u="u", viewer="%(viewer)s")
    + ")"
)

Decide = Callable[[ListState], Sequence[Event]]
Texts = Mapping[TextKind, Text | None]


async def create(context: Context, given: Input) -> Payload:
    """Make a list; said again with the same idempotency key it is the same list."""
    viewer, key = context.require_viewer(), idempotency_key_of(given)
    list_id = uuid5(viewer.id, key) if key else uuid7()

    def decide(texts: Texts) -> Decide:
        title, description = texts[TextKind.TITLE], texts.get(TextKind.DESCRIPTION)
        assert title is not None
        visibility = _visibility(given) or ListVisibility.PRIVATE
        link = texts[TextKind.LINK] if visibility is ListVisibility.UNLISTED else None
        traits = ListTraits(title.id, _id(description), visibility, _id(link))
        return lambda state: create_list(state, traits)

    return await _texts(context, "create_list", given, list_id, decide)


async def update(context: Context, given: Input) -> Payload:
    """Change what a list is called, who may see it, or its link."""

    def decide(texts: Texts) -> Decide:
        changes: dict[str, Any] = {}
        if title := texts.get(TextKind.TITLE):
            changes["title_id"] = title.id
        if TextKind.DESCRIPTION in texts:
            changes["description_id"] = _id(texts[TextKind.DESCRIPTION])
        if visibility := _visibility(given):
            changes["visibility"] = visibility
        link = texts[TextKind.LINK]
        assert link is not None
        if given.get("renewLink"):
            changes["link_id"] = link.id
        return lambda state: edit_list(state, changes, link.id)

    return await _texts(context, "update_list", given, UUID(_list(given["listId"])), decide)


async def delete(context: Context, given: Input) -> Payload:
    """Delete a list."""
    return await _decide(context, "delete_list", given, delete_list)


async def add(context: Context, given: Input) -> Payload:
    """Put a movie on a list."""
    movie_id, after = UUID(_movie(given["movieId"])), await _after(context, given)

    def decide(texts: Texts) -> Decide:
        note_id = _id(texts.get(TextKind.NOTE))
        return lambda state: add_item(state, movie_id, note_id, after)

    try:
        movie_id = await require_movie(context, movie_id)
    except Rejected as rejection:
        return refused(rejection, list=_list(given["listId"]))
    return await _texts(
        context,
        "add_to_list",
        given,
        UUID(_list(given["listId"])),
        decide,
        movie_id=movie_id,
        anchor_id=after,
    )


async def move(context: Context, given: Input) -> Payload:
    """Put a movie of a list at another place."""
    movie_id, after = await _standing(context, given["movieId"]), await _after(context, given)
    return await _decide(
        context,
        "move_in_list",
        given,
        lambda state: move_item(state, movie_id, after),
        movie_id=movie_id,
        anchor_id=after,
    )


async def note(context: Context, given: Input) -> Payload:
    """Note something about a movie of a list."""
    movie_id = await _standing(context, given["movieId"])

    def decide(texts: Texts) -> Decide:
        note_id = _id(texts.get(TextKind.NOTE))
        return lambda state: note_item(state, note_id)

    return await _texts(
        context, "note_in_list", given, UUID(_list(given["listId"])), decide, movie_id=movie_id
    )


async def remove(context: Context, given: Input) -> Payload:
    """Take a movie off a list."""
    return await _decide(
        context,
        "remove_from_list",
        given,
        remove_item,
        movie_id=await _standing(context, given["movieId"]),
    )


async def invite(context: Context, given: Input) -> Payload:
    """Ask somebody to work on a list."""
    viewer, member_id = context.require_viewer(), UUID(_user(given["userId"]))
    async with context.acting() as conn:
        (is_known,) = await (
            await conn.execute(_SHOWN, {"id": member_id, "viewer": viewer.id})
        ).fetchone() or (False,)
    if not is_known:
        return refused(UnknownPerson(), list=_list(given["listId"]))
    return await _decide(
        context, "invite_to_list", given, lambda state: invite_member(state, member_id), other_id=member_id
    )


async def join(context: Context, given: Input) -> Payload:
    """Begin to work on a list to which one was invited."""
    return await _decide(context, "join_list", given, join_list)


async def leave(context: Context, given: Input) -> Payload:
    """Work on a list no more, or let somebody else not."""
    viewer = context.require_viewer()
    member_id = UUID(_user(given["userId"])) if given.get("userId") is not None else viewer.id
    return await _decide(
        context, "leave_list", given, lambda state: leave_list(state, member_id), other_id=member_id
    )


_INPUTS = {"title": TextKind.TITLE, "description": TextKind.DESCRIPTION, "note": TextKind.NOTE}


async def _texts(
    context: Context,
    name: str,
    given: Input,
    list_id: UUID,
    decide: Callable[[Texts], Decide],
    **about: UUID | None,
) -> Payload:
    """Decide with the texts of the input; a description or note that is null or empty takes back the one before."""
    viewer = context.require_viewer()
    texts: dict[TextKind, Text | None] = {
        TextKind.LINK: Text(uuid7(), viewer.id, TextKind.LINK, secrets.token_urlsafe(16))
    }
    try:
        for field, kind in _INPUTS.items():
            if field in given:
                body = given[field]
                is_gone = body is None or (body == "" and kind is not TextKind.TITLE)
                texts[kind] = None if is_gone else written(viewer.id, kind, text(body), path=field)
    except Rejected as rejection:
        return refused(rejection, list=str(list_id))
    return await _say(context, name, given, list_id, decide(texts), list(filter(None, texts.values())), about)


async def _decide(context: Context, name: str, given: Input, decide: Decide, **about: UUID | None) -> Payload:
    return await _say(context, name, given, UUID(_list(given["listId"])), decide, [], about)


async def _say(
    context: Context,
    name: str,
    given: Input,
    list_id: UUID,
    decide: Decide,
    texts: Sequence[Text],
    about: Mapping[str, UUID | None],
) -> Payload:
    viewer = context.require_viewer()
    command = ListCommand(
        user_id=viewer.id,
        list_id=list_id,
        reads=reading(viewer.id, list_id, **about),
        decide=lambda rows: decide(list_state(viewer.id, list_id, rows)),
        other_id=about.get("other_id"),
        source=source_of(given),
        idempotency_key=idempotency_key_of(given),
        request=request_of(name, given),
        texts=texts,
    )
    try:
        await context.services.handler.handle(command)
    except Rejected as rejection:
        return refused(rejection, list=str(list_id))
    return {"errors": "[]", "list": str(list_id)}


def _visibility(given: Input) -> ListVisibility | None:
    chosen = given.get("visibility")
    return None if chosen is None else ListVisibility(chosen)


def _id(text: Text | None) -> UUID | None:
    return text.id if text else None


async def _after(context: Context, given: Input) -> UUID | None:
    after = given.get("afterMovieId")
    return None if after is None else await _standing(context, after)


async def _standing(context: Context, given: str) -> UUID:
    """Return the movie that an id means now, be there one or not."""
    movie_id = UUID(_movie(given))
    return await context.services.known_movies.standing(movie_id) or movie_id
