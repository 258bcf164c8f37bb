"""Why there is no new model, and why the log does not say how good one is."""

from __future__ import annotations


class BeyondTheLog(Exception):
    """The log does not reach that position, or is not settled there yet. Give a smaller one, or none."""


class TrainingBusy(Exception):
    """Another training is running. Wait for it."""


class NothingToLearn(Exception):
    """Nobody has liked a movie up to that position, so there is nothing to learn from. Import or record ratings first."""


class NoModelServes(Exception):
    """No model serves. Train one with `projectionist recsys train --promote`, or name one with --model."""


class NothingServed(Exception):
    """No slate was recorded at these positions."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(
            f"No recommendations were served at positions {first} to {last}. Give other ones (--from 1 is all of the log),"
            " or the --model that served them: without --from, slates count that were served after its training."
        )


class NothingExplored(Exception):
    """Every place was certain, so these slates say nothing about any other ranking.

    Serve with PROJECTIONIST_EXPLORED_SHARE above 0 for some time.
    """
