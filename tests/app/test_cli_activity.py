"""`projectionist activity archive` (K81), and the worker that keeps the months (K106)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.worker import Worker
from database.connect import connect
from tests.app.test_cli import Run, answered, refused, run  # noqa: F401 the fixture
from tests.events.test_activity_months import MARCH, act, months, old  # noqa: F401 the fixture
from tests.events.writing import Conn
from tests.waiting import until


def test_k81_months_are_archived_and_the_answer_says_where(
    run: Run,  # noqa: F811
    old: Conn,  # noqa: F811
    tmp_path: Path,
) -> None:
    (january,) = answered(
        run("activity", "archive", "--before", "2025-02", "--to", tmp_path / "to", "--json")
    )
    assert {**january, "path": "", "sha256": ""} == {
        "month": "2025-01",
        "path": "",
        "actions": 3,
        "sha256": "",
    }
    assert (
        Path(january["path"])
        .with_name("activity-2025-01.parquet.sha256")
        .read_text()
        .startswith(january["sha256"])
    )
    said = run("activity", "archive", "--before", "2025-03", "--to", tmp_path / "to").stdout
    assert said.startswith("2025-02: 3 actions are in ")
    assert months(old)[0] == MARCH
    again = run("activity", "archive", "--before", "2025-03", "--to", tmp_path / "to")
    assert (again.exit_code, again.stdout) == (0, "There is no month before 2025-03.\n")


def test_k81_another_file_of_that_name_is_left_alone(
    run: Run,  # noqa: F811
    old: Conn,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "activity-2025-01.parquet").write_text("mine")
    line = refused(run("activity", "archive", "--before", "2025-03", "--to", tmp_path))
    assert "move it away" in line
    assert (tmp_path / "activity-2025-01.parquet").read_text() == "mine"


def this_and_next() -> tuple[str, str]:
    now = datetime.now(UTC).date().replace(day=1)
    return f"{now:%Y-%m}", f"{now + timedelta(days=32):%Y-%m}"


@pytest.mark.parametrize("before", ["2025", "2025-13", "x", "2025-01-01", this_and_next()[1], ""])
def test_a_month_that_is_none_or_not_over_is_wrong_use(run: Run, tmp_path: Path, before: str) -> None:  # noqa: F811
    result = run("activity", "archive", "--before", before, "--to", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")


def test_up_to_this_month_may_be_archived(run: Run, tmp_path: Path) -> None:  # noqa: F811
    assert (
        answered(run("activity", "archive", "--before", this_and_next()[0], "--to", tmp_path, "--json")) == []
    )


def test_k106_migrating_makes_months(run: Run, connection: Conn) -> None:  # noqa: F811
    last = months(connection)[-1]
    connection.execute(f"drop table activity.actions_{last:%Y_%m}")
    answered(run("migrate", "--json"))
    assert months(connection)[-1] == last


@pytest.mark.parametrize(("left", "status"), [(2, "ok"), (1, "warn"), (0, "fail")])
def test_k106_the_doctor_says_when_months_are_missing(
    run: Run,  # noqa: F811
    connection: Conn,
    left: int,
    status: str,
) -> None:
    for month in months(connection)[left:]:
        connection.execute(f"drop table activity.actions_{month:%Y_%m}")
    checks = json.loads(run("doctor", "--json").stdout)
    (found,) = (check for check in checks if check["name"] == "activity")
    assert (found["status"], found["found"]) == (status, f"room for {left} months")


def test_k106_a_worker_makes_months_and_purges_and_waits_where_it_may_not_lock(
    conninfo: str,
    old: Conn,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    last = months(old)[-1]
    act(old, datetime.now(UTC))
    old.execute(f"drop table activity.actions_{last:%Y_%m}")
    caplog.set_level(logging.INFO)
    worker = Worker(conninfo, details_days=7, seal_every_s=0.1)
    try:
        with connect(conninfo) as reader, reader.transaction():
            reader.execute("select count(*) from activity.actions")
            with connect(conninfo) as conn:
                worker.start(conn)
            until(lambda: "activity is busy" in caplog.text)
        until(lambda: months(old)[-1] == last)
        until(lambda: months(old, "details")[0] > date(2025, 3, 1))
    finally:
        worker.stop()
    assert old.execute("select count(*) from activity.details").fetchone() == (1,)
