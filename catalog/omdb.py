"""OMDb (https://www.omdbapi.com): what IMDb's people and critics think of a movie, and its awards."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from catalog.remote import Away, Denied, Gone, Remote
from catalog.rows import MovieRow, VotedRating
from catalog.soundness import LARGEST
from catalog.tmdb import Copy, shaped
from catalog.tmdb_shapes import ImdbId, Text

SOURCE = "omdb"
_OTHERS = {"Rotten Tomatoes": "rotten-tomatoes", "Metacritic": "metacritic"}
_VALUE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)(?:%|/(\d{1,3}))\Z")


def _told(value: object) -> object:
    """Return None for what OMDb does not know."""
    return None if value in ("N/A", "") else value


def _number(value: object) -> object:
    """Return the same of a number, without its commas."""
    told = _told(value)
    return told.replace(",", "") if isinstance(told, str) else told


_Mean = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
_Votes = Annotated[int, Field(ge=0, le=LARGEST)]
_Percent = Annotated[int, Field(ge=0, le=100)]


class _Rating(BaseModel):
    source: Annotated[str, Field(alias="Source")]
    value: Annotated[str, Field(alias="Value")]


class _Title(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    imdb_id: Annotated[ImdbId, Field(alias="imdbID")]
    rating: Annotated[_Mean | None, BeforeValidator(_number), Field(alias="imdbRating")] = None
    votes: Annotated[_Votes | None, BeforeValidator(_number), Field(alias="imdbVotes")] = None
    metascore: Annotated[_Percent | None, BeforeValidator(_number), Field(alias="Metascore")] = None
    ratings: Annotated[tuple[_Rating, ...], Field(alias="Ratings")] = ()
    awards: Annotated[Text | None, BeforeValidator(_told), Field(alias="Awards")] = None


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
