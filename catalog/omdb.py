"""OMDb (https://www.omdbapi.com): what IMDb's people and critics think of a movie, and its awards."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from catalog.remote import Away, Denied, Gone, Remote
from catalog.rows import MovieRow, VotedRating
from catalog.tmdb import Copy, shaped
from catalog.tmdb_shapes import ImdbId, Text

SOURCE = "omdb"
_OTHERS = {"Rotten Tomatoes": "rotten-tomatoes", "Metacritic": "metacritic"}
_VALUE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)(?:%|/(\d{1,3}))\Z")


def _told(value: object) -> object:
    """Return None for what OMDb does not know, and numbers without their commas."""
    return None if value in ("N/A", "") else value.replace(",", "") if isinstance(value, str) else value


def _said(value: object) -> object:
    return None if value in ("N/A", "") else value


class _Rating(BaseModel):
    source: Annotated[str, Field(alias="Source")]
    value: Annotated[str, Field(alias="Value")]


class _Title(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    imdb_id: Annotated[ImdbId, Field(alias="imdbID")]
    rating: Annotated[float | None, BeforeValidator(_told), Field(alias="imdbRating", ge=0, le=10)] = None
    votes: Annotated[int | None, BeforeValidator(_told), Field(alias="imdbVotes", ge=0, lt=2**31)] = None
    metascore: Annotated[int | None, BeforeValidator(_told), Field(alias="Metascore", ge=0, le=100)] = None
    ratings: Annotated[tuple[_Rating, ...], Field(alias="Ratings")] = ()
    awards: Annotated[Text | None, BeforeValidator(_said), Field(alias="Awards")] = None


class _Answer(BaseModel):
    response: Annotated[str, Field(alias="Response")]
    error: Annotated[str, Field(alias="Error")] = ""


class Omdb:
    """Asks for titles; `remote` has the key among its parameters."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def movie(self, imdb_id: str) -> Copy:
        """Return ratings and awards of a movie. Raises what `Remote.get` does; it knows no ETags."""
        body = self.remote.get("/", {"i": imdb_id}).body
        answer = shaped(_Answer, body)
        if answer.response != "True":
            raise _refusal(answer.error)
        return Copy(_row(shaped(_Title, body)), None)


def _refusal(said: str) -> Exception:
    if "limit" in said.lower():
        return Away("the quota of requests is used up")
    if "key" in said.lower():
        return Denied("the key is wrong")
    return Gone()


def _row(said: _Title) -> MovieRow:
    return MovieRow(
        external_id=said.imdb_id,
        imdb_id=said.imdb_id,
        title="",
        awards=said.awards,
        ratings=tuple(_ratings(said).values()),
        file=SOURCE,
    )


def _ratings(said: _Title) -> dict[str, VotedRating]:
    found: dict[str, VotedRating] = {}
    if said.rating is not None:
        found["imdb"] = VotedRating("imdb", said.rating, 10, said.votes or 0)
    for each in said.ratings:
        name, value = _OTHERS.get(each.source), _VALUE.match(each.value)
        if name and value and float(value[1]) <= float(value[2] or 100) > 0:
            found[name] = VotedRating(name, float(value[1]), float(value[2] or 100))
    if said.metascore is not None:
        found.setdefault("metacritic", VotedRating("metacritic", said.metascore, 100))
    return found
