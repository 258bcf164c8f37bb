from pathlib import Path

import pytest

from catalog.movielens import BadRow, MovieRow, RatingRow, open_release
from tests.catalog.releases import save

FAR = 4_102_444_800  # the year 2100


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"7,1,4.5", "3 columns instead of 4"),
        (b"7,1,4.5,964982703,", "5 columns instead of 4"),
        (b"7,1,5.5,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,0.0,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,-1,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,4.25,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,nan,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,inf,964982703", "a rating that is not on the scale 0.5-5"),
        (b"7,1,good,964982703", "a rating that is not a number"),
        (b"7,1,,964982703", "a rating that is not a number"),
        (b"7,1,4.5,soon", "a time that is not a number"),
        (b"7,1,4.5,631151999", "a time before 1990 or in the future"),
        (b"7,1,4.5,-5", "a time before 1990 or in the future"),
        (b"7,1,4.5,nan", "a time before 1990 or in the future"),
        (b"7,1,4.5,964982703000", "a time before 1990 or in the future"),
        (f"7,1,4.5,{FAR}".encode(), "a time before 1990 or in the future"),
        (b"seven,1,4.5,964982703", "a user id that is not a number"),
        (b",1,4.5,964982703", "a user id that is not a number"),
        (b"7,-1,4.5,964982703", "a movie id that is not a number"),
        (b"7,1234567890123456789,4.5,964982703", "a movie id that is not a number"),
        ("7,\u0661,4.5,964982703".encode(), "a movie id that is not a number"),
        (b"7,1,4.5,9649\xff2703", "bytes that are not utf-8"),
        (b"7,1,4.5,9649\x002703", "a NUL byte"),
        (b'7,1,4.5,"964982703', None),
        (b'"7","1","4.50"," 964982703.5"', None),
        (b"7,1, 4.5 ,964982703\r", None),
    ],
)
def test_a_broken_rating_is_reported_with_its_line_and_the_rest_is_read(
    tmp_path: Path, line: bytes, reason: str | None
) -> None:
    good = b"7,1,4.5,964982703\n"
    ratings = b"userId,movieId,rating,timestamp\n" + good + b"\n" + line + b"\n" + good
    files = {"movies.csv": b"movieId,title,genres\n", "ratings.csv": ratings}
    first, middle, last = open_release(save(tmp_path, "ml-20m", files)).ratings()
    assert isinstance(first, RatingRow)
    assert first == last
    if reason is None:
        assert middle == first
    else:
        assert isinstance(middle, BadRow)
        assert (middle.file, middle.line, middle.reason) == ("ratings.csv", 4, reason)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"u.item": b"", "u.data": b"1\t2\t3.5\t881250949\n1\t2\t3\t881250949\n"}, b"1\t2\t3.5\t881250949"),
        (
            {
                "movies.dat": b"",
                "users.dat": b"",
                "ratings.dat": b"1::2::0.5::978300760\n1::2::5::978300760\n",
            },
            b"1::2::0.5::978300760",
        ),
    ],
)
def test_half_stars_are_refused_where_the_scale_has_whole_ones(
    tmp_path: Path, files: dict[str, bytes], line: bytes
) -> None:
    bad, good = open_release(save(tmp_path, "x", files)).ratings()
    assert bad == BadRow(
        list(files)[-1], 1, "a rating that is not on the scale 1-5", ascii(line.decode())[1:-1]
    )
    assert isinstance(good, RatingRow)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2,Heat (1995)", "2 columns instead of 3"),
        (b"2,Heat (1995),Crime,", "4 columns instead of 3"),
        (b"two,Heat (1995),Crime", "a movie id that is not a number"),
        (b"2, ,Crime", "a title that is empty or longer than 500 characters"),
        (b"2," + b"x" * 501 + b",Crime", "a title that is empty or longer than 500 characters"),
        (b"2,Heat (1995)," + b"x" * 51, "a genre without letters or longer than 50 characters"),
        (b"2,Heat (1995),Crime|--", "a genre without letters or longer than 50 characters"),
        (b"2,He\x00at (1995),Crime", "a NUL byte"),
        (b"2,H\xe9at (1995),Crime", "bytes that are not utf-8"),
        (b'2,"Heat (1995),Crime', "broken quotes"),
        (b'2,"Heat" (1995),Crime', "broken quotes"),
        (b"2," + b"x" * 70_000, "longer than 65,536 bytes"),
    ],
)
def test_a_broken_movie_is_reported_with_its_line_and_the_rest_is_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    movies = b'movieId,title,genres\n1,"Alien (1979)",Horror\n' + line + b'\n3,"Heat, The (2013)",Comedy\n'
    files = {"movies.csv": movies, "ratings.csv": b"userId,movieId,rating,timestamp\n"}
    first, bad, last = open_release(save(tmp_path, "ml-20m", files)).movies()
    assert isinstance(bad, BadRow)
    assert (bad.file, bad.line, bad.reason) == ("movies.csv", 3, reason)
    assert (first, last) == (
        MovieRow("1", "Alien", 1979, ("Horror",)),
        MovieRow("3", "The Heat", 2013, ("Comedy",)),
    )


def test_quotes_that_do_not_close_give_up_only_their_own_line(tmp_path: Path) -> None:
    movies = (
        b'movieId,title,genres\n1,"Alien (1979),Horror\n2,Heat",x,y\n3,Se7en",x,y\n4,Jaws (1975),Horror\n'
    )
    files = {"movies.csv": movies, "ratings.csv": b"userId,movieId,rating,timestamp\n"}
    *bad, good = open_release(save(tmp_path, "ml-20m", files)).movies()
    assert [(row.line, row.reason) for row in bad if isinstance(row, BadRow)] == [
        (2, "broken quotes"),
        (3, "4 columns instead of 3"),
        (4, "4 columns instead of 3"),
    ]
    assert good == MovieRow("4", "Jaws", 1975, ("Horror",))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2|Heat (1995)|1995||" + b"|0" * 19, "a release date that is not like 01-Jan-1995"),
        (b"2|Heat (1995)|31-Feb-1995||" + b"|0" * 19, "a release date that is not like 01-Jan-1995"),
        (b"2|Heat (1995)|||" + b"|2" * 19, "a genre that is neither 0 nor 1"),
        (b"2|Heat (1995)|||" + b"|0" * 18, "23 columns instead of 24"),
    ],
)
def test_a_broken_item_of_the_100k_release_is_reported(tmp_path: Path, line: bytes, reason: str) -> None:
    files = {"u.item": line + b"\n3|Heat (1995)|01-Dec-1995||" + b"|0" * 19, "u.data": b""}
    bad, good = open_release(save(tmp_path, "x", files)).movies()
    assert isinstance(bad, BadRow)
    assert (bad.file, bad.line, bad.reason) == ("u.item", 1, reason)
    assert isinstance(good, MovieRow)


@pytest.mark.parametrize("link", [b"1,tt0114709,862", b"1,0114709,1e3", b"1,0114709,2147483648"])
def test_a_broken_link_is_reported_and_leaves_the_movie_without_ids(tmp_path: Path, link: bytes) -> None:
    files = {
        "movies.csv": b"movieId,title,genres\n1,Heat (1995),Crime\n",
        "ratings.csv": b"userId,movieId,rating,timestamp\n",
        "links.csv": b"movieId,imdbId,tmdbId\n" + link + b"\n",
    }
    bad, movie = open_release(save(tmp_path, "ml-20m", files)).movies()
    assert bad == BadRow("links.csv", 2, "an IMDb or TMDb id that is not a number", link.decode())
    assert movie == MovieRow("1", "Heat", 1995, ("Crime",))


def test_what_is_shown_of_a_bad_row_is_short_and_safe_for_a_terminal(tmp_path: Path) -> None:
    files = {"movies.dat": b"", "tags.dat": b"", "ratings.dat": b"\x1b[31m\xff\n" + b"\x07" * 400}
    red, loud = open_release(save(tmp_path, "x", files)).ratings()
    assert isinstance(red, BadRow)
    assert isinstance(loud, BadRow)
    assert red.text == r"\x1b[31m\xff"
    assert len(loud.text) == 200
    assert loud.text.isprintable()
