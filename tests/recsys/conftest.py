"""A small world with two tastes, and a model of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recsys import features
from recsys.config import Config
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Model
from recsys.scoring import Scorer
from recsys.training import train

WAR, LOVE = range(12), range(12, 24)
NEW_WAR, NEW_LOVE = 24, 25
MOVIES = 26
CONFIG = Config(dimensions=8, rounds=6, neighbors=20, max_sampled=10, ease_l2=5.0)


def silent(_what: str, _total: int) -> Callable[[int], None]:
    """Tell nobody."""
    return lambda _: None


@pytest.fixture(scope="session")
def interactions() -> Interactions:
    """48 people like 8 of the 12 movies of their taste, in any order, and judge two of the other badly.

    Every movie is liked by 16.
    """
    rng = np.random.default_rng(5)
    rows: list[tuple[int, int, float]] = []
    for person in range(48):
        own, other = (WAR, LOVE) if person % 2 else (LOVE, WAR)
        rows += [(person, movie, 1.0) for movie in rng.permutation(np.roll(own, person // 2)[:8])]
        rows += [(person, movie, -1.0) for movie in rng.permutation(other)[:2]]
    table = np.array(rows)
    return Interactions(
        table[:, 0].astype(np.int32),
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.float32),
        np.arange(len(rows), dtype=np.float64) * 3600,
        48,
        MOVIES,
    )


@pytest.fixture(scope="session")
def described() -> Features:
    """Genres of all movies, of the two that nobody judged too."""
    genre = ["War"] * len(WAR) + ["Love"] * len(LOVE) + ["War", "Love"]
    return features.build(MOVIES, {"genre": (np.arange(MOVIES), genre)})


@pytest.fixture(scope="session")
def model(interactions: Interactions, described: Features) -> Model:
    return train(interactions, described, CONFIG, progress=silent)


@pytest.fixture(scope="session")
def scorer(model: Model) -> Scorer:
    return Scorer(model, model.likes)
