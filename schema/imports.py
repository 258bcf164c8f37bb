"""What a person brings from other services, as they see it before and after."""

from datetime import date, datetime

import strawberry

from imports.deciding import Outcome
from imports.importing import Status
from imports.told import Kind, Service, Skip
from resolvers.ids import enum_name
from resolvers.mapping import Filter, Key, Many, One, Page
from schema.enums import Reaction
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.nodes import Node

strawberry.enum(Service, name="ImportService", description="Where an export is from.")
strawberry.enum(
    Status,
    name="ImportStatus",
    description="How far an import is. One that stays IMPORTING or UNDOING was cut short: ask for it again.",
)
strawberry.enum(Kind, name="ImportKind", description="What an export says of a movie.")
strawberry.enum(
    Outcome,
    name="ImportOutcome",
    description="What becomes of it: NEW is recorded; HERE is here already; CONFLICT is another word than the one that"
    " holds here; AMBIGUOUS may be one of several movies; UNMATCHED is a movie that is not here; REFUSED goes against a"
    " rule, such as a rated movie on the watchlist.",
)
strawberry.enum(Skip, name="ImportSkip", description="What an export has that is not imported.")


@strawberry.type(description="How much of an import is of one kind and has one outcome.")
class ImportCount:
    kind: Kind = column("{t}.kind", "What is said.")
    outcome: Outcome = column("{t}.outcome", "What becomes of it.")
    count: int = column("{t}.n", "How often.")


@strawberry.type(description="How much of an export is passed over.")
class ImportSkipped:
    what: Skip = column("{t}.what", "What it is.")
    count: int = column("{t}.n::integer", "Rows or files.")


@strawberry.type(description="One thing that an export says of one movie.")
class ImportEntry:
    kind: Kind = column("{t}.kind", "What is said.")
    outcome: Outcome = column("{t}.outcome", "What becomes of it.")
    title: str = column("{t}.title", "The movie's title in the export.")
    release_year: int | None = column("{t}.release_year", "Its year in the export.")
    imdb_id: str | None = column("{t}.imdb_id", "Its id at IMDb, where the export has it.")
    tmdb_id: int | None = column("{t}.tmdb_id", "Its id at The Movie Database, where the export has it.")
    said_at: datetime = column("{t}.said_at", "When it was said there; noon where only the day is known.")
    stars: float | None = column("{t}.half_stars / 2.0::float8", "The stars, 0.5 to 5, of a rating.")
    scale: str | None = column("{t}.scale", "The scale that the rating was given on.")
    reaction: Reaction | None = column("{t}.reaction", "The reaction.")
    watched_on: date | None = column("{t}.watched_on", "The day on which it was seen.")
    held_stars: float | None = column("{t}.held_half_stars / 2.0::float8", "In a conflict: your stars here.")
    held_reaction: Reaction | None = column("{t}.held_reaction", "In a conflict: your reaction here.")
    leaves_watchlist: bool = column(
        "{t}.leaves_watchlist", "Whether the movie leaves your watchlist by this."
    )
    is_recorded: bool = column("{t}.is_recorded", "Whether it counts as imported, and will not be again.")

    @mapped(
        One("movies", of="{parent}.movie_id"),
        "The movie; null where none is meant for certain, or where the import makes it.",
    )
    def movie(self) -> Movie | None: ...

    @mapped(
        Many(
            "unnest({parent}.candidates) with ordinality as c (id, n) join movies {t} on {t}.id = c.id",
            order="c.n",
            table="movies",
        ),
        "The movies that may be meant, ten at most, where there are several.",
    )
    def candidates(self) -> list[Movie]: ...


@strawberry.type(description="One thing that an export says, in a list.")
class ImportEntryEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(
        One(
            "import_entries",
            of="{parent}.number",
            key="number",
            where="{t}.import_id = {parent}.import_id and {t}.user_id = {viewer}",
        ),
        "What is said.",
    )
    def node(self) -> ImportEntry | None: ...


ImportEntryConnection = connection("ImportEntry", ImportEntryEdge, ImportEntry, "What an export says.")

_COUNTS = """
(select import_id, user_id, kind, outcome, count(*)::integer as n from import_entries
  group by import_id, user_id, kind, outcome) {t}"""


@strawberry.type(
    description="What a person brought from another service; only the person themself can see it."
)
class Import(Node):
    id: strawberry.ID = column("'Import:' || {t}.id", "The global id.")
    service: Service = column("{t}.service", "Where the export is from.")
    status: Status = column("{t}.status", "How far it is.")
    created_at: datetime = column("{t}.created_at", "When it was uploaded.")
    expires_at: datetime | None = column(
        "case when {t}.status = 'PREVIEW' then {t}.expires_at end", "Until when the preview can be confirmed."
    )
    confirmed_at: datetime | None = column("{t}.confirmed_at", "When it was confirmed.")
    undone_at: datetime | None = column("{t}.undone_at", "When it was undone.")
    total: int = column("{t}.entries", "How many entries there are.")
    done: int = column("{t}.done", "How many of them have been imported.")
    correlation_id: strawberry.ID = column("{t}.id", "The correlation id of its events.")

    @mapped(
        Many(
            _COUNTS,
            key="{t}.import_id",
            of="{parent}.id",
            where="{t}.user_id = {viewer}",
            order="{t}.kind, {t}.outcome",
        ),
        "How many entries there are of each kind and outcome.",
    )
    def counts(self) -> list[ImportCount]: ...

    @mapped(
        Many("jsonb_each_text({parent}.skipped) as {t} (what, n)", order="{t}.what"),
        "What the export has that is not imported.",
    )
    def skipped(self) -> list[ImportSkipped]: ...

    @mapped(
        Page(
            "import_entries",
            where="{t}.import_id = {parent}.id and {t}.user_id = {viewer}",
            columns=("import_id", "number"),
            orders={None: (Key("{t}.number", "bigint"),)},
            filters={
                "kind": Filter("{t}.kind = {value}", "text", enum_name),
                "outcome": Filter("{t}.outcome = {value}", "text", enum_name),
            },
        ),
        "The entries, the oldest first, the watchlist last.",
    )
    def entries(
        self,
        kind: Kind | None = None,
        outcome: Outcome | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ImportEntryConnection | None: ...


@strawberry.type(description="An import in a list.")
class ImportEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(One("imports", of="{parent}.id", where="{t}.user_id = {viewer}"), "The import.")
    def node(self) -> Import | None: ...


ImportConnection = connection("Import", ImportEdge, Import, "What a person brought from other services.")
