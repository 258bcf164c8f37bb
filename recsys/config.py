"""What training and scoring can be told: one configuration for every data set, tuned on validation parts only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that a model depends on besides its data; docs/recommendations.md says how it was found."""

    seed: int = 20_240

    # LightFM
    dimensions: int = 64
    rounds: int = 25
    learning_rate: float = 0.05
    regularization: float = 1e-4
    max_sampled: int = 100
    feature_scale: float = 0.3
    """The weight of a feature beside that of the movie itself, which is 1."""

    # histories that are drawn for training
    history_share: tuple[float, float] = (0.3, 0.8)
    """How much of a person's likes the history holds, evenly between these; the rest are targets."""
    history: int = 100
    """Likes that it holds at most."""
    short_share: float = 0.3
    """How many of the histories are as short as a newcomer's,"""
    short_history: int = 5
    """which is up to so many likes."""
    cut_share: float = 0.25
    """At how many of all moments the likes are cut in order,"""
    cut_targets: int = 4
    """so many likes after the cut being targets."""

    # the linear models
    linear_movies: int = 8_000
    """The movies with the most likes, so many at most, take part: four times their square in bytes, a few times over."""
    neighbors: int = 400
    """Movies that a like moves at most."""
    ease_l2: float = 200.0
    next_l2: float = 500.0
    next_likes: int = 5
    half_life_next: float = 2.0

    # how a history fades
    half_life_likes: float = 3.0
    """In likes."""
    past_likes: int = 12
    """Older likes count nothing where moments are trained on."""

    # scoring
    popularity_prior: float = 100.0
