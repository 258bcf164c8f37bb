"""What `recsys evaluate --from-log` says of slates that were served and clicked over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import commands
from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Json, serving
from tests.recommendations.conftest import serves
from tests.recommendations.tastes import Person, train

Run = Callable[..., Result]

CLICK = """mutation ($movie: ID!, $slate: ID!) {
  clickRecommendation(input: { movieId: $movie, slateId: $slate }) { errors { code } }
}"""
DISMISS = "mutation ($id: ID!) { dismissMovie(input: { movieId: $id }) { errors { code } } }"
CHOOSE = "mutation ($ids: [ID!]!) { chooseFavoriteGenres(input: { genreIds: $ids }) { errors { code } } }"
EXPLORED = 0.5
SHOWN = 30
SERVED = "select position, data from events where type = 'recommendations_served' and position > %s order by position"


@pytest.fixture
def run(database: str, models: Path, tmp_path: Path) -> Run:
    """Runs `projectionist recsys evaluate --from-log`."""

    def one(*words: object) -> Result:
        given = {
            "DATABASE_URL": database,
            "REDIS_URL": "none",
            "PROJECTIONIST_DATA_DIR": str(tmp_path / "data"),
            "PROJECTIONIST_MODELS_DIR": str(models),
            "TERM": "dumb",
        }
        return CliRunner(env=given).invoke(
            commands, ["recsys", "evaluate", "--from-log", *map(str, words)], catch_exceptions=False
        )

    return one


def answered(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def act(person: Person, recommended: Json, clicked: Sequence[int]) -> None:
    """Open the movies at these places."""
    for place in clicked:
        movie = recommended["edges"][place]["node"]["id"]
        await person.ask(CLICK, movie=movie, slate=recommended["slateId"])


def lines(found: Any, outcome: str) -> dict[str, Any]:
    return {line["policy"]: line for line in found["lines"] if line["outcome"] == outcome}


async def test_slates_of_the_log_tell_what_each_algorithm_brings(
    database: str, models: Path, run: Run
) -> None:
    """What chance left in its place is what BLEND put there, made again from the log as it was when it was served."""
    async with serving(
        database, filled=False, models_dir=models, explored_share=EXPLORED, sign_ups_per_address=1000
    ) as served:
        people = [Person(served, await served.sign_up(f"logged{number}")) for number in range(6)]
        for number, person in enumerate(people[:4]):
            await person.react(("Comedy", "Horror")[number % 2], 3 + number, 20, 30 + number)
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
        kind, _, number = second["edges"][0]["node"]["title"].partition(" ")
        await person.react(kind, int(number))
    found = answered(await asyncio.to_thread(run, "--json"))
    assert (found["slates"], found["people"], found["places"]) == (12, 6, 12 * SHOWN)
    assert (found["clicks"], found["likes"], found["learnt"]) == (24, 1, 0)

    with connect(database) as conn:
        facts = conn.execute(SERVED, (found["begin"] - 1,)).fetchall()
        clicks = {
            (data["slate_id"], str(movie))
            for movie, data in conn.execute(
                "select movie_id, data from events where type = 'recommendation_clicked'"
            )
        }
    places = [
        (chance, (fact["slate_id"], movie) in clicks)
        for _, fact in facts
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
    assert lines(found, "likes")["as served"]["ips"]["value"] == pytest.approx(1 / 12)
