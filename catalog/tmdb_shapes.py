"""What The Movie Database says of a movie (API version 3): what is known is taken, the rest passed over."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from catalog.soundness import LARGEST


def _sound(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds NUL")
    return value


def _none_if_empty(value: Any) -> Any:
    return None if value in ("", 0) else value


Sound = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_sound)]
Line = Annotated[Sound, StringConstraints(max_length=500)]
Text = Annotated[Sound, StringConstraints(max_length=20_000)]
Key = Annotated[int, Field(gt=0, le=LARGEST)]
Minutes = Annotated[int, Field(ge=1, le=32_767)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
ImdbId = Annotated[str, StringConstraints(pattern=r"^tt[0-9]{7,}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Genre(_Shape):
    id: Key
    name: Annotated[Sound, StringConstraints(min_length=1, max_length=50)]


class Spoken(_Shape):
    iso_639_1: str


class Produced(_Shape):
    iso_3166_1: str


class Played(_Shape):
    id: Key
    name: Line
    character: Line | None = None
    order: int = LARGEST


class Made(_Shape):
    id: Key
    name: Line
    job: str = ""


class Credits(_Shape):
    cast: tuple[Played, ...] = ()
    crew: tuple[Made, ...] = ()


class Texts(_Shape):
    title: Line = ""
    overview: Text = ""
    tagline: Line = ""


class Translated(_Shape):
    iso_639_1: str
    iso_3166_1: str = ""
    data: Texts


class Translations(_Shape):
    translations: tuple[Translated, ...] = ()


class Video(_Shape):
    key: Annotated[str, StringConstraints(pattern=r"^[\w-]{1,64}$")]
    site: str
    type: str
    official: bool = False
    iso_639_1: str | None = None


class Videos(_Shape):
    results: tuple[Video, ...] = ()


class Released(_Shape):
    certification: Annotated[Sound, StringConstraints(max_length=50)] = ""
    type: int = 0


class ReleasedIn(_Shape):
    iso_3166_1: str
    release_dates: tuple[Released, ...] = ()


class Releases(_Shape):
    results: tuple[ReleasedIn, ...] = ()


class Provider(_Shape):
    provider_name: Annotated[Sound, StringConstraints(min_length=1, max_length=200)]
    logo_path: Line | None = None


class Provided(_Shape):
    link: Line | None = None
    flatrate: tuple[Provider, ...] = ()
    free: tuple[Provider, ...] = ()
    ads: tuple[Provider, ...] = ()
    rent: tuple[Provider, ...] = ()
    buy: tuple[Provider, ...] = ()


class Providers(_Shape):
    results: dict[Country, Provided] = {}


class ExternalIds(_Shape):
    imdb_id: Annotated[ImdbId | None, BeforeValidator(_none_if_empty)] = None


class Details(_Shape):
    """An answer to `/movie/{id}` with what is appended to it."""

    id: Key
    imdb_id: Annotated[ImdbId | None, BeforeValidator(_none_if_empty)] = None
    title: Annotated[Line, StringConstraints(min_length=1)]
    original_title: Line = ""
    original_language: Annotated[Language | None, BeforeValidator(_none_if_empty)] = None
    overview: Text | None = None
    tagline: Line | None = None
    release_date: Annotated[date | None, BeforeValidator(_none_if_empty)] = None
    runtime: Annotated[Minutes | None, BeforeValidator(_none_if_empty)] = None
    adult: bool = False
    genres: tuple[Genre, ...] = ()
    spoken_languages: tuple[Spoken, ...] = ()
    production_countries: tuple[Produced, ...] = ()
    popularity: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = 0
    poster_path: Line | None = None
    backdrop_path: Line | None = None
    vote_average: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0
    vote_count: Annotated[int, Field(ge=0, le=LARGEST)] = 0
    credits: Credits = Credits()
    translations: Translations = Translations()
    videos: Videos = Videos()
    release_dates: Releases = Releases()
    external_ids: ExternalIds = ExternalIds()
    providers: Annotated[Providers, Field(alias="watch/providers")] = Providers()


class Hit(_Shape):
    id: Key


class Found(_Shape):
    """An answer to `/find/{id}`."""

    movie_results: tuple[Hit, ...]
