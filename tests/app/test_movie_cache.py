"""Movies that a server keeps: pages show a change of the catalogue, whoever made it."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from tests.app.serving import serving

pytestmark = pytest.mark.usefixtures("catalogue_template")

PAGE = """{ movies(first: 3, orderBy: TITLE) { edges { node {
  id title genres { name } cast { name } directors { name } certifications { certification }
  externalRatings { value } translations { title }
} } } }"""
CHANGES = [
    "update movies set title = title || '!'",
    "update genres set name = name || '!'",
    "delete from movie_genres",
    "update movie_genres set rank = -rank",
    "update people set name = name || '!'",
    "update movie_credits set name = name || '!'",
    "delete from movie_credits",
    "insert into movie_translations (movie_id, locale, source, title) select id, 'fi', 'a', 'Uusi' from movies",
    "update movie_translations set title = 'Uusi'",
    "insert into movie_certifications select id, 'FI', 'K18' from movies",
    "update movie_external_ratings set value = 1",
    "delete from movies where title = (select min(title) from movies)",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_seen(conninfo: str, change: str) -> None:
    async with serving(conninfo) as kept, serving(conninfo, filled=False, movie_cache_mb=0) as plain:
        for _ in range(3):
            before = await kept.ask(PAGE)
            assert before == await plain.ask(PAGE)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            await conn.execute(change)
        after = await plain.ask(PAGE)
        assert after != before
        async with asyncio.timeout(2):
            while await kept.ask(PAGE) != after:
                await asyncio.sleep(0.01)


async def test_without_news_nothing_is_kept(conninfo: str) -> None:
    async with (
        serving(conninfo) as served,
        await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn,
    ):
        await served.ask(PAGE)
        gone = (
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'projectionist news' and datname = current_database()"
        )
        assert (await (await conn.execute(gone)).fetchall()) == [(True,)]
        await conn.execute("update movies set title = title || '?'")
        async with asyncio.timeout(2):
            while "?" not in str(await served.ask(PAGE)):
                await asyncio.sleep(0.01)
        # and it listens again
        async with asyncio.timeout(5):
            while not (
                await (await conn.execute(gone.replace("pg_terminate_backend(pid)", "pid"))).fetchall()
            ):
                await asyncio.sleep(0.05)
        await served.ask(PAGE)
        await conn.execute("update movies set title = title || '#'")
        async with asyncio.timeout(2):
            while "#" not in str(await served.ask(PAGE)):
                await asyncio.sleep(0.01)
