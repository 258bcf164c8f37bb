"""Training is reproducible; files of a model are what was saved, or are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import FORMAT, Model, ModelDamaged, load
from recsys.training import NothingToLearn, train
from tests.recsys.conftest import CONFIG, silent


def test_the_same_input_gives_the_same_bits_and_another_seed_does_not(
    interactions: Interactions, described: Features, model: Model
) -> None:
    again = train(interactions, described, CONFIG, progress=silent)
    assert again.digest() == model.digest()
    other = train(interactions, described, replace(CONFIG, seed=2), progress=silent)
    assert other.digest() != model.digest()


def test_progress_is_told_to_the_end(interactions: Interactions, described: Features) -> None:
    told: dict[str, list[int]] = {}

    def progress(what: str, total: int) -> Callable[[int], None]:
        told[what] = [total]
        return told[what].append

    train(interactions, described, replace(CONFIG, rounds=2), progress=progress)
    assert told == {"EASE": [1, 1], "LightFM": [2, 1, 1]}


def test_without_likes_there_is_nothing_to_learn(interactions: Interactions, described: Features) -> None:
    with pytest.raises(NothingToLearn):
        train(interactions.where(~interactions.liked), described, CONFIG, progress=silent)


def test_one_like_is_enough(interactions: Interactions, described: Features) -> None:
    first = np.flatnonzero(interactions.liked)[:1]
    made = train(interactions.where(first), described, replace(CONFIG, rounds=1), progress=silent)
    assert all(np.isfinite(array).all() for array in made.arrays().values())


def test_a_model_is_read_as_it_was_saved(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "one")
    found = load(tmp_path / "one")
    assert (found.digest(), found.config, found.features) == (model.digest(), model.config, model.features)
    assert not found.item_vectors.flags.writeable
    for name, array in model.arrays().items():
        assert np.array_equal(found.arrays()[name], array), name


@pytest.mark.parametrize("name", ["item_vectors", "likes", "neighbors"])
def test_one_changed_byte_is_noticed(model: Model, tmp_path: Path, name: str) -> None:
    model.save(tmp_path)
    file = tmp_path / f"{name}.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelDamaged, match="not the model that was saved"):
        load(tmp_path)


def test_a_changed_manifest_is_noticed(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)
    file = tmp_path / "manifest.json"
    manifest = orjson.loads(file.read_bytes())
    manifest["config"]["ease_weight"] = 3.0
    file.write_bytes(orjson.dumps(manifest))
    with pytest.raises(ModelDamaged, match="not the model that was saved"):
        load(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "manifest", "format", "key", "folder"])
def test_files_that_cannot_be_read_are_refused_with_what_to_do(
    model: Model, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "one"
    model.save(folder)
    vectors, manifest = folder / "item_vectors.npy", folder / "manifest.json"
    match damage:
        case "missing":
            vectors.unlink()
        case "cut":
            vectors.write_bytes(vectors.read_bytes()[:-10])
        case "empty":
            vectors.write_bytes(b"")
        case "manifest":
            manifest.write_text("{")
        case "format":
            manifest.write_text('{"format": 99}')
        case "key":
            manifest.write_text(f'{{"format": {FORMAT}}}')
        case "folder":
            folder = tmp_path / "none"
    with pytest.raises(ModelDamaged, match="train a new one"):
        load(folder)
