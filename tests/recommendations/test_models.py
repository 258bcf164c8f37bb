"""Recommendations without a model, with another one, and of movies that are newer than it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from database.connect import connect
from recsys import standing
from recsys.lifecycle import promote
from recsys.store import ModelStore
from tests.app.serving import serving
from tests.recommendations.conftest import becomes, serves
from tests.recommendations.tastes import (
    EACH,
    Person,
    add_movie,
    film,
    settle,
    titles,
    train,
)
from tests.waiting import SOON_S


async def test_without_a_model_what_is_popular_is_recommended_and_says_so(
    conninfo: str, tmp_path: Path
) -> None:
    with connect(conninfo) as conn:
        settle(conn)
    async with serving(conninfo, filled=False, models_dir=tmp_path) as running:
        person = Person(running, await running.sign_up("tina"))
        await person.react("Horror", 2)
        found = await person.recommended(first=100)
        assert {edge["algorithm"] for edge in found["edges"]} == {"TRENDING"}
        assert len(set(titles(found))) == found["totalCount"] == 2 * EACH - 1
        scores = [edge["score"] for edge in found["edges"]]
        assert scores == sorted(scores, reverse=True)
        texts = {reason["text"] for edge in found["edges"][:5] for reason in edge["reasons"]}
        assert texts == {"Many people like it now"}
        model_id = await asyncio.to_thread(train, conninfo, tmp_path)
        await serves(running, model_id)
        found = await person.recommended(first=10)
        assert {edge["algorithm"] for edge in found["edges"]} == {"BLEND"}


async def test_a_model_whose_files_are_damaged_is_refused_and_the_one_before_goes_on(
    conninfo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(conninfo) as conn:
        settle(conn)
    before = await asyncio.to_thread(train, conninfo, tmp_path)
    async with serving(conninfo, filled=False, models_dir=tmp_path) as running:
        await serves(running, before)
        person = Person(running, await running.sign_up("dina"))
        away = tmp_path / "elsewhere"
        damaged = await asyncio.to_thread(train, conninfo, away, serve=False, seed=2)
        shutil.copytree(away / str(damaged), tmp_path / str(damaged))
        vectors = tmp_path / str(damaged) / "item_vectors.npy"
        vectors.write_bytes(vectors.read_bytes()[:-4] + b"\0\0\0\1")
        with connect(conninfo) as conn:
            promote(conn, ModelStore(away), damaged)
        await becomes(lambda: any(record.message == "a model was refused" for record in caplog.records))
        assert (await running.http.get("/readyz")).json()["model"] == str(before)
        assert {edge["algorithm"] for edge in (await person.recommended())["edges"]} == {"BLEND"}


async def test_a_movie_that_is_new_is_recommended_by_its_features(conninfo: str, tmp_path: Path) -> None:
    with connect(conninfo) as conn:
        settle(conn)
    model_id = await asyncio.to_thread(train, conninfo, tmp_path)
    async with serving(conninfo, filled=False, models_dir=tmp_path) as running:
        await serves(running, model_id)
        person = Person(running, await running.sign_up("nils"))
        await person.react("Comedy", 3, 5, 7)
        before = await person.recommended(first=100, algorithm="CONTENT_BASED")
        with connect(conninfo) as conn, conn.transaction():
            add_movie(conn, "Comedy", EACH + 1)
            add_movie(conn, "Horror", EACH + 1)
        async with asyncio.timeout(SOON_S):
            while (found := await person.recommended(first=100, algorithm="CONTENT_BASED"))[
                "totalCount"
            ] == before["totalCount"]:
                await asyncio.sleep(0.05)
        order = titles(found)
        assert order.index(f"Comedy {EACH + 1}") < order.index(f"Horror {EACH + 1}")


async def test_a_movie_of_which_nobody_tells_is_found_when_popularity_is_read(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "POPULAR_S", 0.1)
    with connect(conninfo) as conn:
        settle(conn)
    async with serving(conninfo, filled=False) as running:
        person = Person(running, await running.sign_up("nele"))
        assert (await person.recommended(first=1))["totalCount"] == 2 * EACH
        with connect(conninfo) as conn:
            conn.execute("insert into movies (id, title) values (%s, 'Nothing is known')", (film("None", 1),))
        async with asyncio.timeout(SOON_S):
            while (await person.recommended(first=1))["totalCount"] == 2 * EACH:
                await asyncio.sleep(0.05)
