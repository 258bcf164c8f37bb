"""What the peers and pgbench write for a rating is what our own folds say of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from benchmarks import catalogue
from benchmarks.catalogue import movie, person
from benchmarks.peers import tables
from benchmarks.postgres import Conn, Database, program
from database.connect import session_conninfo
from projections.registry import projections
from tests.test_house import ROOT

MOVIES, PEOPLE = 50, 5
JS_RATE = re.search(r"`(.*)`", (ROOT / "benchmarks/peers/rating.js").read_text(), re.DOTALL)


@pytest.fixture
def peer(connection: Conn, conninfo: str, tmp_path: Path) -> Conn:
    """The application's connection, to a database that has the peers' tables."""
    if connection.info.server_version < 180_000:
        pytest.skip("The benchmarks use what PostgreSQL 18 has.")
    catalogue.load(connection, movies=MOVIES, people=PEOPLE, recommendations=False)
    tables.make(Database(conninfo, tmp_path, cast(Any, None)))
    return connection


def require_folded(conn: Conn, *names: str) -> None:
    """Each of the peers' tables is what the independently written fold makes of the peers' log."""
    for name in names:
        folded = conn.execute(
            f"with batch as (select * from peer.events) {projections()[name].proof}"
        ).fetchall()
        assert folded
        assert sorted(conn.execute(f"select * from peer.{name}").fetchall(), key=str) == sorted(
            folded, key=str
        )


def test_the_statement_of_the_peers_writes_an_event_and_the_rating_that_holds(peer: Conn) -> None:
    assert JS_RATE is not None
    with psycopg.RawCursor(peer) as cursor:
        for half_stars in (7, 4):
            cursor.execute(JS_RATE[1], [person(1), movie(2), half_stars])
            (row,) = cursor.fetchall()
            assert row[1:4] == ("movie_rated", movie(2), f"Movie:{movie(2)}")
        cursor.execute(JS_RATE[1], [person(1), movie(MOVIES + 1), 7])
        assert cursor.fetchall() == []
    assert peer.execute("select half_stars from peer.ratings").fetchall() == [(4,)]
    assert peer.execute("select count(*) from peer.events").fetchone() == (2,)
    require_folded(peer, "ratings")


def test_the_statement_of_pgbench_writes_all_that_a_rating_is_folded_into(
    peer: Conn, conninfo: str, tmp_path: Path
) -> None:
    script = tmp_path / "rate.sql"
    fewer = {
        f"movie random(1, {catalogue.MOVIES})": f"movie random(1, {MOVIES})",
        f"1, {catalogue.PEOPLE}": "1, 2",
    }
    text = tables.RATE
    for all_, few in fewer.items():
        assert all_ in text
        text = text.replace(all_, few)
    script.write_text(text)
    command = [
        str(program("pgbench")),
        "--no-vacuum",
        "--protocol=prepared",
        "--transactions=200",
        f"--file={script}",
    ]
    subprocess.run([*command, session_conninfo(conninfo)], check=True, capture_output=True)
    assert peer.execute("select count(*) from peer.events").fetchone() == (200,)
    require_folded(peer, "ratings", "viewing_states", "history")
