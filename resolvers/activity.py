"""What somebody does that nobody waits for: signed in or not, each action is taken in and the answer goes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from database.ids import uuid7
from events.activity import (
    AGENT_MOST,
    PHRASE_MOST,
    REFERRER_MOST,
    Action,
    Activity,
    Details,
    printable,
)
from events.errors import Rejected
from events.log import Source
from resolvers import interactions
from resolvers.clicks import click
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.ids import bare_uuid, text, uuid_of
from resolvers.interactions import Input, MissingValue, Payload, refused, require_movie

VISITOR_HEADER = "x-visitor-token"

Run = Callable[[Context, Input], Awaitable[Payload]]

_movie = uuid_of("Movie")


@dataclass(frozen=True, slots=True)
class _Asks:
    """What an action needs, and what else it may have, by the names of the input."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    source: Source = Source.WEB


_ASKS: Mapping[Action, _Asks] = {
    Action.MOVIE_VIEW: _Asks(("movieId",)),
    Action.MOVIE_SEARCH: _Asks(("phrase",)),
    Action.RECOMMENDATION_CLICK: _Asks(("movieId",), ("slateId",)),
    Action.EMAIL_OPEN: _Asks((), ("movieId",), Source.EMAIL),
    Action.EMAIL_CLICK: _Asks((), ("movieId",), Source.EMAIL),
    Action.PUSH_CLICK: _Asks((), ("movieId",), Source.PUSH),
}
_OF_SOME = ("movieId", "phrase", "slateId")


async def record_activity(context: Context, given: Input) -> Payload:
    """Record an action: what is an event of a person's by its own mutation, anything else as a row, without a wait."""
    action = Action(given["action"].value)
    given = {name: value for name, value in given.items() if value is not None}
    try:
        _check(action, given)
        if context.viewer and action is Action.MOVIE_VIEW:
            return await _appended(context, action, given, interactions.view)
        if context.viewer and action is Action.RECOMMENDATION_CLICK:
            if "slateId" not in given:
                raise MissingValue(path=("slateId",))
            return await _appended(context, action, given, click)
        return await _queued(context, action, given)
    except Rejected as rejection:
        return refused(rejection, visitor_token=None)


def _check(action: Action, given: Input) -> None:
    asks = _ASKS[action]
    for name in asks.needs:
        if name not in given:
            raise MissingValue(path=(name,))
    for name in _OF_SOME:
        if name in given and name not in (*asks.needs, *asks.may):
            raise BadInput(f"`{name}` is of no use for {action.value}: leave it out.")


async def _appended(context: Context, action: Action, given: Input, run: Run) -> Payload:
    payload = await run(context, given)
    viewer, event_id = context.require_viewer(), payload.get("event_id")
    if event_id is not None:
        told = Activity(
            id=UUID(event_id),
            occurred_at=datetime.now(UTC),
            action=action,
            session_id=viewer.session_id,
            user_id=viewer.id,
            movie_id=None,
            source=Source.WEB,
            details=_details(context, None),
            is_event=True,
        )
        context.services.telemetry.queue.add([told])
    return {**payload, "visitor_token": None}


async def _queued(context: Context, action: Action, given: Input) -> Payload:
    movie_id = UUID(_movie(given["movieId"])) if "movieId" in given else None
    if "slateId" in given:
        bare_uuid(given["slateId"])
    phrase = _phrase(given["phrase"]) if "phrase" in given else None
    if movie_id:
        movie_id = await require_movie(context, movie_id)
    telemetry, viewer = context.services.telemetry, context.viewer
    visitor = (
        None
        if viewer
        else telemetry.visitors.known(context.headers.get(VISITOR_HEADER)) or telemetry.visitors.new()
    )
    source = given.get("source")
    telemetry.queue.add(
        [
            Activity(
                id=uuid7(),
                occurred_at=datetime.now(UTC),
                action=action,
                session_id=visitor.session_id if visitor else context.require_viewer().session_id,
                user_id=viewer.id if viewer else None,
                movie_id=movie_id,
                source=Source(source.value) if source else _ASKS[action].source,
                details=_details(context, phrase),
            )
        ]
    )
    return {
        "errors": "[]",
        "event": None,
        "movie": str(movie_id) if movie_id else None,
        "visitor_token": visitor.token if visitor else None,
    }


def _phrase(given: Any) -> str:
    if len(given) > PHRASE_MOST:
        raise BadInput(f"A phrase has {PHRASE_MOST} characters at most.")
    phrase = printable(" ".join(text(given).split()), PHRASE_MOST)
    if phrase is None:
        raise BadInput("A phrase has at least one character that can be seen.")
    return phrase


def _details(context: Context, phrase: str | None) -> Details:
    headers = context.headers
    return context.services.telemetry.kept(
        phrase=phrase,
        address=context.address,
        user_agent=printable(headers.get("user-agent"), AGENT_MOST),
        referrer=_page(headers.get("referer")),
    )


def _page(referrer: str | None) -> str | None:
    """Return the page of an address, without what it was asked with: queries and fragments may hold anything."""
    try:
        parts = urlsplit(referrer or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return printable(f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}", REFERRER_MOST)


async def identify(context: Context, user_id: UUID) -> None:
    """Join what the visitor of a request did to the person who signed in with it."""
    telemetry = context.services.telemetry
    if visitor := telemetry.visitors.known(context.headers.get(VISITOR_HEADER)):
        await telemetry.identify(visitor, user_id)
