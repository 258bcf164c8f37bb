"""`python -m benchmarks.clients`: people who rate movies through the handler, in one process with it, as a server's
requests are. Each rates again as soon as the rating before is committed.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import uvloop

from app.metrics import Metrics
from app.services import services
from app.settings import Settings
from benchmarks.catalogue import MOVIES, PEOPLE, movie, person
from benchmarks.measure import Load, begun
from events.handle import Command, Decide, Handler
from events.pair import Pair, PairEvent
from events.ratings import rate_movie


def start(conninfo: str, folder: Path, *, clients: int, seconds: float) -> Load:
    """Let so many clients rate for some time, in a process of their own."""
    noted = folder / "clients"
    command = [sys.executable, "-m", __name__, conninfo, str(noted), str(clients), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Load(process, lambda: np.fromfile(noted).reshape(-1, 2))


async def _rate_until(end: float, handler: Handler, notes: array[float], chance: random.Random) -> None:
    """Rate random pairs; a rating that repeats what is known appends nothing, and does not count."""
    while time.time() < end:
        half_stars = chance.randint(1, 10)
        command = Command(
            user_id=person(chance.randint(1, PEOPLE)),
            movie_id=movie(chance.randint(1, MOVIES)),
            decide=_to(half_stars),
        )
        started = time.perf_counter()
        if await handler.handle(command):
            notes.append(time.time())
            notes.append(time.perf_counter() - started)


def _to(half_stars: int) -> Decide:
    def decide(pair: Pair, _: Sequence[object]) -> Sequence[PairEvent]:
        return rate_movie(pair, half_stars)

    return decide


async def _run(conninfo: str, noted: Path, clients: int, seconds: float) -> None:
    settings = Settings(data_dir=noted.parent)
    notes = array("d")
    async with services(settings, conninfo, Metrics()) as opened:
        begun()
        end = time.time() + seconds
        each = (
            _rate_until(end, opened.handler, notes, random.Random(f"{end} {number}"))
            for number in range(clients)
        )
        await asyncio.gather(*each)
    with noted.open("wb") as file:
        notes.tofile(file)


if __name__ == "__main__":
    uvloop.run(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
