"""What the catalogue knows of a movie besides the movie itself: people, texts in other languages, what others say."""

from datetime import datetime

import strawberry

from resolvers.ids import locale_name, lower_name
from resolvers.mapping import Column, Filter, One
from schema.fields import column, mapped
from schema.nodes import Node

_LANGUAGE = "split_part({value}, '-', 1)"
# The locale itself, its language, the language with another region; then the original, then English. What the catalogue
# has by default is English nearly always: to who asks for English it is nearer than the original in another language.
_NEARNESS = f"""case when tr.locale = {{value}} then 1 when tr.locale = {_LANGUAGE} then 2
 when split_part(tr.locale, '-', 1) = {_LANGUAGE} then 3 when tr.locale = {{t}}.original_language then 5
 when tr.locale = 'en' then 7 when split_part(tr.locale, '-', 1) = 'en' then 8 else 10 end"""


def localized(name: str, original: str = "null") -> Column:
    """Return a text of a movie, by default as the catalogue has it; `original` is the one in the original language."""
    among = f"""(select tr.{name}, {_NEARNESS}, tr.source from movie_translations tr
 where tr.movie_id = {{t}}.id and tr.{name} is not null
 union all select {original}, case when {{t}}.original_language = {_LANGUAGE} then 4 else 6 end, ''
 union all select nullif({{t}}.{name}, ''), case when {_LANGUAGE} = 'en' then 5 else 9 end, '')"""
    sql = f"""coalesce((select n.text from {among} n (text, nearness, source) where n.text is not null
 order by n.nearness, n.source limit 1), {{t}}.{name})"""
    return Column(f"{{t}}.{name}", {"locale": Filter(sql, "text", locale_name)})


def image(name: str) -> Column:
    """Return where an image is; paths are below the address of images, in a folder for each size."""
    whole = f"{{t}}.{name} like 'http%'"
    return Column(
        f"case when {whole} then {{t}}.{name} else {{posters}} || {{t}}.{name} end",
        {
            "size": Filter(
                f"case when {whole} then {{t}}.{name} else {{images}} || '/' || {{value}} || {{t}}.{name} end",
                "text",
                lower_name,
            )
        },
    )


@strawberry.type(description="Somebody who made a movie or plays in one.")
class Artist(Node):
    id: strawberry.ID = column("'Artist:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    name: str = column("{t}.name", "The name.")
    imdb_id: str | None = column("{t}.imdb_id", "The id at IMDb, such as “nm0000158”.")
    tmdb_id: int | None = column("{t}.tmdb_id", "The id at The Movie Database.")


@strawberry.type(description="A part in a movie, and who plays it.")
class CastMember:
    name: str = column("{t}.name", "Who plays the part, as the movie says it.")
    character: str | None = column("{t}.character", "The part.")

    @mapped(One("people", of="{parent}.person_id"), "The person.")
    def artist(self) -> Artist: ...


@strawberry.type(description="What a country's board says of who may see a movie.")
class Certification:
    country: str = column("{t}.country", "The country, ISO 3166-1.")
    certification: str = column("{t}.certification", "What is said there, such as “PG-13”.")


@strawberry.type(description="What people elsewhere think of a movie.")
class ExternalRating:
    source: str = column("{t}.source", "Whose it is, such as “imdb”.")
    value: float = column("{t}.value::float8", "The rating.")
    scale: float = column("{t}.scale::float8", "The best there is.")
    votes: int = column("{t}.votes", "How many people it is of; 0 where that is not told.")
    observed_at: datetime = column("{t}.observed_at", "When it was read there.")


@strawberry.type(description="What is written of a movie in one language.")
class MovieTranslation:
    locale: str = column("{t}.locale", "The language, or language and region: “fr”, “fr-CA”.")
    title: str | None = column("{t}.title", "The title.")
    overview: str | None = column("{t}.overview", "What it is about.")
    tagline: str | None = column("{t}.tagline", "Its tagline.")
    trailer_url: str | None = column("{t}.trailer_url", "Where its trailer is.")
