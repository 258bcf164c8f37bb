"""What the assistant's tools take. A model outside is shown these, so the descriptions are written for it, too."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from events.pair import Priority, Reaction

Year = Annotated[int, Field(ge=1870, le=2100)]
Minutes = Annotated[int, Field(ge=0, le=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
MovieId = Annotated[
    str, Field(pattern=r"^Movie:[0-9a-f-]{36}$", description="The id of a movie, as a tool gave it.")
]


class Arguments(BaseModel):
    """Arguments of a tool; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Criteria(Arguments):
    """Which movies; all that is given must hold."""

    genres: list[Name] = Field(default=[], max_length=2, description="Has each of these genres.")
    released_from: Year | None = Field(None, description="Released in this year or later.")
    released_to: Year | None = Field(None, description="Released in this year or before.")
    max_runtime_minutes: Minutes | None = Field(None, description="Runs no longer.")
    original_language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = Field(
        None, description="Its original language, ISO 639-1."
    )

    def given(self) -> dict[str, Any]:
        """Return what is given, by the names of GraphQL."""
        return {
            camel: value for name, camel in _CAMEL.items() if (value := getattr(self, name, None)) is not None
        }


class SearchMovies(Criteria):
    """Search the catalogue by words of the title, people, genre, year, runtime, language or rating."""

    text: Annotated[str, Field(max_length=200)] | None = Field(None, description="Words of the title.")
    min_runtime_minutes: Minutes | None = Field(None, description="Runs no shorter.")
    cast_name: Name | None = Field(None, description="Somebody of this full name plays in it.")
    director_name: Name | None = Field(None, description="Somebody of this full name directed it.")
    minimum_rating: float | None = Field(
        None, ge=0, le=10, description="Its rating, to 10, is at least this."
    )
    minimum_stars: float | None = Field(
        None, ge=0, le=5, description="The mean of the stars given here, to 5, is at least this."
    )
    order: Literal["RELEVANCE", "RATING", "NEWEST", "POPULAR"] | None = Field(
        None, description="What comes first; POPULAR when left out."
    )


_CAMEL = {
    "released_from": "releasedFrom",
    "released_to": "releasedTo",
    "min_runtime_minutes": "minRuntimeMinutes",
    "max_runtime_minutes": "maxRuntimeMinutes",
    "original_language": "originalLanguage",
    "cast_name": "castName",
    "director_name": "directorName",
    "minimum_rating": "minimumRating",
    "minimum_stars": "minimumStars",
}


class Recommend(Criteria):
    """Recommend movies that this person has not seen, rated or dismissed, the best first."""


class Trending(Arguments):
    """What many people are busy with now."""

    window: Literal["DAY", "WEEK", "MONTH", "ALL"] = "WEEK"


class OneMovie(Arguments):
    """What is about one movie."""

    movie_id: MovieId


class SimilarMovies(OneMovie):
    """Movies that are like one of the catalogue, perhaps shorter, longer, newer, older or better rated than it."""

    shorter: bool = False
    longer: bool = False
    newer: bool = False
    older: bool = False
    better_rated: bool = False
    genres: list[Name] = Field(default=[], max_length=2, description="Has each of these genres.")


class MovieDetails(OneMovie):
    """What the catalogue knows of one movie: people, runtime, what it is about."""


class MyMovies(Arguments):
    """What this person did, the last first, perhaps within some days."""

    what: Literal["LIKED", "DISLIKED", "RATED", "WATCHED", "FAVORITES", "WATCHLIST"] = Field(
        description="LIKED: reactions LIKE and SUPER_LIKE, and four stars or more."
    )
    first_day: date | None = None
    last_day: date | None = None


class AddToWatchlist(OneMovie):
    """Put a movie on this person's watchlist. Only when they ask for it."""

    priority: Priority = Priority.MEDIUM


class RemoveFromWatchlist(OneMovie):
    """Take a movie off this person's watchlist. Only when they ask for it."""


class RateMovie(OneMovie):
    """Give a movie this person's stars. Only when they say how many."""

    stars: float = Field(description="0.5 to 5 in half steps.")


class ReactToMovie(OneMovie):
    """Keep how much this person liked a movie. Only when they say so."""

    reaction: Reaction


class MarkWatched(OneMovie):
    """Keep that this person saw a movie. Only when they say so."""

    watched_on: date | None = Field(None, description="The day; today when left out.")


class FavoriteMovie(OneMovie):
    """Make a movie one of this person's favourites. Only when they ask for it."""


class DismissMovie(OneMovie):
    """Keep that a movie does not interest this person. Only when they say so."""


class Undo(Arguments):
    """Take back something that was done in this chat. Only when this person asks for it."""

    event_id: str = Field(
        pattern=r"^Event:[0-9]{1,18}$", description="The event that the tool gave which did it."
    )
