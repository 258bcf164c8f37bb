from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from database.connect import pool
from events.models import ModelTrained, promote_model, roll_back_model
from events.record import decide_models
from projections.registry import fold_inline
from recsys import current
from recsys.current import CurrentModel
from recsys.store import ModelStore
from tests.events.writing import Conn
from tests.recsys.making import some_model
from tests.waiting import SOON_S


@pytest.fixture
async def following(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CurrentModel]:
    """What a server has, over the folder `tmp_path`; it looks often."""
    monkeypatch.setattr(current, "POLL_S", 0.01)
    monkeypatch.setattr(current, "RETRY_S", 0.05)
    async with pool(conninfo, size=1) as connections:
        models = CurrentModel(connections, tmp_path)
        models.start()
        yield models
        await models.close()


async def becomes(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.01)


def promoted(conn: Conn, store: ModelStore, seed: int) -> UUID:
    """Keep and promote a model."""
    model, model_id = some_model(seed), uuid4()
    store.keep(model_id, model)
    fact = ModelTrained(
        model_id=model_id, up_to_position=1, digest=model.digest(), configuration={}, metrics={}
    )
    decide_models(conn, fold_inline, lambda _: [fact])
    decide_models(conn, fold_inline, lambda models: promote_model(models, model_id))
    return model_id


def served(models: CurrentModel) -> UUID | None:
    return models.current.model_id if models.current else None


async def test_promotions_and_rollbacks_are_taken_up(
    connection: Conn, tmp_path: Path, following: CurrentModel
) -> None:
    store = ModelStore(tmp_path)
    assert served(following) is None
    first = promoted(connection, store, 1)
    await becomes(lambda: served(following) == first)
    before = following.current
    second = promoted(connection, store, 2)
    await becomes(lambda: served(following) == second)
    assert before is not None
    assert before.model.digest() == some_model(1).digest()
    decide_models(connection, fold_inline, roll_back_model)
    await becomes(lambda: served(following) == first)


async def test_a_damaged_model_is_refused_and_the_one_before_stays(
    connection: Conn, tmp_path: Path, following: CurrentModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "recsys.current")
    store = ModelStore(tmp_path)
    first = promoted(connection, store, 1)
    await becomes(lambda: served(following) == first)
    away = tmp_path / "elsewhere"
    second = promoted(connection, ModelStore(away), 2)
    await becomes(lambda: caplog.records)
    assert served(following) == first
    tried = following._refused
    await becomes(lambda: following._refused != tried)
    (line,) = caplog.records
    assert str(tmp_path / str(second)) in line.reason  # type: ignore[attr-defined]
    shutil.copytree(away / str(second), tmp_path / str(second))
    await becomes(lambda: served(following) == second)
