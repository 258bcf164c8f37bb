"""IMDb's data sets and tables of movies, from files of each kind to what the catalogue then has."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.importing_catalogue import CatalogueReport, import_imdb, import_movies
from catalog import movies as writing
from catalog.rows import BadRow, UnreadableRelease

Conn = psycopg.Connection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]

N = "\\N"
HEADS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
    "title.ratings": "tconst averageRating numVotes",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.crew": "tconst directors writers",
    "title.principals": "tconst ordering nconst category job characters",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
FILES: Mapping[str, Sequence[Sequence[object]]] = {
    "title.basics": [
        ("tt0113277", "movie", "Heat", "Heat", 0, 1995, N, 170, "Action,Crime"),
        ("tt0211915", "movie", "Amélie", "Le fabuleux destin d'Amélie Poulain", 0, 2001, N, 122, "Comedy"),
        ("tt0000001", "short", "Carmencita", "Carmencita", 0, 1894, N, 1, N),
        ("tt0000009", "movie", "Nobody Saw It", "Nobody Saw It", 1, N, N, N, N),
    ],
    "title.ratings": [("tt0113277", 8.3, 700_000), ("tt0211915", 8.3, 800_000), ("tt0000009", 2, 3)],
    "title.akas": [
        ("tt0113277", 1, "Heat", N, N, "original", N, 1),
        ("tt0113277", 2, "Fuego contra fuego", "ES", N, "imdbDisplay", N, 0),
        ("tt0113277", 3, "Calor", "ES", N, N, N, 0),
        ("tt0113277", 4, "Working title", "DE", N, "working", N, 0),
        ("tt0113277", 5, "Heat (dvd)", "FR", N, N, "DVD title", 0),
        ("tt0113277", 6, "Tension", "CA", "fr", N, N, 0),
        ("tt0113277", 7, "Everywhere", "XWW", "en", N, N, 0),
        ("tt0000001", 1, "Not wanted", "DE", N, N, N, 0),
    ],
    "title.crew": [
        ("tt0113277", "nm0000520", N),
        ("tt0211915", "nm0000466,nm0000520", N),
        ("tt0000001", "nm7", N),
    ],
    "title.principals": [
        ("tt0113277", 1, "nm0000199", "actor", N, '["Lt. Vincent Hanna"]'),
        ("tt0113277", 2, "nm0000134", "actor", N, '["Neil McCauley","Neil"]'),
        ("tt0113277", 3, "nm0000520", "director", N, N),
        ("tt0113277", 4, "nm0999999", "actress", N, N),
    ],
    "name.basics": [
        ("nm0000134", "Robert De Niro", 1943, N, "actor", N),
        ("nm0000199", "Al Pacino", 1940, N, "actor", N),
        ("nm0000466", "Jean-Pierre Jeunet", 1953, N, "director", N),
        ("nm0000520", "Michael Mann", 1943, N, "director", N),
        ("nm0000777", "In no film", 1943, N, "director", N),
    ],
}


def dataset(folder: Path, more: Mapping[str, bytes] = {}, *, packed: bool = True, **files: Any) -> Path:
    """Write the files, packed or not, with lines as they are behind them."""
    for name, rows in {**FILES, **files}.items():
        lines = [HEADS[name].split(), *([str(part) for part in row] for row in rows)]
        text = "".join("\t".join(line) + "\n" for line in lines).encode() + more.get(name, b"")
        path = folder / (f"{name}.tsv.gz" if packed else f"{name}.tsv")
        path.write_bytes(gzip.compress(text) if packed else text)
    return folder


def counts(report: CatalogueReport) -> tuple[int, int, int, int]:
    return report.movies.created, report.movies.updated, report.people, report.bad


def dump(conn: Conn) -> Rows:
    """All that an import may write, with ids that do not depend on the moment."""
    return [
        row
        for query in (
            "select imdb_id, title, original_title, release_year, runtime_minutes, adult, director, rating::float8,"
            " vote_count from movies order by 1",
            "select m.imdb_id, g.slug, mg.rank from movie_genres mg join movies m on m.id = mg.movie_id"
            " join genres g on g.id = mg.genre_id order by 1, 3",
            "select m.imdb_id, c.job, c.rank, c.name, c.character, p.imdb_id from movie_credits c"
            " join movies m on m.id = c.movie_id join people p on p.id = c.person_id order by 1, 2, 3",
            "select m.imdb_id, locale, source, t.title from movie_translations t join movies m on m.id = t.movie_id"
            " order by 1, 2",
            "select m.imdb_id, source, value::float8, scale::float8, votes from movie_external_ratings r"
            " join movies m on m.id = r.movie_id order by 1",
        )
        for row in conn.execute(query).fetchall()
    ]


WHOLE: Rows = [
    ("tt0113277", "Heat", None, 1995, 170, False, "Michael Mann", 8.3, 700_000),
    (
        *("tt0211915", "Amélie", "Le fabuleux destin d'Amélie Poulain", 2001, 122, False),
        *("Jean-Pierre Jeunet, Michael Mann", 8.3, 800_000),
    ),
    ("tt0113277", "action", 1),
    ("tt0113277", "crime", 2),
    ("tt0211915", "comedy", 1),
    ("tt0113277", "ACTOR", 1, "Al Pacino", "Lt. Vincent Hanna", "nm0000199"),
    ("tt0113277", "ACTOR", 2, "Robert De Niro", "Neil McCauley / Neil", "nm0000134"),
    ("tt0113277", "DIRECTOR", 1, "Michael Mann", None, "nm0000520"),
    ("tt0211915", "DIRECTOR", 1, "Jean-Pierre Jeunet", None, "nm0000466"),
    ("tt0211915", "DIRECTOR", 2, "Michael Mann", None, "nm0000520"),
    ("tt0113277", "en", "imdb", "Everywhere"),
    ("tt0113277", "es-ES", "imdb", "Fuego contra fuego"),
    ("tt0113277", "fr-CA", "imdb", "Tension"),
    ("tt0113277", "imdb", 8.3, 10, 700_000),
    ("tt0211915", "imdb", 8.3, 10, 800_000),
]


@pytest.mark.parametrize("packed", [True, False])
async def test_k31_imdb_files_become_movies_people_and_languages(
    conninfo: str, connection: Conn, tmp_path: Path, packed: bool
) -> None:
    report = import_imdb(conninfo, dataset(tmp_path, packed=packed), minimum_votes=4)
    assert counts(report) == (2, 4, 4, 0)
    assert dump(connection) == WHOLE


def test_the_same_data_set_again_changes_nothing(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    import_imdb(conninfo, folder, minimum_votes=4)
    report = import_imdb(conninfo, folder, minimum_votes=4)
    assert counts(report) == (0, 0, 0, 0)
    assert not report.resumed
    assert dump(connection) == WHOLE


@pytest.mark.parametrize(("votes", "created"), [(0, 3), (3, 3), (4, 2), (800_000, 1), (800_001, 0)])
def test_titles_with_fewer_votes_are_left_out(
    conninfo: str, tmp_path: Path, votes: int, created: int
) -> None:
    assert import_imdb(conninfo, dataset(tmp_path), minimum_votes=votes).movies.created == created


def test_other_types_are_taken_where_they_are_asked_for(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    import_imdb(conninfo, dataset(tmp_path), types=("short",))
    assert [row[1] for row in dump(connection)[:1]] == ["Carmencita"]


def test_titles_alone_are_enough(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    for path in folder.iterdir():
        if not path.name.startswith("title.basics"):
            path.unlink()
    assert counts(import_imdb(conninfo, folder)) == (3, 0, 0, 0)
    assert connection.execute("select adult from movies where imdb_id = 'tt0000009'").fetchone() == (True,)


def test_lines_that_are_refused_are_named_with_their_reason(conninfo: str, tmp_path: Path) -> None:
    bad: list[BadRow] = []
    more = {
        "title.basics": b"tt0000011\tmovie\n"
        b"x1\tmovie\tA\tA\t0\t1990\t\\N\t90\t\\N\n"
        b"tt0000012\tmovie\t\\N\tA\t0\t1990\t\\N\t90\t\\N\n"
        b"tt0000013\tmovie\tA\tA\t0\t1990\t\\N\tlong\t\\N\n"
        b"tt0000014\tmovie\t\xff\tA\t0\t1990\t\\N\t90\t\\N\n"
        b"tt0113277\tmovie\tHeat\tHeat\t0\t1995\t\\N\t170\t\\N\n",
        "title.ratings": b"tt0000013\tgood\t3\n"
        b"tt0000009\tnan\t3\ntt0000009\t10.1\t3\ntt0000009\t5\t-1\ntt0000009\t5\t2147483648\n",
        "title.crew": b"tt0000009\txx\t\\N\n",
        "title.principals": b'tt0000009\t1\tnm0000199\tactor\t\\N\t["\\u0000"]\n',
        "name.basics": b"xx\tNobody\t\\N\t\\N\t\\N\t\\N\n",
    }
    report = import_imdb(conninfo, dataset(tmp_path, more), on_bad=bad.append)
    assert report.movies.created == 3
    assert [(row.file, row.line, row.reason) for row in bad] == [
        ("title.ratings.tsv.gz", 5, "a rating that is not a number"),
        *(("title.ratings.tsv.gz", line, "a rating that is not on its scale") for line in range(6, 10)),
        ("title.basics.tsv.gz", 6, "2 columns instead of 9"),
        ("title.basics.tsv.gz", 7, "an IMDb id that is not like tt0111161"),
        ("title.basics.tsv.gz", 8, "a title that is empty or longer than 500 characters"),
        ("title.basics.tsv.gz", 9, "a runtime that is no number of minutes"),
        ("title.basics.tsv.gz", 10, "bytes that are not utf-8"),
        ("title.basics.tsv.gz", 11, "the movie id stands in line 2 already"),
        ("name.basics.tsv.gz", 7, "an id that is not like nm0000158"),
        ("title.crew.tsv.gz", 5, "a person's id that cannot be one"),
        ("title.principals.tsv.gz", 6, "a NUL character"),
    ]
    assert report.bad == len(bad)


class Killed(BaseException):
    """Ends an import where it stands."""


@pytest.mark.parametrize("after", range(1, 11))
def test_what_was_cut_short_goes_on_where_it_was(
    conninfo: str,
    fresh_database: str,
    connection: Conn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    monkeypatch.setattr(writing, "_CHUNK", 1)
    folder, told, steps = dataset(tmp_path), list[tuple[str, int]](), 0

    def begin(what: str, total: int, last: int = 0) -> Callable[[int], None]:
        def advance(more: int) -> None:
            nonlocal steps
            steps += 1
            told.append((what, more))
            if steps == last:
                raise Killed

        return advance

    with pytest.raises(Killed):
        import_imdb(conninfo, folder, minimum_votes=4, progress=lambda what, total: begin(what, total, after))
    told.clear()
    report = import_imdb(conninfo, folder, minimum_votes=4, progress=begin)
    assert dump(connection) == WHOLE
    # a step is told within its transaction: the last one was taken back, unless it was the end of a file
    assert report.resumed is (after > 1)
    again = len(told)
    told.clear()
    import_imdb(fresh_database, folder, minimum_votes=4, progress=begin)
    assert after + again - len(told) in (0, 1)
    assert connection.execute("select count(*) from import_checkpoints").fetchone() == (0,)


def test_other_options_begin_anew(conninfo: str, tmp_path: Path, connection: Conn) -> None:
    folder = dataset(tmp_path)
    connection.execute(
        "insert into import_checkpoints (source, file, fingerprint, line) values ('imdb', 'title.basics', 'x', 99)"
    )
    report = import_imdb(conninfo, folder)
    assert (report.movies.created, report.resumed) == (3, False)


@pytest.mark.parametrize("name", ["title.basics", "title.crew"])
def test_a_file_with_other_columns_is_refused(conninfo: str, tmp_path: Path, name: str) -> None:
    folder = dataset(tmp_path)
    (folder / f"{name}.tsv.gz").write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    with pytest.raises(UnreadableRelease, match=f"The first line of {name}.tsv.gz"):
        import_imdb(conninfo, folder)


@pytest.mark.parametrize("name", HEADS)
def test_an_empty_file_is_refused(conninfo: str, tmp_path: Path, name: str) -> None:
    folder = dataset(tmp_path)
    (folder / f"{name}.tsv.gz").write_bytes(b"")
    with pytest.raises(UnreadableRelease, match=f"{name}.tsv.gz is empty"):
        import_imdb(conninfo, folder)


def test_a_folder_without_titles_is_refused(conninfo: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableRelease, match=r"title\.basics"):
        import_imdb(conninfo, tmp_path)


def test_progress_reaches_what_was_announced(conninfo: str, tmp_path: Path) -> None:
    announced: dict[str, int] = {}
    done: dict[str, int] = {}

    def begin(what: str, total: int) -> Callable[[int], None]:
        announced[what], done[what] = total, 0

        def advance(more: int) -> None:
            done[what] += more

        return advance

    import_imdb(conninfo, dataset(tmp_path), progress=begin)
    assert done == announced
    assert set(done) == set(HEADS) - {"title.ratings"}


# --- tables ---

MOVIES = [
    {
        "tmdbId": 299536,
        "title": "Avengers: Infinity War",
        "title_fr": "Avengers: La guerre de l'infini",
        "overview": "As the Avengers and their allies…",
        "posterPath": "/7WsyChQLEftFiDOVTGkv3hFpyyt.jpg",
        "releaseDate": "2018-04-25",
        "genres": '[{"id": 12, "name": "Adventure"}, {"id": 28, "name": "Action"}]',
        "director": "Anthony Russo",
        "cast": '[{"id": 3223, "name": "Robert Downey Jr.", "character": "Tony Stark"}]',
        "runtime": 149,
        "imdb_rating": 8.4,
        "vote_count": 1_000_000,
    },
    {"tmdbId": 550, "title": "Fight Club", "genres": "Drama|Thriller", "cast": "Brad Pitt, Edward Norton"},
]
MAPPING = {
    "tmdb_id": "tmdbId",
    "poster_path": "posterPath",
    "release_date": "releaseDate",
    "directors": "director",
    "runtime_minutes": "runtime",
    "rating": "imdb_rating",
    "votes": "vote_count",
}


def table(folder: Path, form: str, rows: Sequence[Mapping[str, Any]] = MOVIES) -> Path:
    """Write rows as a file of a form."""
    path = folder / f"films.{form}"
    if form == "parquet":
        pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        columns = list(rows[0])
        parquet.write_table(pa.table({name: [row.get(name) for row in rows] for name in columns}), path)
    else:
        import csv

        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_k31_a_table_with_a_mapping_becomes_movies(
    conninfo: str, connection: Conn, tmp_path: Path, form: str
) -> None:
    path = table(tmp_path, form)
    report = import_movies(conninfo, path, source="s2", mapping=MAPPING)
    assert counts(report) == (2, 0, 0, 0)
    assert connection.execute(
        "select tmdb_id, title, release_date::text, release_year, runtime_minutes, director, poster_path,"
        " rating::float8, vote_count from movies order by tmdb_id desc"
    ).fetchall() == [
        (
            *(299536, "Avengers: Infinity War", "2018-04-25", 2018, 149, "Anthony Russo"),
            *("/7WsyChQLEftFiDOVTGkv3hFpyyt.jpg", 8.4, 1_000_000),
        ),
        (550, "Fight Club", None, None, None, None, None, None, 0),
    ]
    assert connection.execute(
        "select c.name, c.character, p.tmdb_id from movie_credits c join people p on p.id = c.person_id"
        " where job = 'ACTOR' order by 1"
    ).fetchall() == [
        ("Brad Pitt", None, None),
        ("Edward Norton", None, None),
        ("Robert Downey Jr.", "Tony Stark", 3223),
    ]
    assert connection.execute("select locale, title from movie_translations").fetchall() == [
        ("fr", "Avengers: La guerre de l'infini")
    ]
    assert connection.execute("select slug from genres order by 1").fetchall() == [
        ("action",),
        ("adventure",),
        ("drama",),
        ("thriller",),
    ]
    assert counts(import_movies(conninfo, path, source="s2", mapping=MAPPING)) == (0, 0, 0, 0)


_GENRE = "a genre without letters or longer than 50 characters"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"tmdb_id": "x", "title": "A"}, "a TMDb id that is not a number"),
        ({"tmdb_id": "", "title": "A"}, "no id"),
        ({"tmdb_id": "1", "title": ""}, "no title"),
        ({"tmdb_id": "1", "title": "A" * 501}, "a title that is longer than 500 characters, or holds NUL"),
        (
            {"tmdb_id": "1", "title": "A", "release_date": "soon"},
            "a release date that is not like 1995-12-15",
        ),
        ({"tmdb_id": "1", "title": "A", "cast": "[nobody"}, "a list that is not JSON"),
        ({"tmdb_id": "1", "title": "A", "rating": "10.1"}, "a rating that is not from 0 to 10"),
        ({"tmdb_id": "1", "title": "A", "imdb_id": "7"}, "an IMDb id that is not like tt0111161"),
        ({"tmdb_id": "1", "title": "A", "votes": "-1"}, "a number of votes that is below 0 or too large"),
        ({"tmdb_id": "1", "title": "A", "imdb_id": "tt1"}, "an IMDb id that is not like tt0111161"),
        ({"tmdb_id": "1", "title": "A", "imdb_id": "tt٠١٢٣٤٥٦"}, "an IMDb id that is not like tt0111161"),
        (
            {"tmdb_id": "1", "title": "A", "runtime_minutes": "32768"},
            "a runtime that is no number of minutes",
        ),
        ({"tmdb_id": "1", "title": "A", "genres": "???"}, _GENRE),
        ({"tmdb_id": "1", "title": "A", "genres": "g" * 51}, _GENRE),
        ({"tmdb_id": "1", "title": "A", "genres": '["\\u0000"]'}, "a NUL character"),
        (
            {"tmdb_id": "1", "title": "A", "cast": '[{"name": "B", "character": "\\u0000"}]'},
            "a NUL character",
        ),
        (
            {"tmdb_id": "1", "title": "A", "cast": '[{"name": "B", "id": "x"}]'},
            "a person's id that is not a number",
        ),
        (
            {"tmdb_id": "1", "title": "A", "cast": ",".join(map(str, range(1001)))},
            "a list of more than 1,000",
        ),
        ({"id": "i" * 201, "title": "A"}, "an id that is empty or longer than 200 characters"),
    ],
)
def test_a_row_that_is_no_movie_is_named(
    conninfo: str, tmp_path: Path, row: dict[str, str], reason: str
) -> None:
    bad: list[BadRow] = []
    path = table(tmp_path, "csv", [row])
    report = import_movies(conninfo, path, source="a", mapping={}, on_bad=bad.append)
    assert [(each.file, each.line, each.reason) for each in bad] == [("films.csv", 2, reason)]
    assert counts(report) == (0, 0, 0, 1)


def test_values_at_their_limits_and_lists_with_gaps_are_taken(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    rows = [
        {"id": "i" * 200, "title": "A", "runtime_minutes": "32767", "genres": "g" * 50, "tmdb_id": "0"},
        {"id": "2", "title": "B", "cast": '[{"name": null}, null, 7, "Ann", {"name": "Bob", "id": "31"}]'},
        {"id": "3", "title": "C", "cast": ",".join(f"a{n}" for n in range(1000))},
    ]
    report = import_movies(conninfo, table(tmp_path, "csv", rows), source="a", mapping={})
    assert counts(report) == (3, 0, 0, 0)
    cast = "select c.name, p.tmdb_id from movie_credits c join people p on p.id = c.person_id join movies m"
    assert connection.execute(
        f"{cast} on m.id = c.movie_id where m.title = 'B' order by c.rank"
    ).fetchall() == [
        ("Ann", None),
        ("Bob", 31),
    ]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "which column has ids"),
        ({"tmdb_id": "nowhere"}, "has no column nowhere"),
        ({"stars": "title"}, "There is no field stars"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    conninfo: str, tmp_path: Path, mapping: dict[str, str], said: str
) -> None:
    with pytest.raises(UnreadableRelease, match=said):
        import_movies(conninfo, table(tmp_path, "csv"), source="a", mapping=mapping)


def test_what_is_no_parquet_is_refused(conninfo: str, tmp_path: Path) -> None:
    (tmp_path / "films.parquet").write_text("no")
    with pytest.raises(UnreadableRelease, match="no Parquet file"):
        import_movies(conninfo, tmp_path / "films.parquet", source="a", mapping={})


def test_a_table_without_titles_is_refused_before_its_rows(conninfo: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableRelease, match="which column has their titles"):
        import_movies(conninfo, table(tmp_path, "csv", [{"id": "1"}]), source="a", mapping={})


def test_names_of_columns_may_have_spaces_around_them(conninfo: str, tmp_path: Path) -> None:
    report = import_movies(
        conninfo, table(tmp_path, "csv", [{"id": 1, " title": "A"}]), source="a", mapping={}
    )
    assert counts(report) == (1, 0, 0, 0)


def test_a_damaged_parquet_file_is_refused_and_bytes_are_no_title(conninfo: str, tmp_path: Path) -> None:
    bad: list[BadRow] = []
    path = table(tmp_path, "parquet", [{"id": 1, "title": b"A"}])
    import_movies(conninfo, path, source="a", mapping={}, on_bad=bad.append)
    assert [row.reason for row in bad] == ["a title that is bytes and no text"]
    path = table(tmp_path, "parquet", [{"id": n, "title": "A" * 50 + str(n)} for n in range(1000)])
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xff" * 2000 + data[2100:])
    with pytest.raises(UnreadableRelease, match="no Parquet file that can be read"):
        import_movies(conninfo, path, source="a", mapping={})


def test_the_mapping_may_lie_in_a_file(tmp_path: Path) -> None:
    from app.cli.catalogue_imports import _mapping

    (tmp_path / "map.json").write_text(json.dumps(MAPPING))
    assert _mapping(tmp_path / "map.json") == MAPPING
    for wrong in ("[]", "{", '{"a": 1}'):
        (tmp_path / "map.json").write_text(wrong)
        with pytest.raises(UnreadableRelease):
            _mapping(tmp_path / "map.json")
