"""Commands that read much of the log read a replica, as long as it has what the database has."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner, Result

from app.cli import commands
from app.cli.errors import Refused
from app.cli.replica import reading
from database.connect import connect
from events.replica import ReplicaUnfit, read_there
from tests.app.replicas import Pair, replicated
from tests.app.test_cli import answered, refused
from tests.app.test_cli_recsys import QUICK, rate
from tests.catalogue import fill
from tests.events.writing import Conn, views, write

Run = Callable[..., Result]
PASSED_OVER = "Warning: the replica is passed over"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    # where it is short enough for a socket's path
    with tempfile.TemporaryDirectory(prefix="pair-") as folder, replicated(Path(folder)) as pair:
        with connect(pair.primary) as conn:
            fill(conn)
            rate(conn, 20)
        yield pair


@pytest.fixture
def environment(pair: Pair, tmp_path: Path) -> dict[str, str]:
    """A database with its replica."""
    return {
        "DATABASE_URL": pair.primary,
        "PROJECTIONIST_DATABASE_REPLICA_URL": pair.replica,
        "PROJECTIONIST_REPLICA_LAG_S": "20",
        "REDIS_URL": "none",
        "PROJECTIONIST_DATA_DIR": str(tmp_path / "data"),
        "TERM": "dumb",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `projectionist`; what is given by name is a variable."""

    def one(*words: object, **variables: str) -> Result:
        return CliRunner(env=environment | variables).invoke(commands, [*map(str, words)])

    return one


@pytest.fixture
def primary(pair: Pair) -> Iterator[Conn]:
    with connect(pair.primary) as conn:
        yield conn


def count(conn: Conn) -> int:
    ((events,),) = conn.execute("select count(*) from events").fetchall()
    return int(events)


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_k111_an_export_is_read_from_the_replica_and_has_all_that_was_there(
    pair: Pair, primary: Conn, run: Run, tmp_path: Path
) -> None:
    write(primary, *views(5))
    before = pair.said().count("to stdout")
    result = run("events", "export", tmp_path / "log", "--json")
    assert answered(result)["events"] == count(primary) == lines(tmp_path / "log")
    assert PASSED_OVER not in result.stderr
    assert pair.said().count("to stdout") == before + 1
    run("events", "export", tmp_path / "of the database", PROJECTIONIST_DATABASE_REPLICA_URL="")
    assert (tmp_path / "of the database").read_bytes() == (tmp_path / "log").read_bytes()


def test_k111_the_log_is_counted_on_the_replica(pair: Pair, primary: Conn, run: Run) -> None:
    before = pair.said().count("select count(*) from events")
    assert answered(run("events", "count", "--json")) == {"events": count(primary)}
    assert pair.said().count("select count(*) from events") == before + 1


def test_k111_a_model_is_trained_of_what_the_replica_says(pair: Pair, primary: Conn, run: Run) -> None:
    of_the_database = answered(
        run("recsys", "train", *QUICK, "--json", PROJECTIONIST_DATABASE_REPLICA_URL="")
    )
    before = pair.said().count("to stdout (format binary)")
    at = ("--at", of_the_database["up_to_position"])
    of_the_replica = answered(run("recsys", "train", *QUICK, *at, "--json"))
    assert of_the_replica["digest"] == of_the_database["digest"]
    assert pair.said().count("to stdout (format binary)") > before
    # what was trained is said in the log, which only the database takes
    ((models,),) = primary.execute("select count(*) from events where type = 'model_trained'").fetchall()
    assert models == 2
    run("recsys", "promote", of_the_replica["model_id"])
    asked = pair.said().count("from models")
    assert "slates" in refused(run("recsys", "evaluate", "--from-log"))
    assert pair.said().count("from models") > asked


def test_k111_a_replica_that_is_behind_is_waited_for(
    pair: Pair, primary: Conn, run: Run, tmp_path: Path
) -> None:
    with pair.paused():
        write(primary, *views(1))
        done: list[Result] = []
        reader = threading.Thread(
            target=lambda: done.append(run("events", "export", tmp_path / "log", "--json"))
        )
        reader.start()
        reader.join(1.0)
        assert reader.is_alive()
    reader.join(60)
    assert answered(done[0])["events"] == count(primary)
    assert PASSED_OVER not in done[0].stderr


def test_k111_one_that_is_further_behind_is_passed_over_with_a_warning(
    pair: Pair, primary: Conn, run: Run, tmp_path: Path
) -> None:
    with pair.paused():
        write(primary, *views(1))
        result = run("events", "export", tmp_path / "log", "--json", PROJECTIONIST_REPLICA_LAG_S="0.3")
    assert answered(result)["events"] == count(primary)
    assert f"{PASSED_OVER}: it is more than 0.3 s behind." in result.stderr


def test_k111_one_that_is_away_is_passed_over_with_a_warning(
    pair: Pair, primary: Conn, run: Run, tmp_path: Path
) -> None:
    with pair.away():
        result = run("events", "export", tmp_path / "log", "--json")
    assert answered(result)["events"] == count(primary)
    assert f"{PASSED_OVER}: it does not let us in." in result.stderr
    assert str(pair.folder) not in result.stderr


def test_k111_doctor_says_whether_the_replica_is_read(pair: Pair, run: Run) -> None:
    def found(**variables: str) -> dict[str, str]:
        checks = json.loads(run("doctor", "--json", **variables).stdout)
        return next(check for check in checks if check["name"] == "replica")

    assert found()["status"] == "ok"
    behind = found(PROJECTIONIST_DATABASE_REPLICA_URL=pair.primary)
    assert (behind["status"], behind["found"]) == (
        "warn",
        "it is no replica (any more), but takes writes itself",
    )
    assert "PROJECTIONIST_DATABASE_REPLICA_URL" in behind["remedy"]
    assert found(PROJECTIONIST_DATABASE_REPLICA_URL="")["found"] == "none is set"


def test_k111_what_is_no_replica_of_the_database_is_passed_over(
    pair: Pair, conninfo: str, primary: Conn, run: Run
) -> None:
    for url, why in ((pair.primary, "takes writes itself"), (conninfo, "of another database")):
        result = run("events", "count", "--json", PROJECTIONIST_DATABASE_REPLICA_URL=url)
        assert answered(result) == {"events": count(primary)}
        assert why in result.stderr


def test_k111_another_database_of_the_same_server_is_no_replica_either(pair: Pair, primary: Conn) -> None:
    url = make_conninfo(pair.replica, dbname="postgres")
    with (
        psycopg.connect(url, autocommit=True) as other,
        pytest.raises(ReplicaUnfit, match="another database"),
    ):
        read_there(primary, other, most_lag_s=5)


def test_k111_reading_that_the_replica_ends_is_refused_with_what_to_set(
    pair: Pair, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # with the code by which PostgreSQL says it
    conflict = "do $$ begin raise exception using errcode = 'serialization_failure'; end $$"
    with pytest.raises(Refused, match="hot_standby_feedback"), reading() as source:
        source.conn.execute(conflict)
