"""Months of activity: K106 partitions made ahead, C14 details purged, K81 months archived."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from database.connect import connect
from database.ids import uuid7
from events import activity_months
from events.activity_months import COLUMNS, Archived, FileDiffers, MonthChanged, archive, keep_months
from tests.events.writing import Conn

parquet: Any = import_module("pyarrow.parquet")

JANUARY, FEBRUARY, MARCH = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)


@pytest.fixture
def old(connection: Conn) -> Conn:
    """A database that has three months of last year, with actions on their first and last instants."""
    for low, high in ((JANUARY, FEBRUARY), (FEBRUARY, MARCH), (MARCH, date(2025, 4, 1))):
        for parent in ("actions", "details"):
            connection.execute(
                f"create table activity.{parent}_{low:%Y_%m} partition of activity.{parent}"
                f" for values from ('{low}') to ('{high}')"
            )
        act(connection, datetime(low.year, low.month, 1, tzinfo=UTC))
        act(connection, datetime(low.year, low.month, 15, 12, tzinfo=UTC), user=True)
        act(connection, datetime(high.year, high.month, 1, tzinfo=UTC) - timedelta(microseconds=1))
    return connection


def act(conn: Conn, at: datetime, *, user: bool = False) -> UUID:
    """Write an action and its details."""
    made, who = uuid7(), uuid7() if user else None
    if user:
        name = f"n{who}"[:30]
        conn.execute("insert into users (id, username, username_key) values (%s, %s, %s)", (who, name, name))
    conn.execute(
        "insert into activity.actions (id, occurred_at, action, session_id, user_id, source)"
        " values (%s, %s, 'MOVIE_SEARCH', %s, %s, 'web')",
        (made, at, uuid7(), who),
    )
    conn.execute(
        "insert into activity.details (activity_id, occurred_at, phrase) values (%s, %s, 'x')", (made, at)
    )
    return made


def stored(conn: Conn, month: date) -> list[tuple[Any, ...]]:
    """The actions of a month, as text but for the time."""
    rows = conn.execute(
        f"select {COLUMNS} from activity.actions where date_trunc('month', occurred_at) = %s order by id",
        (month,),
    )
    return [tuple(str(v) if isinstance(v, UUID) else v for v in row) for row in rows]


def filed(path: Path) -> list[tuple[Any, ...]]:
    rows = parquet.read_table(path).to_pylist()
    return sorted(tuple(row[name] for name in COLUMNS.split(", ")) for row in rows)


def months(conn: Conn, parent: str = "actions") -> Sequence[date]:
    return [m for (m,) in conn.execute("select activity.months(%s::regclass)", (f"activity.{parent}",))]


def following(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def test_k106_this_month_and_three_more_are_there_and_made_once(connection: Conn) -> None:
    first = datetime.now(UTC).date().replace(day=1)
    wanted = [first]
    for _ in range(3):
        wanted.append(following(wanted[-1]))
    for parent in ("actions", "details"):
        connection.execute(f"drop table activity.{parent}_{wanted[2]:%Y_%m}")
    for _ in range(2):
        keep_months(connection, details_days=30)
        for parent in ("actions", "details"):
            assert months(connection, parent) == wanted


def test_c14_details_end_with_their_days_to_the_instant_and_old_months_go_whole(old: Conn) -> None:
    kept = act(old, datetime.now(UTC) - timedelta(days=30) + timedelta(minutes=5)) if now_has_room() else None
    fresh = act(old, datetime.now(UTC))
    assert months(old, "details")[:3] == [JANUARY, FEBRUARY, MARCH]
    keep_months(old, details_days=30)
    assert months(old, "details")[0] > MARCH
    left = {found for (found,) in old.execute("select activity_id from activity.details")}
    assert left == {fresh} | ({kept} if kept else set())
    keep_months(old, details_days=0)
    assert old.execute("select count(*) from activity.details").fetchone() == (0,)
    assert months(old)[:3] == [JANUARY, FEBRUARY, MARCH], "actions stay"


def now_has_room() -> bool:
    """Whether thirty days ago is in a month that there is."""
    return (datetime.now(UTC) - timedelta(days=30)).month == datetime.now(UTC).month


def test_c14_of_a_month_that_stays_only_what_is_too_old_goes(old: Conn) -> None:
    days = (datetime.now(UTC) - datetime(2025, 3, 15, 12, tzinfo=UTC)) / timedelta(days=1)
    before = datetime.now(UTC) - timedelta(days=days)
    old.execute("select activity.purge_details(%s)", (before - timedelta(seconds=1),))
    assert old.execute("select occurred_at::date from activity.details order by 1").fetchall() == [
        (date(2025, 3, 15),),
        (date(2025, 3, 31),),
    ]
    old.execute("select activity.purge_details(%s)", (datetime(2025, 3, 15, 12, 0, 0, 1, tzinfo=UTC),))
    assert old.execute("select occurred_at::date from activity.details").fetchall() == [(date(2025, 3, 31),)]


def test_k81_whole_months_go_into_files_that_hold_every_row(old: Conn, tmp_path: Path) -> None:
    expected = {month: stored(old, month) for month in (JANUARY, FEBRUARY)}
    assert [len(rows) for rows in expected.values()] == [3, 3]
    done = list(archive(old, tmp_path / "new" / "folder", MARCH))
    assert [(one.month, one.actions) for one in done] == [(JANUARY, 3), (FEBRUARY, 3)]
    for one in done:
        assert filed(one.path) == sorted(expected[one.month])
        assert hashlib.sha256(one.path.read_bytes()).hexdigest() == one.sha256
        assert one.path.with_name(f"{one.path.name}.sha256").read_text() == f"{one.sha256}  {one.path.name}\n"
    assert months(old)[0] == MARCH
    assert len(stored(old, MARCH)) == 3
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "activity-2025-01.parquet",
        "activity-2025-01.parquet.sha256",
        "activity-2025-02.parquet",
        "activity-2025-02.parquet.sha256",
    ]
    assert list(archive(old, tmp_path / "new" / "folder", MARCH)) == []
    keep_months(old, details_days=9_999)
    assert months(old)[0] == MARCH, "an archived month does not come back"


def test_k81_a_month_without_actions_is_a_file_without_rows(old: Conn, tmp_path: Path) -> None:
    old.execute("delete from activity.actions where occurred_at < %s", (FEBRUARY,))
    (done,) = archive(old, tmp_path, FEBRUARY)
    assert (done.actions, filed(done.path)) == (0, [])


@pytest.mark.parametrize("at", ["writing", "written", "checked"])
def test_k81_it_goes_on_where_it_was_stopped(
    old: Conn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    expected = stored(old, JANUARY)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if at != "writing":
            patch.setattr(activity_months, {"written": "_is_same", "checked": "_seal"}[at], stop)
        on_progress = stop if at == "writing" else lambda *_: None
        with pytest.raises(KeyboardInterrupt):
            list(archive(old, tmp_path, FEBRUARY, on_progress=on_progress))
    assert stored(old, JANUARY) == expected
    assert not list(tmp_path.glob("*.partial"))
    (done,) = archive(old, tmp_path, FEBRUARY)
    assert isinstance(done, Archived)
    assert filed(done.path) == expected


@pytest.mark.parametrize("damage", ["other rows", "cut", "no parquet"])
def test_k81_a_file_that_is_something_else_is_never_replaced_and_nothing_dropped(
    old: Conn, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "activity-2025-01.parquet"
    if damage == "other rows":
        (done,) = archive(old, tmp_path, FEBRUARY)
        done.path.rename(tmp_path / "moved")
        (february,) = archive(old, tmp_path, MARCH)
        february.path.rename(tmp_path / "activity-2025-03.parquet")
        path, month, before = tmp_path / "activity-2025-03.parquet", MARCH, date(2025, 4, 1)
    else:
        path.write_bytes(b"PAR1" if damage == "cut" else b"")
        month, before = JANUARY, FEBRUARY
    content, rows = path.read_bytes(), stored(old, month)
    with pytest.raises(FileDiffers):
        list(archive(old, tmp_path, before))
    assert (path.read_bytes(), stored(old, month)) == (content, rows)


def test_k81_a_month_that_changes_meanwhile_is_written_anew_and_given_up_when_it_does_not_end(
    old: Conn, conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal, days = activity_months._seal, [datetime(2025, 1, 20, tzinfo=UTC)]

    def changed(path: Path) -> None:
        seal(path)
        if days:
            with connect(conninfo) as other:
                act(other, days.pop())

    monkeypatch.setattr(activity_months, "_seal", changed)
    (done,) = archive(old, tmp_path, FEBRUARY)
    assert (done.actions, len(filed(done.path))) == (4, 4)
    days += [datetime(2025, 2, 20, tzinfo=UTC)] * 2
    with pytest.raises(MonthChanged):
        list(archive(old, tmp_path, MARCH))
    assert len(stored(old, FEBRUARY)) == 5
