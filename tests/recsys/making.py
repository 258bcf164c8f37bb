"""Models whose arrays mean nothing, where only their files matter."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from recsys.config import Config
from recsys.model import Model


def some_model(seed: int = 1) -> Model:
    """A model like no other seed's."""
    dice = np.random.default_rng(seed)
    arrays: dict[str, Any] = {
        field.name: (dice.random((5, 3)) * 100).astype(np.float32 if field.type == "Floats" else np.int32)
        for field in fields(Model)
        if field.type in ("Floats", "Ints")
    }
    return Model(config=Config(seed=seed), features=("genre:Drama",), people=2, interactions=3, **arrays)
