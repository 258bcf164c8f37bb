from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from events import facts
from events.facts import Data, Event, UnknownEvent, Values, decode, event, kinds
from events.log import COLUMNS, recorded
from events.pair import PairEvent
from events.ratings import MovieRated
from tests.events.writing import Conn, write_raw

EXAMPLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "stored_examples.json").read_text())
USER, MOVIE = UUID(int=17), UUID(int=603)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = dict(facts._KINDS)
    yield
    facts._KINDS.clear()
    facts._KINDS.update(before)


class Colour(StrEnum):
    RED = "RED"


# Stored examples: what was written once is read for ever


def test_every_version_of_every_fact_has_an_example() -> None:
    stored = {(example["type"], example["schema_version"]) for example in EXAMPLES}
    assert stored == {
        (name, version) for name, cls in kinds().items() for version in range(1, cls.version + 1)
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e['type']} {e['schema_version']}")
def test_an_example_is_read_in_its_newest_shape(example: dict[str, Any]) -> None:
    user, movie = (UUID(example[name]) if example[name] else None for name in ("user_id", "movie_id"))
    fact = decode(example["type"], example["schema_version"], user, movie, example["data"])
    assert (fact.type, fact.user_id, fact.movie_id) == (example["type"], user, movie)
    if example["schema_version"] == fact.version:
        assert fact.data() == example["data"]


def test_the_log_gives_back_what_an_example_says(connection: Conn) -> None:
    for example in EXAMPLES:
        user, movie = (UUID(example[name]) if example[name] else None for name in ("user_id", "movie_id"))
        write_raw(
            connection,
            example["type"],
            example["data"],
            user=user,
            movie=movie,
            version=example["schema_version"],
        )
    rows = connection.execute(f"select {COLUMNS} from events order by position").fetchall()
    assert [recorded(row).fact.type for row in rows] == [example["type"] for example in EXAMPLES]


# Shapes that change


def _thing_v3() -> type[Event]:
    def half(data: Data) -> Data:
        return {"half_stars": data["stars"] * 2}

    def coloured(data: Data) -> Data:
        return {**data, "colour": "RED"}

    @event("test_thing_happened", version=3, upcasts={1: half, 2: coloured})
    class ThingHappened(PairEvent):
        half_stars: int
        colour: Colour
        on: date | None = None

    return ThingHappened


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, {"stars": 4}), (2, {"half_stars": 8}), (3, {"half_stars": 8, "colour": "RED", "on": None})],
)
def test_older_versions_are_read_in_the_newest_shape(version: int, data: Data) -> None:
    thing = _thing_v3()
    fact = decode("test_thing_happened", version, USER, MOVIE, data)
    assert fact == thing(user_id=USER, movie_id=MOVIE, half_stars=8, colour=Colour.RED)  # type: ignore[call-arg]
    assert fact.data() == {"half_stars": 8, "colour": "RED", "on": None}


def test_upcasting_leaves_the_stored_data_alone() -> None:
    _thing_v3()
    data = {"stars": 4}
    decode("test_thing_happened", 1, USER, MOVIE, data)
    assert data == {"stars": 4}


@pytest.mark.parametrize(("name", "version"), [("movie_rated", 99), ("movie_rated", 0), ("movie_eaten", 1)])
def test_what_a_newer_program_wrote_is_refused_by_name(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=f"{name} version {version}"):
        decode(name, version, USER, MOVIE, {"half_stars": 7})


def test_a_version_without_a_way_up_is_refused() -> None:
    with pytest.raises(TypeError, match="upcast"):

        @event("test_thing_changed", version=2)
        class ThingChanged(PairEvent):
            half_stars: int


def test_a_name_is_used_once() -> None:
    with pytest.raises(TypeError, match="movie_rated"):

        @event("movie_rated")
        class AnotherMovieRated(PairEvent):
            half_stars: int


@pytest.mark.parametrize("kind", [complex, datetime, dict, list[int], tuple[int, int], "int | str"])
def test_a_field_that_cannot_be_stored_is_refused(kind: Any) -> None:
    wrong = type("Wrong", (PairEvent,), {"__annotations__": {"field": kind}, "__module__": __name__})
    with pytest.raises((TypeError, ValueError)):
        event("test_wrong")(wrong)
    assert "test_wrong" not in kinds()


def test_every_kind_of_field_is_read_as_it_was_written() -> None:
    @event("test_everything_happened")
    class EverythingHappened(PairEvent):
        number: int
        share: float
        text: str
        yes: bool
        day: date
        other: UUID
        colour: Colour
        days: tuple[date, ...]
        ids: tuple[UUID, ...]
        settings: Values
        no_number: int | None
        no_day: date | None
        no_colour: Colour | None

    fact = EverythingHappened(
        user_id=USER,
        movie_id=MOVIE,
        number=2**60,
        share=0.1,
        text='é\n"quoted" \\ 🎬',
        yes=False,
        day=date(1888, 10, 14),
        other=uuid4(),
        colour=Colour.RED,
        days=(date(1888, 10, 14), date(2024, 2, 29)),
        ids=(),
        settings={
            "rate": 0.05,
            "rounds": 15,
            "loss": "warp",
            "is_graded": True,
            "seed": None,
            "shares": [0.3, 0.8],
        },
        no_number=None,
        no_day=None,
        no_colour=None,
    )
    data = json.loads(json.dumps(fact.data()))
    assert decode("test_everything_happened", 1, USER, MOVIE, data) == fact


def test_the_ids_of_a_fact_are_columns_and_not_data() -> None:
    fact = MovieRated(user_id=USER, movie_id=MOVIE, half_stars=7, previous=None)
    assert fact.data() == {"half_stars": 7, "previous": None, "scale": None}
