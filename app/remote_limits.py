"""The limit of an outside service, shared by all processes through Redis; without it each keeps the limit by itself."""

from __future__ import annotations

import logging
import time
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.sparing import AWAY_S, TIMEOUT_S
from catalog.remote import LocalLimiter

log = logging.getLogger(__name__)

PREFIX = "projectionist:limit:"

# The time of the next request, if they came evenly, as the generic cell rate algorithm has it; pauses move it on.
_TAKE = """
local clock = redis.call('TIME')
local now, burst = clock[1] + clock[2] / 1000000, tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if ARGV[3] ~= '0' then due = math.max(due, now + ARGV[3] + burst) end
local next = due + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.6f', next), 'PX', math.ceil((next - now) * 1000) + 1000)
return string.format('%.6f', math.max(0, due - burst - now))"""


def blocking_redis(url: str) -> Any:
    """Return a client for threads that tries once, and not for long."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


class SharedLimiter:
    """See Limiter; `service` names what is limited."""

    def __init__(self, redis: Any, service: str, per_second: float) -> None:
        self._key, self._local = PREFIX + service, LocalLimiter(per_second)
        self._interval = 1 / per_second
        self._burst = max(per_second - 1, 0) * self._interval
        self._script = redis.register_script(_TAKE)
        self._away_until = 0.0

    def take(self) -> float:
        """See Limiter."""
        waits = self._ask(self._interval, 0)
        return self._local.take() if waits is None else waits

    def pause(self, seconds: float) -> None:
        """See Limiter."""
        self._local.pause(seconds)
        self._ask(0, seconds)

    def _ask(self, interval: float, pause: float) -> float | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            return float(self._script([self._key], [interval, self._burst, pause]))
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + AWAY_S
            log.info(
                "redis is away",
                extra={"meanwhile": "limits are kept in process", "reason": type(error).__name__},
            )
            return None
