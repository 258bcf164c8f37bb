"""Keeps copies of movies fresh in a worker: fetches what is queued, and removes what may be kept no longer."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from uuid import UUID

import psycopg

from app.fetching import BATCH, Conn, Fetching
from app.published import Published
from app.remotes import Remotes, remotes
from app.settings import Settings
from catalog import refreshes
from catalog.purging import MOST_DAYS, purge
from catalog.remote import Away, Denied
from catalog.rows import BadRow
from database.connect import connect

log = logging.getLogger(__name__)

IDLE_S = 1.0
AWAY_S = 10.0
"""Between tries while TMDb is away, or refuses to answer."""
OMDB_AWAY_S = 600.0
"""The same of OMDb, whose quota is that of a day."""
PURGE_EVERY_S = 600.0


class Refreshing:
    """Goes on until it is stopped; movies whose service is away stay in the queue."""

    def __init__(self, settings: Settings, conninfo: str, redis_url: str | None) -> None:
        self._settings, self._conninfo, self._redis_url = settings, conninfo, redis_url
        self._stopped = threading.Event()
        self._is_away = False
        self._omdb_at = 0.0

    def run(self) -> None:
        """Go on until `stop`."""
        with (
            remotes(self._settings, self._redis_url, self._stopped) as found,
            closing(Published(self._redis_url)) as published,
        ):
            while not self._stopped.is_set():
                try:
                    with connect(self._conninfo, application="projectionist refresher") as conn:
                        self._rounds(conn, found, published)
                except psycopg.Error as error:
                    log.warning("movies wait for the database", extra={"reason": type(error).__name__})
                    self._stopped.wait(IDLE_S)

    def stop(self) -> None:
        """End after the requests that are under way."""
        self._stopped.set()

    def _rounds(self, conn: Conn, found: Remotes, published: Published) -> None:
        purge_at = 0.0
        while not self._stopped.is_set():
            if time.monotonic() >= purge_at:
                self._purge(conn)
                purge_at = time.monotonic() + PURGE_EVERY_S
            fetched = self._fetch(conn, found) if self._settings.fetches_movies else []
            published.round(conn, fetched)
            if not fetched:
                self._stopped.wait(AWAY_S if self._is_away else IDLE_S)

    def _fetch(self, conn: Conn, found: Remotes) -> list[UUID]:
        """Fetch some movies of the queue; return which."""
        most = min(
            BATCH, max(1, int(self._settings.tmdb_per_second * 60))
        )  # no more than a claim has time for
        omdb = found.omdb if time.monotonic() >= self._omdb_at else None
        claimed = refreshes.claim(conn, most)
        if not claimed:
            refreshes.ask_for_due(conn, self._settings.catalogue_mode, most, rated=omdb is not None)
            claimed = refreshes.claim(conn, most)
        if not claimed:
            return []
        days = self._settings.cache_days
        try:
            Fetching(found.tmdb, None, days=days, on_bad=_tell).fetch(conn, claimed)
        except (Away, Denied) as failure:
            self._say("tmdb", failure)
            refreshes.release(conn, claimed)
            return []
        self._is_away = False
        try:
            Fetching(None, omdb, days=days, on_bad=_tell).fetch(conn, claimed)
        except (Away, Denied) as failure:  # nobody waits for ratings: they are asked for again later
            self._say("omdb", failure)
            self._omdb_at = time.monotonic() + OMDB_AWAY_S
        refreshes.done(conn, claimed)
        return claimed

    def _say(self, service: str, failure: Away | Denied) -> None:
        if service == "omdb" or not self._is_away:
            reason = f"{type(failure).__name__}: {failure}"
            log.warning("movies are served as they are", extra={"service": service, "reason": reason})
        self._is_away = self._is_away or service == "tmdb"

    def _purge(self, conn: Conn) -> None:
        days = 0 if self._settings.catalogue_mode == "reference" else MOST_DAYS
        while removed := purge(conn, days=days):
            log.info("copies were removed", extra={"movies": removed, "older_than_days": days})


def _tell(row: BadRow) -> None:
    log.warning(
        "a movie was passed over", extra={"source": row.file, "movie": row.text, "reason": row.reason}
    )
