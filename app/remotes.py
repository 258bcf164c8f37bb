"""The outside services that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.remote_limits import SharedLimiter, blocking_redis
from app.settings import Settings
from catalog.omdb import Omdb
from catalog.remote import Limiter, LocalLimiter, Remote
from catalog.tmdb import Tmdb


@dataclass(frozen=True, slots=True)
class Remotes:
    """None for a service that has no token or key."""

    tmdb: Tmdb | None
    omdb: Omdb | None


@contextmanager
def remotes(
    settings: Settings, redis_url: str | None, stopped: threading.Event | None = None
) -> Iterator[Remotes]:
    """Give the services, and close their connections; `stopped` ends what waits for them."""
    redis = blocking_redis(redis_url) if redis_url else None
    opened: list[Remote] = []

    def limiter(service: str, per_second: float) -> Limiter:
        return SharedLimiter(redis, service, per_second) if redis else LocalLimiter(per_second)

    def tmdb(token: str) -> Tmdb:
        remote = Remote(
            settings.tmdb_url,
            limiter=limiter("tmdb", settings.tmdb_per_second),
            timeout_s=settings.remote_timeout_s,
            headers={"authorization": f"Bearer {token}"},
            stopped=stopped,
        )
        opened.append(remote)
        return Tmdb(remote)

    def omdb(key: str) -> Omdb:
        remote = Remote(
            settings.omdb_url,
            limiter=limiter("omdb", settings.omdb_per_second),
            timeout_s=settings.remote_timeout_s,
            parameters={"apikey": key},
            stopped=stopped,
        )
        opened.append(remote)
        return Omdb(remote)

    token, key = settings.tmdb_token, settings.omdb_key
    try:
        yield Remotes(
            tmdb(token.get_secret_value()) if token else None, omdb(key.get_secret_value()) if key else None
        )
    finally:
        for remote in opened:
            remote.close()
        if redis:
            redis.close()
