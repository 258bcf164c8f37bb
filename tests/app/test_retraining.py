from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import psutil
import pytest

from app.retraining import Retraining
from app.worker import Worker
from tests.app.test_cli_recsys import rate
from tests.catalogue import fill
from tests.events.writing import Conn
from tests.waiting import until

MIDNIGHT = time(0)


@pytest.fixture
def retraining(conninfo: str, tmp_path: Path) -> Iterator[Retraining]:
    """What is due since midnight."""
    made = Retraining(conninfo, tmp_path / "models", MIDNIGHT)
    yield made
    made.stop()


def rounds_until_it_ended(conn: Conn, retraining: Retraining) -> None:
    def ended() -> bool:
        retraining.round(conn)
        return retraining._running is None

    until(ended)


def trained(conn: Conn) -> list[tuple[str]]:
    return conn.execute("select state from models").fetchall()


def test_a_worker_trains_once_a_day_and_lets_the_model_serve(
    conninfo: str, connection: Conn, tmp_path: Path, retraining: Retraining
) -> None:
    fill(connection)
    rate(connection, 10)
    worker = Worker(conninfo, retraining=retraining)
    worker.start(connection)
    try:
        until(lambda: trained(connection) == [("SERVING",)])
        until(lambda: retraining._running is None)
    finally:
        worker.stop()
    another = Retraining(conninfo, tmp_path / "models", MIDNIGHT)
    for again in (retraining, another):
        again.round(connection)
        assert again._running is None


def test_it_lets_others_go_first_and_ends_with_the_worker(
    connection: Conn, tmp_path: Path, retraining: Retraining
) -> None:
    fill(connection)
    rate(connection, 10)
    retraining.round(connection)
    assert retraining._running is not None
    child = psutil.Process(retraining._running.pid)
    assert child.nice() == 19
    retraining.stop()
    assert not child.is_running()
    assert trained(connection) == []


def test_a_failure_is_told_with_its_reason_and_not_tried_again(
    connection: Conn, retraining: Retraining, caplog: pytest.LogCaptureFixture
) -> None:
    retraining.round(connection)
    rounds_until_it_ended(connection, retraining)
    (line,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "nothing to learn" in line.reason  # type: ignore[attr-defined]
    retraining.round(connection)
    assert retraining._running is None


def test_before_the_time_nothing_begins(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    if later.date() == datetime.now(UTC).date():
        waiting = Retraining(conninfo, tmp_path / "models", later.time())
        waiting.round(connection)
        assert waiting._running is None


def test_the_first_of_all_is_trained_at_once_and_no_other(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    fill(connection)
    rate(connection, 10)
    first = Retraining(conninfo, tmp_path / "models", None, first=True)
    rounds_until_it_ended(connection, first)
    assert trained(connection) == [("SERVING",)]
    for again in (first, Retraining(conninfo, tmp_path / "models", None, first=True)):
        again.round(connection)
        assert again._running is None
