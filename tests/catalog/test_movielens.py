import io
import tracemalloc
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.movielens import BadRow, MovieRow, RatingRow, UnreadableRelease, open_release
from tests.catalog.releases import FORMS, Form, movies_of, ratings_of, save

NAMES = {
    "ml-100k": "movielens-100k",
    "ml-1m": "movielens-1m",
    "ml-10M100K": "movielens-10m",
    "ml-latest-small": "movielens-latest-small",
}
CSV = {
    "movies.csv": b"movieId,title,genres\n1,Toy Story (1995),Comedy\n",
    "ratings.csv": b"userId,movieId,rating,timestamp\n7,1,4.5,964982703\n",
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.encoding}")
@given(data=st.data(), zipped=st.booleans(), crlf=st.booleans(), mark=st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(
    form: Form, data: st.DataObject, zipped: bool, crlf: bool, mark: bool
) -> None:
    movies, ratings = data.draw(movies_of(form)), data.draw(ratings_of(form))
    files = form.packed(movies, ratings)
    if crlf:
        files = {name: content.replace(b"\n", b"\r\n\r\n") for name, content in files.items()}
    if mark:
        files = {name: b"\xef\xbb\xbf" + content for name, content in files.items()}
    with TemporaryDirectory() as folder:
        release = open_release(save(Path(folder), form.name, files, zipped=zipped))
        assert release.name == NAMES[form.name]
        assert list(release.movies()) == movies
        assert list(release.ratings()) == ratings
        if not (crlf or mark):
            assert (release.movie_count_hint, release.rating_count_hint) == (len(movies), len(ratings))


def test_rows_know_their_file_and_line(tmp_path: Path) -> None:
    release = open_release(save(tmp_path, "ml-25m", CSV))
    (movie,), (rating,) = release.movies(), release.ratings()
    assert isinstance(movie, MovieRow)
    assert isinstance(rating, RatingRow)
    assert (movie.file, movie.line) == ("movies.csv", 2)
    assert (rating.file, rating.line) == ("ratings.csv", 2)


@pytest.mark.parametrize(
    ("folder", "readme", "name"),
    [
        ("ml-20m", None, "movielens-20m"),
        ("ML-32M", None, "movielens-32m"),
        ("ml-latest", None, "movielens-latest"),
        ("my films", b"This dataset (ml-25m) describes ratings", "movielens-25m"),
    ],
)
def test_the_name_is_told_by_readme_or_folder(
    tmp_path: Path, folder: str, readme: bytes | None, name: str
) -> None:
    files = CSV | ({"README.txt": readme} if readme else {})
    assert open_release(save(tmp_path, folder, files)).name == name


def test_a_nameless_release_is_named_by_its_ratings(tmp_path: Path) -> None:
    one = open_release(save(tmp_path, "here", CSV)).name
    same = open_release(save(tmp_path, "there", CSV, zipped=True)).name
    other = open_release(save(tmp_path, "else", CSV | {"ratings.csv": CSV["ratings.csv"] * 2})).name
    assert one == same != other


@pytest.mark.parametrize(
    ("movies", "beside", "name"),
    [
        ("1::Cérémonie, La (1995)::Drama\n".encode("latin-1"), "readme", "movielens-1m"),
        ("1::Cérémonie, La (1995)::Drama\n".encode(), "tags.dat", "movielens-10m"),
        (b"1::Heat (1995)::Drama\n", "users.dat", "movielens-1m"),
    ],
)
def test_a_renamed_dat_release_is_known_by_its_files(
    tmp_path: Path, movies: bytes, beside: str, name: str
) -> None:
    files = {"movies.dat": movies, "ratings.dat": b"1::1::5::978300760\n", beside: b""}
    release = open_release(save(tmp_path, "films", files))
    assert release.name == name
    assert not any(isinstance(row, BadRow) for row in release.movies())


def test_a_file_of_the_release_or_the_folder_around_it_will_do(tmp_path: Path) -> None:
    folder = save(tmp_path, "ml-20m", CSV)
    assert open_release(folder / "ratings.csv").name == "movielens-20m"
    assert open_release(tmp_path).name == "movielens-20m"


def test_a_release_deep_in_a_wheel_is_found(tmp_path: Path) -> None:
    wheel = tmp_path / "recbole.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("recbole/__init__.py", "")
        archive.writestr("recbole/data/ml-100k/ml-100k.item", "item_id\tmovie_title\trelease_year\tclass\n")
        archive.writestr("recbole/data/ml-100k/ml-100k.inter", "user_id\titem_id\trating\ttimestamp\n")
    assert open_release(wheel).name == "movielens-100k"


def test_recbole_writes_unknown_and_a_video_in_its_own_way(tmp_path: Path) -> None:
    items = (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "267\tunkonwn\tunkonwn\tunknown\n"
        "1412\tLand Before Time III: The Great Giving (1995)\tV\tAnimation Children's\n"
    )
    files = {"ml-100k.item": items.encode(), "ml-100k.inter": b"user_id\titem_id\trating\ttimestamp\n"}
    assert list(open_release(save(tmp_path, "x", files)).movies()) == [
        MovieRow("267", "unknown"),
        MovieRow("1412", "Land Before Time III: The Great Giving", 1995, ("Animation", "Children's")),
    ]


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    files = CSV | {
        "ratings.csv": b'"timestamp","rating","note","movieId","userId"\n964982703,4.5,"a, b",1,7\n'
    }
    (rating,) = open_release(save(tmp_path, "ml-20m", files)).ratings()
    assert isinstance(rating, RatingRow)
    assert (rating.user_external_id, rating.movie_external_id, rating.half_stars) == ("7", "1", 9)


def test_a_title_may_hold_quotes_commas_and_line_ends(tmp_path: Path) -> None:
    movies = b'movieId,title,genres\r\n1,"A ""B"", C\r\n\r\nD (1995)",Comedy\r\n2,Heat (1995),Crime\r\n'
    release = open_release(save(tmp_path, "ml-20m", CSV | {"movies.csv": movies}))
    assert list(release.movies()) == [
        MovieRow("1", 'A "B", C D', 1995, ("Comedy",)),
        MovieRow("2", "Heat", 1995, ("Crime",)),
    ]


def test_links_are_optional_and_may_be_empty(tmp_path: Path) -> None:
    links = b"movieId,imdbId,tmdbId\n1,0114709,\n2,12345678,862\n"
    movies = CSV["movies.csv"] + b"2,Heat (1995),Crime\n"
    linked = open_release(save(tmp_path, "ml-20m", CSV | {"movies.csv": movies, "links.csv": links}))
    ids = [(row.imdb_id, row.tmdb_id) for row in linked.movies() if isinstance(row, MovieRow)]
    assert ids == [("tt0114709", None), ("tt12345678", 862)]
    (unlinked,) = open_release(save(tmp_path, "ml-25m", CSV)).movies()
    assert unlinked == MovieRow("1", "Toy Story", 1995, ("Comedy",))


def test_where_there_is_no_release_the_error_lists_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_bytes(CSV["ratings.csv"])
    with pytest.raises(UnreadableRelease, match=r"u\.item.*movies\.dat.*movies\.csv.*ml-\*\.item"):
        open_release(tmp_path)
    with pytest.raises(UnreadableRelease, match="No such file"):
        open_release(tmp_path / "nowhere")


def test_of_several_releases_one_must_be_named(tmp_path: Path) -> None:
    save(tmp_path, "ml-20m", CSV)
    save(tmp_path, "ml-25m", CSV)
    with pytest.raises(UnreadableRelease, match="movielens-20m, movielens-25m"):
        open_release(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    files = {"movies.csv": b"", "ratings.csv": b"userId,movieId,stars,timestamp\n"}
    release = open_release(save(tmp_path, "ml-20m", files))
    with pytest.raises(UnreadableRelease, match=r"ratings\.csv does not name the column rating"):
        list(release.ratings())
    with pytest.raises(
        UnreadableRelease, match=r"movies\.csv does not name the column movieId, title, genres"
    ):
        list(release.movies())


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path, "ml-20m", CSV, zipped=True).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableRelease, match="not a whole zip"):
        open_release(cut)


def test_a_zip_with_damaged_content_is_refused_where_it_breaks(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in CSV.items():
            archive.writestr(name, content)
    damaged = tmp_path / "ml-20m.zip"
    damaged.write_bytes(buffer.getvalue().replace(b"964982703", b"964982704", 1))
    release = open_release(damaged)
    with pytest.raises(UnreadableRelease, match=r"ml-20m\.zip: ratings\.csv cannot be read past line"):
        list(release.ratings())


def test_a_zip_that_unpacks_to_one_endless_line_is_read_in_little_memory(tmp_path: Path) -> None:
    files = CSV | {"ratings.csv": CSV["ratings.csv"] + b"9" * 50_000_000 + b"\n7,1,3.0,964982703\n"}
    release = open_release(save(tmp_path, "ml-20m", files, zipped=True))
    tracemalloc.start()
    first, long, last = release.ratings()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
    assert isinstance(first, RatingRow)
    assert isinstance(last, RatingRow)
    assert long == BadRow("ratings.csv", 3, "longer than 65,536 bytes", "9" * 200)
    assert last.line == 4
