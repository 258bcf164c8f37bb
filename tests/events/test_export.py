from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from database.connect import connect
from events.export import Exported, Format, export
from events.log import COLUMNS
from events.people import UserErased
from events.ratings import MovieRated
from events.replica import Reading
from tests.events.writing import Conn, positions, views, write, write_raw
from tests.waiting import until

parquet: Any = import_module("pyarrow.parquet")

NAMES = COLUMNS.split(", ")
NASTY = {"text": 'tab\t "quotes" back\\slash\nline \x01 é 🎈, and \\.', "empty": "", "none": None}
NOON = datetime(2024, 3, 10, 12, 30, 0, 123456, tzinfo=UTC)


def read(path: Path, form: Format) -> list[Mapping[str, Any]]:
    """The rows of a file, every value as JSON or text has it, `data` taken apart."""
    if form is Format.JSONL:
        return [json.loads(line) for line in path.read_text().splitlines()]
    if form is Format.CSV:
        with path.open(newline="") as file:
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
    else:
        rows = parquet.read_table(path).to_pylist()
    return [row | {"data": json.loads(row["data"])} for row in rows]


def fill(conn: Conn) -> None:
    ann, heat = uuid4(), uuid4()
    write(conn, MovieRated(user_id=ann, movie_id=heat, half_stars=8, previous=None), at=NOON)
    write_raw(conn, "text_said", NASTY, user=ann, movie=heat, at=NOON)
    write(conn, UserErased(user_id=ann), *views(3), at=NOON)


@pytest.fixture(params=list(Format))
def form(request: pytest.FixtureRequest) -> Format:
    given: Format = request.param
    return given


def test_every_column_of_every_event_is_there_in_order(
    connection: Conn, tmp_path: Path, form: Format
) -> None:
    fill(connection)
    path = tmp_path / "events"
    assert export(Reading(connection), path, form) == Exported(0, 6, 6)
    found = read(path, form)
    assert [int(row["position"]) for row in found] == positions(connection)
    assert [list(row) for row in found] == [NAMES] * 6
    for row, stored in zip(
        found, connection.execute(f"select {COLUMNS} from events order by position"), strict=True
    ):
        for name, value in zip(NAMES, stored, strict=True):
            assert as_stored(row[name], value) == value, name


def as_stored(written: Any, stored: Any) -> Any:
    """What was written, as the type that the log has."""
    match stored:
        case None:
            return written or None
        case UUID():
            return UUID(written)
        case datetime():
            return datetime.fromisoformat(written) if isinstance(written, str) else written
        case int():
            return int(written)
        case _:
            return written


def test_parquet_has_types(connection: Conn, tmp_path: Path) -> None:
    fill(connection)
    path = tmp_path / "events.parquet"
    export(Reading(connection), path, Format.PARQUET, window=2)
    types = {field.name: str(field.type) for field in parquet.read_schema(path)}
    assert types["position"] == "int64"
    assert types["schema_version"] == "int16"
    assert types["occurred_at"] == types["recorded_at"] == "timestamp[us, tz=UTC]"
    assert types["type"].startswith("dictionary<values=string")
    assert parquet.ParquetFile(path).metadata.num_row_groups == 3


@pytest.mark.parametrize("window", [1, 2, 100])
def test_ranges_put_together_are_the_log(connection: Conn, tmp_path: Path, form: Format, window: int) -> None:
    fill(connection)
    first = export(Reading(connection), tmp_path / "first", form, high=4, window=window)
    write(connection, *views(2))
    second = export(Reading(connection), tmp_path / "second", form, low=first.high, window=window)
    assert (first, second) == (Exported(0, 4, 4), Exported(4, 8, 4))
    found = [int(row["position"]) for name in ("first", "second") for row in read(tmp_path / name, form)]
    assert found == positions(connection)


def test_nothing_new_is_a_whole_file_without_events(connection: Conn, tmp_path: Path, form: Format) -> None:
    fill(connection)
    assert export(Reading(connection), tmp_path / "events", form, low=6) == Exported(6, 6, 0)
    assert export(Reading(connection), tmp_path / "later", form, low=10) == Exported(10, 10, 0)
    assert read(tmp_path / "events", form) == []


def test_encrypted_texts_are_added_when_asked_for(connection: Conn, tmp_path: Path, form: Format) -> None:
    fill(connection)
    connection.execute(
        "insert into events (event_id, type, user_id, data, correlation_id, secret) values (%s, 'said', %s, %s, %s, %s)",
        [uuid4(), uuid4(), Jsonb({}), uuid4(), b"\x00\xff\x10"],
    )
    export(Reading(connection), tmp_path / "without", form)
    export(Reading(connection), tmp_path / "with", form, with_secret=True)
    assert "secret" not in read(tmp_path / "without", form)[-1]
    *others, last = read(tmp_path / "with", form)
    assert last["secret"] == "00ff10"
    assert {row["secret"] or None for row in others} == {None}


def test_the_file_appears_when_it_is_complete(connection: Conn, tmp_path: Path, form: Format) -> None:
    fill(connection)
    path = tmp_path / "events"
    path.write_text("the last export")

    def interrupted(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(Reading(connection), path, form, window=2, on_progress=interrupted)
    assert path.read_text() == "the last export"
    assert list(tmp_path.iterdir()) == [path]


def test_it_waits_for_positions_that_are_drawn_and_not_committed(
    conninfo: str, owner_connection: Conn, tmp_path: Path, writers: Callable[[], Conn]
) -> None:
    late = writers()
    write(late, *views(1))
    write(owner_connection, *views(1))
    path = tmp_path / "events"
    found: list[Exported] = []

    def run() -> None:
        with connect(conninfo, application="exporter") as conn:
            found.append(export(Reading(conn), path, Format.JSONL))

    thread = threading.Thread(target=run)
    thread.start()
    looking = "select query like %s from pg_stat_activity where application_name = 'exporter'"
    until(lambda: owner_connection.execute(looking, ["%pg_snapshot_xmin%"]).fetchone() == (True,))
    assert not path.exists()
    late.commit()
    thread.join(30)
    assert found == [Exported(0, 2, 2)]
    assert [row["position"] for row in read(path, Format.JSONL)] == [1, 2]


def test_progress_counts_positions(connection: Conn, tmp_path: Path) -> None:
    fill(connection)
    told: list[tuple[int, int]] = []
    export(
        Reading(connection),
        tmp_path / "events",
        Format.CSV,
        low=1,
        window=2,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]
