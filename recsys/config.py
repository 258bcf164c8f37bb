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
    short_share: float = 0.6
    """How many of the histories are as short as a newcomer's,"""
    short_history: int = 5
    """which is up to so many likes."""
    first_share: float = 0.5
    """How many of the short ones are a person's first likes in time, not any of them."""
    cut_share: float = 0.25
    """At how many of all moments the likes are cut in order,"""
    cut_targets: int = 4
    """so many likes after the cut being targets."""

    # the linear models
    linear_movies: int = 8_000
    """The movies with the most likes, so many at most, take part: it takes 16 times their square in bytes."""
    neighbors: int = 1_000
    """Movies that a like moves at most."""
    ease_l2: float = 200.0
    next_l2: float = 500.0
    next_likes: int = 5
    half_life_next: float = 2.0

    # moments that are trained on
    past_likes: int = 12
    """The likes before a moment that count, each"""
    half_life_past: float = 3.0
    """fading by half with so many likes after it."""

    # scoring
    half_life_likes: float = 5.0
    """How a person's history fades, in likes."""
    lasting_share: float = 0.25
    """What a history that does not fade counts beside it."""
    ease_weight: float = 0.5
    next_weight: float = 0.25
    """Beside LightFM's, which is 1, times n / (n + linear_likes) for a person with n likes."""
    linear_likes: float = 20.0
    popularity_weight: float = 3.0
    popularity_likes: float = 3.0
    popularity_floor: float = 0.1
    """Popularity counts weight / (1 + n / likes) + floor."""
    popularity_prior: float = 30.0
    """How many likes of now all likes ever are worth, where now is quiet."""
    half_life_days: float = 30.0
    """Of live popularity."""
