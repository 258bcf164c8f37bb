"""The catalogue as a list: what it is searched, filtered and ordered by."""

from dataclasses import replace

import strawberry

from resolvers.ids import array, integer, text, truth, uuid_of, words
from resolvers.mapping import Filter, Key, Page, Ranked


@strawberry.input(description="Which movies of the catalogue; all conditions must hold.")
class MovieFilter:
    genre: str | None = strawberry.field(
        default=strawberry.UNSET, description="Has this genre, by name or slug."
    )
    genre_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Has any of these genres."
    )
    released_from: int | None = strawberry.field(
        default=strawberry.UNSET, description="Released in this year or later."
    )
    released_to: int | None = strawberry.field(
        default=strawberry.UNSET, description="Released in this year or before."
    )
    min_runtime_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="Runs no shorter."
    )
    max_runtime_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="Runs no longer."
    )
    original_language: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its original language, ISO 639-1."
    )
    language: str | None = strawberry.field(
        default=strawberry.UNSET, description="This language is spoken in it, ISO 639-1."
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="It comes from this country, ISO 3166-1."
    )
    cast_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Somebody of this name plays in it; case and accents do not count.",
    )
    director_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Somebody of this name directed it; case and accents do not count.",
    )
    minimum_stars: float | None = strawberry.field(
        default=strawberry.UNSET, description="The mean of the stars given here is at least this."
    )
    minimum_rating: float | None = strawberry.field(
        default=strawberry.UNSET, description="`rating` is at least this."
    )
    minimum_votes: int | None = strawberry.field(
        default=strawberry.UNSET, description="`voteCount` is at least this."
    )
    adult: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is for adults only; leave out for both."
    )


# the query is made once: it looks words up
_FOUND = """{t}.id in (select f.id from search_query({value}) sought join movies f on f.search @@ sought
 union all select f.movie_id from search_query({value}) sought join movie_translations f on f.search @@ sought)"""
# D, C, B, A: nothing, overview, original title, title
_WEIGHTS = "'{0, 0.1, 0.9, 1}'"
_RELEVANCE = f"""(1000000 * greatest(ts_rank({_WEIGHTS}, {{t}}.search, sought), (
 select max(ts_rank({_WEIGHTS}, f.search, sought)) from movie_translations f where f.movie_id = {{t}}.id)))::bigint"""

_GENRE = "exists (select from movie_genres mg {join} where mg.movie_id = {t}.id and {match})"
_CREDITED = """{t}.id in (select c.movie_id from people p join movie_credits c on c.person_id = p.id
 where p.name_key = folded({value}) and c.job = '{job}')"""


def _most(sql: str) -> tuple[Key, ...]:
    """The largest first; both components fall, so that an index serves any page."""
    return Key(sql, "bigint", descending=True), Key("{t}.id", "uuid", descending=True)


def _most_here(value: str) -> tuple[Key, ...]:
    number, key = _most(f"coalesce((select {value} from movie_stats s where s.movie_id = {{t}}.id), 0)")
    return replace(number, ranked=Ranked("movie_stats", "movie_id", value)), key


STANDING = "{t}.id = (select coalesce(m.merged_into, m.id) from movies m where m.{key} = {value})"
"""Which movie a key means: what was merged into another leads there."""

_BY_ID = Key("{t}.id", "uuid")
_TITLE = (Key("{t}.title", "text"), _BY_ID)

MOVIES = Page(
    "movies",
    where="{t}.merged_into is null",
    columns=("id",),
    orders={
        None: _TITLE,
        "TITLE": _TITLE,
        "NEWEST": (Key("coalesce({t}.release_year, 0)::bigint", "bigint", descending=True), _BY_ID),
        "RELEASE_DATE": (
            Key(
                "coalesce({t}.release_date, make_date(coalesce({t}.release_year, 1), 1, 1))",
                "date",
                descending=True,
            ),
            Key("{t}.id", "uuid", descending=True),
        ),
        "ADDED": (Key("{t}.database_id", "bigint", descending=True),),
        "POPULAR": _most_here("(s.like_count + s.rating_count)"),
        "STARS": _most_here("coalesce(s.half_stars_sum * 50 / nullif(s.rating_count, 0), 0)"),
        "LIKES": _most_here("s.like_count"),
        "VIEWS": _most_here("s.view_count"),
        "POPULARITY": _most("({t}.popularity * 1000)::bigint"),
        "RATING": _most("(coalesce({t}.rating, 0) * 10)::bigint"),
        "VOTES": _most("{t}.vote_count::bigint"),
        "RELEVANCE": (
            Key(_RELEVANCE, "bigint", descending=True, of="search", beside="search_query({value}) sought"),
            _BY_ID,
        ),
    },
    filters={
        "search": Filter(_FOUND, "text[]", words),
        "filter.genre": Filter(
            _GENRE.replace("{join}", "join genres g on g.id = mg.genre_id").replace(
                "{match}", "(g.slug = lower({value}) or lower(g.name) = lower({value}))"
            ),
            "text",
            text,
        ),
        "filter.genreIds": Filter(
            _GENRE.replace("{join}", "").replace("{match}", "mg.genre_id = any ({value})"),
            "uuid[]",
            array(uuid_of("Genre")),
        ),
        "filter.releasedFrom": Filter("{t}.release_year >= {value}", "int", integer),
        "filter.releasedTo": Filter("{t}.release_year <= {value}", "int", integer),
        "filter.minRuntimeMinutes": Filter("{t}.runtime_minutes >= {value}", "int", integer),
        "filter.maxRuntimeMinutes": Filter("{t}.runtime_minutes <= {value}", "int", integer),
        "filter.originalLanguage": Filter("{t}.original_language = lower({value})", "text", text),
        "filter.language": Filter("lower({value}) = any ({t}.languages)", "text", text),
        "filter.country": Filter("upper({value}) = any ({t}.countries)", "text", text),
        "filter.castName": Filter(_CREDITED.replace("{job}", "ACTOR"), "text", text),
        "filter.directorName": Filter(_CREDITED.replace("{job}", "DIRECTOR"), "text", text),
        "filter.minimumStars": Filter(
            "exists (select from movie_stats s where s.movie_id = {t}.id and s.rating_count > 0"
            " and s.half_stars_sum >= 2 * {value} * s.rating_count)",
            "float8",
            str,
        ),
        "filter.minimumRating": Filter("{t}.rating >= {value}", "float8", str),
        "filter.minimumVotes": Filter("{t}.vote_count >= {value}", "int", integer),
        "filter.adult": Filter("{t}.adult = {value}", "boolean", truth),
    },
)
