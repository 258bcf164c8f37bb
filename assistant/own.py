"""The assistant of the house: no service outside, the same answer to the same request, and nothing done when unsure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from assistant.asking import Film, movies_by_id
from assistant.grammar import Asked, Intent, Mention, mention, place_of, understand
from assistant.looking_up import genres, titled
from assistant.messages import Said, Turn
from assistant.results import SHOWN, Result
from assistant.tools import Toolbox
from assistant.words import NoSuchDay
from events.chats import ChatRole
from resolvers.interactions import today

HELP = (
    "You can ask for movies (“French comedies from the 90s under 100 minutes”), for something "
    "like a movie (“something like Heat but shorter”), for recommendations, for what is trending, for what you liked, rated "
    "or watched (“what did I like in May 2024?”), or tell me what to do: “add the second one to my watchlist”, “rate Heat 4 "
    "stars”, “I watched it yesterday”, “undo that”."
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|help|thanks|thank you|good (?:morning|evening|day))\b.{0,20}|what can you do.*",
    re.IGNORECASE,
)
_CHANGED_NOTHING = Result("All right, nothing was changed.")


@dataclass(slots=True)
class Memory:
    """What was said before, as far as the next request may refer to it."""

    shown: list[tuple[UUID, ...]] = field(default_factory=list)
    """The movies of each answer that had some, the last first."""
    events: list[str] = field(default_factory=list)
    """What was done and not taken back, the last first."""
    pending: Mapping[str, Any] | None = None
    """What waits for a choice among `choices`."""
    choices: tuple[UUID, ...] = ()


def remembered(said: Sequence[Said]) -> Memory:
    """Return what of a chat can be referred to."""
    memory = Memory()
    for message in said:
        if message.role is ChatRole.ASSISTANT and message.movie_ids:
            memory.shown.insert(0, message.movie_ids)
        elif message.role is ChatRole.USER:
            memory.pending = None
        elif message.role is ChatRole.TOOL:
            note = orjson.loads(message.text or "{}")
            if "asked" in note:
                memory.pending, memory.choices = note, message.movie_ids
            elif note.get("tool") == "undo":  # also one that failed: what is before it can be taken back
                memory.events = [e for e in memory.events if e != note["arguments"].get("event_id")]
            elif note.get("event"):
                memory.events.insert(0, note["event"])
    return memory


async def own_answer(turn: Turn, said: Sequence[Said], tools: Toolbox) -> Result:
    """Answer a message. Raises Unanswered, and what reading raises."""
    memory = remembered(said)
    if memory.pending:
        chosen = await _chosen(turn, memory)
        if isinstance(chosen, Result):
            return chosen
        if chosen:
            return await tools.use(
                memory.pending["asked"], {**memory.pending["arguments"], "movie_id": chosen.id}
            )
    if _GREETING.fullmatch(turn.text):
        return Result(f"I am the assistant of this catalogue. {HELP}")
    try:
        intent = understand(Asked(turn.text, list(await genres(turn)), await today(turn.context)))
    except NoSuchDay:
        return Result("There is no such day, so nothing was done. Say it like “on 3 May 2024”.")
    if intent is None:
        return Result(f"I did not understand that. {HELP}")
    if intent.tool == "undo":
        if not memory.events:
            return Result("There is nothing in this chat that I could take back.")
        return await tools.use("undo", {"event_id": memory.events[0]})
    if intent.movie is None:
        return await _looked_up(tools, intent)
    return await _about(turn, memory, tools, intent, intent.movie)


async def _looked_up(tools: Toolbox, intent: Intent) -> Result:
    """Run a tool that changes nothing; a search for what is no title, nor anything else, is not understood."""
    found = await tools.use(intent.tool, intent.arguments)
    if intent.tool == "search_movies" and set(intent.arguments) == {"text"} and not found.films:
        return Result(f"{found.said} {HELP}")
    return found


async def _about(turn: Turn, memory: Memory, tools: Toolbox, intent: Intent, named: Mention) -> Result:
    """Run a tool on the movie that is meant, or ask which one it is."""
    choices, is_sure = await _meant(turn, memory, named)
    if is_sure:
        return await tools.use(intent.tool, {**intent.arguments, "movie_id": choices[0].id})
    if not choices:
        if named.title:
            return Result("I know no movie of that title.")
        return Result("Which movie do you mean? Tell me its title.")
    await tools.ask_back(intent.tool, intent.arguments, choices)
    if len(choices) == 1:
        return Result(f"Do you mean {choices[0].name}?", tuple(choices))
    return Result("Which one do you mean?", tuple(choices))


async def _meant(turn: Turn, memory: Memory, named: Mention) -> tuple[list[Film], bool]:
    """Return the movie that is meant, or those that may be, and whether it is sure."""
    if named.place is not None:
        # a place is one of a list, and what was done since with one of it is none
        ids = next((ids for ids in memory.shown if len(ids) >= max(named.place, 2)), ())
        index = named.place - 1 if named.place > 0 else -1
        films = await movies_by_id(turn.context, [ids[index]]) if ids and named.place else []
        return films, bool(films)
    shown = await movies_by_id(turn.context, list(memory.shown[0])) if memory.shown else []
    if named.title is None:
        return shown, len(shown) == 1
    found = await titled(turn, named.title)
    exact = _same_title(found, named.title)
    if named.year:
        exact = [film for film in exact if film.year == named.year]
    if len(exact) > 1:
        exact = [film for film in exact if film in shown] or exact
    if exact:
        return exact[:SHOWN], len(exact) == 1
    return found[:SHOWN], False


async def _chosen(turn: Turn, memory: Memory) -> Film | Result | None:
    """Return the movie that a message chooses among those it was asked about; None if it says something else."""
    said = re.sub(r"^(?:i mean |i meant |the one from |from )", "", turn.text.strip(" .!?").lower())
    choices = await movies_by_id(turn.context, list(memory.choices))
    if re.fullmatch(r"no|nope|none(?: of (?:them|these|those))?|neither|cancel|forget it|never ?mind", said):
        return _CHANGED_NOTHING
    if len(choices) == 1 and re.fullmatch(
        r"yes|yeah|yep|sure|exactly|right|correct|that one|that's it|it is", said
    ):
        return choices[0]
    year = re.fullmatch(r"(?:the )?((?:18|19|20)\d\d)(?: one| movie| film| version)?", said)
    if year:
        fitting = [film for film in choices if film.year == int(year[1])]
    elif (place := place_of(said)) is not None:
        # by what was shown: a movie that is gone since must not move the others up
        at = memory.choices[place - 1 : place] if place > 0 else memory.choices[-1:] * (place < 0)
        fitting = [film for film in choices if film.uuid in at]
    else:
        named = mention(turn.text)
        fitting = _same_title(choices, named.title or "")
        fitting = [film for film in fitting if named.year in (None, film.year)]
    return fitting[0] if len(fitting) == 1 else None


def _same_title(films: Sequence[Film], title: str) -> list[Film]:
    wanted = _folded(title)
    return [f for f in films if wanted in (_folded(f.title), _folded(f.original_title or f.title))]


def _folded(title: str) -> str:
    """Return a title without case, accents, signs, and “the” before it."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split()).removeprefix("the ")
