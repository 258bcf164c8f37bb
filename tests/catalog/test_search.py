"""What is found by which words, whatever signs, letters and scripts a title is written in."""

from __future__ import annotations

import psycopg
import pytest

from resolvers.ids import words

_IS_FOUND = "select word_vector(%s) @@ search_query(%s::text[])"


@pytest.mark.parametrize(
    ("title", "phrases"),
    [
        ("¡Three Amigos!", ["three amigos", "¡three amigos!", "THREE", '"Three Amigos"']),
        ("WALL·E", ["wall-e", "wall e", "walle", "WALL·E", "wall•e"]),
        ("“Good Night”—and «Good Luck»…", ["good night", "and good luck", "night-and"]),
        ("Schindler’s List", ["schindlers list", "schindler's list", "Schindler’s", "schindler"]),
        ("Spider-Man: No Way Home", ["spiderman", "spider man", "spider-man", "SpiderMan home"]),
        ("E.T. the Extra-Terrestrial", ["et", "E.T.", "extraterrestrial"]),
        ("L'Avventura", ["avventura", "l'avventura", "L’Avventura", "lavventura"]),
        ("Straße nach Łódź", ["strasse", "STRASSE", "straße", "lodz", "Łódź"]),
        ("Ødegård & Æsir", ["odegard", "ødegård", "aesir", "Æsir"]),
        ("İstanbul Hatırası", ["istanbul", "İSTANBUL", "hatirasi", "hatırası"]),
        ("8½", ["8½", "8 1/2", "8"]),
        ("लगान", ["लगान", "लग"]),
        ("สัตว์ประหลาด", ["สัตว์", "สัตว์ประหลาด"]),
        ("七人の侍", ["七人の侍", "七人", "侍", "人の"]),
        ("スター・ウォーズ", ["スターウォーズ", "スター・ウォーズ", "ウォーズ", "ｽﾀｰ"]),
        ("기생충", ["기생충", "기생"]),
        ("שָׁלוֹם", ["שלום", "שָׁלוֹם"]),
        ("كِتَاب", ["كتاب"]),
        ("Амели", ["амели", "АМЕ"]),
        ("one_two/three", ["two", "three one", "one_two"]),
        ("300", ["300", "30"]),
    ],
)
def test_k29_words_are_told_apart_alike_in_titles_and_in_what_is_asked(
    connection: psycopg.Connection, title: str, phrases: list[str]
) -> None:
    for phrase in phrases:
        (is_found,) = connection.execute(_IS_FOUND, (title, words(phrase))).fetchone() or (None,)
        assert is_found, phrase


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("七人の侍", "人七"),
        ("Spider-Man", "manspider"),
        ("WALL·E", "!&|<->:*()'\\"),
        ("WALL·E", ""),
        ("a b c d e f g h i j", "a b c d e f g h i j z"),
    ],
)
def test_what_is_not_there_is_not_found(connection: psycopg.Connection, title: str, phrase: str) -> None:
    (is_found,) = connection.execute(_IS_FOUND, (title, words(phrase))).fetchone() or (None,)
    assert is_found is (title[:1] == "a")  # ten words count, the eleventh is let be
