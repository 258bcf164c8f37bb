"""Why there is no new model."""

from __future__ import annotations


class BeyondTheLog(Exception):
    """The log does not reach that position, or is not settled there yet. Give a smaller one, or none."""


class TrainingBusy(Exception):
    """Another training is running. Wait for it."""


class NothingToLearn(Exception):
    """Nobody has liked a movie up to that position, so there is nothing to learn from. Import or record ratings first."""
