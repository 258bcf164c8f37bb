"""Merging movies: what people, visitors and lists have of the one that goes is the other's, and every table is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.merging import finish_merges, record_merge
from catalog.uniting import CannotMerge, merge
from database.connect import connect
from events.decided import whole_history
from events.favorites import favorite_movie
from events.pair import Pair
from events.ratings import rate_movie
from events.visitors import MovieViewedByVisitors
from projections.follow import catch_up
from tests.events.writing import write, write_raw
from tests.postgres import Databases
from tests.projections.conftest import filled
from tests.projections.filling import differences, fold_inline_anew
from tests.strategies import ACQUAINTED, MOVIES, movie_id, user_id

__all__ = ["filled"]

Conn = psycopg.Connection[tuple[Any, ...]]
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def conn(clones: Databases, filled: str) -> Iterator[Conn]:
    """A database with a log of everything, in which the movies 0 and 1 have a row and all people an account."""
    with clones.clone(filled) as conninfo, connect(conninfo) as conn:
        for movie in range(MOVIES):
            conn.execute(
                "insert into movies (id, title) values (%s, %s)", (movie_id(movie), f"Movie {movie}")
            )
        for person in range(ACQUAINTED):
            conn.execute(
                "insert into users (id, username, username_key) values (%s, %s, %s)",
                (user_id(person), f"person{person}", f"person{person}"),
            )
        yield conn


GONE, KEPT = movie_id(0), movie_id(1)


def one(conn: Conn, query: str, *values: Any) -> Any:
    (row,) = conn.execute(query, values).fetchall()
    return row


def visible(conn: Conn, movie: UUID) -> tuple[int, ...]:
    """What is counted of a movie now, but for page views."""
    found = conn.execute(
        "select like_count, dislike_count, reaction_count, rating_count, half_stars_sum, favorite_count,"
        " watchlist_count, watch_count from movie_stats where movie_id = %s",
        (movie,),
    ).fetchone()
    return found or (0,) * 8


def test_k20_people_visitors_and_lists_have_the_movie_that_stays_and_every_table_is_right(conn: Conn) -> None:
    query = "select view_count from movie_stats where movie_id = %s"
    views = sum(one(conn, query, movie)[0] for movie in (GONE, KEPT))
    listed = (
        "select list_id, rank, note_id, added_by, added_at from list_items join lists using (list_id)"
        " where movie_id = %s and list_items.is_active and lists.is_active order by 1"
    )
    had, has = (conn.execute(listed, (movie,)).fetchall() for movie in (GONE, KEPT))
    assert had
    merge(conn, GONE, KEPT, record_merge)
    assert finish_merges(conn) == 1
    catch_up(conn)
    assert differences(conn) == {}
    assert visible(conn, GONE) == (0,) * 8
    assert one(conn, query, KEPT)[0] == views
    for person in range(ACQUAINTED):
        pair = Pair(user_id(person), GONE)
        pair = pair.when(e.fact for e in whole_history(conn, user_id(person), [GONE]))
        assert (pair.status, pair.review, pair.feedback) == (None, None, None)
    active = "select from list_items where movie_id = %s and is_active"  # of lists that were deleted, too
    assert conn.execute(active, (GONE,)).fetchall() == []
    there = {row[0] for row in has}
    assert conn.execute(listed, (KEPT,)).fetchall() == sorted([*has, *(r for r in had if r[0] not in there)])


def test_k20_a_merge_is_looked_at_once_more_when_everybody_has_heard_of_it(conn: Conn) -> None:
    merge(conn, GONE, KEPT, record_merge)
    assert [finish_merges(conn), finish_merges(conn)] == [1, 0]
    events = one(conn, "select count(*) from events")
    newcomer = uuid4()
    conn.execute("insert into users (id, username, username_key) values (%s, 'late', 'late')", (newcomer,))
    late = Pair(newcomer, GONE)
    write(conn, *favorite_movie(late), MovieViewedByVisitors(movie_id=GONE, views=3), at=NOON)
    fold_inline_anew(conn)
    assert finish_merges(conn, settled_s=0) == 1
    assert one(conn, "select count(*) from movie_merges") == (0,)
    catch_up(conn)
    assert differences(conn) == {}
    assert one(
        conn, "select is_active from favorites where (user_id, movie_id) = (%s, %s)", newcomer, GONE
    ) == (False,)
    assert one(
        conn,
        "select is_active, favorited_at from favorites where (user_id, movie_id) = (%s, %s)",
        newcomer,
        KEPT,
    ) == (True, NOON)
    assert one(conn, "select count(*) from events") > events
    assert one(
        conn,
        "select occurred_at, data->>'views' from events where type = 'movie_viewed_by_visitors' order by position desc"
        " limit 1",
    ) == (NOON, "3")


def test_k20_a_merge_that_is_cut_short_goes_on(conn: Conn) -> None:
    merge(conn, GONE, KEPT, record_merge)
    steps = count()
    finish_merges(conn, lambda: next(steps) < 2)
    assert one(conn, "select moved_at from movie_merges") == (None,)
    finish_merges(conn)
    catch_up(conn)
    assert visible(conn, GONE) == (0,) * 8
    assert differences(conn) == {}


def test_k20_what_cannot_be_moved_waits_and_holds_up_nobody(
    conn: Conn, caplog: pytest.LogCaptureFixture
) -> None:
    """As with a log that a newer version writes to."""
    late = uuid4()
    conn.execute("insert into users (id, username, username_key) values (%s, 'late', 'late')", (late,))
    write(conn, *rate_movie(Pair(late, GONE), 7), at=NOON)
    fold_inline_anew(conn)
    write_raw(conn, "movie_rated", {"half_stars": 1}, user=user_id(0), movie=GONE, version=99)
    merge(conn, GONE, KEPT, record_merge)
    assert finish_merges(conn) == 1
    assert "a part of a merge failed" in caplog.text
    assert one(conn, "select moved_at from movie_merges") == (None,)
    assert one(conn, "select half_stars from ratings where (user_id, movie_id) = (%s, %s)", late, KEPT) == (
        7,
    )


def test_k20_what_was_merged_leads_on_where_that_is_merged_too(conn: Conn) -> None:
    third = movie_id(2)
    merge(conn, GONE, KEPT, record_merge)
    merge(conn, KEPT, third, record_merge)
    finish_merges(conn)
    catch_up(conn)
    assert {
        row[0] for row in conn.execute("select merged_into from movies where merged_into is not null")
    } == {third}
    assert visible(conn, GONE) == visible(conn, KEPT) == (0,) * 8
    assert differences(conn) == {}
    with pytest.raises(CannotMerge, match="merged already"):
        merge(conn, GONE, third, record_merge)


def test_k20_who_was_erased_has_nothing_to_move(conn: Conn) -> None:
    conn.execute("delete from users where id = %s", (user_id(0),))
    merge(conn, GONE, KEPT, record_merge)
    finish_merges(conn)
    assert (
        conn.execute(
            "select from events where user_id = %s and correlation_id = any"
            " (select event_id from events where type = 'movies_merged')",
            (user_id(0),),
        ).fetchall()
        == []
    )
