"""What goes on beside the requests: following the log, sealing it, rebuilding what is asked for, training, purging."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import psycopg

from accounts.keys import Keys
from app.ahead import Ahead
from app.merging import finish_merges
from app.refreshing import Refreshing
from app.retraining import Retraining
from app.settings import Settings
from database.connect import connect
from events.activity_months import keep_months
from events.cluster import require_home
from events.safe_position import LogBusy
from events.seals import seal
from imports.previewing import forget_expired
from privacy.erasing import finish_erasures
from projections.checkpoints import Conn
from projections.follow import Follower
from projections.rebuild import RebuildBusy, RebuildFailed, rebuild

if TYPE_CHECKING:
    from app.notifying import Notifying

log = logging.getLogger(__name__)

_REQUESTED = (
    "select name from checkpoints where status = 'rebuilding' and progress->>'step' = 'requested' limit 1"
)


class Worker:
    """Threads that live as long as the process; each has a connection of its own, and waits while the database is away."""

    def __init__(
        self,
        conninfo: str,
        *,
        retraining: Retraining | None = None,
        ahead: Ahead | None = None,
        details_days: int = 30,
        notifying: Notifying | None = None,
        refreshing: Refreshing | None = None,
        seal_every_s: float = 10.0,
    ) -> None:
        def opened(name: str) -> Callable[[], Conn]:
            return lambda: connect(conninfo, application=f"projectionist {name}")

        self._retraining, self._ahead, self._notifying, self._refreshing = (
            retraining,
            ahead,
            notifying,
            refreshing,
        )
        self._details_days, self._seal_every_s = details_days, seal_every_s
        self._stopped = threading.Event()
        self.follower = Follower(opened("follower"))
        self._threads: Sequence[threading.Thread] = (
            threading.Thread(target=self.follower.run, name="follower", daemon=True),
            threading.Thread(target=self._keep_house, args=(opened("keeper"),), name="keeper", daemon=True),
            *([threading.Thread(target=ahead.run, name="ahead", daemon=True)] if ahead else []),
            *([threading.Thread(target=notifying.run, name="notifying", daemon=True)] if notifying else []),
            *([threading.Thread(target=refreshing.run, name="refresher", daemon=True)] if refreshing else []),
        )

    def start(self, conn: Conn) -> None:
        """Begin to follow. Raises LogMoved when followers would miss events in this cluster."""
        require_home(conn)
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Say that something was appended."""
        self.follower.nudge()

    def stop(self, wait_s: float = 10.0) -> None:
        """End every thread after what it is at."""
        self._stopped.set()
        self.follower.stop()
        if self._ahead:
            self._ahead.stop()
        if self._notifying:
            self._notifying.stop()
        if self._refreshing:
            self._refreshing.stop()
        for thread in self._threads:
            thread.join(wait_s)
        if self._retraining:
            self._retraining.stop()

    def _keep_house(self, opened: Callable[[], Conn]) -> None:
        while not self._stopped.is_set():
            try:
                with opened() as conn:
                    self._rounds(conn)
            except psycopg.OperationalError as error:
                log.warning("the worker waits for the database", extra={"reason": str(error).splitlines()[0]})
                self._stopped.wait(1.0)

    def _rounds(self, conn: Conn) -> None:
        due = 0.0
        while not self._stopped.is_set():
            if self._retraining:
                self._retraining.round(conn)
            asked = conn.execute(_REQUESTED).fetchone()
            if asked:
                _rebuild(conn, asked[0])
            if time.monotonic() >= due:
                conn.execute("select events_add_partitions()")
                forget_expired(conn)
                finish_erasures(conn, lambda: not self._stopped.is_set())
                finish_merges(conn, lambda: not self._stopped.is_set())
                try:
                    seal(conn)
                except LogBusy:
                    log.info("the log's end is not settled, sealing later")
                try:
                    keep_months(conn, details_days=self._details_days)
                except psycopg.errors.LockNotAvailable:
                    log.info("activity is busy, its months are looked after later")
                due = time.monotonic() + self._seal_every_s
            self._stopped.wait(0.5)


def worker(
    settings: Settings, conninfo: str, *, redis_url: str | None = None, train_first: bool = False
) -> Worker:
    """Return a worker that does what the settings say; with `train_first` it trains where nobody ever has."""
    at = settings.retrain_at
    retraining = Retraining(conninfo, settings.models, at, first=train_first) if at or train_first else None
    notifying = None
    if settings.smtp_url or settings.vapid_key:
        # here and not above: most do without what sends
        from app.notifying import Notifying
        from app.outgoing import senders

        if by := senders(settings):
            notifying = Notifying(conninfo, Keys(settings.masters()), by)
    return Worker(
        conninfo,
        retraining=retraining,
        ahead=Ahead(conninfo, settings.models, explored=settings.explored_share),
        notifying=notifying,
        details_days=settings.activity_details_days,
        refreshing=Refreshing(settings, conninfo, redis_url),
    )


def _rebuild(conn: Conn, name: str) -> None:
    try:
        done = rebuild(conn, name)
        log.info("rebuilt", extra={"projections": done.names, "events": done.events})
    except RebuildBusy:
        log.info("rebuild is running elsewhere", extra={"projection": name})
    except (RebuildFailed, psycopg.Error) as error:
        log.error("rebuild failed", extra={"projection": name, "error": str(error).splitlines()[0]})
        if conn.closed:
            raise
        conn.execute("rollback")
        conn.execute(
            "update checkpoints set status = 'live', progress = jsonb_build_object('step', 'failed', 'error', %s::text)"
            " where status = 'rebuilding' and name = %s",
            (str(error).splitlines()[0], name),
        )
