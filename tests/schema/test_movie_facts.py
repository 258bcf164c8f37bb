"""What the catalogue knows of a movie: texts in several languages, people, pictures, and what others say."""

from __future__ import annotations

from typing import Any

import pytest

from database.connect import connect
from tests.catalogue import movie
from tests.schema.twice import disagreement, plainly
from tests.world import World

Json = Any

_AMELIE = "Le Fabuleux Destin d'Amélie Poulain 🎈"


async def of(world: World, tmdb_id: int, selection: str) -> Json:
    """Return fields of a movie; both ways of execution say the same."""
    query = f"{{ movie(by: {{ tmdbId: {tmdb_id} }}) {{ {selection} }} }}"
    answer = await world.ask(query)
    assert disagreement(answer, await plainly(world, query)) is None
    assert "errors" not in answer
    return answer["data"]["movie"]


@pytest.mark.parametrize(
    ("tmdb_id", "field", "locale", "text"),
    [
        (194, "title", "fr-CA", "Amélie de Montmartre"),  # the locale itself
        (194, "title", "FR_ca", "Amélie de Montmartre"),  # however it is written
        (194, "title", "de-CH", "Die fabelhafte Welt der Amélie"),  # its language
        (194, "overview", "de", "Eine Kellnerin in Wien."),  # its language, elsewhere
        (194, "title", "fr-BE", "Amélie de Montmartre"),
        (194, "title", "es", _AMELIE),  # the original
        (348, "title", "en", "Alien"),
        (194, "overview", "es", "A waitress helps others."),  # English
        (194, "tagline", "es", "In space."),  # what there is by default
        (194, "trailerUrl", "fi", "https://example.org/amelie"),
        (348, "title", "de", "Alien, das unheimliche Wesen"),  # of two sources the first, by name
        (348, "tagline", "de", "Schrei"),  # each text from who has it
        (348, "trailerUrl", "de", None),
        (194, "tagline", None, "In space."),
        (194, "trailerUrl", None, "https://example.org/fr"),
    ],
)
async def test_k21_texts_come_in_the_nearest_language(
    shared: World, tmdb_id: int, field: str, locale: str | None, text: str | None
) -> None:
    given = f'(locale: "{locale}")' if locale else ""
    assert await of(shared, tmdb_id, f"{field}{given}") == {field: text}


async def test_k21_a_stub_has_the_title_of_any_language(world: World) -> None:
    with connect(world.conninfo) as conn:
        conn.execute("insert into movies (id, title, tmdb_id) values (%s, '', 5)", (movie("new"),))
        assert await of(world, 5, 'title a: title(locale: "fr")') == {"title": "", "a": ""}
        conn.execute(
            "insert into movie_translations (movie_id, locale, source, title) values (%s, 'fi', 'a', 'Uusi')",
            (movie("new"),),
        )
    assert await of(world, 5, 'title a: title(locale: "fr")') == {"title": "", "a": "Uusi"}


async def test_k21_who_asks_for_english_gets_the_default_before_a_foreign_original(world: World) -> None:
    with connect(world.conninfo) as conn:
        conn.execute(
            "insert into movies (id, tmdb_id, title, overview, original_title, original_language)"
            " values (%s, 5, 'Seven Samurai', 'Farmers.', '七人の侍', 'ja')",
            (movie("new"),),
        )
        conn.execute(
            "insert into movie_translations (movie_id, locale, source, overview) values (%s, 'ja-JP', 'a', '百姓')",
            (movie("new"),),
        )
    asked = 'us: title(locale: "en-US") o: overview(locale: "en") de: title(locale: "de") oj: overview(locale: "ja")'
    assert await of(world, 5, asked) == {
        "us": "Seven Samurai",
        "o": "Farmers.",
        "de": "七人の侍",
        "oj": "百姓",
    }


@pytest.mark.parametrize(
    "locale", ["", "f", "fran", "fr-", "fr-toolong", "fr-CA-x", "fr CA", "1a", "é", "x' or 1"]
)
async def test_k21_what_is_no_locale_is_refused_and_not_repeated(shared: World, locale: str) -> None:
    query = "query ($l: String) { movie(by: { tmdbId: 348 }) { id overview(locale: $l) } }"
    answer = await shared.ask(query, {"l": locale})
    assert answer["data"]["movie"]["overview"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["movie", "overview"], "BAD_USER_INPUT")
    assert not locale or locale not in error["message"].split()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("query ($l: String) { movie(by: { tmdbId: 348 }) { id title(locale: $l) } }", ["movie", "title"]),
        (
            "query ($l: String) { movies(first: 2) { nodes { title(locale: $l) } } }",
            ["movies", "nodes", "title"],
        ),
    ],
)
async def test_an_error_that_takes_its_object_along_is_told(
    shared: World, document: str, path: list[str]
) -> None:
    answer = await shared.ask(document, {"l": "english"})
    assert [error["path"] for error in answer["errors"]] == [path]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert answer["data"][path[0]] is None


async def test_k21_pages_of_many_people_have_their_languages(shared: World) -> None:
    query = 'query ($l: String) { movies(search: "amelie") { nodes { title(locale: $l) } } }'
    for locale, title in (("de", "Die fabelhafte Welt der Amélie"), ("fr-CA", "Amélie de Montmartre")):
        found = await shared.data(query, {"l": locale})
        assert found["movies"]["nodes"] == [{"title": title}]


async def test_k22_dates_runtime_languages_and_countries(shared: World) -> None:
    assert await of(
        shared,
        194,
        "originalTitle releaseYear releaseDate runtimeMinutes originalLanguage languages countries",
    ) == {
        "originalTitle": _AMELIE,
        "releaseYear": 2001,
        "releaseDate": "2001-09-07",
        "runtimeMinutes": 98,
        "originalLanguage": "fr",
        "languages": ["fr", "de"],
        "countries": ["FR", "DE"],
    }


async def test_k23_certifications_and_what_is_for_adults(shared: World) -> None:
    assert await of(shared, 348, "adult certifications { country certification }") == {
        "adult": False,
        "certifications": [
            {"country": "DE", "certification": "16"},
            {"country": "GB", "certification": "X"},
            {"country": "US", "certification": "R"},
        ],
    }


async def test_k24_genres_have_slugs_and_tmdb_ids(shared: World) -> None:
    assert await of(shared, 348, "genres { tmdbId name slug }") == {
        "genres": [
            {"tmdbId": None, "name": "Horror", "slug": "horror"},
            {"tmdbId": 878, "name": "Sci-Fi", "slug": "sci-fi"},
        ]
    }


async def test_k25_who_made_it_and_who_plays_in_it(shared: World) -> None:
    found = await of(shared, 949, "director directors { id name } cast { name character artist { id name } }")
    assert found["director"] == "Director 0"
    assert [each["name"] for each in found["directors"]] == ["Director 0"]
    assert [(each["name"], each["character"]) for each in found["cast"]] == [
        ("Actor 1", "The hero"),
        ("Actor 2", None),
        ("Actor 3", "The cat"),
    ]
    person = found["cast"][0]["artist"]
    again = await shared.data(
        "query ($id: ID!) { node(id: $id) { ... on Artist { id name imdbId tmdbId } } }", {"id": person["id"]}
    )
    assert again["node"] == person | {"imdbId": None, "tmdbId": None}


async def test_k26_pictures_come_in_sizes(shared: World) -> None:
    sizes = "posterUrl a: posterUrl(size: W92) b: posterUrl(size: ORIGINAL) backdropUrl c: backdropUrl(size: W1280)"
    base = "https://image.tmdb.org/t/p"
    assert await of(shared, 194, sizes) == {
        "posterUrl": f"{base}/w500/amelie.jpg",
        "a": f"{base}/w92/amelie.jpg",
        "b": f"{base}/original/amelie.jpg",
        "backdropUrl": f"{base}/w500/wide.jpg",
        "c": f"{base}/w1280/wide.jpg",
    }
    assert await of(shared, 348, "backdropUrl(size: W300)") == {"backdropUrl": None}


async def test_k26_a_picture_of_another_site_stays_where_it_is(world: World) -> None:
    address = "https://pictures.example/alien.png"
    with connect(world.conninfo) as conn:
        conn.execute("update movies set poster_path = %s where tmdb_id = 348", (address,))
    assert await of(world, 348, "posterUrl a: posterUrl(size: W92)") == {"posterUrl": address, "a": address}


async def test_k27_ratings_of_others_say_of_what_scale_and_day_they_are(shared: World) -> None:
    selection = "rating voteCount popularity externalRatings { source value scale votes observedAt }"
    assert await of(shared, 348, selection) == {
        "rating": 8.5,
        "voteCount": 900,
        "popularity": 71.25,
        "externalRatings": [
            {
                "source": source,
                "value": value,
                "scale": scale,
                "votes": votes,
                "observedAt": "2024-03-10T12:00:00+00:00",
            }
            for source, value, scale, votes in (("critics", 87.5, 100, 0), ("imdb", 8.5, 10, 900))
        ],
    }


async def test_k29_a_title_is_found_before_a_text_that_tells_of_it(world: World) -> None:
    with connect(world.conninfo) as conn:
        conn.execute("update movies set overview = 'Alien alien alien' where tmdb_id in (949, 275)")
    query = '{ movies(search: "alien", orderBy: RELEVANCE) { nodes { tmdbId } } }'
    found = (await world.data(query))["movies"]["nodes"]
    assert found[0] == {"tmdbId": 348}
    assert {each["tmdbId"] for each in found[1:]} == {949, 275}


async def test_k29_a_word_learnt_from_a_translation_forgives_a_slip(world: World) -> None:
    query = '{ movies(search: "fablehafte") { nodes { tmdbId } } }'
    assert (await world.data(query))["movies"]["nodes"] == [{"tmdbId": 194}]
    with connect(world.conninfo) as conn:
        conn.execute(
            "update movie_translations set title = 'Zauberhaft' where locale = 'de' and source = 'imdb'"
        )
    assert (await world.data(query))["movies"]["nodes"] == []
    query = query.replace("fablehafte", "zaberhaft")
    assert (await world.data(query))["movies"]["nodes"] == [{"tmdbId": 194}]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Alien", "alien-"),
        ("  ¡Three  Amigos!", "three-amigos-"),
        ("Amélie & Ødegård", "amelie-odegard-"),
        ("लगान", ""),
        ("", ""),
        ("a" * 79 + " b", "a" * 79 + "-"),
    ],
)
async def test_k1_a_slug_tells_of_its_movie_and_finds_it_under_any_title(
    world: World, title: str, words: str
) -> None:
    with connect(world.conninfo) as conn:
        conn.execute("update movies set title = %s where tmdb_id = 348", (title,))
    found = await of(world, 348, "id slug databaseId")
    slug, number = found["slug"], found["databaseId"]
    assert slug == f"{words}{number}"
    for asked in (slug, f"of-before-{number}", str(number)):
        assert await world.data(f'{{ movie(by: {{ slug: "{asked}" }}) {{ id }} }}') == {
            "movie": {"id": found["id"]}
        }


@pytest.mark.parametrize(
    "slug", ["", "alien", "alien-", "alien-0", "alien-999999999", "alien-9999999999", "x1", "-٣"]
)
async def test_k1_a_slug_of_no_movie_finds_none(shared: World, slug: str) -> None:
    assert await shared.data("query ($s: String!) { movie(by: { slug: $s }) { id } }", {"s": slug}) == {
        "movie": None
    }
