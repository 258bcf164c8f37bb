"""Features come from plain columns."""

from __future__ import annotations

from recsys import features


def test_each_value_of_a_column_is_a_feature_of_the_movies_that_have_it() -> None:
    built = features.build(
        3,
        {
            "genre": ([0, 0, 2, 2], ["Drama", "War", "Drama", "Drama"]),
            "decade": features.decades([1994, None, 1999]),
        },
        at_least=1,
    )
    assert built.names == ("decade:1990", "genre:Drama", "genre:War")
    assert built.matrix.toarray().tolist() == [[1, 1, 1], [0, 0, 0], [1, 1, 0]]


def test_a_value_of_too_few_movies_is_left_out() -> None:
    columns = {"person": ([0, 1, 1, 1], ["Ann", "Ann", "Bo", "Bo"])}
    assert features.build(2, columns).names == ("person:Ann",)


def test_a_catalogue_without_anything_known_has_no_features() -> None:
    built = features.build(2, {"language": ([], [])})
    assert (built.names, built.matrix.shape, built.movies) == ((), (2, 0), 2)
