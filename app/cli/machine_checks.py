"""What `projectionist doctor` looks at beside the database: its settings, the disk, Redis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.settings import Settings

_GIB = 1 << 30
_REDIS_S = 2.0

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found; `remedy` says what to do unless it is ok."""

    name: str
    status: Status
    found: str
    remedy: str = ""


def data_dir(settings: Settings) -> Check:
    """Whether secrets, downloads and the embedded servers have a place to live."""
    folder = settings.data_dir
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            "data directory",
            "fail",
            f"{folder} cannot be written",
            "Set PROJECTIONIST_DATA_DIR to one that can.",
        )
    return Check("data directory", "ok", str(folder))


def disk(settings: Settings) -> Check:
    """How much room there is for the data directory."""
    folder = settings.data_dir
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free / _GIB
    status: Status = "ok" if free >= 5 else "warn" if free >= 1 else "fail"
    remedy = "" if status == "ok" else f"Make room on the disk of {folder}."
    return Check("disk space", status, f"{free:,.1f} GiB free", remedy)


def cache(settings: Settings) -> Check:
    """Whether Redis answers, where one is named; without it the server is slower and never wrong."""
    if settings.redis_url is None:
        return Check("redis", "ok", "embedded, where this machine has one")
    if not settings.redis_url:
        return Check("redis", "ok", "none: the cache is in the process")
    try:
        client = redis.Redis.from_url(
            settings.redis_url,
            socket_timeout=_REDIS_S,
            socket_connect_timeout=_REDIS_S,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            version = client.info("server")["redis_version"]
    except (redis.RedisError, ValueError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return Check(
            "redis", "warn", f"does not answer: {reason}", "Start it, or correct or unset REDIS_URL."
        )
    return Check("redis", "ok", f"version {version}")


OF_THE_MACHINE: tuple[Callable[[Settings], Check], ...] = (data_dir, disk, cache)
