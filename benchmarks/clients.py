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
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import uvloop

from app.metrics import Metrics
from app.server import spare_garbage_collection
from app.services import services
from app.settings import Settings
from benchmarks.catalogue import MOVIES, PEOPLE, movie, person
from benchmarks.measure import Load, Window, tell
from events.handle import Handler
from events.pair import Pair, PairEvent
from events.ratings import rate_movie
from events.window import Command, Decide


def start(conninfo: str, folder: Path, *, clients: int, window: Window) -> Load:
    """Let so many clients rate, in a process of their own."""
    noted = folder / "clients"
    times = (str(window.warm_s), str(window.seconds))
    command = [sys.executable, "-m", __name__, conninfo, str(noted), str(clients), *times]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Load(process, lambda: np.fromfile(noted).reshape(-1, 2))


async def _rate_until(
    end: float, handler: Handler, notes: array[float], choose: Callable[[], Command]
) -> None:
    """Rate random pairs; a rating that repeats what is known appends nothing, and does not count."""
    while time.time() < end:
        command = choose()
        started = time.perf_counter()
        if await handler.handle(command):
            notes.append(time.time())
            notes.append(time.perf_counter() - started)


def _to(half_stars: int) -> Decide:
    def decide(pair: Pair, _: Sequence[object]) -> Sequence[PairEvent]:
        return rate_movie(pair, half_stars)

    return decide


async def _run(conninfo: str, noted: Path, clients: int, window: Window) -> None:
    settings = Settings(data_dir=noted.parent)
    notes = array("d")
    people, movies = [person(n + 1) for n in range(PEOPLE)], [movie(n + 1) for n in range(MOVIES)]
    decisions = [_to(half_stars) for half_stars in range(1, 11)]
    chance = random.Random(str(time.time())).random

    def choose() -> Command:
        # made beforehand, and chosen with little work: this process is the handler's
        return Command(
            user_id=people[int(chance() * PEOPLE)],
            movie_id=movies[int(chance() * MOVIES)],
            decide=decisions[int(chance() * 10)],
        )

    async with services(settings, conninfo, Metrics()) as opened:
        spare_garbage_collection()
        end = time.time() + window.warm_s + window.seconds + 0.1
        each = (_rate_until(end, opened.handler, notes, choose) for _ in range(clients))
        await asyncio.gather(_tell(window), *each)
    with noted.open("wb") as file:
        notes.tofile(file)


async def _tell(window: Window) -> None:
    await asyncio.sleep(window.warm_s)
    tell("begun")
    await asyncio.sleep(window.seconds)
    tell("ended")


if __name__ == "__main__":
    _, _conninfo, _noted, _clients, _warm_s, _seconds = sys.argv
    uvloop.run(_run(_conninfo, Path(_noted), int(_clients), Window(float(_seconds), float(_warm_s))))
