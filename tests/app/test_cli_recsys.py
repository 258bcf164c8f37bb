from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from app.cli import commands
from database.connect import connect
from events.ratings import MovieRated
from events.viewing import MovieViewed
from projections.verify import verify
from tests.app.serving import ALIVE, serving
from tests.app.test_cli import answered, refused
from tests.catalogue import FILMS, fill, movie
from tests.events.writing import Conn, write
from tests.waiting import SOON_S

Run = Callable[..., Result]
QUICK = ("--set", "rounds=1", "--set", "dimensions=4")


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """Where the models are."""
    return tmp_path / "data" / "models"


@pytest.fixture
def environment(conninfo: str, tmp_path: Path) -> dict[str, str]:
    """A database and a folder of the test's own."""
    return {
        "DATABASE_URL": conninfo,
        "REDIS_URL": "none",
        "PROJECTIONIST_DATA_DIR": str(tmp_path / "data"),
        "TERM": "dumb",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `projectionist recsys`."""

    def one(*words: object, **more: Any) -> Result:
        given = {**environment, **more.pop("env", {})}
        return CliRunner(env=given).invoke(commands, ["recsys", *map(str, words)], **more)

    return one


@pytest.fixture
def doctor(environment: dict[str, str]) -> Callable[[], dict[str, Any]]:
    """What `projectionist doctor` says of the recommender."""

    def one() -> dict[str, Any]:
        result = CliRunner(env=environment).invoke(commands, ["doctor", "--json"])
        found: dict[str, dict[str, Any]] = {check["name"]: check for check in json.loads(result.stdout)}
        return found["recommender"]

    return one


@pytest.fixture
def said(connection: Conn, catalogue_template: str) -> Conn:
    """A catalogue, and people who like some of it."""
    rate(connection, 30)
    return connection


def rate(conn: Conn, people: int) -> None:
    for person in range(people):
        for number, film in enumerate(FILMS[:8]):
            stars = 2 + (person * 7 + number * 3) % 9
            write(
                conn, MovieRated(user_id=uuid4(), movie_id=movie(film.key), half_stars=stars, previous=None)
            )


def train(run: Run, *words: object) -> dict[str, Any]:
    made: dict[str, Any] = answered(run("train", *QUICK, *words, "--json"))
    return made


def states(run: Run) -> dict[str, str]:
    return {model["model_id"]: model["state"] for model in answered(run("models", "--json"))}


def test_k60_the_same_position_settings_and_catalogue_give_the_same_digest(said: Conn, run: Run) -> None:
    first = train(run)
    rate(said, 3)
    again, later = train(run, "--at", first["up_to_position"]), train(run)
    seeded = train(run, "--at", first["up_to_position"], "--set", "seed=7")
    assert again["digest"] == first["digest"]
    assert again["configuration"] == first["configuration"]
    assert len({first["digest"], later["digest"], seeded["digest"]}) == 3
    assert later["up_to_position"] > again["up_to_position"] == first["up_to_position"]
    assert first["metrics"]["movies"] == len(FILMS) + 1
    assert first["metrics"]["people"] > 200


def test_a_model_is_trained_promoted_and_rolled_back(said: Conn, run: Run) -> None:
    assert answered(run("models", "--json")) == []
    first, second = (train(run)["model_id"] for _ in range(2))
    assert states(run) == {second: "TRAINED", first: "TRAINED"}
    assert answered(run("promote", first, "--json")) == {"serving": first, "changed": True}
    assert answered(run("promote", first, "--json")) == {"serving": first, "changed": False}
    assert "No model served before" in refused(run("rollback"))
    assert f"{second} serves now" in run("promote", second).stdout
    assert f"{first} serves again" in run("rollback").stdout
    assert states(run) == {second: "RETIRED", first: "SERVING"}
    third = train(run, "--promote")
    assert (states(run)[third["model_id"]], third["promoted"]) == ("SERVING", True)
    types = [
        row[0] for row in said.execute("select type from events where user_id is null order by position")
    ]
    assert types == [
        *("model_trained",) * 2,
        *("model_promoted",) * 2,
        "model_rolled_back",
        "model_trained",
        "model_promoted",
    ]
    assert verify(said, "models") == []
    assert next(iter(states(run))) == third["model_id"]
    assert run("models").stdout.count("SERVING") == 1


def test_what_cannot_serve_is_refused_and_nothing_changes(said: Conn, run: Run, models_dir: Path) -> None:
    assert "no such model" in refused(run("promote", uuid4()))
    first, second = (train(run)["model_id"] for _ in range(2))
    run("promote", first)
    vectors = models_dir / second / "item_vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-4] + b"\0\0\0\1")
    assert str(models_dir / second) in refused(run("promote", second))
    assert states(run) == {second: "TRAINED", first: "SERVING"}
    run("promote", train(run)["model_id"])
    (models_dir / first).rename(models_dir / "elsewhere")
    assert "There is no model" in refused(run("rollback"))
    assert {model["model_id"]: model["has_files"] for model in answered(run("models", "--json"))}[
        first
    ] is False


def test_old_models_make_room_and_those_that_serve_stay(said: Conn, run: Run, models_dir: Path) -> None:
    before, serving = (train(run, "--promote")["model_id"] for _ in range(2))
    newer = [train(run)["model_id"] for _ in range(4)]
    assert sorted(path.name for path in models_dir.iterdir()) == sorted([before, serving, *newer[1:]])
    assert len(states(run)) == 6


def test_doctor_says_when_the_model_that_serves_is_not_here(
    said: Conn, run: Run, doctor: Callable[[], dict[str, Any]], models_dir: Path
) -> None:
    assert doctor() == {"name": "recommender", "status": "ok", "found": "none serves", "remedy": ""}
    model_id = train(run, "--promote")["model_id"]
    assert (doctor()["status"], doctor()["found"]) == ("ok", f"{model_id} serves")
    (models_dir / model_id / "likes.npy").unlink()
    assert doctor()["status"] == "warn"
    assert str(models_dir) in doctor()["found"]
    assert doctor()["remedy"].startswith("Roll back")


def test_there_is_something_to_learn_from_or_no_model(connection: Conn, run: Run, models_dir: Path) -> None:
    assert "nothing to learn" in refused(run("train"))
    fill(connection)
    write(connection, MovieViewed(user_id=uuid4(), movie_id=movie("alien")))
    assert "nothing to learn" in refused(run("train", "--at", 3))
    assert "does not reach" in refused(run("train", "--at", 10_000))
    assert not models_dir.exists()
    assert answered(run("models", "--json")) == []


def test_two_trainings_at_once_are_one_too_many(conninfo: str, said: Conn, run: Run) -> None:
    with connect(conninfo) as other:
        other.execute("select pg_advisory_lock(hashtextextended('recsys.train', 0))")
        assert "Another training" in refused(run("train", *QUICK))
    assert train(run)["model_id"] in states(run)


def test_a_folder_that_cannot_be_written_is_named_and_nothing_recorded(
    said: Conn, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    away = {"PROJECTIONIST_MODELS_DIR": str(tmp_path / "file")}
    assert str(tmp_path / "file") in refused(run("train", *QUICK, env=away))
    assert states(run) == {}


def test_progress_is_told_on_stderr(said: Conn, run: Run) -> None:
    result = run("train", *QUICK, "--json")
    assert "reading the log" in result.stderr
    assert "LightFM" in result.stderr
    assert json.loads(result.stdout)["promoted"] is False


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--at", "-1"),
        ("train", "--set", "moons=3"),
        ("train", "--set", "history_share=0.5"),
        ("train", "--set", "rounds"),
        ("train", "--set", "rounds=many"),
        ("train", "--set", "rounds=-1"),
        ("train", "--set", "learning_rate=nan"),
        ("promote",),
        ("promote", "newest"),
    ],
)
def test_wrong_use_is_2(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_a_database_that_is_away_is_3(run: Run) -> None:
    away = {"DATABASE_URL": "host=127.0.0.1 port=1 user=nobody"}
    for words in (("train",), ("models",), ("promote", uuid4()), ("rollback",)):
        refused(run(*words, env=away), 3)


async def test_a_running_server_takes_up_what_is_promoted_and_rolled_back(
    conninfo: str, said: Conn, run: Run, models_dir: Path
) -> None:
    async with serving(conninfo, filled=False, models_dir=models_dir) as served:

        async def serves(model_id: str | None) -> None:
            async with asyncio.timeout(SOON_S):
                while (await served.http.get("/readyz")).json()["model"] != model_id:
                    await asyncio.sleep(0.05)

        await serves(None)
        first = (await asyncio.to_thread(train, run, "--promote"))["model_id"]
        await serves(first)
        second = (await asyncio.to_thread(train, run, "--promote"))["model_id"]
        await serves(second)
        assert (await asyncio.to_thread(run, "rollback")).exit_code == 0
        await serves(first)
        assert (await served.ask("{ __typename }")) == ALIVE
