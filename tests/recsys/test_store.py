from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from recsys.model import Model, ModelDamaged
from recsys.store import ModelStore
from tests.recsys.making import some_model

ID = uuid4()
MODEL = some_model()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that nobody has made yet."""
    return tmp_path / "data" / "models"


@pytest.fixture
def store(folder: Path) -> ModelStore:
    """A store with one model in it."""
    made = ModelStore(folder)
    made.keep(ID, MODEL)
    return made


def damaged(store: ModelStore, model_id: UUID = ID, digest: str = MODEL.digest()) -> str:
    with pytest.raises(ModelDamaged) as refusal:
        store.load(model_id, digest)
    return str(refusal.value)


def test_a_model_is_read_as_it_was_kept(store: ModelStore, folder: Path) -> None:
    model = store.load(ID, MODEL.digest())
    assert model.digest() == MODEL.digest()
    assert store.has(ID)
    assert [path.name for path in folder.iterdir()] == [str(ID)]
    assert not any(array.flags.writeable for array in model.arrays().values())  # mapped


def test_a_model_that_is_not_here_is_named(store: ModelStore, folder: Path) -> None:
    other = uuid4()
    assert str(folder / str(other)) in damaged(store, other)
    assert not store.has(other)


def test_another_model_than_the_log_names_is_refused(store: ModelStore) -> None:
    assert "not the one that the log names" in damaged(store, digest=some_model(2).digest())


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("harm", [_flip, _cut, Path.unlink])
@pytest.mark.parametrize("name", ["item_vectors.npy", "neighbors.npy", "manifest.json"])
def test_harm_to_any_file_is_noticed(
    store: ModelStore, folder: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(folder / str(ID) / name)
    assert damaged(store)


def test_a_model_that_cannot_be_written_leaves_nothing(folder: Path) -> None:
    unwritable = replace(MODEL, likes=np.array([object()]))
    with pytest.raises(ValueError, match="Object arrays"):
        ModelStore(folder).keep(ID, unwritable)
    assert list(folder.iterdir()) == []


def test_what_a_killed_training_left_is_no_model_and_is_cleared_away(store: ModelStore, folder: Path) -> None:
    killed = uuid4()
    shutil.copytree(folder / str(ID), folder / f".{killed}")
    assert not store.has(killed)
    assert damaged(store, killed)
    store.drop_all_but([ID])
    assert [path.name for path in folder.iterdir()] == [str(ID)]


def test_what_is_not_wanted_is_dropped_and_what_is_mapped_goes_on(store: ModelStore, folder: Path) -> None:
    second, model = uuid4(), some_model(2)
    store.keep(second, model)
    (folder / "notes.txt").write_text("mine")
    mapped: Model = store.load(ID, MODEL.digest())
    store.drop_all_but([second])
    assert not store.has(ID)
    assert store.load(second, model.digest()).digest() == model.digest()
    assert (folder / "notes.txt").exists()
    assert mapped.digest() == MODEL.digest()
