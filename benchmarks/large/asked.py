"""What clients ask: documents as they are sent, the later pages of what is long too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.catalogue import GENRES, movie
from benchmarks.catalogue import person as person_id
from benchmarks.large.plans import Values, answer
from benchmarks.postgres import Conn
from benchmarks.questions import Question, compiled
from benchmarks.servers import documents

DEEP = 5
"""Pages of a hundred before the one that is asked for."""
_PAGE = "edges { cursor node { %s } } pageInfo { hasNextPage endCursor }"
_HISTORY = (
    f"viewer {{ history(first: 100, after: $after) {{ {_PAGE % 'id type occurredAt movie { id title }'} }} }}"
)
_WATCHLIST = (
    "viewer { watchlist(first: 50, after: $after, orderBy: %s) { edges { cursor priority addedAt node { id title } }"
    " pageInfo { endCursor } } }"
)
_ACTIVITY = _PAGE % "id action occurredAt movie { id title }"

_OWN = {
    "Watchlist": f"query Watchlist($after: String) {{ {_WATCHLIST % 'PRIORITY'} }}",
    "History": f"query History($after: String) {{ {_HISTORY} }}",
    "Activity": f"query Activity($after: String) {{ viewer {{ activity(first: 100, after: $after) {{ {_ACTIVITY} }} }} }}",
    "Metrics": """query Metrics($by: MovieLookup!) { movie(by: $by) { title
      dailyMetrics(first: 30) { nodes { day viewCount likeCount clickThroughRate } } } }""",
    "Notifications": """query Notifications($after: String) { viewer { notifications(first: 20, after: $after) {
      edges { cursor node { id kind channel status } } pageInfo { endCursor } } } }""",
    "Trending": "query Trending { trending(window: MONTH, first: 50) { nodes { id title } } }",
    "Popular": """query Popular { movies(orderBy: LIKES, first: 50) { nodes { id title stats { likeCount } } } }""",
    "Search": """query Search($search: String) { movies(search: $search, first: 20) { nodes { id title } } }""",
    "Log": f"""query Log($filter: EventFilter) {{
      events(filter: $filter, first: 100) {{ {_PAGE % "id position type"} }} }}""",
    "AllActivity": f"""query AllActivity($filter: ActivityFilter) {{
      activity(filter: $filter, first: 100) {{ {_PAGE % "id action occurredAt"} }} }}""",
}
_STAFF = frozenset({"person", "analyst", "operator", "admin"})


@dataclass(frozen=True)
class Asked:
    """A statement that the server sends, and its values."""

    name: str
    sql: str
    values: Values
    is_whole: bool = False
    """Whether it cannot be answered without reading a table whole."""


def asked(conn: Conn, busy: int, usual: int, known: int) -> Iterator[Asked]:
    """Give what a busy person asks, a usual one where that differs, and everybody of a movie that many know.

    `conn` finds the later pages.
    """
    by = {"by": {"id": f"Movie:{movie(known)}"}}
    texts: Mapping[str, str] = {**documents(), **_OWN}

    def one(
        name: str,
        variables: Mapping[str, Any],
        title: str = "",
        *,
        person: int = busy,
        staff: bool = False,
        is_whole: bool = False,
    ) -> Asked:
        question = Question(name, dict(variables), person, texts[name])
        sql, values = compiled(question, _STAFF if staff else frozenset({"person"}))
        return Asked(title or name, re.sub(r";\s*\Z", "", sql), values, is_whole)

    yield one("Home", {})
    yield one("Movie", by)
    browse = {"filter": {"genre": GENRES[0].lower()}, "orderBy": "NEWEST", "first": 20}
    yield one("BrowseMovies", browse, "BrowseMovies, and how many there are", is_whole=True)
    yield one("Search", {"search": f"{known}"})
    yield one("Popular", {})
    yield one("Trending", {})
    yield one("MyRatings", {"first": 20})
    yield one("Metrics", by)
    for name in ("Watchlist", "History", "Activity", "Notifications"):
        yield one(name, {})
        page, after = 1, _end(conn, one(name, {}))
        while after and page < DEEP:
            page, last = page + 1, after
            after = _end(conn, one(name, {"after": last}))
        yield one(name, {"after": after or last}, f"{name}, page {page + 1}")
    yield one("Activity", {}, "Activity of a usual person", person=usual)
    yield one("Log", {"filter": {"userId": f"User:{person_id(busy)}"}}, "Log of a person", staff=True)
    yield one("Log", {"filter": {"movieId": by["by"]["id"]}}, "Log of a movie", staff=True)
    yield one("Log", {"filter": {"types": ["movie_favorited"]}}, "Log of a type", staff=True)
    yield one("AllActivity", {}, "Activity of all", staff=True)
    yield one("AllActivity", {"filter": {"movieId": by["by"]["id"]}}, "Activity about a movie", staff=True)


_CURSOR = re.compile(rb'"endCursor": ?"([^"]+)"')


def _end(conn: Conn, question: Asked) -> str | None:
    """Return the cursor of a page's end, None where there is nothing after it."""
    found = _CURSOR.search(answer(conn, question.sql, question.values))
    return found[1].decode() if found else None
