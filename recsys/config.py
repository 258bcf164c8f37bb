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
    least_share: float = 0.3
    most_share: float = 0.8
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
    """so many likes after the cut being targets,"""
    past_likes: int = 12
    """and so many before it the history, which fades"""
    half_life_past: float = 3.0
    """by half with so many likes."""

    # EASE
    ease_movies: int = 8_000
    """The movies with the most likes, so many at most, take part: it takes 16 times their square in bytes."""
    neighbors: int = 1_000
    """Movies that a like moves at most."""
    ease_l2: float = 200.0

    # scoring
    half_life_likes: float = 5.0
    """How a person's history fades, in likes."""
    lasting_share: float = 0.25
    """What a history that does not fade counts beside it."""
    dislike_share: float = 0.1
    """How far dislikes move a person's taste away in BLEND, beside what likes say."""
    ease_weight: float = 0.5
    ease_likes: float = 20.0
    """EASE counts weight * n / (n + likes) for a person with n likes, where LightFM counts 1,"""
    popularity_weight: float = 3.0
    popularity_likes: float = 6.0
    """and popularity weight / (1 + (n / likes)^2): the first likes say little, and soon enough is said."""
    popularity_prior: float = 100.0
    """How many likes of now all likes ever are worth, where now is quiet."""
    half_life_days: float = 30.0
    """Of live popularity."""
    variety: float = 0.5
    """What a movie loses that is just like those placed before it, in standard deviations of LightFM's scores."""
