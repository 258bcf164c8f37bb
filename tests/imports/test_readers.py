"""What the exports say, as the services write them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.pair import Reaction
from imports.reading import TOLD_MOST, read_export
from imports.told import TITLE_MOST, BadExport, Export, Film, Kind, Service
from tests.imports.exports import (
    FILM,
    IMDB_LIST,
    IMDB_RATINGS,
    LETTERBOXD,
    film,
    imdb_listed,
    imdb_rating,
    letterboxd,
    packed,
    table,
    trakt,
    trakt_json,
    trakt_movie,
)

TODAY = date(2024, 6, 1)
HEAT, ALIEN = Film("Heat", 1995), Film("Alien", 1979)


def read(body: bytes, name: str = "") -> Export:
    return read_export(name, body, TODAY)


def said(export: Export) -> list[tuple[Any, ...]]:
    """The kind, title, day and value of what is said, each thing once."""
    return [
        (one.kind.value, one.film.title, str(one.at.date()), one.half_stars or one.reaction or one.watched_on)
        for one in export.settled()
    ]


def skipped(export: Export) -> dict[str, int]:
    return {what.value: count for what, count in export.skipped.items() if count}


# --- Letterboxd ---


def test_k43_half_stars_and_their_scale_are_kept() -> None:
    rows = [(*film("2020-01-01", f"Film {n}", 1990, str(n)), f"{n / 2:g}") for n in range(1, 11)]
    told = read(letterboxd(ratings=rows)).settled()
    assert [(one.half_stars, one.scale) for one in told] == [(n, "0.5-5") for n in range(1, 11)]


def test_a_letterboxd_zip_has_its_parts() -> None:
    export = read(
        letterboxd(
            ratings=[(*film("2020-01-06", "Heat", 1995, "h"), 4)],
            watched=[film("2020-01-05", "Heat", 1995, "h"), film("2019-05-05", "Alien", 1979, "a")],
            diary=[
                (*film("2020-01-06", "Heat", 1995, "d1"), 4.5, "", "crime, pacino", "2020-01-04"),
                (*film("2021-02-03", "Heat", 1995, "d2"), "", "Yes", "", "2021-02-02"),
            ],
            watchlist=[film("2022-01-01", "The Third Man", 1949, "t")],
            likes__films=[film("2020-01-07", "Heat", 1995, "h")],
            reviews=[
                (*film("2020-01-06", "Heat", 1995, "d1"), 4, "", 'Two\nlines, "quoted"', "", "2020-01-04")
            ],
            comments=[("2020-01-01", "a list", "nice")],
            profile=[
                ("2018-01-01", "ann", "", "", "", "", "", "", "", "https://boxd.it/h, https://boxd.it/gone")
            ],
            deleted__diary=[(*film("2020-01-06", "Fargo", 1996, "x"), 5, "", "", "2020-01-04")],
            orphaned__reviews=[(*film("2020-01-06", "Fargo", 1996, "x"), 5, "", "text", "", "2020-01-04")],
        )
    )
    assert export.service is Service.LETTERBOXD
    assert said(export) == [
        ("WATCHED", "Alien", "2019-05-05", date(2019, 5, 5)),
        ("WATCHED", "Heat", "2020-01-04", date(2020, 1, 4)),
        ("RATING", "Heat", "2020-01-06", 8),
        ("REACTION", "Heat", "2020-01-07", Reaction.LIKE),
        ("WATCHED", "Heat", "2021-02-02", date(2021, 2, 2)),
        ("FAVORITE", "Heat", str(TODAY), None),
        ("WATCHLIST", "The Third Man", "2022-01-01", None),
    ]
    assert skipped(export) == {"REVIEWS": 1, "COMMENTS": 1, "UNREADABLE": 1}


def test_days_are_noon() -> None:
    (told,) = read(letterboxd(watchlist=[film("2022-01-01", "Heat", 1995, "h")])).settled()
    assert told.at == datetime(2022, 1, 1, 12, tzinfo=UTC)


def test_a_rating_of_the_diary_counts_where_there_is_no_other() -> None:
    rows = [
        (*film(day, "Heat", 1995, day), stars, "", "", day)
        for day, stars in (("2020-01-01", 2), ("2021-01-01", 3))
    ]
    assert ("RATING", "Heat", "2021-01-01", 6) in said(read(letterboxd(diary=rows)))


def test_lists_are_counted() -> None:
    files = {
        "watchlist.csv": table(FILM, []),
        "lists/best.csv": b"Letterboxd list export v7\n",
        "lists/b.csv": b"x",
    }
    assert skipped(read(packed(files))) == {"LISTS": 2}


@pytest.mark.parametrize("folder", ["", "letterboxd-ann-2024-06-01-10-00-utc/"])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_same_export_may_be_written_in_many_ways(folder: str, bom: bool, end: str) -> None:
    title = 'Le Fabuleux Destin, "Amélie" 🎈'
    rows = [(*film("2020-01-01", title, 2001, "a"), 4.5)]
    files = {
        "ratings.csv": table(LETTERBOXD["ratings.csv"], rows, bom=bom, end=end),
        "likes/films.csv": table(FILM, [film("2020-01-02", title, 2001, "a")], bom=bom, end=end),
    }
    assert said(read(packed(files, folder=folder))) == [
        ("RATING", title, "2020-01-01", 9),
        ("REACTION", title, "2020-01-02", Reaction.LIKE),
    ]


@pytest.mark.parametrize("name", ["watchlist.csv", "C:\\Downloads\\watchlist (1).csv", "a/b/Watchlist.csv"])
def test_a_file_of_the_zip_may_come_alone(name: str) -> None:
    body = table(FILM, [film("2020-01-02", "Heat", 1995, "h")])
    assert said(read(body, name)) == [("WATCHLIST", "Heat", "2020-01-02", None)]


def test_a_film_without_a_year_is_one() -> None:
    assert read(letterboxd(watchlist=[film("2020-01-02", "Unborn", "", "u")])).settled()[0].film == Film(
        "Unborn"
    )


@pytest.mark.parametrize(
    "row",
    [
        (*film("2024-06-02", "Heat", 1995, "h"), 4),  # tomorrow
        (*film("02/01/2020", "Heat", 1995, "h"), 4),
        (*film("2020-02-30", "Heat", 1995, "h"), 4),
        (*film("2020-01-01", " ", 1995, "h"), 4),
        (*film("2020-01-01", "x" * (TITLE_MOST + 1), 1995, "h"), 4),
        (*film("2020-01-01", "a\0b", 1995, "h"), 4),
        *((*film("2020-01-01", "Heat", 1995, "h"), stars) for stars in (0, 5.5, 4.25, "", "good", "½")),
        film("2020-01-01", "Heat", 1995, "h"),
        (*film("2020-01-01", "Heat", 1995, "h"), 4, "more"),
    ],
)
def test_rows_that_make_no_sense_are_counted(row: tuple[object, ...]) -> None:
    good = (*film("2020-01-01", "x" * TITLE_MOST, 1979, "a"), 4)
    export = read(letterboxd(ratings=[row, good]))
    assert [one.film.title for one in export.settled()] == ["x" * TITLE_MOST]
    assert skipped(export) == {"UNREADABLE": 1}


# --- IMDb ---


def test_imdb_ratings_keep_their_scale() -> None:
    rows = [imdb_rating(f"tt{n:07}", n, "2020-01-01", f"Film {n}", 1999) for n in range(1, 11)]
    told = read(table(IMDB_RATINGS, rows), "ratings.csv").settled()
    assert [(one.film.imdb_id, one.half_stars, one.scale) for one in told] == [
        (f"tt{n:07}", n, "1-10") for n in range(1, 11)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_imdb_files_of_every_year_are_read(encoding: str) -> None:
    header = IMDB_RATINGS.replace("Original Title,", "")
    row = "tt0211915,9,2019-05-01,Amélie’s “fabuleux” destin,https://www.imdb.com/title/tt0211915/,movie,8.3,122,2001,"
    body = f'{header}\r\n{row}"Comedy, Romance",700000,2001-04-25,Jean-Pierre Jeunet\r\n'.encode(encoding)
    assert said(read(body, "ratings.csv")) == [("RATING", "Amélie’s “fabuleux” destin", "2019-05-01", 9)]


def test_an_imdb_file_in_no_encoding_is_refused() -> None:
    with pytest.raises(BadExport, match="not UTF-8"):
        read(table(IMDB_RATINGS, [imdb_rating("tt0113277", 9, "2020-01-01", "Heat", 1995)]) + b"\x81\xff")


@pytest.mark.parametrize(
    "kind", ["TV Series", "tvSeries", "TV Mini Series", "TV Episode", "Video Game", "Podcast Series"]
)
def test_imdb_shows_are_counted(kind: str) -> None:
    rows = [imdb_rating("tt0903747", 9, "2020-01-01", "Breaking Bad", 2008, kind)]
    assert skipped(read(table(IMDB_RATINGS, rows))) == {"SHOWS": 1}


@pytest.mark.parametrize("kind", ["Movie", "movie", "TV Movie", "tvMovie", "Short", "Video", "TV Special"])
def test_imdb_movies_of_every_kind_are_taken(kind: str) -> None:
    assert (
        len(read(table(IMDB_RATINGS, [imdb_rating("tt0113277", 9, "2020-01-01", "Heat", 1995, kind)])).told)
        == 1
    )


def test_an_imdb_list_is_the_watchlist_but_for_what_is_rated() -> None:
    rows = [
        imdb_listed(1, "tt0113277", "2020-01-01", "Heat", 1995),
        imdb_listed(2, "tt0078748", "2020-01-02", "Alien", 1979, 8, "2020-03-04"),
    ]
    assert said(read(table(IMDB_LIST, rows, end="\r\n"), "0f3c.csv")) == [
        ("RATING", "Alien", "2020-03-04", 8),
        ("WATCHLIST", "Heat", "2020-01-01", None),
    ]


@pytest.mark.parametrize(
    "row",
    [
        imdb_rating("", 9, "2020-01-01", "Heat", 1995),
        imdb_rating("nm0000199", 9, "2020-01-01", "Heat", 1995),
        imdb_rating("tt0113277", 0, "2020-01-01", "Heat", 1995),
        imdb_rating("tt0113277", 11, "2020-01-01", "Heat", 1995),
        imdb_rating("tt0113277", 9, "", "Heat", 1995),
        imdb_rating("tt0113277", "", "2020-01-01", "Heat", 1995),
    ],
)
def test_imdb_rows_that_make_no_sense_are_counted(row: tuple[object, ...]) -> None:
    assert skipped(read(table(IMDB_RATINGS, [row]))) == {"UNREADABLE": 1}


# --- Trakt ---

HEAT_THERE = trakt_movie("Heat", 1995, "tt0113277", 949)
ALIEN_THERE = trakt_movie("Alien", 1979, "tt0078748", 348)


def test_a_trakt_zip_has_its_parts() -> None:
    show = {"title": "Severance", "year": 2022, "ids": {"trakt": 1}}
    export = read(
        trakt(
            watched_history_1=[
                {
                    "id": 1,
                    "watched_at": "2020-01-01T23:30:00.000Z",
                    "action": "scrobble",
                    "type": "movie",
                    "movie": HEAT_THERE,
                },
                {
                    "id": 2,
                    "watched_at": "2020-01-02T20:00:00.000Z",
                    "action": "watch",
                    "type": "episode",
                    "episode": {},
                    "show": show,
                },
                {
                    "id": 3,
                    "watched_at": "1970-01-01T00:00:00.000Z",
                    "action": "watch",
                    "type": "movie",
                    "movie": ALIEN_THERE,
                },
            ],
            watched_movies=[
                {"plays": 3, "last_watched_at": "2020-01-01T23:30:00.000Z", "movie": HEAT_THERE},
                {"plays": 1, "last_watched_at": "2019-01-01T20:00:00.000Z", "movie": ALIEN_THERE},
            ],
            ratings_movies=[
                {"rated_at": "2020-01-02T00:00:00.000Z", "rating": 9, "type": "movie", "movie": HEAT_THERE}
            ],
            ratings_shows=[
                {"rated_at": "2020-01-02T00:00:00.000Z", "rating": 9, "type": "show", "show": show}
            ],
            lists_watchlist=[
                {
                    "rank": 1,
                    "id": 5,
                    "listed_at": "2021-01-01T00:00:00.000Z",
                    "notes": None,
                    "type": "movie",
                    "movie": trakt_movie("Fargo", 1996),
                }
            ],
            lists_favorites=[
                {
                    "rank": 1,
                    "id": 6,
                    "listed_at": "2021-01-02T00:00:00.000Z",
                    "notes": None,
                    "type": "movie",
                    "movie": HEAT_THERE,
                }
            ],
            lists_best_of=[
                {
                    "rank": 1,
                    "id": 7,
                    "listed_at": "2021-01-02T00:00:00.000Z",
                    "notes": None,
                    "type": "movie",
                    "movie": HEAT_THERE,
                }
            ],
            lists_lists=[{"name": "Best of", "item_count": 1, "ids": {}}],
            collection_movies=[{"collected_at": "2021-01-02T00:00:00.000Z", "movie": HEAT_THERE}],
            comments_movies=[{"comment": {"comment": "nice"}, "type": "movie", "movie": HEAT_THERE}],
        )
    )
    assert export.service is Service.TRAKT
    assert said(export) == [
        ("WATCHED", "Alien", "2019-01-01", date(2019, 1, 1)),
        ("WATCHED", "Heat", "2020-01-01", date(2020, 1, 1)),
        ("RATING", "Heat", "2020-01-02", 9),
        ("FAVORITE", "Heat", "2021-01-02", None),
        ("WATCHLIST", "Fargo", "2021-01-01", None),
    ]
    assert skipped(export) == {"SHOWS": 2, "UNDATED": 1, "LISTS": 2, "COLLECTION": 1, "COMMENTS": 1}
    rating = next(one for one in export.told if one.kind is Kind.RATING)
    assert (rating.film.imdb_id, rating.film.tmdb_id, rating.scale) == ("tt0113277", 949, "1-10")
    assert rating.at == datetime(2020, 1, 2, tzinfo=UTC)


def test_a_trakt_file_may_come_alone() -> None:
    body = b"\xef\xbb\xbf" + trakt_json(
        [{"rated_at": "2020-01-02T03:04:05.000Z", "rating": 1, "movie": HEAT_THERE}]
    )
    assert said(read(body, "ratings-movies.json")) == [("RATING", "Heat", "2020-01-02", 1)]


@pytest.mark.parametrize(
    "entry",
    [
        *({"rated_at": "2020-01-02T00:00:00.000Z", "rating": r, "movie": HEAT_THERE} for r in (0, 11, True, "9", None, 8.5)),
        {"rated_at": "2020-01-02T00:00:00.000Z", "movie": HEAT_THERE},
        {"rated_at": "2024-06-02T00:00:00.000Z", "rating": 9, "movie": HEAT_THERE},
        {"rated_at": "0001-01-01T00:00:00+23:00", "rating": 9, "movie": HEAT_THERE},
        {"rated_at": None, "rating": 9, "movie": HEAT_THERE},
        {"rated_at": "2020-01-02T00:00:00.000Z", "rating": 9, "movie": None},
        {"rated_at": "2020-01-02T00:00:00.000Z", "rating": 9, "movie": {"title": 7}},
        {"rated_at": "2020-01-02T00:00:00.000Z", "rating": 9, "movie": {"title": "Heat", "ids": [1]}},
        {"watched_at": "yesterday", "movie": HEAT_THERE},
    ],
)  # fmt: skip
def test_trakt_entries_that_make_no_sense_are_counted(entry: dict[str, Any]) -> None:
    export = read(trakt_json([entry, "no entry", 7]))  # type: ignore[list-item]
    assert (export.told, skipped(export)) == ([], {"UNREADABLE": 1})


@pytest.mark.parametrize(
    ("imdb_id", "tmdb_id"),
    [("tt123", -1), ("https://imdb.com/title/tt0113277", True), (7, "949"), (None, 2**31), ("", 0)],
)
def test_ids_that_cannot_be_are_left_out(imdb_id: Any, tmdb_id: Any) -> None:
    movie = trakt_movie("Heat", 1995, imdb_id, tmdb_id)
    (told,) = read(trakt_json([{"listed_at": "2020-01-02T00:00:00.000Z", "movie": movie}])).settled()
    assert told.film == HEAT


# --- any ---


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"a": ',
        b"\xff\xfe\x00",
        b"Date,Name\n2020-01-01,Heat\n",
        table(FILM, []),
        table(IMDB_RATINGS, []),
        packed({}),
        packed({"readme.txt": b"hello"}),
        packed({"ratings.csv": b"Date,Name\n"}),
    ],
)
def test_what_is_no_export_is_refused(body: bytes) -> None:
    with pytest.raises(BadExport):
        read(body, "upload.bin")


@pytest.mark.parametrize(
    "rows", [b'2020-01-01,"Heat,1995,h,4\n', b'2020-01-01,"He"at,1995,h,4\n', b"2020-01-01,\xff,1995,h,4\n"]
)
def test_a_broken_table_is_refused_as_a_whole(rows: bytes) -> None:
    with pytest.raises(BadExport):
        read(packed({"ratings.csv": LETTERBOXD["ratings.csv"].encode() + b"\n" + rows}))


def test_as_much_as_an_export_may_say() -> None:
    def listed(count: int) -> bytes:
        return table(FILM, [film("2020-01-01", str(n), 1990, str(n)) for n in range(count)])

    assert len(read(listed(TOLD_MOST), "watchlist.csv").told) == TOLD_MOST
    with pytest.raises(BadExport, match="one by one"):
        read(listed(TOLD_MOST + 1), "watchlist.csv")


_DAYS = st.sampled_from(["2020-01-01", "2020-01-02", "2021-05-05"])
_FILMS = st.tuples(_DAYS, st.sampled_from(["Heat", "Alien"]), st.just(1995), st.just("https://boxd.it/x"))
_RATED = st.tuples(_FILMS, st.integers(1, 10)).map(lambda row: (*row[0], row[1] / 2))
_SEEN = st.tuples(_RATED, _DAYS).map(lambda row: (*row[0], "", "", row[1]))


@given(st.lists(_RATED), st.lists(_SEEN), st.lists(_FILMS), st.lists(_FILMS), st.data())
def test_neither_the_order_of_rows_nor_their_repetition_matters(
    ratings: Sequence[Any],
    diary: Sequence[Any],
    watched: Sequence[Any],
    watchlist: Sequence[Any],
    data: st.DataObject,
) -> None:
    files = {"ratings": ratings, "diary": diary, "watched": watched, "watchlist": watchlist}
    shuffled = {name: data.draw(st.permutations([*rows, *rows[:3]])) for name, rows in files.items()}
    if any(files.values()):
        assert read(letterboxd(**files)).settled() == read(letterboxd(**shuffled)).settled()


@given(
    st.lists(st.tuples(_DAYS, st.sampled_from(["tt0113277", "tt0078748"]), st.integers(1, 10)), min_size=1),
    st.data(),
)
def test_the_same_is_true_of_imdb_and_trakt(rows: list[tuple[str, str, int]], data: st.DataObject) -> None:
    def imdb(chosen: Sequence[tuple[str, str, int]]) -> Export:
        return read(
            table(IMDB_RATINGS, [imdb_rating(const, n, day, "Heat", 1995) for day, const, n in chosen])
        )

    def there(chosen: Sequence[tuple[str, str, int]]) -> Export:
        return read(
            trakt_json(
                [
                    {
                        "rated_at": f"{day}T10:00:00.000Z",
                        "rating": n,
                        "movie": trakt_movie("Heat", 1995, const),
                    }
                    for day, const, n in chosen
                ]
            )
        )

    shuffled = data.draw(st.permutations([*rows, *rows]))
    assert imdb(rows).settled() == imdb(shuffled).settled()
    assert there(rows).settled() == there(shuffled).settled()


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"[", b"Const,Title Type\n", FILM.encode() + b"\n"]),
)
def test_any_bytes_are_read_or_refused(body: bytes, start: bytes) -> None:
    with suppress(BadExport):
        assert read(start + body, "watchlist.csv").service in Service
