"""Sentences about commands: given what happened, when somebody says this, then that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, ParamSpec

import pytest

from events.errors import Rejected
from events.pair import Pair, PairEvent

P = ParamSpec("P")


def given(pair: Pair, *facts: PairEvent) -> Given:
    """Begin with the state that these facts, oldest first, bring the pair to."""
    return Given(pair.when(facts))


@dataclass(frozen=True, slots=True)
class Given:
    """The state that a command is about to meet."""

    pair: Pair

    def when(
        self, command: Callable[Concatenate[Pair, P], Sequence[PairEvent]], *args: P.args, **kwargs: P.kwargs
    ) -> When:
        """Say the command to this state."""
        return When(lambda: command(self.pair, *args, **kwargs))


@dataclass(frozen=True, slots=True)
class When:
    """A command that is decided when somebody asks what came of it."""

    decide: Callable[[], Sequence[PairEvent]]

    def then(self, *facts: PairEvent) -> None:
        """Assert that exactly these facts are recorded, in this order; none for a command that changes nothing."""
        assert list(self.decide()) == list(facts)

    def then_rejected(self, refusal: type[Rejected]) -> None:
        """Assert that the command is refused with this and nothing more general."""
        with pytest.raises(refusal) as raised:
            self.decide()
        assert raised.type is refusal
