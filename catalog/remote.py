"""Asks outside services for JSON: within their limits, again where that may help, and not while they are away."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_exponential_jitter,
)

TRIES = 4
LONGEST_WAIT_S = 60.0
"""For which a service may ask; when it asks for more it is away."""
MOST_BYTES = 8_000_000
"""Of one answer."""
FAILURES = 10
"""In a row, after which a service is left alone."""
LEFT_ALONE_S = 30.0


class Away(Exception):
    """The service does not answer, or asks to be left alone. Try again later."""


class Gone(Exception):
    """The service has no such movie, or has it no more."""


class Denied(Exception):
    """The service refuses the request: the token or key is wrong, or its quota is used up."""


class Malformed(Exception):
    """The answer is not what the service documents; the message names the fields, never their values."""


class Limiter(Protocol):
    """Shares a number of requests a second between all who ask a service."""

    def take(self) -> float:
        """Take one request; return how many seconds to wait before it is sent."""

    def pause(self, seconds: float) -> None:
        """Have everybody wait for so long."""


class LocalLimiter:
    """The limit of one process: `per_second` on average, as many at once."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._burst = max(per_second - 1, 0) * self._interval
        self._next, self._lock = 0.0, threading.Lock()

    def take(self) -> float:
        """See Limiter."""
        with self._lock:
            now = time.monotonic()
            due = max(self._next, now)
            self._next = due + self._interval
            return max(0.0, due - self._burst - now)

    def pause(self, seconds: float) -> None:
        """See Limiter."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds + self._burst)


class Breaker:
    """Opens after some failures in a row; when its time is over, one request is let through to try."""

    def __init__(self, failures: int = FAILURES, seconds: float = LEFT_ALONE_S) -> None:
        self._most, self._seconds = failures, seconds
        self._failures, self._until, self._lock = 0, 0.0, threading.Lock()

    def enter(self) -> None:
        """Raise Away while the service is left alone."""
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise Away("left alone for a while: it did not answer")
            if self._failures >= self._most:
                self._until = now + self._seconds

    def told(self, *, answered: bool) -> None:
        """Note whether the service answered."""
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            self._until = time.monotonic() + self._seconds if self._failures >= self._most else 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service said; `body` is None where it says that nothing changed since the ETag that was sent."""

    body: bytes | None
    etag: str | None


class _Again(Exception):
    def __init__(self, reason: str, after_s: float | None = None, *, answered: bool = False) -> None:
        super().__init__(reason)
        self.after_s, self.answered = after_s, answered


class Remote:
    """One service, for several threads.

    `timeout_s` is for each silence, and for an answer as a whole; `stopped` ends waits.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: Limiter,
        timeout_s: float,
        headers: Mapping[str, str] = {},
        parameters: Mapping[str, str] = {},
        stopped: threading.Event | None = None,
    ) -> None:
        self._client = httpx.Client(headers={"accept": "application/json", **headers}, timeout=timeout_s)
        self._base_url, self._timeout_s = base_url.rstrip("/"), timeout_s
        self._parameters, self._limiter = dict(parameters), limiter
        self._stopped = stopped or threading.Event()
        self.breaker = Breaker()

    def get(self, path: str, parameters: Mapping[str, str], etag: str | None = None) -> Reply:
        """Return the answer to a GET. Raises Away, Gone, Denied, Malformed."""
        again = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_any(stop_after_attempt(TRIES), stop_when_event_set(self._stopped)),
            wait=_pause,
            sleep=sleep_using_event(self._stopped),
            reraise=True,
        )
        try:
            return again(self._once, path, parameters, etag)
        except _Again as failure:
            raise Away(str(failure)) from failure

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, path: str, parameters: Mapping[str, str], etag: str | None) -> Reply:
        self.breaker.enter()
        if wait := self._limiter.take():
            self._stopped.wait(wait)
        if self._stopped.is_set():
            raise Away("the program ends")
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._client.stream(
                "GET",
                self._base_url + path,
                params={**self._parameters, **parameters},
                headers={"if-none-match": etag} if etag else {},
            ) as response:
                reply = self._reply(response, deadline)
        except _Again as failure:
            self.breaker.told(answered=failure.answered)
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            self.breaker.told(answered=False)
            # only its kind: the text may have the address, and that the key
            raise _Again(type(failure).__name__) from None
        self.breaker.told(answered=True)
        return reply

    def _reply(self, response: httpx.Response, deadline: float) -> Reply:
        status = response.status_code
        if status == 429 or status >= 500:
            after = _retry_after(response)
            if status == 429:
                self._limiter.pause(min(after or 1.0, LONGEST_WAIT_S))
            if after and after > LONGEST_WAIT_S:
                raise Away("it asks to be left alone")
            raise _Again(f"HTTP status {status}", after, answered=status == 429)
        if status == 304:
            return Reply(None, response.headers.get("etag"))
        if status == 404:
            raise Gone
        if status != 200:
            raise Denied(f"HTTP status {status}")
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise Malformed("an answer that is too long")
            if time.monotonic() > deadline:
                raise _Again("a slow answer")
        return Reply(bytes(body), response.headers.get("etag"))


_GROWING = wait_exponential_jitter(multiplier=0.25, max=8.0, jitter=0.25)


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.after_s if isinstance(failure, _Again) else None
    return _GROWING(state) if asked is None else asked


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a service asks for, given as such or as a date."""
    said = response.headers.get("retry-after", "")
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None
