"""What the assistant can do: each tool has a name, what it takes, and a function. All act as the person in the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import ValidationError

from assistant import arguments, deeds, looking_up
from assistant.asking import Film, Unanswered
from assistant.messages import TOOLS_MOST, Turn, note_tool
from assistant.results import Result

COMMANDS_MOST = 3
"""What may be changed for one message: a model that is led astray does little, and says what it did."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What can be asked of the assistant; a command changes something."""

    takes: type[arguments.Arguments]
    run: Callable[[Turn, Any, str], Awaitable[Result]]
    is_command: bool = False


def _command(takes: type[arguments.Arguments], run: Callable[[Turn, Any, str], Awaitable[Result]]) -> Tool:
    return Tool(takes, run, is_command=True)


TOOLS: Mapping[str, Tool] = {
    "search_movies": Tool(arguments.SearchMovies, looking_up.search),
    "similar_movies": Tool(arguments.SimilarMovies, looking_up.similar),
    "recommend": Tool(arguments.Recommend, looking_up.recommend),
    "trending": Tool(arguments.Trending, looking_up.trending),
    "my_movies": Tool(arguments.MyMovies, looking_up.mine),
    "movie_details": Tool(arguments.MovieDetails, looking_up.details),
    "add_to_watchlist": _command(arguments.AddToWatchlist, deeds.add_to_watchlist),
    "remove_from_watchlist": _command(arguments.RemoveFromWatchlist, deeds.remove_from_watchlist),
    "rate_movie": _command(arguments.RateMovie, deeds.rate),
    "react_to_movie": _command(arguments.ReactToMovie, deeds.react),
    "mark_watched": _command(arguments.MarkWatched, deeds.watched),
    "favorite_movie": _command(arguments.FavoriteMovie, deeds.favorite),
    "dismiss_movie": _command(arguments.DismissMovie, deeds.dismiss),
    "undo": _command(arguments.Undo, deeds.undo),
}


class Toolbox:
    """The tools of one turn: counted, and noted in the chat."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._calls = 0
        self._commands = 0
        self.done: list[Result] = []
        """What commands did, in order."""

    @property
    def left(self) -> int:
        """How many may be used yet."""
        return TOOLS_MOST - self._calls

    async def use(self, name: str, given: Mapping[str, Any]) -> Result:
        """Run a tool and note it; what cannot be run is a result, too, that says why."""
        if not self.left:
            return Result("Nothing more can be looked up for this message.", failed=True)
        self._calls += 1
        result = await self._run(name, given)
        note = {"tool": name, "arguments": dict(given), **result.noted()}
        await note_tool(self._turn, self._calls, note, [film.uuid for film in result.films])
        return result

    async def ask_back(self, name: str, given: Mapping[str, Any], choices: Sequence[Film]) -> None:
        """Note what is to be run when the person has chosen one of some movies."""
        self._calls += 1
        note = {"asked": name, "arguments": dict(given)}
        await note_tool(self._turn, self._calls, note, [film.uuid for film in choices])

    async def _run(self, name: str, given: Mapping[str, Any]) -> Result:
        tool = TOOLS.get(name)
        if tool is None:
            return Result(f"There is no such tool. There are: {', '.join(TOOLS)}.", failed=True)
        try:
            taken = tool.takes.model_validate(given)
        except ValidationError as wrong:
            where = sorted({".".join(map(str, error["loc"])) or "arguments" for error in wrong.errors()})
            return Result(f"These arguments are missing or wrong: {', '.join(where)}.", failed=True)
        if tool.is_command:
            if self._commands >= COMMANDS_MOST:
                return Result("No more can be changed for one message.", failed=True)
            self._commands += 1
        context = replace(self._turn.context, cause_id=self._turn.cause_id)
        key = f"chat {self._turn.message_id} {self._calls}"
        try:
            result = await tool.run(replace(self._turn, context=context), taken, key)
        except Unanswered as reason:
            return Result(str(reason), failed=True)
        if tool.is_command and not result.failed:
            self.done.append(result)
        return result


def described(film: Film) -> dict[str, Any]:
    """Return what a model outside is told of a movie."""
    return {name: value for name, value in asdict(film).items() if value not in (None, ())}
