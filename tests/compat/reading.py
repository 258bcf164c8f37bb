"""A server whose people live through a design's examples, and the design's views as a program of old reads them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from database.connect import connect
from projections.rebuild import rebuild
from resolvers.ids import split_id
from tests.app.serving import Served, serving
from tests.app.test_refreshing import refreshing
from tests.catalog.services import KEY, TOKEN, Services, running
from tests.privacy.test_over_http import Person
from tests.test_house import ROOT
from tests.waiting import until

_COLUMNS = """
select c.relname, jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
 where c.relnamespace = %s::regnamespace and c.relkind = 'v' group by 1"""


@dataclass(frozen=True)
class Lived:
    """A design's views over a served database in which somebody acts."""

    design: str
    served: Served
    conninfo: str
    services: Services
    people: dict[str, Person]
    movies: dict[int, str]
    """Global ids by TMDb id."""

    def rows(self, query: str, **given: Any) -> list[Any]:
        """Run a query of the design, as its owner, with the design's names in reach and no others."""
        with psycopg.connect(self.conninfo, options=f"-c search_path={self.design}") as conn:
            return conn.execute(query.encode(), given or None).fetchall()

    def columns(self) -> dict[str, list[list[str]]]:
        """Return the columns of each view in their order, with their types."""
        return dict(self.rows(_COLUMNS.replace("%s", f"'{self.design}'")))

    def nulls(self, promised: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the columns of those that the design promises which have a null, by table; names as in `a b c`."""
        return [
            (table, column)
            for table, columns in promised.items()
            for column in columns.split()
            if self.rows(f"select from {table} where {column} is null")
        ]

    async def joins(self, name: str, **profile: Any) -> Person:
        """Sign up, and say something of oneself."""
        person = Person(self.served, await self.served.sign_up(name))
        if profile:
            await person.does("updateProfile", **profile)
        self.people[name] = person
        return person

    async def adds(self, by: Person, tmdb_id: int) -> str:
        """Add a movie, and return its global id when it has been fetched."""
        movie_id: str = (await by.does("addMovie", "movie { id }", tmdbId=tmdb_id))["movie"]["id"]
        with connect(self.conninfo) as conn:
            fetched = "select count(*) = 2 from movie_copies where movie_id = %s and fetched_at is not null"
            key = split_id(movie_id)[1]
            await asyncio.to_thread(until, lambda: conn.execute(fetched, (key,)).fetchone() == (True,))
        self.movies[tmdb_id] = movie_id
        return movie_id

    def rebuild(self, *names: str) -> None:
        """Put rebuilt tables in the place of those that are there."""
        with connect(self.conninfo) as conn:
            for name in names:
                assert rebuild(conn, name).swapped

    @contextmanager
    def reader(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect as somebody whom the operator let read, as docs/operators.md says it."""
        name = f"reader_{uuid4().hex[:12]}"
        lines = grants(self.design, name)
        with psycopg.connect(self.conninfo, autocommit=True) as conn:
            try:
                conn.execute(lines.encode())
                conn.execute(f"set role {name}; set search_path = {self.design}".encode())
                yield conn
            finally:
                conn.execute(f"reset role; drop owned by {name}; drop role {name}".encode())


def grants(design: str, role: str) -> str:
    """Return the statements by which docs/operators.md lets a role read a design."""
    _, _, section = (
        (ROOT / "docs/operators.md").read_text().partition("## Programs that read a database of old")
    )
    first, *others = re.findall(r"```sql\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    chosen = [first, *(block for block in others if design in block.splitlines()[0])]
    return "".join(chosen).replace("reporting", role).replace("compat_s4", design)


@asynccontextmanager
async def living(design: str, conninfo: str, **more: Any) -> AsyncIterator[Lived]:
    """Serve an empty database beside TMDb and OMDb, and a worker that fetches from them."""
    with running() as services:
        given: dict[str, Any] = {
            "tmdb_url": services.url,
            "tmdb_token": TOKEN,
            "tmdb_per_second": 1000.0,
            "omdb_url": services.url,
            "omdb_key": KEY,
            "omdb_per_second": 1000.0,
        }
        async with serving(conninfo, filled=False, **given, **more) as served:
            with refreshing(conninfo, given):
                yield Lived(design, served, conninfo, services, {}, {})
