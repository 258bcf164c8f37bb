import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from catalog.demo import MEMBERS, SOURCE, WHEEL, shift
from catalog.movielens import open_release
from catalog.rows import BadRow, RatingRow

SCALE: Literal["1-5"] = "1-5"
times = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ratings = times.map(lambda at: RatingRow("1", "2", 8, SCALE, at))


@given(rows=st.lists(ratings, min_size=1, max_size=5), newest_to=times)
def test_all_ratings_move_by_the_same_whole_days_into_the_last_24_hours(
    rows: list[RatingRow], newest_to: datetime
) -> None:
    moved = [row for row in shift(rows, newest_to) if isinstance(row, RatingRow)]
    steps = {after.rated_at - before.rated_at for before, after in zip(rows, moved, strict=True)}
    assert len(steps) == 1
    assert steps.pop() % timedelta(days=1) == timedelta(0)
    assert timedelta(0) <= newest_to - max(row.rated_at for row in moved) < timedelta(days=1)


def test_the_demo_s_members_are_the_release_it_names(tmp_path: Path) -> None:
    wheel = tmp_path / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        for member in MEMBERS:
            archive.writestr(member, "")
    assert open_release(wheel).name == SOURCE


def test_bad_rows_pass_and_nothing_may_come_of_nothing() -> None:
    bad = BadRow("u.data", 3, "a reason", "text")
    assert list(shift([bad], datetime(2026, 1, 1, tzinfo=UTC))) == [bad]
    assert list(shift([], datetime(2026, 1, 1, tzinfo=UTC))) == []
