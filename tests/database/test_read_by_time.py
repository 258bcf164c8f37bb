"""A database whose activity was keyed by id: its rows are there afterwards, its indexes whole, and on the way back too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from alembic import command

from app.database import _config, _connection

Conn = psycopg.Connection[tuple[Any, ...]]
To = Callable[[str], Any]

ROWS = """
insert into activity.actions (id, occurred_at, action, session_id, source)
select gen_random_uuid(), now() + n * interval '1 hour', 'MOVIE_SEARCH', gen_random_uuid(), 'web'
  from generate_series(1, 1000) n;
insert into events (event_id, type, user_id, movie_id, correlation_id)
select gen_random_uuid(), 'movie_viewed', gen_random_uuid(), gen_random_uuid(), gen_random_uuid()
  from generate_series(1, 50)"""
LEFT = """
create index actions_session_id_idx on only activity.actions (session_id);
create index events_user_id_occurred_at_idx on only events (user_id, occurred_at) where type in ('movie_viewed',
  'recommendation_clicked', 'movie_rated', 'movie_favorited', 'watchlist_item_added')"""
INDEXES = """
select c.relname, pg_get_indexdef(c.oid), x.indisvalid, x.indisprimary
  from pg_index x join pg_class c on c.oid = x.indexrelid
 where x.indrelid = any (array['activity.actions', 'events']::regclass[]) order by 1"""
BARE = """
select t.relname from pg_class t join pg_inherits i on i.inhrelid = t.oid
 where i.inhparent = any (array['activity.actions', 'events']::regclass[])
   and (select count(*) from pg_index x where x.indrelid = t.oid and x.indisvalid)
       <> (select count(*) from pg_index x where x.indrelid = i.inhparent)"""


@pytest.fixture
def to(empty_database: str) -> To:
    @contextmanager
    def moved(revision: str) -> Iterator[Conn]:
        with _connection(empty_database) as connection:
            config = _config()
            config.attributes["connection"] = connection
            move = command.downgrade if revision.startswith("-") else command.upgrade
            move(config, revision.removeprefix("-"))
            connection.commit()
        with psycopg.connect(empty_database, autocommit=True) as conn:
            yield conn

    return moved


@pytest.mark.parametrize("left", ["", LEFT], ids=["whole", "cut short"])
def test_every_part_has_every_index_and_no_row_is_lost(to: To, left: str) -> None:
    what = "select count(*), sum(hashtextextended(a::text, 0)) from activity.actions a"
    with to("0026") as conn:
        before = conn.execute(INDEXES).fetchall()
        conn.execute(ROWS)
        rows = conn.execute(what).fetchall()
        conn.execute(left.encode())
    with to("0027") as conn:
        assert conn.execute(what).fetchall() == rows
        found = {name: (text, valid, primary) for name, text, valid, primary in conn.execute(INDEXES)}
        assert all(valid for _, valid, _ in found.values())
        key, _, is_primary = found["actions_pkey"]
        assert key.endswith("(occurred_at, id)")
        assert is_primary
        conn.execute("select activity.add_months(5)")
        assert conn.execute(BARE).fetchall() == []
        assert conn.execute("select count(*) from activity.log").fetchall() == [(1050,)]
    with to("-0024") as conn:
        assert conn.execute(INDEXES).fetchall() == before
        assert conn.execute(BARE).fetchall() == []
        assert conn.execute("select count(*) from activity.log").fetchall() == [(1050,)]
