from __future__ import annotations

import time
from dataclasses import replace

import pytest
from psycopg import errors

from database.connect import connect
from projections import registry
from projections.rebuild import Progress, RebuildFailed, rebuild, rebuild_together
from projections.registry import projections
from projections.shadow import Shadow
from tests.projections.filling import Conn, everything
from tests.projections.test_rebuild import NAMES, damage


@pytest.fixture
def conninfo(filled_conninfo: str) -> str:
    """What every test here begins with: tables that hold what a log says."""
    return filled_conninfo


def test_several_are_rebuilt_at_once_each_family_once(conninfo: str, connection: Conn) -> None:
    right = everything(connection)
    for name in NAMES:
        damage(connection, name)
    told: set[tuple[str, ...]] = set()
    done = rebuild_together(
        lambda: connect(conninfo), list(projections()), on_progress=lambda names, _: told.add(tuple(names))
    )
    assert sorted(name for one in done for name in one.names) == sorted(projections())
    assert told == {one.names for one in done}
    now = everything(connection)
    assert {name: now[name] for name in projections()} == {name: right[name] for name in projections()}


def test_a_failure_stops_the_rebuilds_beside_it(
    conninfo: str, connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(connection)
    wrong = projections()["favorites"]
    wrong = replace(wrong, rows=wrong.rows.replace("'movie_favorited'", "'movie_unfavorited'"))
    monkeypatch.setitem(registry._PROJECTIONS, "favorites", wrong)
    others = ("ratings", "history")
    for name in others:
        p = projections()[name]
        slow = f"select * from ({p.proof}) as proof where pg_sleep(60) is null"
        monkeypatch.setitem(registry._PROJECTIONS, name, replace(p, proof=slow))
    started = time.monotonic()
    with pytest.raises(RebuildFailed, match="favorites"):
        rebuild_together(lambda: connect(conninfo), ["favorites", *others], at_once=3)
    assert time.monotonic() - started < 30
    monkeypatch.undo()
    assert everything(connection) == before
    assert connection.execute("select count(*) from pg_tables where schemaname = 'shadow'").fetchone() == (0,)


def test_a_cancellation_that_comes_late_leaves_nothing_behind(
    connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(connection)
    late: list[Exception] = []
    drop = Shadow.drop

    def cancelled(self: Shadow) -> None:
        if late:
            raise late.pop()
        drop(self)

    def stop(progress: Progress) -> None:
        if progress.step == "add_keys":
            late.append(errors.QueryCanceled())
            raise RebuildFailed("stopped")

    monkeypatch.setattr(Shadow, "drop", cancelled)
    with pytest.raises(RebuildFailed, match="stopped"):
        rebuild(connection, "favorites", on_progress=stop)
    assert late == []
    assert everything(connection) == before
