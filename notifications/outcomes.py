"""How an attempt to hand a message over ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from events.notifications import FailureReason


@dataclass(frozen=True, slots=True)
class Sent:
    """The next server took it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Trying again is of no use."""

    reason: FailureReason


@dataclass(frozen=True, slots=True)
class Later:
    """It may work another time, and not before `wait`; `why` is for the log, and has nothing of the person's."""

    why: str
    wait: timedelta = timedelta()


Outcome = Sent | Failed | Later
