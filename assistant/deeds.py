"""Tools that change something: the commands of any client, with the message as their cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant import arguments as takes
from assistant.asking import MOVIE, ask, film
from assistant.messages import Turn
from assistant.results import Result


async def _do(turn: Turn, mutation: str, given: Mapping[str, Any], key: str, said: str) -> Result:
    """Run a mutation about a movie; in `said`, `{}` is the movie. Asked again with the same key it is done once."""
    kind = mutation[0].upper() + mutation[1:]
    document = (
        f"mutation ($given: {kind}Input!) {{ done: {mutation}(input: $given) {{"
        f" errors {{ message }} event {{ id }} movie {{ {MOVIE} }} }} }}"
    )
    given = {**given, "idempotencyKey": key, "source": turn.source.name}
    done = (await ask(turn.context, document, {"given": given}))["done"]
    if done["errors"]:
        about = (film(done["movie"]),) if done["movie"] else ()
        return Result(done["errors"][0]["message"], about, failed=True)
    movie = film(done["movie"])
    if done["event"] is None:
        return Result(f"That is so already: {said.format(movie.name)}", (movie,))
    return Result(said.format(movie.name), (movie,), event=done["event"]["id"])


async def add_to_watchlist(turn: Turn, given: takes.AddToWatchlist, key: str) -> Result:
    """Put a movie on the watchlist."""
    asked = {"movieId": given.movie_id, "priority": given.priority.value}
    return await _do(turn, "addToWatchlist", asked, key, "{} is on your watchlist.")


async def remove_from_watchlist(turn: Turn, given: takes.RemoveFromWatchlist, key: str) -> Result:
    """Take a movie off the watchlist."""
    asked = {"movieId": given.movie_id}
    return await _do(turn, "removeFromWatchlist", asked, key, "{} is off your watchlist.")


async def rate(turn: Turn, given: takes.RateMovie, key: str) -> Result:
    """Give stars."""
    stars = f"{given.stars:g} star{'' if given.stars == 1 else 's'}"
    asked = {"movieId": given.movie_id, "stars": given.stars}
    return await _do(turn, "rateMovie", asked, key, f"{{}} has {stars} from you.")


async def react(turn: Turn, given: takes.ReactToMovie, key: str) -> Result:
    """Keep a reaction."""
    words = {"DISLIKE": "dislike", "OK": "find it OK:", "LIKE": "like", "SUPER_LIKE": "love"}
    asked = {"movieId": given.movie_id, "reaction": given.reaction.value}
    return await _do(turn, "reactToMovie", asked, key, f"You {words[given.reaction.value]} {{}}.")


async def watched(turn: Turn, given: takes.MarkWatched, key: str) -> Result:
    """Keep a viewing."""
    day = given.watched_on
    asked = {"movieId": given.movie_id, **({"watchedOn": day.isoformat()} if day else {})}
    said = f"You saw {{}} on {day:%A}, {day.day} {day:%B %Y}." if day else "You saw {} today."
    return await _do(turn, "markWatched", asked, key, said)


async def favorite(turn: Turn, given: takes.FavoriteMovie, key: str) -> Result:
    """Make a favourite."""
    return await _do(turn, "favoriteMovie", {"movieId": given.movie_id}, key, "{} is one of your favourites.")


async def dismiss(turn: Turn, given: takes.DismissMovie, key: str) -> Result:
    """Keep that a movie does not interest."""
    return await _do(
        turn, "dismissMovie", {"movieId": given.movie_id}, key, "{} will not be recommended to you."
    )


async def undo(turn: Turn, given: takes.Undo, key: str) -> Result:
    """Take something back."""
    return await _do(turn, "undo", {"eventId": given.event_id}, key, "I took that back, about {}.")
