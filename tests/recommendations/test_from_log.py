"""What `recsys evaluate --from-log` says of slates that were served and clicked over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from app.cli import commands
from database.connect import connect
from database.ids import uuid7
from events.slates import Algorithm, serve_slate
from projections.follow import catch_up
from tests.app.serving import Json, serving
from tests.app.test_cli import answered, refused
from tests.events.writing import Conn, write
from tests.recommendations.conftest import serves
from tests.recommendations.tastes import Person, film, genre_of, settle, titles, train

Run = Callable[..., Result]

CLICK = """mutation ($movie: ID!, $slate: ID!) {
  clickRecommendation(input: { movieId: $movie, slateId: $slate }) { errors { code } }
}"""
DISMISS = "mutation ($id: ID!) { dismissMovie(input: { movieId: $id }) { errors { code } } }"
CHOOSE = "mutation ($ids: [ID!]!) { setFavoriteGenres(input: { genreIds: $ids }) { errors { code } } }"
EXPLORED = 0.5
SHOWN = 30
SERVED = "select position, data from events where type = 'recommendations_served' order by position"


@pytest.fixture
def run(database: str, models: Path, tmp_path: Path) -> Run:
    """Runs `projectionist recsys evaluate --from-log`."""

    def one(*words: object, env: dict[str, str] | None = None) -> Result:
        given = {
            "DATABASE_URL": database,
            "REDIS_URL": "none",
            "PROJECTIONIST_DATA_DIR": str(tmp_path / "data"),
            "PROJECTIONIST_MODELS_DIR": str(models),
            "TERM": "dumb",
            **(env or {}),
        }
        return CliRunner(env=given).invoke(
            commands, ["recsys", "evaluate", "--from-log", *map(str, words)], catch_exceptions=False
        )

    return one


async def act(person: Person, recommended: Json, clicked: Sequence[int]) -> None:
    """Open the movies at these places."""
    for place in clicked:
        movie = recommended["edges"][place]["node"]["id"]
        await person.ask(CLICK, movie=movie, slate=recommended["slateId"])


def lines(found: Any, outcome: str) -> dict[str, Any]:
    return {line["policy"]: line for line in found["lines"] if line["outcome"] == outcome}


@dataclass(frozen=True)
class Shown:
    """What was shown to six people, twice each, with 24 clicks: its facts in the log, and how often one like counts."""

    facts: Sequence[tuple[int, Any]]
    likes: int


@pytest.fixture(scope="module")
async def shown(database: str, models: Path) -> Shown:
    async with serving(
        database, filled=False, models_dir=models, explored_share=EXPLORED, sign_ups_per_address=1000
    ) as served:
        people = [Person(served, await served.sign_up(f"logged{number}")) for number in range(6)]
        for number, person in enumerate(people[:4]):
            await person.react(("Comedy", "Horror")[number % 2], 3 + number, 20, 30 + number)
        await people[5].ask(CHOOSE, ids=[f"Genre:{genre_of('Comedy')}"])
        with connect(database) as conn:
            catch_up(conn)
        # what is popular is made anew with the model, so that it is what the log says
        await serves(served, await asyncio.to_thread(train, database, models))
        for number, person in enumerate(people):
            first = await person.recommended(first=SHOWN)
            await act(person, first, (0, 4, 7 + number))
            await person.ask(DISMISS, id=first["edges"][1]["node"]["id"])
            second = await person.recommended(first=SHOWN)
            assert second["slateId"] != first["slateId"]
            await act(person, second, (2,))
        title = titles(second)[0]
        kind, _, place = title.partition(" ")
        await person.react(kind, int(place))
    with connect(database) as conn:
        facts = conn.execute(SERVED).fetchall()
    return Shown(facts, sum(title in titles(each) for each in (first, second)))


async def test_slates_of_the_log_tell_what_each_algorithm_brings(
    shown: Shown, database: str, run: Run
) -> None:
    """What chance left in its place is what BLEND put there, made again from the log as it was when it was served."""
    found = answered(run("--json"))
    assert (found["slates"], found["people"], found["places"]) == (12, 6, 12 * SHOWN)
    assert (found["clicks"], found["likes"], found["learnt"]) == (24, shown.likes, 0)
    with connect(database) as conn:
        clicks = {
            (data["slate_id"], str(movie))
            for movie, data in conn.execute(
                "select movie_id, data from events where type = 'recommendation_clicked'"
            )
        }
    places = [
        (chance, (fact["slate_id"], movie) in clicks)
        for _, fact in shown.facts
        for movie, chance in zip(fact["movie_ids"], fact["propensities"], strict=True)
    ]
    stayed = [(chance, is_clicked) for chance, is_clicked in places if chance > 0.1]
    assert 0 < len(stayed) < len(places)
    by_policy = lines(found, "clicks")
    assert list(by_policy) == [
        "as served",
        "BLEND",
        "HYBRID",
        "COLLABORATIVE",
        "CONTENT_BASED",
        "TRENDING",
    ]
    assert by_policy["as served"]["ips"]["value"] == pytest.approx(2)
    blend = by_policy["BLEND"]
    assert blend["matched"] == pytest.approx(len(stayed) / len(places))
    assert blend["ips"]["value"] == pytest.approx(sum(hit / chance for chance, hit in stayed) / 12)
    weight = sum(1 / chance for chance, _ in stayed)
    assert blend["without_support"]["value"] == pytest.approx(max(1 - weight / len(places), 0))
    assert blend["at_least"] <= blend["ips"]["value"] <= blend["at_most"] <= SHOWN
    trending = by_policy["TRENDING"]
    assert trending["matched"] < blend["matched"]
    assert lines(found, "likes")["as served"]["ips"]["value"] == pytest.approx(shown.likes / 12)


async def test_a_table_says_the_same_as_json(shown: Shown, run: Run) -> None:
    told, found = run().stdout, answered(run("--json"))
    blend = lines(found, "clicks")["BLEND"]
    assert (
        f"12 slates of 6 people at positions {found['begin']:,} to {found['end']:,}, with 360 places" in told
    )
    assert "24 clicks; a slate brings:" in told
    assert f"{shown.likes} likes within 7 days of being shown; a slate brings:" in told
    assert [line.split()[0] for line in told.splitlines() if line.startswith(("BLEND", "TRENDING"))] == [
        "BLEND",
        "TRENDING",
    ] * 2
    value, low, high = blend["ips"].values()
    # chance may leave all six as many of their clicks: resampling them then says nothing more
    said = f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
    assert said in next(line for line in told.splitlines() if line.startswith("BLEND"))


async def test_slates_are_those_of_the_positions_that_are_asked_for(
    shown: Shown, run: Run, database: str, models: Path
) -> None:
    last = shown.facts[-1][0]
    assert answered(run("--to", last, "--json"))["slates"] == 12
    assert answered(run("--to", last - 1, "--json"))["places"] < 360
    assert answered(run("--from", last, "--json"))["slates"] == 1
    assert "No recommendations were served" in refused(run("--from", last + 1))

    newer = train(database, models, serve=False)
    result = run("--from", 1, "--model", newer, "--json")
    again = answered(result)
    assert (again["model_id"], again["learnt"]) == (str(newer), again["slates"])
    assert "its figures are too good" in result.stderr
    assert "too good" not in run().stderr
    assert "No recommendations were served" in refused(run("--model", newer))
    with connect(database) as conn:
        (end,) = conn.execute("select max(position) from events").fetchone() or (0,)
    assert "does not reach" in refused(run("--to", end + 10_000))


def test_slates_of_which_nothing_was_left_to_chance_say_nothing(
    connection: Conn, conninfo: str, run: Run, models: Path
) -> None:
    here = {"DATABASE_URL": conninfo}
    assert "No model serves" in refused(run(env=here))
    assert "no such model" in refused(run("--model", uuid4(), env=here))
    settle(connection)
    train(conninfo, models)
    assert "No recommendations were served" in refused(run(env=here))

    def serve(propensity: float) -> None:
        write(
            connection,
            *serve_slate(
                user_id=uuid4(),
                slate_id=uuid7(),
                algorithm=Algorithm.BLEND,
                model_id=None,
                movies=[(film("Comedy", 1), 0.5, propensity)],
            ),
        )

    serve(1.0)
    assert "PROJECTIONIST_EXPLORED_SHARE" in refused(run(env=here))
    serve(0.5)
    found = answered(run("--json", env=here))
    assert (found["slates"], found["clicks"], found["likes"]) == (2, 0, 0)


def test_files_of_a_model_that_are_not_here_are_a_refusal(
    connection: Conn, conninfo: str, run: Run, tmp_path: Path
) -> None:
    settle(connection)
    train(conninfo, tmp_path / "elsewhere")
    assert "There is no model in" in refused(run(env={"DATABASE_URL": conninfo}))


@pytest.mark.parametrize(
    "words",
    [
        ("--from-log", "100k"),
        ("--from-log", "--out", "here"),
        (),
        ("100k", "--from", "1"),
        ("100k", "--to", "1"),
        ("100k", "--days", "1"),
        ("100k", "--model", str(uuid4())),
        ("--from-log", "--days", "0"),
        ("--from-log", "--days", "366"),
        ("--from-log", "--from", "0"),
        ("--from-log", "--to", "0"),
        ("--from-log", "--model", "newest"),
    ],
)
def test_wrong_use_is_2(words: tuple[str, ...]) -> None:
    result = CliRunner(env={"TERM": "dumb"}).invoke(commands, ["recsys", "evaluate", *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
