"""How many rows and bytes design S3 expects of a year, and where they are here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.postgres import Conn
from benchmarks.report import Section, count, times

DAYS = 365
MB, GB = 10**6, 10**9
TOTAL_BYTES, WITH_INDEXES = 14 * GB, 20 * GB
LEAST_SCALE = 0.004
"""Below it there are too few people and movies for so much to happen between them."""


@dataclass(frozen=True)
class Estimate:
    """What the design says of a table, and what of ours holds the same."""

    rows: int
    bytes: int
    tables: tuple[str, ...]


ESTIMATES: Mapping[str, Estimate] = {
    "users": Estimate(100_000, 80 * MB, ("users", "user_keys", "profiles", "devices", "imported_users")),
    "genres": Estimate(50, 1_000, ("genres",)),
    "movies": Estimate(
        50_000,
        200 * MB,
        (
            *("movies", "people", "movie_credits", "movie_translations", "movie_external_ratings"),
            *("search_words", "similar_movies"),
        ),
    ),
    "movie_genres": Estimate(200_000, 20 * MB, ("movie_genres",)),
    "user_movie_interactions": Estimate(
        10_000_000,
        2 * GB,
        (
            *("read.ratings", "read.favorites", "read.watchlist", "read.viewing_states", "read.diary"),
            *("read.history", "read.movie_stats", "idempotency_keys"),
        ),
    ),
    "user_recommendations": Estimate(5_000_000, GB, ("user_recommendations", "recommendation_reasons")),
    "notification_preferences": Estimate(
        100_000, 20 * MB, ("notification_preferences", "notification_rounds")
    ),
    "notification_logs": Estimate(2_000_000, 500 * MB, ("read.notifications", "outbox")),
    "user_activity_logs": Estimate(50_000_000, 10 * GB, ("activity.actions", "activity.details")),
    "popularity_metrics": Estimate(1_800_000, 200 * MB, ("read.popularity_metrics", "read.trending")),
}
"""By the design's name of a table. Beside them is the log, from which all but the catalogue and accounts come."""
LOG = ("events", "seals")


@dataclass(frozen=True)
class Volumes:
    """How much of it is made."""

    scale: float

    @property
    def people(self) -> int:
        """People, in hundreds."""
        return round(100_000 * self.scale / 100) * 100

    @property
    def movies(self) -> int:
        """Movies, in fifties: so what spreads by running numbers hits none twice."""
        return round(50_000 * self.scale / 50) * 50

    def of(self, table: str) -> int:
        """Return how many rows of a table of the design are expected: there are as many genres for any number of movies."""
        return round(ESTIMATES[table].rows * (1 if table == "genres" else self.scale))


_SIZES = """
select t.name, coalesce(sum(pg_table_size(p.oid)), 0)::bigint, coalesce(sum(pg_indexes_size(p.oid)), 0)::bigint
  from unnest(%s::text[]) as t (name)
  left join lateral (select to_regclass(t.name)::oid as oid
                      union all select inhrelid from pg_inherits where inhparent = to_regclass(t.name)) p on true
 group by t.name"""


def sizes(conn: Conn, tables: tuple[str, ...]) -> tuple[int, int]:
    """Return the bytes of tables, those of TOAST included, and of their indexes."""
    rows = conn.execute(_SIZES, (list(tables),)).fetchall()
    return sum(row[1] for row in rows), sum(row[2] for row in rows)


def measured(conn: Conn, volumes: Volumes) -> tuple[Section, dict[str, dict[str, float]]]:
    """Return rows and bytes of every table of the design beside what it expects at this scale, and the totals."""
    section = Section(
        f"Rows and bytes at {volumes.scale:g} of a year of design S3",
        ("", "rows", "÷ expected", "MB", "÷ expected", "MB of indexes"),
        note="Rows are those of the design's view; bytes are of the tables behind it, the log apart.",
    )
    found: dict[str, dict[str, float]] = {}
    for table, estimate in ESTIMATES.items():
        ((rows,),) = conn.execute(f"select count(*) from compat_s3.{table}").fetchall()
        heap, indexes = sizes(conn, estimate.tables)
        expected = estimate.bytes * volumes.scale
        found[table] = {"rows": rows, "bytes": heap, "index_bytes": indexes, "expected_bytes": expected}
        share = times(rows / max(1, volumes.of(table)))
        section.rows.append((table, count(rows), share, _mb(heap), times(heap / expected), _mb(indexes)))
    heap, indexes = sizes(conn, LOG)
    ((events,),) = conn.execute("select count(*) from events").fetchall()
    found["the log"] = {"rows": events, "bytes": heap, "index_bytes": indexes, "expected_bytes": 0}
    section.rows.append(("the log and its seals", count(events), "", _mb(heap), "", _mb(indexes)))
    return section, found


def _mb(size: float) -> str:
    return count(size / MB) if size >= 10 * MB else f"{size / MB:.1f}"
