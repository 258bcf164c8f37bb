"""What is asked of whom, and what PostGraphile's answers are in our names."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.catalogue import MOVIES, PEOPLE, YEARS, movie
from benchmarks.questions import Chance, Question
from benchmarks.servers import documents

ROWS = {
    "Movie": "movie by id",
    "Movies": "50 movies",
    "Home": "Home",
    "Ratings": "100 ratings",
    "Rate": "rating",
}
"""The documents by name, as people call them."""

OURS, CACHED, ASGI = "Projectionist", "the same, movies cached", "the same, plain ASGI"
POSTGRAPHILE = "PostGraphile"
VARIANTS = {
    OURS: {},
    CACHED: {"PROJECTIONIST_MOVIE_CACHE_MB": "32"},
    ASGI: {"PROJECTIONIST_DIRECT_HTTP": "false"},
}
"""Our server, with the settings of each."""
PEERS = {"Mercurius": "mercurius", "Apollo Server": "apollo", POSTGRAPHILE: "postgraphile"}
"""The peers, each with the name of its program."""

Json = dict[str, Any]
_HERE = Path(__file__).parent
_DOCUMENTS = dict.fromkeys((*VARIANTS, *PEERS), _HERE / "documents.graphql") | {
    POSTGRAPHILE: _HERE / "postgraphile.graphql"
}


def _movie(chance: Chance) -> Json:
    return {"id": f"Movie:{movie(chance.randint(1, MOVIES))}"}


_VARIABLES: Mapping[str, Callable[[Chance], Json]] = {
    "Movie": _movie,
    "Movies": lambda chance: {"year": chance.choice(YEARS)},
    "Home": lambda chance: {},
    "Ratings": lambda chance: {},
    "Rate": lambda chance: {**_movie(chance), "stars": chance.randint(1, 10) / 2},
}


def drawn(name: str, chance: Chance) -> dict[str, Question]:
    """Return a random person's question as it is put to each server."""
    variables, asking = _VARIABLES[name](chance), chance.randint(1, PEOPLE)
    put = dict.fromkeys(_DOCUMENTS, variables) | {POSTGRAPHILE: _as_postgraphile(variables)}
    return {
        server: Question(name, put[server], asking, documents(file)[name])
        for server, file in _DOCUMENTS.items()
    }


def requests(name: str, signed: Sequence[str], number: int) -> dict[str, list[bytes]]:
    """Return so many requests for each server, the same for all; `signed` are the people's tokens."""
    chance = random.Random(name)
    made: dict[str, list[bytes]] = {server: [] for server in _DOCUMENTS}
    for _ in range(number):
        for server, question in drawn(name, chance).items():
            made[server].append(question.request(signed))
    return made


def _as_postgraphile(variables: Json) -> Json:
    given = dict(variables)
    if "id" in given:
        given["id"] = given["id"].partition(":")[2]
    if "stars" in given:
        given["halfStars"] = int(given.pop("stars") * 2)
    return given


def in_our_names(name: str, server: str, data: Json) -> Json:
    """Return the data of an answer with our names and ids; positions in the log are each server's own."""
    answer = _MAPPED[name](data) if server == POSTGRAPHILE else data
    if name == "Rate" and answer["rateMovie"]["event"]:
        answer["rateMovie"]["event"]["position"] = bool(answer["rateMovie"]["event"]["position"])
    return answer


def _card(row: Json) -> Json:
    """A movie: what is named alike stays."""
    genres = [node["genreByGenreId"] for node in row["movieGenresByMovieId"]["nodes"]]
    same = {key: value for key, value in row.items() if key not in ("rowId", "movieGenresByMovieId")}
    return {
        "id": f"Movie:{row['rowId']}",
        **same,
        "genres": [{"id": f"Genre:{g['rowId']}", "name": g["name"], "slug": g["slug"]} for g in genres],
    }


def _edges(connection: Json, own: Callable[[Json], Json]) -> Json:
    return {
        "edges": [{**own(row), "node": _card(row["movieByMovieId"])} for row in connection["nodes"]],
    }


def _home(data: Json) -> Json:
    viewer = data["viewer"]
    priorities = ("LOW", "MEDIUM", "HIGH")
    return {
        "viewer": {
            "id": f"User:{viewer['rowId']}",
            "username": viewer["username"],
            "favorites": _edges(
                viewer["readFavoritesByUserId"], lambda row: {"favoritedAt": row["favoritedAt"]}
            ),
            "watchlist": _edges(
                viewer["readWatchlistsByUserId"],
                lambda row: {"priority": priorities[row["urgency"] - 1], "addedAt": row["addedAt"]},
            ),
            "recommendations": _edges(
                viewer["userRecommendationsByUserId"], lambda row: {"score": row["score"]}
            ),
        }
    }


def _stars(half_stars: int | None) -> float | None:
    return None if half_stars is None else half_stars / 2


def _ratings(data: Json) -> Json:
    def own(row: Json) -> Json:
        stars = _stars(row["halfStars"])
        return {"stars": stars, "reaction": row["reaction"], "ratedAt": row["ratedAt"]}

    return {"viewer": {"ratings": _edges(data["viewer"]["readRatingsByUserId"], own)}}


def _rate(data: Json) -> Json:
    rated = data["rateMovie"]
    return {
        "rateMovie": {
            "errors": [],
            "event": {"position": rated["position"], "type": rated["type"]},
            "movie": {
                "id": f"Movie:{rated['movieId']}",
                "title": rated["title"],
                "viewerState": {"stars": _stars(rated["halfStars"])},
            },
        }
    }


_MAPPED: Mapping[str, Callable[[Json], Json]] = {
    "Movie": lambda data: {"movie": _card(data["movieByRowId"])},
    "Movies": lambda data: {
        "movies": {"edges": [{"node": _card(row)} for row in data["allMovies"]["nodes"]]}
    },
    "Home": _home,
    "Ratings": _ratings,
    "Rate": _rate,
}
