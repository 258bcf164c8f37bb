"""Which passwords are accepted, and a bounded crew of threads that hashes and checks them."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, ClassVar, TypeVar

from accounts.hashes import Verified, hash_password, verify_password
from accounts.text import folded, normal
from database.backlog import Backlog, Overloaded
from events.errors import Rejected

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 1000
"""In characters: no limit for a person, only for what a request may make us normalise and hash."""
COMMON = 3000

T = TypeVar("T")


class PasswordTooShort(Rejected):
    """A password has at least 8 characters. A few words in a row are easy to remember and hard to guess."""

    code: ClassVar[str] = "PASSWORD_TOO_SHORT"
    path = ("password",)


class PasswordTooLong(Rejected):
    """A password has at most 1,000 characters."""

    code: ClassVar[str] = "PASSWORD_TOO_LONG"
    path = ("password",)


class WeakPassword(Rejected):
    """This password is among the first that an intruder tries: it is very common, or it is your own name."""

    code: ClassVar[str] = "WEAK_PASSWORD"
    path = ("password",)


class TooBusy(Rejected):
    """Too many people are signing in at this moment. Wait a few seconds and try again."""

    code: ClassVar[str] = "TOO_BUSY"


def check_strength(password: str, *, unlike: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, too long, common, or, ignoring case, one of the names `unlike`.

    Characters are Unicode code points, counted before as well as after normalising. The first call loads
    the list of common passwords (80 ms): `Passwords.hash` does it off the event loop. Raises
    PasswordTooShort, PasswordTooLong or WeakPassword.
    """
    if len(password) > MAXIMUM_LENGTH:
        raise PasswordTooLong
    if min(len(password), len(normal(password))) < MINIMUM_LENGTH:
        raise PasswordTooShort
    guess = folded(password)
    if guess in _common_passwords() or guess in {folded(name) for name in unlike}:
        raise WeakPassword


def own_names(username: str, email: str | None) -> list[str]:
    """Return what a person's password must not be."""
    return [username, *((email, email.partition("@")[0]) if email else ())]


class Passwords:
    """Hashes and checks passwords in `workers` threads.

    The next one is refused when `waiting` more queue, or when it would wait longer than `most_wait_s`.
    """

    def __init__(
        self, cost: int, *, workers: int = 2, waiting: int = 64, most_wait_s: float = math.inf
    ) -> None:
        self._cost = cost
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(workers + waiting)
        self._backlog = Backlog(workers, most_wait_s)
        self._lock = threading.Lock()  # over the backlog: it is left in the threads

    async def hash(self, password: str, *, unlike: Iterable[str] = ()) -> str:
        """Return the stored form of a new password. Raises what `check_strength` raises, and TooBusy."""
        names = tuple(unlike)

        def work() -> str:
            check_strength(password, unlike=names)
            return hash_password(password, self._cost)

        return await self._run(work)

    async def verify(self, password: str, stored: str | None) -> Verified:
        """Check a password; None, where there is no account or no password, takes as long. Raises TooBusy."""
        if len(password) > MAXIMUM_LENGTH:
            return Verified(ok=False)
        return await self._run(lambda: verify_password(password, stored, self._cost))

    def close(self) -> None:
        """Let the threads end; what still waits is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            with self._lock:
                self._backlog.join()
        except Overloaded:
            self._places.release()
            raise TooBusy from None
        job = self._threads.submit(self._timed, work)
        # a caller who goes away leaves a place only when the thread is done, else the bound would not hold
        job.add_done_callback(self._done)
        return await asyncio.wrap_future(job)

    def _timed(self, work: Callable[[], T]) -> T:
        with self._lock:
            self._backlog.leave(1)
        started = time.perf_counter()
        try:
            return work()
        finally:
            with self._lock:
                self._backlog.served(1, time.perf_counter() - started)

    def _done(self, job: Future[Any]) -> None:
        if job.cancelled():  # before a thread took it
            with self._lock:
                self._backlog.leave(1)
        self._places.release()


@cache
def _common_passwords() -> frozenset[str]:
    """Return the most common passwords that are long enough; source: the lists of the package zxcvbn."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    long_enough = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= MINIMUM_LENGTH]
    return frozenset(long_enough[:COMMON])
