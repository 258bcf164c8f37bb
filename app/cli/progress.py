"""How far a long command is: bars on a terminal, else a plain line every few seconds; always on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from app.cli.console import ERR, say
from app.importing import Progress
from projections.rebuild import Progress as RebuildProgress

_LINE_EVERY_S = 5.0


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Give what begins a step: it takes what is counted and how many, and returns what takes how many were done."""
    if ERR.is_terminal:
        with _bars() as bars:
            yield lambda what, total: _advance(bars, bars.add_task(what, total=total))
        return
    lines = _Lines()
    try:
        yield lines.begin
    finally:
        lines.end()


class Tell(Protocol):
    """Takes the name of a step, how many are done, and of how many (0 of 0 where nobody knows), and of what."""

    def __call__(self, step: str, done: int, total: int, about: str = "") -> None:
        """Show it."""


@contextmanager
def steps_shown() -> Iterator[Tell]:
    """Give what is told about steps that follow one another and whose length is known late or never."""
    if ERR.is_terminal:
        with _bars(transient=True) as bars:
            yield _Steps(bars).tell
        return
    told = time.monotonic()

    def tell(step: str, done: int, total: int, about: str = "") -> None:
        nonlocal told
        if time.monotonic() - told >= _LINE_EVERY_S:
            told = time.monotonic()
            shown = _name(step, about)
            say(f"{shown}: {done:,} of {total:,}" if total else f"{shown} …")

    yield tell


def rebuild_shown(tell: Tell, about: str = "") -> Callable[[RebuildProgress], None]:
    """Give what shows the steps of a rebuild; `about` says of what, where several run at once."""
    return lambda now: tell(now.step.replace("_", " "), now.events, now.total, about)


def _name(step: str, about: str) -> str:
    return f"{about}: {step}" if about else step


class _Steps:
    """One bar for each of what runs at once; it begins anew with every step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, tuple[str, TaskID]] = {}

    def tell(self, step: str, done: int, total: int, about: str = "") -> None:
        """Move the bar."""
        before, task = self._tasks.get(about, ("", None))
        if task is None or step != before:
            if task is not None:
                self._bars.remove_task(task)
            task = self._bars.add_task(_name(step, about), total=None)
            self._tasks[about] = (step, task)
        self._bars.update(task, completed=done, total=total or None)


def _bars(*, transient: bool = False) -> Bars:
    return Bars(
        TextColumn("{task.description}", justify="left"),
        BarColumn(bar_width=30),
        _Count(),
        _Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=ERR,
        transient=transient,
    )


def _advance(bars: Bars, task: TaskID) -> Callable[[int], None]:
    return lambda done: bars.advance(task, done)


class _Count(ProgressColumn):
    """How many of how many."""

    def render(self, task: Task) -> Text:
        """Return the text of one bar."""
        total = f" of {task.total:,.0f}" if task.total else ""
        return Text(f"{task.completed:,.0f}{total}", justify="right")


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Return the text of one bar."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", justify="right")


class _Lines:
    """Plain lines for files and pipes."""

    def __init__(self) -> None:
        self._what = ""
        self._total = self._done = 0
        self._began = self._told = 0.0

    def begin(self, what: str, total: int) -> Callable[[int], None]:
        """End the step before this one, and begin."""
        self.end()
        self._what, self._total, self._done = what, total, 0
        self._began = self._told = time.monotonic()
        return self._advance

    def end(self) -> None:
        """Say what the step came to."""
        if self._what:
            seconds = time.monotonic() - self._began
            say(f"{self._what}: {self._done:,} in {seconds:.1f} s{self._rate(seconds)}")
            self._what = ""

    def _advance(self, done: int) -> None:
        self._done += done
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY_S:
            self._told = now
            seconds = now - self._began
            left = seconds * (self._total - self._done) / self._done if self._done else 0.0
            to_go = f", {left:.0f} s to go" if left > 0 else ""
            say(f"{self._what}: {self._done:,} of {self._total:,}{self._rate(seconds)}{to_go}")

    def _rate(self, seconds: float) -> str:
        return f" ({self._done / seconds:,.0f}/s)" if self._done and seconds else ""
