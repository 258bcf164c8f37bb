from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import BadCursor, BadId, BadInput, BadPageSize
from resolvers.ids import (
    array,
    cursor_component,
    global_id,
    imdb_id,
    node_key,
    page_size,
    position_of,
    split_id,
    text,
    uuid_of,
    words,
)

KEY = "58af1490-c2dc-5396-b530-b9c2c6fd2a6c"


@given(st.uuids())
def test_a_global_id_leads_back_to_its_key(key: Any) -> None:
    made = global_id("Movie", key)
    assert split_id(made) == ("Movie", str(key))
    assert uuid_of("Movie")(made) == node_key("Movie", "uuid")(made) == str(key)
    assert node_key("Genre", "uuid")(made) is None
    with pytest.raises(BadId, match="not of a Genre"):
        uuid_of("Genre")(made)


ODD_KEYS = (f"{KEY}x", f"{KEY}\n", KEY[:-1], f"{{{KEY}}}", f"urn:uuid:{KEY}", KEY.replace("-", "_"), "1" * 32)
NOT_MOVIES: list[Any] = [
    *("", ":", "Movie", "Movie:", f":{KEY}", f"Mo vie:{KEY}", None, 7),
    *(f"Movie:{odd}" for odd in ODD_KEYS),
]


@pytest.mark.parametrize("bad", NOT_MOVIES)
def test_what_is_no_global_id_of_a_movie_is_refused(bad: Any) -> None:
    with pytest.raises(BadId):
        uuid_of("Movie")(bad)


def test_a_key_is_written_in_one_way() -> None:
    assert uuid_of("Movie")(f"Movie:{KEY.upper()}") == KEY


@pytest.mark.parametrize(
    "bad", ["Event:0", "Event:-1", "Event:1.0", "Event: 1", "Event:٣", "Event:" + "9" * 19, "Movie:1"]
)
def test_what_is_no_global_id_of_an_event_is_refused(bad: str) -> None:
    assert position_of("Event:17") == "17"
    with pytest.raises(BadId):
        position_of(bad)


@given(st.text())
def test_any_text_is_kept_or_refused(value: str) -> None:
    try:
        assert text(value) == value
    except BadInput:
        assert "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value)


@given(st.text(), st.lists(st.text(), max_size=4))
def test_a_search_has_bounded_words_and_few_of_them(phrase: str, more: list[str]) -> None:
    given = " ".join([phrase, *more]).replace("\x00", "")
    found = words(given.encode("utf-8", "ignore").decode())
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', found, re.DOTALL)
    assert found == "{" + ",".join(f'"{part}"' for part in quoted) + "}"
    parts = [re.sub(r"\\(.)", r"\1", part) for part in quoted]
    assert len(parts) <= 10
    assert all(0 < len(part) <= 100 and part == "".join(part.split()) for part in parts)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tt0078748", "tt0078748"),
        ("78748", "tt0078748"),
        (" TT78748 ", "tt0078748"),
        ("tt12345678", "tt12345678"),
    ],
)
def test_an_imdb_id_may_be_typed_in_several_ways(typed: str, meant: str) -> None:
    assert imdb_id(typed) == meant


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"))))
def test_an_array_quotes_what_it_must(items: list[str]) -> None:
    made = array(text)(items) or ""
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', made, re.DOTALL)
    assert made == "{" + ",".join(f'"{item}"' for item in quoted) + "}"
    assert [re.sub(r"\\(.)", r"\1", item, flags=re.DOTALL) for item in quoted] == items


@pytest.mark.parametrize(("asked", "given"), [(None, "20"), (0, "0"), (100, "100")])
def test_a_page_has_up_to_a_hundred_items_and_twenty_by_default(asked: int | None, given: str) -> None:
    assert page_size(asked) == given


@pytest.mark.parametrize("asked", [-1, 101, 2**31 - 1])
def test_a_page_of_another_size_is_refused(asked: int) -> None:
    with pytest.raises(BadPageSize):
        page_size(asked)


def cursor(*parts: object) -> str:
    """Return what a cursor of these parts is."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def components(name: str, *types: str) -> list[Callable[[Any], str | None]]:
    """Return the converters of a cursor's components."""
    return list(cursor_component(name, types))


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    st.integers(-(10**17), 10**17),
    st.dates(),
    st.uuids(),
)
def test_a_cursor_leads_back_to_its_components(title: str, number: int, day: Any, key: Any) -> None:
    parts = [title, str(number), day.isoformat(), str(key)]
    found = components("movies", "text", "bigint", "date", "uuid")
    assert [convert(cursor("movies", *parts)) for convert in found] == parts


NOT_CURSORS = [
    *("", "x", "é", "====", cursor(), cursor("movies"), cursor("movies", "1", "2"), cursor("others", "1")),
    *(cursor("movies:NEWEST", "1"), cursor("movies", 1), cursor("movies", None), cursor("movies", ["1"])),
    *(cursor("movies", odd) for odd in ("", "1.0", "1_0", "9" * 19, " 1", "1\n")),
    *(base64.urlsafe_b64encode(odd).decode() for odd in (b'{"movies": "1"}', b"\xff\xfe", b"[" * 5_000)),
]


@pytest.mark.parametrize("bad", NOT_CURSORS, ids=range(len(NOT_CURSORS)))
def test_a_cursor_that_another_list_made_or_nobody_is_refused(bad: str) -> None:
    (position,) = components("movies", "bigint")
    assert position(cursor("movies", "-12")) == "-12"
    with pytest.raises(BadCursor):
        position(bad)


@pytest.mark.parametrize("bad", ["2024-W01-1", "20240101", "2024-02-30", "0000-01-01", "2024-1-1", "today"])
def test_a_day_of_a_cursor_is_written_as_we_write_it(bad: str) -> None:
    (day,) = components("popularity_metrics", "date")
    assert day(cursor("popularity_metrics", "2024-02-29")) == "2024-02-29"
    with pytest.raises(BadCursor):
        day(cursor("popularity_metrics", bad))


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_of_a_cursor_is_written_as_the_database_writes_it(at: datetime) -> None:
    (instant,) = components("activity.log", "timestamptz")
    written = at.isoformat(" ").replace("+00:00", "+00")
    assert instant(cursor("activity.log", written)) == written


NOT_INSTANTS = [
    *("2024-02-30 12:00:00+00", "2024-02-29 25:00:00+00", "2024-02-29 12:60:00+00", "0000-01-01 12:00:00+00"),
    *("2024-02-29T12:00:00+00", "2024-02-29 12:00:00+01", "2024-02-29 12:00:00", "2024-02-29 12:00:00.+00"),
    *("2024-02-29 12:00:00.1234567+00", "2024-02-29 12:00+00", "infinity", "now", "1700000000000000"),
]


@pytest.mark.parametrize("bad", NOT_INSTANTS)
def test_an_instant_that_we_did_not_write_is_refused(bad: str) -> None:
    (instant,) = components("activity.log", "timestamptz")
    with pytest.raises(BadCursor):
        instant(cursor("activity.log", bad))
