"""What an operator can set about outside services."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings

from app.variables import none_if_empty
from catalog.refreshes import Mode


def _web(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("begins with https:// or http://")
    return value


_Secret = Annotated[SecretStr | None, BeforeValidator(none_if_empty)]
_Address = Annotated[str, AfterValidator(_web)]


class RemoteSettings(BaseSettings):
    """The part of the settings that is about TMDb and OMDb."""

    catalogue_mode: Mode = Field(
        default="cache",
        description="reference: ids only; cache: movies that are asked for; catalogue: all movies",
    )
    cache_days: PositiveInt = Field(default=30, le=180, description="after which a copy is stale")
    tmdb_token: _Secret = Field(
        default=None, description="the API read access token of TMDb; unset: nothing is asked there"
    )
    tmdb_url: _Address = "https://api.themoviedb.org/3"
    tmdb_per_second: PositiveFloat = Field(default=20.0, description="requests, of all processes together")
    omdb_key: _Secret = Field(default=None, description="the key of OMDb; unset: nothing is asked there")
    omdb_url: _Address = "https://www.omdbapi.com"
    omdb_per_second: PositiveFloat = Field(default=5.0, description="requests, of all processes together")
    remote_timeout_s: PositiveFloat = Field(default=10.0, description="for an answer of an outside service")
    refreshes_per_person: PositiveInt = Field(
        default=30, description="of movies, that a person may ask for, and movies they may add, in 15 minutes"
    )

    @property
    def fetches_movies(self) -> bool:
        """Whether movies are fetched from outside services."""
        return self.catalogue_mode != "reference" and self.tmdb_token is not None
