"""The models' folder, as commands use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.errors import Refused
from app.settings import Settings

if TYPE_CHECKING:
    from recsys.store import ModelStore


@contextmanager
def models_folder() -> Iterator[ModelStore]:
    """Give the models' folder; files that are not what was saved there are a refusal."""
    from recsys.model import ModelDamaged
    from recsys.store import ModelStore

    try:
        yield ModelStore(Settings().models)
    except ModelDamaged as damaged:
        raise Refused(str(damaged)) from None
