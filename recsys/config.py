"""What training and scoring can be told: one configuration for every data set, tuned on validation parts only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Sizes are counts; half-lives of a history are in likes, of popularity in days."""

    seed: int = 20_240

    # LightFM
    dimensions: int = 64
    rounds: int = 15
    learning_rate: float = 0.05
    regularization: float = 1e-4
    max_sampled: int = 30
    feature_scale: float = 0.3
    short_share: float = 0.3
    """How many of the histories that are drawn for training hold one to five likes only."""
    history: int = 100
    """The most likes of a person that one drawn history holds."""

    # EASE
    ease_l2: float = 200.0
    ease_movies: int = 8_000
    """EASE knows the movies with the most likes, so many at most: it takes their square in memory."""
    neighbors: int = 400
    """How many movies a like moves, those by EASE and those by transitions."""

    # scoring
    half_life_likes: float = 3.0
    half_life_days: float = 30.0
