"""What a person does with movies: each mutation decides on the log, and answers with what it recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from database.ids import uuid7
from events.errors import Rejected
from events.favorites import favorite_movie, unfavorite_movie
from events.log import Recorded, Source
from events.pair import Pair, PairEvent, Priority, Reaction
from events.ratings import InvalidStars, rate_movie
from events.reactions import react_to_movie
from events.texts import Text
from events.viewing import dismiss_movie, mark_watched, view_movie
from events.watchlist import (
    add_to_watchlist,
    remove_from_watchlist,
    set_priority,
    unless_kept,
)
from events.window import Command
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.ids import text, uuid_of

Input = Mapping[str, Any]
Payload = Mapping[str, str | None]

_movie_uuid = uuid_of("Movie")
KEY_MOST = 200
"""Characters of an idempotency key."""


class UnknownMovie(Rejected):
    """There is no movie with this id."""

    code: ClassVar[str] = "UNKNOWN_MOVIE"
    path = ("movieId",)


class MissingValue(Rejected):
    """Give a value, or null to take it back."""

    code: ClassVar[str] = "MISSING_VALUE"


def refused(*rejections: Rejected, **values: str | None) -> Payload:
    """Return the payload of a command that rules refused: nothing was recorded."""
    errors = [{"code": r.code, "message": r.message, "path": ["input", *r.path]} for r in rejections]
    return {"event": None, "movie": None, **values, "errors": orjson.dumps(errors).decode()}


def decided(events: Sequence[Recorded], movie_id: UUID | None) -> Payload:
    """Return the payload of a command, perhaps about a movie."""
    first = events[0] if events else None
    return {
        "errors": "[]",
        "event": str(first.position) if first else None,
        "event_id": str(first.event_id) if first else None,
        "movie": str(movie_id) if movie_id else None,
    }


def half_stars_of(value: float) -> int:
    """Return stars as half stars. Raises InvalidStars."""
    if not 0 < value <= 5 or value * 2 != int(value * 2):
        raise InvalidStars
    return int(value * 2)


def source_of(given: Input) -> Source:
    """Return where the person was."""
    chosen = given.get("source")
    return Source.WEB if chosen is None else Source(chosen.value)


def idempotency_key_of(given: Input) -> str | None:
    """Return the idempotency key. Raises BadInput."""
    key = given.get("idempotencyKey")
    if key is not None and not 1 <= len(key) <= KEY_MOST:
        raise BadInput(f"An idempotency key has 1 to {KEY_MOST} characters.")
    return None if key is None else text(key)


async def record(
    context: Context,
    name: str,
    given: Input,
    decide: Callable[[Pair], Sequence[PairEvent]],
    *,
    movie_id: UUID | None = None,
    texts: Sequence[Text] = (),
) -> Payload:
    """Decide a command about one movie, that of the input, as who asks, and return its payload.

    Raises Unauthenticated, BadId, and what the handler raises that is not a rule of the domain.
    """
    viewer = context.require_viewer()
    movie_id = movie_id or UUID(_movie_uuid(given["movieId"]))
    try:
        movie_id = await require_movie(context, movie_id)
        command = Command(
            user_id=viewer.id,
            movie_id=movie_id,
            decide=lambda pair, _: unless_kept(decide(pair), context.services.on_rate),
            source=source_of(given),
            causation_id=context.cause_id,
            idempotency_key=idempotency_key_of(given),
            request=request_of(name, given),
            texts=texts,
        )
        return decided(await context.services.handler.handle(command), movie_id)
    except Rejected as rejection:
        known = None if isinstance(rejection, UnknownMovie) else str(movie_id)
        return refused(rejection, movie=known)


def request_of(name: str, given: Input) -> str:
    """Return a digest of what an idempotency key stands for: with other input it is a mistake of the client's.

    The key salts it, so that two requests with the same text have nothing in common. Migration 0021 makes the same of
    requests that were kept in the clear.
    """
    key = given.get("idempotencyKey")
    if key is None:
        return ""
    same = {name: value for name, value in given.items() if name not in ("idempotencyKey", "source")}
    said = orjson.dumps(same, option=orjson.OPT_SORT_KEYS, default=str).decode()
    return sha256(f"{key} {name} {said}".encode()).hexdigest()


async def require_movie(context: Context, movie_id: UUID) -> UUID:
    """Return the movie, or the one that it was merged into. Raises UnknownMovie."""
    standing = await context.services.known_movies.standing(movie_id)
    if standing is None:
        raise UnknownMovie
    return standing


def _required(given: Input, name: str) -> Any:
    if name not in given:
        raise MissingValue(path=(name,))
    return given[name]


async def react(context: Context, given: Input) -> Payload:
    """Set or clear the reaction."""

    def decide(pair: Pair) -> Sequence[PairEvent]:
        reaction = _required(given, "reaction")
        return react_to_movie(pair, Reaction(reaction) if reaction else None)

    return await record(context, "react", given, decide)


async def rate(context: Context, given: Input) -> Payload:
    """Set or clear the stars."""

    def decide(pair: Pair) -> Sequence[PairEvent]:
        stars = _required(given, "stars")
        return rate_movie(pair, None if stars is None else half_stars_of(stars))

    return await record(context, "rate", given, decide)


async def favorite(context: Context, given: Input) -> Payload:
    """Make the movie a favourite."""
    return await record(context, "favorite", given, favorite_movie)


async def unfavorite(context: Context, given: Input) -> Payload:
    """End the favourite."""
    return await record(context, "unfavorite", given, unfavorite_movie)


async def add_watchlist(context: Context, given: Input) -> Payload:
    """Put the movie on the watchlist."""
    priority = Priority(given.get("priority") or Priority.MEDIUM)
    return await record(context, "add_to_watchlist", given, lambda pair: add_to_watchlist(pair, priority))


async def prioritize(context: Context, given: Input) -> Payload:
    """Change a priority of the watchlist."""
    priority = Priority(given["priority"])
    return await record(context, "set_priority", given, lambda pair: set_priority(pair, priority))


async def remove_watchlist(context: Context, given: Input) -> Payload:
    """Take the movie off the watchlist."""
    return await record(context, "remove_from_watchlist", given, remove_from_watchlist)


def latest_day() -> date:
    """Return the last day that is not in the future: it is tomorrow already somewhere on earth."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


_TIME_ZONE = "select time_zone from profiles where user_id = %s"


async def today(context: Context) -> date:
    """Return the day that it is where who asks lives."""
    async with context.acting() as conn:
        found = await (await conn.execute(_TIME_ZONE, (context.require_viewer().id,))).fetchone()
    return datetime.now(ZoneInfo(found[0]) if found else UTC).date()


async def watched(context: Context, given: Input) -> Payload:
    """Record that the movie was seen, and perhaps what of it."""
    day: date = given.get("watchedOn") or await today(context)
    latest, viewing_id = latest_day(), uuid7()
    reaction, stars = given.get("reaction"), given.get("stars")

    def decide(pair: Pair) -> Sequence[PairEvent]:
        half_stars = None if stars is None else half_stars_of(stars)
        return mark_watched(
            pair, day, latest, viewing_id, Reaction(reaction) if reaction else None, half_stars
        )

    return await record(context, "mark_watched", given, decide)


async def dismiss(context: Context, given: Input) -> Payload:
    """Say that the movie is of no interest."""
    return await record(context, "dismiss", given, dismiss_movie)


async def view(context: Context, given: Input) -> Payload:
    """Record that the movie's page was opened."""
    return await record(context, "view", given, view_movie)
