import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from catalog.movies import LoadedMovies, genre_slug, load_movies, movie_ids
from catalog.rows import BadRow, MovieRow, UnreadableRelease

HEAT = MovieRow("6", "Heat", 1995, ("Action", "Crime"), date(1995, 12, 15), "tt0113277", 949)


def load(connection: psycopg.Connection, source: str, *rows: MovieRow | BadRow) -> LoadedMovies:
    return load_movies(connection, source, rows, lambda _: None)


def counts(loaded: LoadedMovies) -> tuple[int, int, int, int]:
    return loaded.created, loaded.updated, loaded.unchanged, len(loaded.bad)


def movies(connection: psycopg.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("select * from movies order by database_id").fetchall()


def genres(connection: psycopg.Connection, title: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select g.name, g.slug, mg.rank from movies m join movie_genres mg on mg.movie_id = m.id"
        " join genres g on g.id = mg.genre_id where m.title = %s order by mg.rank",
        [title],
    ).fetchall()


def second(connection: psycopg.Connection) -> psycopg.Connection:
    return psycopg.connect(connection.info.dsn, password=connection.info.password, autocommit=True)


def test_a_new_movie_is_written_whole(connection: psycopg.Connection) -> None:
    row = replace(HEAT, original_title="L.A. Takedown")
    assert counts(load(connection, "a", row)) == (1, 0, 0, 0)
    (movie,) = movies(connection)
    assert movie["id"].version == 7
    assert (movie["title"], movie["original_title"], movie["release_year"]) == ("Heat", "L.A. Takedown", 1995)
    assert (movie["release_date"], movie["imdb_id"], movie["tmdb_id"]) == (
        HEAT.release_date,
        "tt0113277",
        949,
    )
    assert genres(connection, "Heat") == [("Action", "action", 1), ("Crime", "crime", 2)]
    assert movie_ids(connection, "a") == {"6": movie["id"]}
    assert movie_ids(connection, "b") == {}


def test_the_same_rows_again_change_nothing(connection: psycopg.Connection) -> None:
    rows = (HEAT, MovieRow("7", "Sabrina"), MovieRow("8", "Sabrina"))
    load(connection, "a", *rows)
    before = movies(connection)
    assert counts(load(connection, "a", *rows)) == (0, 0, 3, 0)
    assert movies(connection) == before


def test_one_film_from_two_releases_is_one_movie(connection: psycopg.Connection) -> None:
    load(connection, "a", HEAT)
    assert counts(load(connection, "b", replace(HEAT, external_id="77", tmdb_id=None))) == (0, 1, 0, 0)
    assert counts(load(connection, "c", replace(HEAT, external_id="78", imdb_id=None))) == (0, 1, 0, 0)
    (movie,) = movies(connection)
    assert movie_ids(connection, "b") == {"77": movie["id"]}
    assert movie_ids(connection, "c") == {"78": movie["id"]}


def test_one_film_twice_in_a_release_is_one_movie(connection: psycopg.Connection) -> None:
    rows = (replace(HEAT, tmdb_id=None), replace(HEAT, external_id="7"), MovieRow("8", "Heat", tmdb_id=949))
    assert counts(load(connection, "a", *rows)) == (1, 2, 0, 0)
    assert counts(load(connection, "a", *rows)) == (0, 0, 3, 0)
    (movie,) = movies(connection)
    assert movie["tmdb_id"] == 949
    assert set(movie_ids(connection, "a").values()) == {movie["id"]}


def test_ids_of_two_movies_leave_both_and_are_reported(connection: psycopg.Connection) -> None:
    load(connection, "a", MovieRow("1", "One", imdb_id="tt0000001"), MovieRow("2", "Two", tmdb_id=2))
    before = movies(connection)
    row = MovieRow("3", "Both", imdb_id="tt0000001", tmdb_id=2, file="movies.csv", line=9)
    reported = BadRow("movies.csv", 9, "TMDb id 2 left out: it belongs to another movie", "3 Both")
    assert load(connection, "b", row) == LoadedMovies(0, 1, 0, (reported,))
    assert load(connection, "b", row) == LoadedMovies(0, 0, 1, (reported,))
    assert movies(connection) == before
    assert movie_ids(connection, "b") == {"3": before[0]["id"]}


def test_a_tmdb_id_does_not_join_films_whose_imdb_ids_differ(connection: psycopg.Connection) -> None:
    other = MovieRow("7", "Heat, again", 1996, imdb_id="tt0000007", tmdb_id=949)
    loaded = load(connection, "a", HEAT, other)
    assert counts(loaded) == (2, 0, 0, 1)
    assert loaded.bad[0].reason == "TMDb id 949 left out: it belongs to another movie"
    assert [movie["tmdb_id"] for movie in movies(connection)] == [949, None]
    assert counts(load(connection, "a", HEAT, other)) == (0, 0, 2, 1)


def test_the_source_s_own_id_outweighs_the_others(connection: psycopg.Connection) -> None:
    load(connection, "a", HEAT, MovieRow("7", "Sabrina", imdb_id="tt0000007"))
    loaded = load(connection, "a", replace(HEAT, imdb_id="tt0000007"))
    assert [bad.reason for bad in loaded.bad] == [
        "IMDb id tt0000007 left out: the movie is known as tt0113277"
    ]
    assert [movie["imdb_id"] for movie in movies(connection)] == ["tt0113277", "tt0000007"]


def test_the_only_source_corrects_its_movie(connection: psycopg.Connection) -> None:
    load(connection, "a", HEAT)
    assert counts(load(connection, "a", MovieRow("6", "Heat!", 1996, ("Crime", "Drama")))) == (0, 1, 0, 0)
    (movie,) = movies(connection)
    assert (movie["title"], movie["release_year"]) == ("Heat!", 1996)
    assert movie["updated_at"] > movie["created_at"]
    assert genres(connection, "Heat!") == [("Crime", "crime", 1), ("Drama", "drama", 2)]


def test_an_id_once_known_stays(connection: psycopg.Connection) -> None:
    load(connection, "a", HEAT)
    loaded = load(connection, "a", replace(HEAT, imdb_id="tt0113278", tmdb_id=950))
    assert counts(loaded) == (0, 0, 1, 2)
    assert [bad.reason for bad in loaded.bad] == [
        "IMDb id tt0113278 left out: the movie is known as tt0113277",
        "TMDb id 950 left out: the movie is known as 949",
    ]
    assert [movie["imdb_id"] for movie in movies(connection)] == ["tt0113277"]


def test_nothing_is_replaced_by_null(connection: psycopg.Connection) -> None:
    load(connection, "a", HEAT)
    before = movies(connection)
    assert counts(load(connection, "a", MovieRow("6", "Heat"))) == (0, 0, 1, 0)
    assert movies(connection) == before
    assert len(genres(connection, "Heat")) == 2


def test_a_second_source_completes_and_does_not_correct(connection: psycopg.Connection) -> None:
    load(connection, "a", MovieRow("6", "Heat", imdb_id="tt0113277"))
    load(connection, "b", replace(HEAT, title="Heat (Director's Cut)"))
    (movie,) = movies(connection)
    assert (movie["title"], movie["release_year"], movie["tmdb_id"]) == ("Heat", 1995, 949)
    assert len(genres(connection, "Heat")) == 2
    load(connection, "b", replace(HEAT, title="Heat!", genres=("War",), year=2000))
    (again,) = movies(connection)
    assert (again["title"], again["release_year"]) == ("Heat", 2000)  # the year was its own word
    assert [name for name, *_ in genres(connection, "Heat")] == ["War"]
    load(connection, "a", MovieRow("6", "Heat", 1990, ("Crime",), imdb_id="tt0113277"))
    assert movies(connection) == [again]
    assert [name for name, *_ in genres(connection, "Heat")] == ["War"]


def test_a_stub_gets_its_title(connection: psycopg.Connection) -> None:
    connection.execute("insert into movies (id, tmdb_id, title) values (gen_random_uuid(), 949, '')")
    assert counts(load(connection, "a", HEAT)) == (0, 1, 0, 0)
    assert [movie["title"] for movie in movies(connection)] == ["Heat"]


def test_releases_that_spell_a_genre_differently_share_it(connection: psycopg.Connection) -> None:
    load(connection, "a", MovieRow("1", "Old", genres=("Children's", "Sci-Fi", "Children")))
    load(connection, "b", MovieRow("1", "New", genres=("Film-Noir", "Children")))
    assert genres(connection, "Old") == [("Children", "children", 1), ("Sci-Fi", "sci-fi", 2)]
    assert genres(connection, "New") == [("Film-Noir", "film-noir", 1), ("Children", "children", 2)]
    assert connection.execute("select count(*) from genres").fetchone() == (3,)


@pytest.mark.parametrize(
    ("name", "slug"), [("Sci-Fi", "sci-fi"), ("IMAX", "imax"), (" Fantastique & Été_", "fantastique-été")]
)
def test_a_slug_is_lower_case_words_joined_by_hyphens(name: str, slug: str) -> None:
    assert genre_slug(name) == slug


def test_bad_rows_and_repeated_ids_are_passed_over(connection: psycopg.Connection) -> None:
    bad = BadRow("movies.csv", 2, "broken", "x")
    first, again = (
        replace(HEAT, file="movies.csv", line=3),
        replace(HEAT, title="Heat 2", file="movies.csv", line=4),
    )
    loaded = load(connection, "a", bad, first, again)
    assert counts(loaded) == (1, 0, 0, 2)
    assert loaded.bad == (bad, BadRow("movies.csv", 4, "the movie id stands in line 3 already", "6 Heat 2"))


def test_progress_counts_every_row_once_and_a_chunk_is_a_transaction(connection: psycopg.Connection) -> None:
    rows = [MovieRow(str(number), f"Film {number}") for number in range(5_003)]
    steps: list[int] = []

    def breaking() -> Iterator[MovieRow]:
        yield from rows[:5_002]
        raise UnreadableRelease("cut short")

    with pytest.raises(UnreadableRelease, match="cut short"):
        load_movies(connection, "a", breaking(), steps.append)
    assert steps == [5_000]
    assert len(movie_ids(connection, "a")) == 5_000
    loaded = load_movies(connection, "a", [BadRow("f", 1, "r", "t"), *rows], steps.append)
    assert counts(loaded) == (3, 0, 5_000, 1)
    assert steps[1:] == [5_001, 3]
    assert load_movies(connection, "a", [BadRow("f", 1, "r", "t")], steps.append).bad
    assert steps[3:] == [1]


def test_importers_at_the_same_time_make_each_film_once(connection: psycopg.Connection) -> None:
    rows = [MovieRow(str(n), f"Film {n}", imdb_id=f"tt{n:07}", genres=("War",)) for n in range(1, 300)]
    done: list[LoadedMovies] = []

    def run(source: str) -> None:
        with second(connection) as own:
            done.append(load(own, source, *rows))

    threads = [threading.Thread(target=run, args=(source,)) for source in ("a", "a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(loaded.created for loaded in done) == len(movies(connection)) == 299
    assert set(movie_ids(connection, "a").values()) == set(movie_ids(connection, "b").values())


def test_a_movie_that_someone_is_about_to_add_is_waited_for(connection: psycopg.Connection) -> None:
    done: list[LoadedMovies] = []
    with second(connection) as own:
        thread = threading.Thread(target=lambda: done.append(load(own, "a", HEAT)))
        with connection.transaction():
            connection.execute(
                "insert into movies (id, imdb_id, title) values (gen_random_uuid(), 'tt0113277', '')"
            )
            thread.start()
            await_lock(connection, own.info.backend_pid)
        thread.join(30)
    assert [counts(loaded) for loaded in done] == [(0, 1, 0, 0)]
    assert [movie["title"] for movie in movies(connection)] == ["Heat"]


def await_lock(connection: psycopg.Connection, pid: int) -> None:
    deadline = time.monotonic() + 30
    while connection.execute("select from pg_locks where pid = %s and not granted", [pid]).fetchone() is None:
        assert time.monotonic() < deadline


few = st.integers(1, 3)
films = st.builds(
    MovieRow,
    external_id=few.map(str),
    title=st.sampled_from(("X", "Y")),
    year=st.none() | st.integers(1990, 1991),
    genres=st.lists(st.sampled_from(("War", "Crime")), unique=True).map(tuple),
    release_date=st.none(),
    imdb_id=st.none() | few.map("tt000000{}".format),
    tmdb_id=st.none() | few,
    original_title=st.none() | st.just("Z"),
    file=st.just(""),
    line=st.just(0),
)
loads = st.tuples(
    st.sampled_from(("a", "b")), st.lists(films, max_size=3, unique_by=lambda row: row.external_id)
)


@given(history=st.lists(loads, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_loads_keep_every_id_and_settle_at_once(
    connection: psycopg.Connection, history: list[tuple[str, list[MovieRow]]]
) -> None:
    connection.execute("delete from movies")
    for source, rows in history:
        before = {movie["id"]: movie for movie in movies(connection)}
        known = movie_ids(connection, source)
        loaded = load(connection, source, *rows)
        assert loaded.created + loaded.updated + loaded.unchanged == len(rows)
        after = {movie["id"]: movie for movie in movies(connection)}
        assert len(after) == len(before) + loaded.created
        assert all(
            after[key][name] is not None for key in before for name in before[key] if before[key][name]
        )
        assert movie_ids(connection, source).keys() == known.keys() | {row.external_id for row in rows}
        assert known.items() <= movie_ids(connection, source).items()
        again = load(connection, source, *rows)
        assert counts(again) == (0, 0, len(rows), len(loaded.bad))
        assert {movie["id"]: movie for movie in movies(connection)} == after
