"""Imports from outside services, as an operator runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_cli import Run, answered, refused, run
from tests.catalog.services import KEY, TOKEN, Services, details, running
from tests.events.writing import Conn

__all__ = ["run"]


@pytest.fixture
def services() -> Iterator[Services]:
    with running() as found:
        yield found


@pytest.fixture
def env(services: Services) -> dict[str, str]:
    return {
        "PROJECTIONIST_TMDB_URL": services.url,
        "PROJECTIONIST_TMDB_TOKEN": TOKEN,
        "PROJECTIONIST_TMDB_PER_SECOND": "1000",
        "PROJECTIONIST_OMDB_URL": services.url,
        "PROJECTIONIST_OMDB_KEY": KEY,
        "PROJECTIONIST_OMDB_PER_SECOND": "1000",
    }


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    path = tmp_path / "ids.txt"
    path.write_bytes(b"550\r\n\n 13 \ntt0137523\nHeat\n0\n2147483648\n550\n\xff\n404\n")
    return path


def titles(conn: Conn) -> list[Any]:
    return conn.execute("select tmdb_id, title from movies order by tmdb_id nulls last").fetchall()


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in ("movies", "updated", "unchanged", "gone", "united", "bad"))


def test_k20_k28_an_import_fetches_what_is_due_says_what_it_refused_and_again_changes_nothing(
    run: Run, env: dict[str, str], ids: Path, services: Services, connection: Conn, tmp_path: Path
) -> None:
    services.movies[13] = details(13)
    bad = tmp_path / "bad.jsonl"
    report = answered(run("import", "tmdb", "--ids", ids, "--bad-rows", bad, "--json", env=env))
    assert counts(report) == (4, 2, 0, 1, 1, 4)
    assert titles(connection) == [(13, "Movie 13"), (404, ""), (550, "Fight Club"), (None, "")]
    rows = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [row["line"] for row in rows] == [5, 6, 7, 9]
    assert {row["reason"] for row in rows} == {"neither a TMDb id like 550 nor an IMDb id like tt0137523"}
    asked = len(services.asked)
    again = run("import", "tmdb", "--ids", ids, env=env)
    assert again.stdout.startswith("tmdb: 3 movies; 0 added, 0 changed, 0 as they were")
    assert len(services.asked) == asked


def test_k28_an_import_that_was_cut_short_goes_on_where_it_was(
    run: Run, env: dict[str, str], tmp_path: Path, services: Services, connection: Conn
) -> None:
    path = tmp_path / "many.txt"
    path.write_text("\n".join(map(str, range(1001, 1121))))
    services.movies |= {number: details(number) for number in range(1001, 1121)}
    services.answers = [()] * 70 + [(401, {}, b"")] * 8
    said = refused(run("import", "tmdb", "--ids", path, env=env))
    assert "HTTP status 401" in said
    assert TOKEN not in said
    (done,) = connection.execute("select count(*) from movies where title <> ''").fetchall()[0]
    assert 50 <= done < 120
    services.asked.clear()
    assert counts(answered(run("import", "tmdb", "--ids", path, "--json", env=env)))[1] == 120 - done
    assert len(services.asked) == 120 - done


def test_k28_copies_are_refreshed_when_stale_and_stubs_filled(
    run: Run, env: dict[str, str], ids: Path, services: Services, connection: Conn
) -> None:
    answered(
        run(
            "import", "tmdb", "--ids", ids, "--json", env={**env, "PROJECTIONIST_CATALOGUE_MODE": "reference"}
        )
    )
    assert services.asked == []
    assert [title for _, title in titles(connection)] == [""] * 4
    services.movies[13] = details(13)
    assert counts(answered(run("import", "tmdb", "--all-stubs", "--json", env=env)))[1] == 2
    assert counts(answered(run("import", "tmdb", "--refresh", "--json", env=env)))[0] == 0
    connection.execute("update movie_copies set stale_at = now() where fetched_at is not null")
    assert counts(answered(run("import", "tmdb", "--refresh", "--json", env=env)))[:3] == (2, 0, 2)


def test_k23_k27_omdb_is_asked_for_all_movies_with_an_imdb_id(
    run: Run, env: dict[str, str], ids: Path, connection: Conn
) -> None:
    run("import", "tmdb", "--ids", ids, env=env)
    assert counts(answered(run("import", "omdb", "--json", env=env)))[:2] == (1, 1)
    assert connection.execute("select awards is not null from movies where tmdb_id = 550").fetchall() == [
        (True,)
    ]
    assert counts(answered(run("import", "omdb", "--json", env=env)))[:3] == (1, 0, 0)


@pytest.mark.parametrize(
    ("words", "more", "said", "code"),
    [
        (("tmdb",), {}, "Say which movies", 2),
        (("tmdb", "--all-stubs"), {"PROJECTIONIST_TMDB_TOKEN": ""}, "PROJECTIONIST_TMDB_TOKEN", 1),
        (("omdb",), {"PROJECTIONIST_OMDB_KEY": ""}, "PROJECTIONIST_OMDB_KEY", 1),
        (
            ("tmdb", "--refresh"),
            {"PROJECTIONIST_CATALOGUE_MODE": "reference"},
            "PROJECTIONIST_CATALOGUE_MODE",
            1,
        ),
        (("omdb",), {"PROJECTIONIST_CATALOGUE_MODE": "reference"}, "PROJECTIONIST_CATALOGUE_MODE", 1),
        (("omdb",), {"PROJECTIONIST_CATALOGUE_MODE": "some"}, "PROJECTIONIST_CATALOGUE_MODE", 2),
        (("omdb",), {"PROJECTIONIST_TMDB_URL": "ftp://x"}, "PROJECTIONIST_TMDB_URL", 2),
        (("omdb",), {"PROJECTIONIST_CACHE_DAYS": "181"}, "PROJECTIONIST_CACHE_DAYS", 2),
    ],
)
def test_what_cannot_be_fetched_is_refused_before_anything_is_asked(
    words: tuple[str, ...],
    more: dict[str, str],
    said: str,
    code: int,
    run: Run,
    env: dict[str, str],
    services: Services,
) -> None:
    assert said in refused(run("import", *words, env={**env, **more}), code)
    assert services.asked == []


def test_a_service_that_is_away_ends_an_import_with_3(
    run: Run, env: dict[str, str], tmp_path: Path, services: Services
) -> None:
    path = tmp_path / "one.txt"
    path.write_text("550")
    services.answers = [(429, {"retry-after": "3600"}, b"")]
    assert "cannot be reached" in refused(run("import", "tmdb", "--ids", path, env=env), 3)
