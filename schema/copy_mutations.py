"""What can be done about movies of outside services."""

import strawberry
from strawberry import UNSET

from resolvers import freshness
from resolvers.mapping import One, Run
from schema.fields import mapped
from schema.movies import Movie
from schema.payloads import MutationPayload, payload


@strawberry.interface(description="What a mutation about the catalogue's movies answers with.")
class CataloguePayload(MutationPayload):
    @mapped(One("movies", of="{v_movie:uuid}"), "The movie, as it stands now.")
    def movie(self) -> Movie | None: ...


RefreshMoviePayload = payload("RefreshMoviePayload", "The movie, which is fetched soon.", CataloguePayload)
AddMoviePayload = payload("AddMoviePayload", "The movie with this id.", CataloguePayload)


@strawberry.input(description="A movie to fetch anew.")
class RefreshMovieInput:
    movie_id: strawberry.ID = strawberry.field(description="The movie's global id.")


@strawberry.input(one_of=True, description="A movie by an id of others: exactly one.")
class AddMovieInput:
    tmdb_id: int | None = strawberry.field(default=UNSET, description="The id at The Movie Database.")
    imdb_id: str | None = strawberry.field(default=UNSET, description="The id at IMDb.")


@strawberry.type(description="What can be done about movies of outside services.")
class CopyMutations:
    @mapped(
        Run(freshness.refresh),
        "Have a movie fetched anew from where it was copied. It answers at once; ask for `cachedAt` a little later.",
    )
    def refresh_movie(self, input: RefreshMovieInput) -> RefreshMoviePayload: ...  # noqa: A002

    @mapped(
        Run(freshness.add),
        "Make a movie known by an id of others, if it is not yet: with nothing but the id at first.",
    )
    def add_movie(self, input: AddMovieInput) -> AddMoviePayload: ...  # noqa: A002
