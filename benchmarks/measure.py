"""Measurements: a load runs in a process of its own and notes when each of its operations ended and how long it took."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.float64]
"""One row an operation: when it ended (Unix seconds), and its latency in seconds."""

Cpus = Mapping[str, Callable[[], float]]
"""CPU seconds so far, by whose they are."""

ROUNDS = 3


def tell(word: str) -> None:
    """Say, as a process that makes load, that what is measured has "begun" or "ended"."""
    print(word, flush=True)


def _told(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    process.stdout.readline()


@dataclass
class Load:
    """A process that makes load; `records` is read when it has ended.

    `await_begin` and `await_end` return when what is measured begins and ends: by default when the process says so.
    """

    process: subprocess.Popen[bytes]
    records: Callable[[], Records]
    await_begin: Callable[[subprocess.Popen[bytes]], None] = _told
    await_end: Callable[[subprocess.Popen[bytes]], None] = _told

    def wait(self) -> Records:
        """Return what it noted. Raises RuntimeError when it failed."""
        output, errors = self.process.communicate()
        if self.process.returncode:
            said = (errors or output or b"").decode(errors="replace").strip()
            raise RuntimeError(f"{self.process.args!r} failed:\n{said[-2000:]}")
        return self.records()


@dataclass(frozen=True)
class Sample:
    """One measurement: operations a second, latencies in ms, CPU µs an operation by whose they are."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: Mapping[str, float] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        cpu = {name: round(value, 1) for name, value in self.cpu_us.items()}
        return {
            "rate": round(self.rate, 1),
            "p50_ms": round(self.p50_ms, 3),
            "p99_ms": round(self.p99_ms, 3),
            "cpu_us": cpu,
        }


@dataclass(frozen=True)
class Window:
    """What is measured of a load: nothing of its first `warm_s` seconds, then `seconds`, or longer where it is slow."""

    seconds: float
    warm_s: float


def observe(load: Load, cpus: Cpus) -> Sample:
    """Measure a load that has been started; what does not lie within its window is left out."""
    load.await_begin(load.process)
    began, before = time.time(), {name: cpu() for name, cpu in cpus.items()}
    load.await_end(load.process)
    ended, after = time.time(), {name: cpu() for name, cpu in cpus.items()}
    records = load.wait()
    inside = records[(records[:, 0] >= began) & (records[:, 0] < ended)]
    if not len(inside):
        raise RuntimeError(f"{load.process.args!r} did nothing in {ended - began:.1f} s")
    p50, p99 = np.percentile(inside[:, 1] * 1000, [50, 99])
    cpu_us = {name: (after[name] - before[name]) * 1e6 / len(inside) for name in cpus}
    return Sample(len(inside) / (ended - began), float(p50), float(p99), cpu_us)


def median(samples: Iterable[Sample]) -> Sample:
    """Return the medians of every figure of several rounds."""
    all_ = list(samples)
    names = all_[0].cpu_us

    def of(figure: Callable[[Sample], float]) -> float:
        return statistics.median(map(figure, all_))

    return Sample(
        of(lambda s: s.rate),
        of(lambda s: s.p50_ms),
        of(lambda s: s.p99_ms),
        {name: statistics.median(s.cpu_us[name] for s in all_) for name in names},
    )
