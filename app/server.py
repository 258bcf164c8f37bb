"""`projectionist serve`: everything that is needed to answer, in one process."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from psycopg import Connection
from rich.console import Console
from starlette.applications import Starlette

from accounts.emails import seal_emails
from accounts.keys import Keys
from app.asgi import PATH, application
from app.browsers import shared_with
from app.door import door
from app.embedded import start_postgres, start_redis
from app.hosts import allowed_by, named_by
from app.logs import configure
from app.revisions import migrate_if_pending
from app.settings import Settings
from app.worker import Worker
from app.worker import worker as make_worker
from database.connect import connect
from events.cluster import require_home
from projections.deploy import deploy
from projections.follow import catch_up

console = Console(stderr=True, highlight=False)


def spare_garbage_collection() -> None:
    """What a process has when it is ready to serve stays: looking through it again and again holds requests up for 80 ms.

    Of what a request leaves, little is not freed at once, so the rest may be looked at seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _has_models(conn: Connection[Any]) -> bool:
    # here and not above: it brings numpy, which is a tenth of a process
    from recsys.lifecycle import trained_models

    return bool(trained_models(conn))


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the data is: a libpq conninfo, and a Redis URL (None: no Redis)."""

    conninfo: str
    redis_url: str | None


@contextlib.contextmanager
def stores(settings: Settings) -> Iterator[Stores]:
    """Give the stores that the settings name, or start embedded ones and stop them again."""
    with contextlib.ExitStack() as stack:
        conninfo, redis_url = settings.database_url, settings.redis_url
        if conninfo is None:
            postgres = start_postgres(settings.data_dir)
            stack.callback(postgres.stop)
            conninfo = postgres.url
        if redis_url is None:
            redis = start_redis(settings.data_dir)
            if redis:
                stack.callback(redis.stop)
                redis_url = redis.url
        yield Stores(conninfo, redis_url or None)


def serve(settings: Settings, *, demo: bool = False, worker: bool = True) -> int:
    """Migrate, load the demo where it is asked for and the log is empty, serve until interrupted; return the exit code."""
    configure(settings.log_level)
    with stores(settings) as where:
        applied = migrate_if_pending(where.conninfo)
        if applied:
            console.print(f"migrated: {', '.join(applied)}")
        _prepare(settings, where.conninfo, demo=demo)
        beside = (
            make_worker(settings, where.conninfo, redis_url=where.redis_url, train_first=demo)
            if worker
            else None
        )
        if beside:
            with connect(where.conninfo) as conn:
                beside.start(conn)
                if demo and not _has_models(conn):
                    console.print("training a first recommender beside; until it serves, in a minute or two,")
                    console.print("recommendations are what is popular")
        try:
            return _run(settings, where, beside)
        finally:
            if beside:
                beside.stop()


def _prepare(settings: Settings, conninfo: str, *, demo: bool) -> None:
    with connect(conninfo) as conn:
        require_home(conn)
        if sealed := seal_emails(conn, Keys(settings.masters())):
            console.print(f"e-mail addresses sealed: {sealed:,}")
        if built := deploy(conn):
            console.print(f"projections: {', '.join(built)}")
        if demo:
            from app.cli.progress import progress_shown
            from app.importing import import_demo

            with progress_shown() as progress:
                import_demo(conninfo, settings.data_dir / "downloads", say=console.print, progress=progress)
        catch_up(conn)


class _Server(uvicorn.Server):
    """Leaves signals to `_run`: the worker and the embedded servers end after it, in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            spare_garbage_collection()
            address = f"http://{self.config.host}:{self.config.port}"
            console.print(f"serving at {address}{PATH} (Ctrl-C stops)")


def listening(app: Starlette, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves the application."""
    quick = door(
        PATH,
        app.state.graphql,
        most_bytes=settings.body_bytes,
        shared=shared_with(settings.cors_origins, with_cookies=settings.refresh_cookie),
        is_named=named_by(allowed_by(settings)),
    )
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        http=quick if settings.direct_http else "httptools",
        ws="websockets-sansio",
        ws_max_size=settings.socket_message_bytes,
        proxy_headers=False,  # the gate reads them, and believes only the proxies that are trusted
    )


def _run(settings: Settings, where: Stores, beside: Worker | None) -> int:
    app = application(
        settings, where.conninfo, redis_url=where.redis_url, nudge=beside.nudge if beside else lambda: None
    )
    config = listening(app, settings)
    server = _Server(config)

    def stop(_: int, __: FrameType | None) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
    try:
        server.run()
    except SystemExit:
        return 1
    if not server.started:
        console.print(f"could not serve at {settings.host}:{settings.port}: is the port taken?")
        return 1
    return 0
