"""A server that is used through GraphQL, and read through the tables of a design that it replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from app.importing_remote import mint
from database.connect import connect
from projections.rebuild import rebuild
from tests.app.serving import Json, Served

SIGN_UP = """mutation($i: SignUpInput!) { signUp(input: $i) {
  errors { code } session { accessToken } viewer { id databaseId email } } }"""
ADD = "mutation($i: AddMovieInput!) { addMovie(input: $i) { errors { code } movie { id } } }"
MOVIE = "query($by: MovieLookup!) { movie(by: $by) { id databaseId } }"
_COLUMNS = """
select attname, format_type(atttypid, atttypmod) from pg_attribute
 where attrelid = %s::regclass and attnum > 0 order by attnum"""
_VIEWS = """
select c.relname from pg_class c where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p', 'v', 'm')"""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class House:
    """The server, and its database for a role that may read all of it."""

    served: Served
    conninfo: str

    async def data(self, document: str, *, token: str | None = None, **variables: Json) -> Json:
        """Return what an operation answers, which has no errors."""
        answer = await self.served.ask(document, token=token, variables=variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, mutation: str, token: str, movie: str, **given: Json) -> None:
        """Do something with a movie by its global id."""
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ errors {{ code }} }} }}"
        data = await self.data(document, token=token, i={"movieId": movie, **given})
        assert data[mutation]["errors"] == []

    async def sign_up(self, **given: str) -> tuple[str, Json]:
        """Make an account; return its access token and who it is."""
        data = await self.data(SIGN_UP, i=given)
        assert data["signUp"]["errors"] == []
        return data["signUp"]["session"]["accessToken"], data["signUp"]["viewer"]

    async def movie(self, **by: Json) -> Json:
        """Return the ids of a movie by one of them."""
        return (await self.data(MOVIE, by=by))["movie"]

    async def adds(self, token: str, tmdb_id: int) -> str:
        """Let a movie be known by its id at TMDb; return its global id."""
        data = await self.data(ADD, token=token, i={"tmdbId": tmdb_id})
        assert data["addMovie"]["errors"] == []
        return str(data["addMovie"]["movie"]["id"])

    def mint(self, *tmdb_ids: int) -> list[Any]:
        """Let movies be known by nothing but their ids at TMDb."""
        with connect(self.conninfo) as conn:
            return mint(conn, tmdb_ids, [])

    def rows(self, query: str, *values: object) -> Rows:
        """Return what the owner reads."""
        with psycopg.connect(self.conninfo, row_factory=dict_row) as conn:
            return conn.execute(query, values).fetchall()

    def all_of(self, schema: str) -> dict[str, Rows]:
        """Return the rows of every view of a schema, each view in an order of its own that does not change."""
        with psycopg.connect(self.conninfo) as conn:
            names = [name for (name,) in conn.execute(_VIEWS, (schema,))]
        query = SQL("select * from {} order by 1")
        with psycopg.connect(self.conninfo, row_factory=dict_row) as conn:
            return {name: conn.execute(query.format(Identifier(schema, name))).fetchall() for name in names}

    def columns(self, schema: str) -> dict[str, dict[str, str]]:
        """Return the columns of every view of a schema in their order, with their types."""
        with psycopg.connect(self.conninfo) as conn:
            return {
                name: dict(conn.execute(_COLUMNS, (f'{schema}."{name}"',)).fetchall())
                for (name,) in conn.execute(_VIEWS, (schema,)).fetchall()
            }

    def rebuild(self, projection: str) -> None:
        """Rebuild a read table, and forget the one that it replaced."""
        with connect(self.conninfo) as conn:
            assert rebuild(conn, projection).swapped
            conn.execute(f"drop table if exists before.{projection}")


def in_order(columns: Mapping[str, Mapping[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Return columns as what is equal only where their order is, too."""
    return {table: [*each.items()] for table, each in columns.items()}


def key(global_id: str) -> str:
    """Return the UUID in a global id."""
    return global_id.partition(":")[2]


def types(columns: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the types of a design that is written as `type` or `type not null`."""
    return {
        table: {name: said.removesuffix(" not null") for name, said in each.items()}
        for table, each in columns.items()
    }


def missing(columns: Mapping[str, Mapping[str, str]], found: Mapping[str, Rows]) -> set[str]:
    """Return the columns that are never null in a design, and are null in a row."""
    return {
        f"{table}.{name}"
        for table, rows in found.items()
        for name, said in columns[table].items()
        if said.endswith(" not null") and any(row[name] is None for row in rows)
    }
