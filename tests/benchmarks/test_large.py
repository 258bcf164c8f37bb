"""What design S3 expects of a year, at the least scale: made as the server would have made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil
import psycopg
import pytest

from accounts.emails import EMAIL
from accounts.keys import Keys
from accounts.sealed_columns import NOTIFICATION
from benchmarks.catalogue import person
from benchmarks.large import asking, people, seeding
from benchmarks.large.largest import largest
from benchmarks.large.volumes import ESTIMATES, LEAST_SCALE, Volumes, measured
from benchmarks.postgres import Database, settings_of
from benchmarks.report import count
from events import seals
from events.log import COLUMNS, recorded
from notifications.content import Content
from projections.registry import projections
from projections.verify import verify
from tests.postgres import Databases

VOLUMES = Volumes(LEAST_SCALE)


@pytest.fixture(scope="module")
def seeded(clones: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with clones.clone() as conninfo, pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_COST", 4)
        db = Database(conninfo, tmp_path_factory.mktemp("seed"), psutil.Process())
        seeding.fill(db, VOLUMES)
        yield db


def test_k112_every_table_has_what_the_design_expects(seeded: Database) -> None:
    with seeded.owner() as conn:
        _, found = measured(conn, VOLUMES)
    for table in ESTIMATES:
        if table not in (
            "genres",
            "movie_genres",
            "popularity_metrics",
        ):  # there are as many as movies and days
            assert found[table]["rows"] == pytest.approx(VOLUMES.of(table), rel=0.15), table
        assert found[table]["rows"] > 0


@pytest.mark.parametrize("name", projections())
def test_k112_every_read_table_is_what_the_log_says(seeded: Database, name: str) -> None:
    with seeded.connect() as conn:
        assert verify(conn, name) == []


def test_k112_every_event_is_one_that_the_server_writes(seeded: Database) -> None:
    """Of each kind: what is stored is what the fact would store."""
    numbered = "select *, row_number() over (partition by type order by position desc) as n from events"
    newest = f"select {COLUMNS} from ({numbered}) e where n <= 200"
    with seeded.connect() as conn:
        rows = conn.execute(newest.encode()).fetchall()
        ((kinds,),) = conn.execute("select count(distinct type) from events").fetchall()
    assert kinds >= 18
    for row in rows:
        event = recorded(row)
        assert (event.fact.type, event.fact.data()) == (row[2], row[6])
        assert event.occurred_at > datetime.now(UTC) - timedelta(days=370)


def test_k112_what_is_personal_is_sealed_under_each_ones_own_key(seeded: Database) -> None:
    keys = Keys(settings_of(seeded).masters())
    with seeded.connect() as conn:
        ((email, plain),) = conn.execute(
            "select email_sealed, email from users where id = %s", (person(7),)
        ).fetchall()
        texts = conn.execute("select user_id, content_sealed from outbox limit 20").fetchall()
        opened = keys.fetch(conn, [person(7), *(user_id for user_id, _ in texts)])
    assert plain is None
    assert opened[person(7)].open(EMAIL, email) == "person7@mail.example"
    assert texts
    for user_id, sealed in texts:
        assert 5 <= len(Content.parse(opened[user_id].open(NOTIFICATION, sealed)).items) <= 6


def test_k112_the_log_is_sealed_to_its_end(seeded: Database) -> None:
    with seeded.connect() as conn:
        ((events,),) = conn.execute("select count(*) from events").fetchall()
        *_, last = seals.verify(conn)
    assert (last.broken, last.events) == (None, events)


def test_k112_no_question_of_a_page_reads_a_large_table_whole(seeded: Database) -> None:
    found = asking.ask(seeded, quick=True)
    assert found.raw.get("whole", []) == []
    assert {"Home", "Movie", "S3: export of a person", "S2: liked with movies"} <= set(found.raw["asked"])
    # whatever the busiest did, and everybody together
    pages = (
        "Activity",
        "Activity, page 6",
        "S3: activity, newest",
        "S3: interactions, newest",
        "S3: metrics of a day",
    )
    assert {name: rows for name in pages if (rows := found.raw["asked"][name]["rows"]) > 500} == {}
    with seeded.connect() as conn:
        most = "select max(n) from (select count(*) as n from activity.log group by user_id) each"
        ((actions,),) = conn.execute(most).fetchall()
    assert actions > 1_000


@pytest.mark.parametrize(
    ("design", "question", "index"),
    [
        ("s3", "select * from users where id = 7", "users_database_id_as_bigint_idx"),
        ("s3", "select * from users where username = 'person7'", "users_username_as_varchar_idx"),
        ("s3", "select * from movies where id = 7", "movies_database_id_as_bigint_idx"),
        ("s3", "select * from movies where title = 'Moon'", "movies_title_as_varchar_idx"),
        ("s3", "select * from movies order by release_date desc limit 5", "movies_released_idx"),
        ("s3", "select * from movies order by popularity_score desc limit 5", "movies_most_popular_idx"),
        ("s3", "select * from user_movie_interactions where user_id = 7", "users_database_id_as_bigint_idx"),
        ("s2", f"""select * from "UserMovies" where "userId" = '{person(7)}'""", "users_id_as_text_idx"),
        ("s2", f"""select * from "Watchlist" where "userId" = '{person(7)}'""", "users_id_as_text_idx"),
        ("s2", f"""select * from "Movies" where id = '{person(7)}'""", "movies_id_as_text_idx"),
    ],
)
def test_what_programs_of_the_designs_look_up_enters_an_index(
    seeded: Database, design: str, question: str, index: str
) -> None:
    with psycopg.connect(seeded.conninfo) as conn:
        # of so small tables each is read at once otherwise
        conn.execute(f"set search_path = compat_{design}; set enable_seqscan = off".encode())
        plan = "\n".join(row[0] for row in conn.execute(f"explain {question}".encode()))
    assert index in plan
    for table in ("ratings", "favorites", "watchlist", "viewing_states"):
        assert f"Seq Scan on {table}" not in plan


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("user_movie_interactions order by timestamp", "viewing_states_timezone_idx"),
        ("user_activity_logs order by timestamp", "events_p0_occurred_at_as_utc_idx"),
        (
            "popularity_metrics where date = current_date - 9 order by view_count",
            "popularity_metrics_day_int4_idx",
        ),
    ],
)
def test_k112_the_newest_of_all_is_read_in_the_order_of_indexes(
    seeded: Database, question: str, index: str
) -> None:
    with psycopg.connect(seeded.conninfo) as conn:
        conn.execute("set search_path = compat_s3")
        rows = conn.execute(f"explain select * from {question} desc limit 20".encode())
        plan = "\n".join(row[0] for row in rows)
    assert index in plan
    assert not re.search(r"->  (Incremental )?Sort\b", plan), plan


def test_k112_it_is_said_where_the_bytes_are(seeded: Database) -> None:
    with seeded.owner() as conn:
        found = {name: (kind, size) for name, kind, size, *_ in largest(conn).rows}
        ((log,),) = conn.execute(
            "select sum(pg_table_size(inhrelid)) / 1e6 from pg_inherits where inhparent = 'events'::regclass"
        ).fetchall()
    assert found["events"] == ("table", count(float(log)))
    assert found["actions_pkey"][0] == "index"
