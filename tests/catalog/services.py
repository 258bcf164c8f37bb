"""TMDb and OMDb on a port of their own: answers in the shapes that they document, and every way to fail."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = Any

TOKEN = "a-token-that-nobody-may-read-in-a-log"
KEY = "a-key-that-nobody-may-read-in-a-log"

FIGHT_CLUB: Json = {
    "adult": False,
    "backdrop_path": "/wide550.jpg",
    "budget": 63000000,
    "genres": [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}],
    "homepage": "",
    "id": 550,
    "imdb_id": "tt0137523",
    "original_language": "en",
    "original_title": "Fight Club",
    "overview": "A man who cannot sleep meets a man who sells soap.",
    "popularity": 73.4,
    "poster_path": "/poster550.jpg",
    "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
    "release_date": "1999-10-15",
    "runtime": 139,
    "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
    "status": "Released",
    "tagline": "Soap.",
    "title": "Fight Club",
    "vote_average": 8.4,
    "vote_count": 26280,
    "credits": {
        "cast": [
            {"id": 287, "name": "Brad Pitt", "character": "Tyler Durden", "order": 1, "cast_id": 5},
            {"id": 819, "name": "Edward Norton", "character": "Narrator", "order": 0, "cast_id": 4},
        ],
        "crew": [
            {"id": 7467, "name": "David Fincher", "job": "Director", "department": "Directing"},
            {"id": 7468, "name": "Jim Uhls", "job": "Screenplay", "department": "Writing"},
        ],
    },
    "translations": {
        "translations": [
            {
                "iso_3166_1": "FR",
                "iso_639_1": "fr",
                "name": "Français",
                "data": {
                    "title": "",
                    "overview": "Un homme qui ne dort pas.",
                    "tagline": "Savon.",
                    "runtime": 139,
                },
            },
            {
                "iso_3166_1": "BR",
                "iso_639_1": "pt",
                "name": "Português",
                "data": {"title": "Clube da Luta", "overview": "", "tagline": ""},
            },
        ]
    },
    "videos": {
        "results": [
            {
                "iso_639_1": "en",
                "key": "fan00000000",
                "site": "YouTube",
                "type": "Trailer",
                "official": False,
            },
            {"iso_639_1": "en", "key": "BdJKm16Co6M", "site": "YouTube", "type": "Trailer", "official": True},
            {"iso_639_1": "fr", "key": "dfeUzm6KF4g", "site": "YouTube", "type": "Trailer", "official": True},
            {"iso_639_1": "en", "key": "clip", "site": "Vimeo", "type": "Clip", "official": True},
        ]
    },
    "release_dates": {
        "results": [
            {
                "iso_3166_1": "US",
                "release_dates": [
                    {"certification": "NR", "type": 5, "release_date": "2000-06-06T00:00:00.000Z"},
                    {"certification": "R", "type": 3, "release_date": "1999-10-15T00:00:00.000Z"},
                ],
            },
            {"iso_3166_1": "SE", "release_dates": [{"certification": "", "type": 3}]},
        ]
    },
    "external_ids": {"imdb_id": "tt0137523", "wikidata_id": "Q190050"},
    "watch/providers": {
        "results": {
            "SE": {
                "link": "https://www.themoviedb.org/movie/550/watch?locale=SE",
                "flatrate": [
                    {
                        "provider_id": 8,
                        "provider_name": "Netflix",
                        "logo_path": "/n.jpg",
                        "display_priority": 0,
                    }
                ],
                "rent": [
                    {
                        "provider_id": 2,
                        "provider_name": "Apple TV",
                        "logo_path": "/a.jpg",
                        "display_priority": 2,
                    }
                ],
            },
            "US": {"link": "https://example.org/us", "ads": [{"provider_id": 9, "provider_name": "Tubi"}]},
        }
    },
}
RATED: Json = {
    "Title": "Fight Club",
    "Year": "1999",
    "Awards": "Nominated for 1 Oscar. 12 wins & 38 nominations total",
    "Ratings": [
        {"Source": "Internet Movie Database", "Value": "8.8/10"},
        {"Source": "Rotten Tomatoes", "Value": "81%"},
        {"Source": "Metacritic", "Value": "67/100"},
    ],
    "Metascore": "67",
    "imdbRating": "8.8",
    "imdbVotes": "2,466,372",
    "imdbID": "tt0137523",
    "Type": "movie",
    "Response": "True",
}


def details(number: int, imdb_id: str | None = None, **more: Json) -> Json:
    """Return the details of another movie."""
    bare = {
        "id": number,
        "imdb_id": imdb_id,
        "title": f"Movie {number}",
        "external_ids": {"imdb_id": imdb_id},
    }
    return {**copy.deepcopy(FIGHT_CLUB), "watch/providers": {"results": {}}, **bare, **more}


@dataclass
class Services:
    """What the services have, what they were asked, and how they behave for the next requests."""

    url: str = ""
    movies: dict[int, Json] = field(default_factory=lambda: {550: copy.deepcopy(FIGHT_CLUB)})
    rated: dict[str, Json] = field(default_factory=lambda: {"tt0137523": copy.deepcopy(RATED)})
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Paths, and the headers that came with them."""
    answers: list[Json] = field(default_factory=list)
    """Taken one a request before the ordinary ones: (status, headers, body), or seconds to be slow, or None to hang up."""
    broken: bool = False
    """Whether every answer is a 503."""
    began: list[float] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return what was asked, without parameters."""
        return [urlsplit(path).path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    services: Services

    def do_GET(self) -> None:
        services, parts = self.services, urlsplit(self.path)
        services.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        services.began.append(time.monotonic())
        special = services.answers.pop(0) if services.answers else ()
        if special is None:
            self.close_connection = True
            return
        if services.broken:
            special = (503, {}, b"")
        if isinstance(special, tuple) and special:
            self._send(*special)
            return
        slow_s = special if isinstance(special, float) else 0.0
        self._send(*self._answer(parts.path, parse_qs(parts.query)), slow_s=slow_s)

    def _answer(self, path: str, given: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        services = self.services
        if "i" in given:
            if given.get("apikey") != [KEY]:
                return 401, {}, b'{"Response":"False","Error":"Invalid API key!"}'
            none = {"Response": "False", "Error": "Error getting data."}
            return 200, {}, json.dumps(services.rated.get(given["i"][0], none)).encode()
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            return 401, {}, b'{"status_code":7,"status_message":"Invalid API key"}'
        kind, _, key = path.strip("/").partition("/")
        if kind == "find":
            hits = [{"id": m["id"]} for m in services.movies.values() if m["external_ids"]["imdb_id"] == key]
            return 200, {}, json.dumps({"movie_results": hits, "tv_results": []}).encode()
        found = services.movies.get(int(key))
        if found is None:
            return 404, {}, b'{"success":false,"status_code":34,"status_message":"Not found."}'
        body = json.dumps(found).encode()
        etag = f'W/"{hashlib.md5(body).hexdigest()}"'
        if self.headers.get("if-none-match") == etag:
            return 304, {"etag": etag}, b""
        return 200, {"etag": etag}, body

    def _send(self, status: int, headers: dict[str, str], body: bytes, slow_s: float = 0.0) -> None:
        self.send_response(status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for start in range(0, len(body), 400 if slow_s else len(body) or 1):
                self.wfile.write(body[start : start + (400 if slow_s else len(body))])
                self.wfile.flush()
                time.sleep(slow_s)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@contextmanager
def running() -> Iterator[Services]:
    """Serve both until the end."""
    services = Services()
    handler = type("Handler", (_Handler,), {"services": services})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    services.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
