"""The Movie Database: https://developer.themoviedb.org. Its texts are a copy for a while, never a part of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from catalog.locales import LOCALE
from catalog.remote import Gone, Malformed, Remote
from catalog.rows import Certification, Credit, MovieRow, Offer, Translation, VotedRating
from catalog.tmdb_shapes import Details, Found, Provided

SOURCE = "tmdb"
_APPENDED = "credits,translations,videos,release_dates,external_ids,watch/providers"
_VIDEOS_IN = "en,fr,de,es,it,pt,ja,ko,zh,hi,null"
_CAST = 50
"""Parts of a movie that are kept, the leads first."""
_IN_CINEMAS = 3
_KINDS = {"flatrate": "SUBSCRIPTION", "free": "FREE", "ads": "ADS", "rent": "RENT", "buy": "BUY"}

_Shape = TypeVar("_Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Copy:
    """What a service says of a movie; `genre_ids` are by genre name."""

    row: MovieRow
    etag: str | None
    offers: tuple[Offer, ...] = ()
    genre_ids: tuple[tuple[str, int], ...] = ()


class Tmdb:
    """Asks for movies."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def find(self, imdb_id: str) -> int:
        """Return the TMDb id of a movie. Raises Gone where there is none, and what `Remote.get` does."""
        reply = self.remote.get(f"/find/{imdb_id}", {"external_source": "imdb_id"})
        found = shaped(Found, reply.body)
        if not found.movie_results:
            raise Gone
        return found.movie_results[0].id

    def movie(self, tmdb_id: int, etag: str | None = None) -> Copy | None:
        """Return what is said of a movie, None where nothing changed since this ETag. Raises what `Remote.get` does."""
        asked = {"append_to_response": _APPENDED, "include_video_language": _VIDEOS_IN}
        reply = self.remote.get(f"/movie/{tmdb_id}", asked, etag)
        if reply.body is None:
            return None
        said = shaped(Details, reply.body)
        if said.id != tmdb_id:
            raise Malformed("id: is that of another movie")
        return Copy(
            row_of(said), reply.etag, tuple(_offers(said)), tuple((g.name, g.id) for g in said.genres)
        )


def shaped(shape: type[_Shape], body: bytes | None) -> _Shape:
    """Return an answer in the shape that it is to have. Raises Malformed, which names fields and no values."""
    try:
        return shape.model_validate_json(body or b"")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        said = [f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in faults[:3]]
        raise Malformed("; ".join(said)) from None


def row_of(said: Details) -> MovieRow:
    """Return a movie as the catalogue takes it."""
    crew = (each for each in said.credits.crew if each.job == "Director" and each.name)
    cast = sorted((each for each in said.credits.cast if each.name), key=lambda each: each.order)[:_CAST]
    trailers = _trailers(said)
    return MovieRow(
        external_id=str(said.id),
        tmdb_id=said.id,
        imdb_id=said.imdb_id or said.external_ids.imdb_id,
        title=said.title,
        original_title=said.original_title or None,
        year=said.release_date.year if said.release_date else None,
        release_date=said.release_date,
        overview=said.overview or None,
        tagline=said.tagline or None,
        trailer_url=trailers.get("en") or next(iter(trailers.values()), None),
        runtime_minutes=said.runtime,
        adult=said.adult or None,
        original_language=said.original_language,
        languages=tuple(dict.fromkeys(each.iso_639_1 for each in said.spoken_languages if each.iso_639_1)),
        countries=tuple(dict.fromkeys(each.iso_3166_1 for each in said.production_countries)),
        popularity=said.popularity or None,
        poster_path=said.poster_path,
        backdrop_path=said.backdrop_path,
        genres=tuple(each.name for each in said.genres),
        directors=tuple(Credit(each.name, tmdb_id=each.id) for each in crew),
        cast=tuple(Credit(each.name, each.character or None, tmdb_id=each.id) for each in cast),
        certifications=tuple(_certifications(said)),
        translations=tuple(_translations(said, trailers)),
        ratings=(VotedRating(SOURCE, said.vote_average, 10, said.vote_count),) if said.vote_count else (),
        file=SOURCE,
    )


def _trailers(said: Details) -> dict[str, str]:
    """The address of the best trailer by language."""
    found: dict[str, str] = {}
    for video in sorted(said.videos.results, key=lambda each: not each.official):
        if video.site == "YouTube" and video.type == "Trailer" and video.iso_639_1:
            found.setdefault(video.iso_639_1, f"https://www.youtube.com/watch?v={video.key}")
    return found


def _translations(said: Details, trailers: dict[str, str]) -> Iterator[Translation]:
    for each in said.translations.translations:
        locale = f"{each.iso_639_1}-{each.iso_3166_1}" if each.iso_3166_1 else each.iso_639_1
        texts = each.data
        if LOCALE.match(locale) and (texts.title or texts.overview or texts.tagline):
            yield Translation(locale, texts.title or None, texts.overview or None, texts.tagline or None)
    for language, trailer in trailers.items():
        if LOCALE.match(language):
            yield Translation(language, trailer_url=trailer)


def _certifications(said: Details) -> Iterator[Certification]:
    """One a country: that for cinemas, where there are several."""
    for country in said.release_dates.results:
        rated = [each for each in country.release_dates if each.certification]
        if rated:
            first = min(rated, key=lambda each: each.type != _IN_CINEMAS)
            yield Certification(country.iso_3166_1, first.certification)


def _offers(said: Details) -> Iterator[Offer]:
    for country, provided in said.providers.results.items():
        yield from _offers_in(country, provided)


def _offers_in(country: str, provided: Provided) -> Iterator[Offer]:
    for name, kind in _KINDS.items():
        for provider in getattr(provided, name):
            yield Offer(country, kind, provider.provider_name, provider.logo_path, provided.link)
