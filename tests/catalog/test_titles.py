import pytest

from catalog.titles import Title, article_first, split_title


@pytest.mark.parametrize(
    ("text", "title", "original", "year"),
    [
        ("Toy Story (1995)", "Toy Story", None, 1995),
        ("Matrix, The (1999)", "The Matrix", None, 1999),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly", None, 1966),
        ("Misérables, Les (1995)", "Les Misérables", None, 1995),
        ("Postino, Il (1994)", "Il Postino", None, 1994),
        ("Enfer, L' (1994)", "L'Enfer", None, 1994),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children",
            "La Cité des enfants perdus",
            1995,
        ),
        ("Seven (a.k.a. Se7en) (1995)", "Seven", None, 1995),
        (
            "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)",
            "Léon: The Professional",
            "Léon",
            1994,
        ),
        ("Boot, Das (Boat, The) (1981)", "Das Boot", None, 1981),
        ("Postino, Il (The Postman) (1994)", "Il Postino", None, 1994),
        ("White Balloon, The (Badkonake Sefid ) (1995)", "The White Balloon", "Badkonake Sefid", 1995),
        ("From Dusk Till Dawn 2 (1999) ", "From Dusk Till Dawn 2", None, 1999),
        ("Land Before Time III, The (1995) (V)", "The Land Before Time III", None, 1995),
        ("Death Note (2006\u20132007)", "Death Note", None, 2006),
        ("Big Bang Theory, The (2007-)", "The Big Bang Theory", None, 2007),
        ("Blade Runner 2049 (2017)", "Blade Runner 2049", None, 2017),
    ],
)
def test_year_article_and_original_are_taken_off(
    text: str, title: str, original: str | None, year: int | None
) -> None:
    assert split_title(text) == Title(title, original, year)


@pytest.mark.parametrize(
    "text",
    [
        "Babylon 5",
        "I, Robot",
        "Oh, God!",
        "Love, Rosie",
        "Lock, Stock & Two Smoking Barrels",
        "(500) Days of Summer",
        "Frontière(s)",
        "1-900 (06)",
        "8 1/2 (8½)",
        "Birdman: Or (The Unexpected Virtue of Ignorance)",
        "Hotel Chevalier (Part 1 of a series)",
        "Evangelion: 3.0 You Can (Not) Redo",
        "(2009)",
        ", The",
        "unbalanced) (",
        "unbalanced ((1999)",
        "",
    ],
)
def test_what_is_not_understood_stays(text: str) -> None:
    assert split_title(text) == Title(text, None, None)


def test_only_a_capital_article_behind_the_last_comma_moves() -> None:
    assert article_first("Cat, the") == "Cat, the"
    assert article_first("The, Cat") == "The, Cat"
