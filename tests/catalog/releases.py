"""Small MovieLens releases: generated rows, and each release's way of writing them down."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import strategies as st

from catalog.movielens import MovieRow, RatingRow, Scale

GENRES = (
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_ENGLISH = ("The ", "A ", "An ")
_FOREIGN = ("La ", "Les ", "L'", "Der ", "Il ", "El ", "De ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Form:
    """A release's way of writing: what it cannot say is left out of the generated rows."""

    name: str
    scale: Scale
    encoding: str
    has_dates: bool
    has_links: bool
    orders_genres: bool
    files: Callable[[Sequence[MovieRow], Sequence[RatingRow]], dict[str, str]]

    def packed(self, movies: Sequence[MovieRow], ratings: Sequence[RatingRow]) -> dict[str, bytes]:
        """The files' bytes by name."""
        return {name: text.encode(self.encoding) for name, text in self.files(movies, ratings).items()}


def movielens_title(row: MovieRow) -> str:
    """ "The City" with the original "La Cité" of 1995 as "City, The (Cité, La) (1995)"."""
    text = _article_last(row.title)
    if row.original_title:
        text += f" ({_article_last(row.original_title)})"
    return f"{text} ({row.year})" if row.year else text


def _article_last(title: str) -> str:
    for article in (*_ENGLISH, *_FOREIGN):
        if title.startswith(article):
            return f"{title.removeprefix(article)}, {article.strip()}"
    return title


def _stars(rating: RatingRow) -> str:
    return f"{rating.half_stars / 2:g}"


def _seconds(rating: RatingRow) -> int:
    return int(rating.rated_at.timestamp())


def _100k(movies: Sequence[MovieRow], ratings: Sequence[RatingRow]) -> dict[str, str]:
    items = []
    for row in movies:
        day = row.release_date
        released = f"{day:%d}-{_MONTHS[day.month - 1]}-{day:%Y}" if day else ""
        flags = "|".join("01"[genre in row.genres] for genre in ("unknown", *GENRES))
        items.append(f"{row.external_id}|{movielens_title(row)}|{released}||http://example/|{flags}\n")
    data = (f"{r.user_external_id}\t{r.movie_external_id}\t{_stars(r)}\t{_seconds(r)}\n" for r in ratings)
    return {"u.item": "".join(items), "u.data": "".join(data)}


def _dat(movies: Sequence[MovieRow], ratings: Sequence[RatingRow]) -> dict[str, str]:
    films = (f"{row.external_id}::{movielens_title(row)}::{'|'.join(row.genres)}\n" for row in movies)
    said = (f"{r.user_external_id}::{r.movie_external_id}::{_stars(r)}::{_seconds(r)}\n" for r in ratings)
    return {"movies.dat": "".join(films), "ratings.dat": "".join(said)}


def _csv(movies: Sequence[MovieRow], ratings: Sequence[RatingRow]) -> dict[str, str]:
    listed = [(row, "|".join(row.genres) or "(no genres listed)") for row in movies]
    links = [(m.external_id, (m.imdb_id or "").removeprefix("tt"), m.tmdb_id or "") for m in movies]
    said = [
        (r.user_external_id, r.movie_external_id, f"{r.half_stars / 2:.1f}", _seconds(r)) for r in ratings
    ]
    films = [(row.external_id, movielens_title(row), genres) for row, genres in listed]
    return {
        "movies.csv": _table(("movieId", "title", "genres"), films),
        "ratings.csv": _table(("userId", "movieId", "rating", "timestamp"), said),
        "links.csv": _table(("movieId", "imdbId", "tmdbId"), links),
    }


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _recbole(movies: Sequence[MovieRow], ratings: Sequence[RatingRow]) -> dict[str, str]:
    items = ["item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"]
    for row in movies:
        title = movielens_title(row).removesuffix(f" ({row.year})")
        items.append(f"{row.external_id}\t{title}\t{row.year or ''}\t{' '.join(row.genres)}\n")
    inter = ["user_id:token\titem_id:token\trating:float\ttimestamp:float\n"]
    inter += [f"{r.user_external_id}\t{r.movie_external_id}\t{_stars(r)}\t{_seconds(r)}\n" for r in ratings]
    return {"ml-100k.item": "".join(items), "ml-100k.inter": "".join(inter)}


CSV_FORM = Form("ml-latest-small", "0.5-5", "utf-8", False, True, True, _csv)
FORMS = (
    Form("ml-100k", "1-5", "latin-1", True, False, False, _100k),
    Form("ml-1m", "1-5", "latin-1", False, False, True, _dat),
    Form("ml-10M100K", "0.5-5", "utf-8", False, False, True, _dat),
    CSV_FORM,
    Form("ml-100k", "1-5", "utf-8", False, False, True, _recbole),
)


def save(path: Path, name: str, files: dict[str, bytes], *, zipped: bool = False) -> Path:
    """Writes the files into the folder `name` under `path`, or into a zip that holds that folder."""
    if zipped:
        archive = path / f"{name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file, content in files.items():
                packed.writestr(f"{name}/{file}", content)
        return archive
    folder = path / name
    folder.mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return folder


_words = st.text(st.sampled_from("abcdeghiklmnopqrstuvxyzéèüñçß0123456789!'&-\""), min_size=1, max_size=8)
_phrases = (
    st.lists(_words, min_size=1, max_size=4).map(" ".join).filter(lambda text: any(map(str.isalpha, text)))
)
_bodies = _phrases.filter(lambda text: text.split()[-1] not in {"or", "and"})
_originals = st.builds(
    str.__add__, st.sampled_from(("", *_FOREIGN)), _phrases.filter(lambda t: t[:4] != "aka ")
)
_ids = st.integers(1, 10**9)


@st.composite
def movies_of(draw: st.DrawFn, form: Form) -> list[MovieRow]:
    """Films that the release can write without loss."""
    rows = []
    for number in draw(st.lists(_ids, unique=True, max_size=6)):
        title = draw(st.sampled_from(("", *_ENGLISH, *_FOREIGN))) + draw(_bodies)
        original = draw(st.none() | _originals)
        chosen = draw(st.lists(st.sampled_from(GENRES), unique=True, max_size=4))
        linked = form.has_links
        rows.append(
            MovieRow(
                external_id=str(number),
                title=title,
                original_title=original if original != title else None,
                year=draw(st.none() | st.integers(1900, 2030)),
                genres=tuple(chosen if form.orders_genres else sorted(chosen)),
                release_date=draw(st.none() | st.dates(date(1900, 1, 1))) if form.has_dates else None,
                imdb_id=f"tt{number:07}" if linked and draw(st.booleans()) else None,
                tmdb_id=number if linked and draw(st.booleans()) else None,
            )
        )
    return rows


@st.composite
def ratings_of(draw: st.DrawFn, form: Form) -> list[RatingRow]:
    """Ratings on the release's scale, to the second, from 1990 to 2020."""
    step = 2 if form.scale == "1-5" else 1
    one = st.builds(
        RatingRow,
        user_external_id=_ids.map(str),
        movie_external_id=_ids.map(str),
        half_stars=st.integers(1, 10 // step).map(lambda steps: steps * step),
        scale=st.just(form.scale),
        rated_at=st.integers(631_152_000, 1_600_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
        file=st.just(""),
        line=st.just(0),
    )
    return draw(st.lists(one, max_size=8))
