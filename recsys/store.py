"""Where trained models are kept: a folder each, named by the model's id, whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import UUID

import orjson

from recsys.model import Model, ModelDamaged, load


class ModelStore:
    """The models in a folder that all processes of an installation share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, model_id: UUID, model: Model) -> None:
        """Write a model so that it is on the disk as a whole, or not at all. Raises OSError."""
        draft = self._folder / f".{model_id}"
        try:
            model.save(draft)
            for path in [*draft.iterdir(), draft]:
                _sync(path)
            draft.rename(self._folder / str(model_id))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _sync(self._folder)

    def load(self, model_id: UUID, digest: str) -> Model:
        """Read a model, and compare it with the digest that the log has of it. Raises ModelDamaged."""
        folder = self._folder / str(model_id)
        if not folder.is_dir():
            raise ModelDamaged(
                f"There is no model in {folder}: copy it from where it was trained, or train a new one."
            )
        model = load(folder)
        manifest = orjson.loads(
            (folder / "manifest.json").read_bytes()
        )  # which `load` has compared with the arrays
        if manifest["digest"] != digest:
            raise ModelDamaged(
                f"The model in {folder} is not the one that the log names: copy that one, or train a new one."
            )
        return model

    def has(self, model_id: UUID) -> bool:
        """Whether its files are here, damaged or not."""
        return (self._folder / str(model_id)).is_dir()

    def drop_all_but(self, kept: Collection[UUID]) -> None:
        """Remove the others, and what a killed training left; processes that have one of them mapped go on with it."""
        wanted = {str(model_id) for model_id in kept}
        for path in self._models():
            if path.name not in wanted:
                shutil.rmtree(path)

    def _models(self) -> Iterator[Path]:
        for path in self._folder.iterdir():
            try:
                UUID(path.name.removeprefix("."))
            except ValueError:  # somebody else's
                continue
            yield path


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
