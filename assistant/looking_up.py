"""Tools that look up: the catalogue, the recommender, and what the person did."""

from __future__ import annotations

from collections.abc import Callable

from assistant import arguments as takes
from assistant.asking import MOVIE, Film, ask, film, movies, movies_by_id
from assistant.messages import Turn
from assistant.past import movies_of
from assistant.results import SHOWN, Result

_SIMILAR = 100
"""Movies among which those are looked for that are shorter, or newer, than one."""

_SEARCH = (
    "movies(search: $text, filter: $filter, orderBy: $order, first: $first)",
    "$text: String, $filter: MovieFilter, $order: MovieOrder, $first: Int",
)
_TRENDING = ("trending(window: $window, first: $first)", "$window: TrendingWindow!, $first: Int")
_GENRES = "{ genres { id name } }"
_RECOMMENDED = f"""query ($filter: RecommendationFilter, $first: Int) {{
 viewer {{ recommendations(filter: $filter, first: $first) {{ nodes {{ {MOVIE} }} }} }} }}"""
_LIKE = f"""query ($id: ID!, $first: Int) {{
 movie(by: {{ id: $id }}) {{ {MOVIE} similar(first: $first) {{ nodes {{ {MOVIE} }} }} }} }}"""
_DETAILS = f"""query ($id: ID!) {{ movie(by: {{ id: $id }}) {{
 {MOVIE} overview originalLanguage director cast {{ name }} }} }}"""
NOT_THERE = Result("There is no such movie.", failed=True)


def _found(films: list[Film], said: str = "Here is what I found:") -> Result:
    if not films:
        return Result("I found no movie like that.")
    return Result(said, tuple(films[:SHOWN]))


async def genres(turn: Turn) -> dict[str, str]:
    """Return the ids of the catalogue's genres by their names in lower case."""
    known = (await ask(turn.context, _GENRES, {}))["genres"]
    return {genre["name"].lower(): genre["id"] for genre in known}


async def search(turn: Turn, given: takes.SearchMovies, _: str) -> Result:
    """Search the catalogue."""
    chosen = given.given()
    # one genre by its name and one by its id: both must hold
    known = await genres(turn) if given.genres else {}
    if not set(map(str.lower, given.genres)) <= set(known):
        return Result("There is no such genre in the catalogue.", failed=True)
    for name, field in zip(given.genres, ("genre", "genreIds"), strict=False):
        chosen[field] = name if field == "genre" else [known[name.lower()]]
    order = given.order or ("RELEVANCE" if given.text else "POPULAR")
    values = {"text": given.text, "filter": chosen, "order": order, "first": SHOWN}
    return _found(await movies(turn.context, _SEARCH[0], values, _SEARCH[1]))


async def titled(turn: Turn, title: str) -> list[Film]:
    """Return movies that a title finds, what fits best first."""
    values = {"text": title, "order": "RELEVANCE", "first": 20}
    return await movies(turn.context, _SEARCH[0], values, _SEARCH[1])


async def recommend(turn: Turn, given: takes.Recommend, _: str) -> Result:
    """Recommend."""
    chosen = given.given()
    if given.genres:
        chosen["genres"] = given.genres
    values = {"filter": chosen, "first": SHOWN if len(given.genres) < 2 else 50}
    page = (await ask(turn.context, _RECOMMENDED, values))["viewer"]["recommendations"]
    wanted = {name.lower() for name in given.genres}
    found = [film(node) for node in page["nodes"] if node]
    return _found([each for each in found if wanted <= set(map(str.lower, each.genres))], "You may like:")


async def trending(turn: Turn, given: takes.Trending, _: str) -> Result:
    """Say what many are busy with."""
    values = {"window": given.window, "first": SHOWN}
    return _found(await movies(turn.context, _TRENDING[0], values, _TRENDING[1]), "Trending now:")


async def similar(turn: Turn, given: takes.SimilarMovies, _: str) -> Result:
    """Find movies like one; what is not known of a movie does not hold of it."""
    values = {"id": given.movie_id, "first": _SIMILAR}
    found = (await ask(turn.context, _LIKE, values))["movie"]
    if found is None:
        return NOT_THERE
    liked = film(found)
    wanted = {name.lower() for name in given.genres}
    every: list[tuple[bool, Callable[[Film], float | None], int, str]] = [
        (given.shorter, lambda f: f.runtime, -1, "how long {} is"),
        (given.longer, lambda f: f.runtime, 1, "how long {} is"),
        (given.older, lambda f: f.year, -1, "of which year {} is"),
        (given.newer, lambda f: f.year, 1, "of which year {} is"),
        (given.better_rated, lambda f: f.rating, 1, "how {} is rated"),
    ]
    tests = [(number, sign, what) for is_asked, number, sign, what in every if is_asked]
    for number, _sign, what in tests:
        if number(liked) is None:
            return Result(f"The catalogue does not say {what.format(liked.name)}.", (liked,))

    def fits(other: Film) -> bool:
        if not wanted <= set(map(str.lower, other.genres)):
            return False
        for number, sign, _what in tests:
            mine, theirs = number(liked), number(other)
            if mine is None or theirs is None or sign * theirs <= sign * mine:
                return False
        return True

    others = [film(node) for node in found["similar"]["nodes"] if node]
    fitting = [each for each in others if fits(each)]
    if not fitting:
        return Result(f"I found no such movie like {liked.name}.", (liked,))
    return _found(fitting, f"Like {liked.name}:")


async def details(turn: Turn, given: takes.MovieDetails, _: str) -> Result:
    """Say what is known of a movie."""
    found = (await ask(turn.context, _DETAILS, {"id": given.movie_id}))["movie"]
    if found is None:
        return NOT_THERE
    movie = film(found)
    parts = [
        f"{movie.name}: {', '.join(movie.genres)}." if movie.genres else f"{movie.name}.",
        f"It runs {movie.runtime} minutes." if movie.runtime else "",
        f"Directed by {found['director']}." if found["director"] else "",
        f"With {', '.join(each['name'] for each in found['cast'][:5])}." if found["cast"] else "",
        f"Rated {movie.rating:g} of 10." if movie.rating is not None else "",
        found["overview"] or "",
    ]
    return Result(" ".join(part for part in parts if part), (movie,))


async def mine(turn: Turn, given: takes.MyMovies, _: str) -> Result:
    """Say what the person did."""
    count, ids = await movies_of(turn, given.what, given.first_day, given.last_day)
    if not count:
        return Result("I found nothing of yours like that.")
    films = await movies_by_id(turn.context, ids)
    whole = f"{count} movie{'' if count == 1 else 's'}"
    said = f"{whole}, the last first:" if count <= len(ids) else f"{whole}; the last {len(ids)}:"
    return Result(said, tuple(films))
