"""What movies have from outside services alone: how old the copy is, awards, where they can be seen."""

from datetime import datetime

import strawberry

from resolvers.ids import text
from resolvers.mapping import Embedded, Filter, Key, Page
from schema.enums import ImageSize, OfferKind
from schema.fields import column, connection, mapped
from schema.movie_facts import image

_COPY = "from movie_copies c where c.movie_id = {t}.id and c.source = 'tmdb'"
_KEYS = ("country", "kind", "provider")


@strawberry.type(description="Where a movie can be seen.")
class Offer:
    country: str = column("{t}.country", "The country, ISO 3166-1.")
    kind: OfferKind = column("{t}.kind", "What it takes to see it there.")
    provider: str = column("{t}.provider", "Who has it, such as “Netflix”.")
    url: str | None = column("{t}.url", "A page with the ways to it.")

    @mapped(image("logo_path"), "Where the logo of the provider is.")
    def logo_url(self, size: ImageSize | None = None) -> str | None: ...


@strawberry.type(description="An offer in a list.")
class OfferEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(Embedded(), "The offer.")
    def node(self) -> Offer: ...


OfferConnection = connection("Offer", OfferEdge, Offer, "Where a movie can be seen.")


@strawberry.type(description="What movies have from outside services alone.")
class Copied:
    awards: str | None = column("{t}.awards", "What it won, in the words of OMDb.")
    cached_at: datetime | None = column(
        f"(select c.fetched_at {_COPY})",
        "When The Movie Database last said what it says of it; null where nothing is copied from there.",
    )
    is_stale: bool = column(
        f"coalesce((select c.fetched_at is not null and c.stale_at <= now() {_COPY}), false)",
        "Whether the copy is older than it should be: a new one is on its way, or the service is away.",
    )

    @mapped(
        Page(
            "movie_offers",
            where="{t}.movie_id = {parent}.id",
            columns=(*_KEYS, "url", "logo_path"),
            orders={None: tuple(Key(f"{{t}}.{name}", "text") for name in _KEYS)},
            filters={"country": Filter("{t}.country = upper({value})", "text", text)},
        ),
        "Where it can be seen, as JustWatch knows; given a country (ISO 3166-1), there.",
    )
    def availability(
        self,
        country: str | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> OfferConnection | None: ...
