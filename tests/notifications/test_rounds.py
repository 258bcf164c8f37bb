"""When people are told: once a day of theirs, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rounds import next_round, week_of


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "after", "day", "due"),
    [
        ("UTC", "09:00", "2024-03-11T08:59:59", "2024-03-11", "2024-03-11T09:00"),
        ("UTC", "09:00", "2024-03-11T09:00:00", "2024-03-12", "2024-03-12T09:00"),
        ("Asia/Kolkata", "09:00", "2024-03-11T03:29:59", "2024-03-11", "2024-03-11T03:30"),
        ("Pacific/Kiritimati", "09:00", "2024-03-10T18:59", "2024-03-11", "2024-03-10T19:00"),
        # 02:30 is left out on 31 March in Berlin, and comes twice on 27 October
        ("Europe/Berlin", "02:30", "2024-03-31T00:00", "2024-03-31", "2024-03-31T01:30"),
        ("Europe/Berlin", "02:30", "2024-03-31T01:30", "2024-04-01", "2024-04-01T00:30"),
        ("Europe/Berlin", "02:30", "2024-10-27T00:00", "2024-10-27", "2024-10-27T00:30"),
        ("Europe/Berlin", "02:30", "2024-10-27T00:30", "2024-10-28", "2024-10-28T01:30"),
        ("Europe/Berlin", "09:00", "2024-10-27T00:00", "2024-10-27", "2024-10-27T08:00"),
        ("Nowhere/Atlantis", "09:00", "2024-03-11T08:00", "2024-03-11", "2024-03-11T09:00"),
    ],
)
def test_a_round_is_at_the_persons_own_time(zone: str, at: str, after: str, day: str, due: str) -> None:
    found = next_round(utc(after), time.fromisoformat(at), zone)
    assert found == (date.fromisoformat(day), utc(due))


ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]


@given(
    zone=st.sampled_from(ZONES),
    at=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    after=st.integers(0, 6 * 365 * 24 * 3600),
)
def test_k73_each_day_has_one_round_and_no_more(zone: str, at: time, after: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=after)
    days = []
    for _ in range(400):
        day, now = next_round(now, at, zone)
        days.append(day)
        shown = now.astimezone(ZoneInfo(zone))
        late = datetime.combine(shown.date(), shown.time()) - datetime.combine(day, at)
        assert timedelta() <= late <= timedelta(hours=1)
    assert days == [days[0] + timedelta(days=n) for n in range(400)]


@pytest.mark.parametrize("day", range(11, 18))
def test_a_week_begins_on_monday(day: int) -> None:
    assert week_of(date(2024, 3, day)) == date(2024, 3, 11)
