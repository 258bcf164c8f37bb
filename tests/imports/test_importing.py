"""What imports do to the log and the read tables: once, and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.merging import finish_merges, record_merge
from app.worker import Worker
from catalog.movies import load_movies
from catalog.rows import MovieRow
from catalog.uniting import merge
from database.connect import connect
from events.append import person_lock
from events.facts import Event
from events.favorites import favorite_movie
from events.log import COLUMNS, Recorded, Source, recorded
from events.pair import Pair, PairEvent, Priority, Reaction
from events.people import UserErased
from events.ratings import clear_rating, rate_movie
from events.reactions import react_to_movie
from events.viewing import MovieWatched, dismiss_movie, mark_watched, retract_watch
from events.watchlist import add_to_watchlist
from imports import importing
from imports.errors import ImportUndone, NotImported, UnknownImport
from imports.importing import Whose, confirm, undo
from imports.previewing import forget_expired, preview
from projections.follow import catch_up
from projections.registry import fold_inline, fold_window, projections
from projections.verify import verify
from tests.events.writing import write
from tests.imports.exports import IMDB_RATINGS, film, imdb_rating, letterboxd, table, trakt_json, trakt_movie
from tests.postgres import Databases
from tests.strategies import ALONE, MOVIES, histories, movie_id, user_id
from tests.waiting import until

Conn = psycopg.Connection[tuple[Any, ...]]

YEAR = 1995
DAYS = ("2019-05-01", "2020-06-02", "2024-02-29")


def fill(conn: Conn) -> None:
    """The movies of the strategies, by titles that exports can name."""
    for number in range(MOVIES):
        conn.execute(
            "insert into movies (id, title, release_year) values (%s, %s, %s)",
            (movie_id(number), f"Movie {number}", YEAR),
        )


def somebody(conn: Conn) -> UUID:
    user = uuid4()
    conn.execute(
        "insert into users (id, username, username_key) values (%s, %s, %s)", (user, user.hex, user.hex)
    )
    return user


@pytest.fixture(scope="module")
def shared(clones: Databases) -> Iterator[Conn]:
    """A database for all examples of a property: each takes a person of its own."""
    with clones.clone() as conninfo, connect(conninfo) as conn:
        fill(conn)
        yield conn
        assert wrong_projections(conn) == []


@pytest.fixture
def conn(connection: Conn) -> Conn:
    fill(connection)
    return connection


def wrong_projections(conn: Conn) -> list[str]:
    catch_up(conn)
    return [name for name in projections() if verify(conn, name)]


def bring(
    conn: Conn, user: UUID, body: bytes, *, replaces: bool = False, name: str = ""
) -> tuple[Whose, int]:
    """Preview and confirm; return whose it is, and the number of events."""
    whose = Whose(user, preview(conn, user, name, body, 100), fold_inline)
    return whose, confirm(conn, whose, replaces=replaces)


def says(conn: Conn, user: UUID, number: int, command: Any, *args: Any, at: datetime | None = None) -> None:
    """Decide a command of the person's, as the handler would."""
    past = [event.fact for event in log_of(conn, user)]
    facts = command(Pair(user, movie_id(number)).when(past), *args)
    assert facts
    tell(conn, user, [(fact, at or datetime.now(UTC)) for fact in facts])


def tell(conn: Conn, user: UUID, facts: Sequence[tuple[Event, datetime]]) -> None:
    """Append facts of one person, and fold them."""
    before = len(log_of(conn, user))
    for fact, at in facts:
        write(conn, fact, at=at)
    window = f"select * from events where user_id = '{user}' order by position offset {before}"
    for projection in projections().values():
        if projection.inline:
            conn.execute(fold_window(projection, window))


def log_of(conn: Conn, user: UUID) -> list[Recorded]:
    rows = conn.execute(f"select {COLUMNS} from events where user_id = %s order by position", (user,))
    return [recorded(row) for row in rows]


def outcomes(conn: Conn, whose: Whose) -> list[tuple[str, str]]:
    found = conn.execute(
        "select kind, outcome from import_entries where import_id = %s order by number", (whose.import_id,)
    )
    return [(kind, outcome) for kind, outcome in found]


def shelf(conn: Conn, user: UUID) -> dict[str, list[Any]]:
    """What clients see of a person, but for when they last did anything."""
    statements = {
        "ratings": "select movie_id, reaction, half_stars from ratings"
        " where user_id = %s and (reaction is not null or half_stars is not null)",
        "favorites": "select movie_id, favorited_at from favorites where user_id = %s and is_active",
        "watchlist": "select movie_id, added_at, urgency from watchlist where user_id = %s and is_active",
        "states": "select movie_id, status, watch_count, last_watched_on from viewing_states"
        " where user_id = %s and (status is not null or watch_count > 0)",
    }
    return {
        name: sorted(conn.execute(statement, (user,)).fetchall()) for name, statement in statements.items()
    }


def stats(conn: Conn) -> list[Any]:
    """What all people together did, but for opened pages and changes of days."""
    catch_up(conn)
    counts = "rating_count, half_stars_sum, like_count, dislike_count, favorite_count, watchlist_count, watch_count"
    found = conn.execute(f"select movie_id, {counts} from movie_stats").fetchall()
    return sorted(row for row in found if any(row[1:]))


_NUMBER = st.integers(0, MOVIES - 1)
_LISTED = st.tuples(st.sampled_from(DAYS), _NUMBER).map(
    lambda row: film(row[0], f"Movie {row[1]}", YEAR, str(row[1]))
)
_RATED = st.tuples(_LISTED, st.integers(1, 10)).map(lambda row: (*row[0], row[1] / 2))
_SEEN = st.tuples(_LISTED, st.sampled_from(DAYS)).map(lambda row: (*row[0], "", "", "", row[1]))
_EXPORTS = st.builds(
    letterboxd,
    ratings=st.lists(_RATED, max_size=4),
    diary=st.lists(_SEEN, max_size=4),
    watched=st.lists(_LISTED, max_size=3),
    watchlist=st.lists(_LISTED, max_size=3),
    likes__films=st.lists(_LISTED, max_size=3),
    profile=st.lists(
        st.tuples(*[st.just("")] * 9, _NUMBER.map(lambda n: f"https://boxd.it/{n}")), max_size=1
    ),
    reviews=st.just([(*film("2020-01-01", "Movie 0", YEAR, "r"), "", "", "text", "", "2020-01-01")]),
)
_SETTINGS = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def lived(conn: Conn, history: Sequence[Recorded]) -> UUID:
    """Somebody with the history of the first person of these histories."""
    user = somebody(conn)
    mine = [event for event in history if event.fact.user_id == user_id(0)]
    tell(conn, user, [(replace(cast(Any, event.fact), user_id=user), event.occurred_at) for event in mine])
    return user


@given(history=histories(without=ALONE), body=_EXPORTS, replaces=st.booleans())
@_SETTINGS
def test_k82_an_import_that_is_undone_leaves_all_as_it_was(
    shared: Conn, history: list[Recorded], body: bytes, replaces: bool
) -> None:
    user = lived(shared, history)
    before, counted = shelf(shared, user), stats(shared)
    whose, _ = bring(shared, user, body, replaces=replaces)
    undo(shared, whose)
    assert (shelf(shared, user), stats(shared)) == (before, counted)
    assert undo(shared, whose) == 0


@given(
    history=histories(without=ALONE),
    body=_EXPORTS,
    replaces=st.booleans(),
    chunk=st.sampled_from([1, 2, 1000]),
)
@_SETTINGS
def test_an_import_that_is_brought_twice_is_there_once(
    shared: Conn, history: list[Recorded], body: bytes, replaces: bool, chunk: int
) -> None:
    user = lived(shared, history)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(importing, "CHUNK", chunk)
        first, _ = bring(shared, user, body, replaces=replaces)
        once, log = shelf(shared, user), len(log_of(shared, user))
        second, events = bring(shared, user, body, replaces=replaces)
        assert (events, shelf(shared, user), len(log_of(shared, user))) == (0, once, log)
        assert all(outcome != "NEW" for _, outcome in outcomes(shared, second))
        assert confirm(shared, first, replaces=replaces) == 0


@given(history=histories(without=ALONE), body=_EXPORTS)
@_SETTINGS
def test_a_preview_says_what_comes_of_it(shared: Conn, history: list[Recorded], body: bytes) -> None:
    user = lived(shared, history)
    whose = Whose(user, preview(shared, user, "", body, 100), fold_inline)
    log = len(log_of(shared, user))
    shown = outcomes(shared, whose)
    confirm(shared, whose, replaces=False)
    assert outcomes(shared, whose) == shown
    commands = [event for event in log_of(shared, user)[log:] if event.causation_id is None]
    assert len(commands) == sum(outcome == "NEW" for _, outcome in shown)


def test_k51_events_say_where_they_come_from_and_when_it_was(conn: Conn) -> None:
    user = somebody(conn)
    says(conn, user, 0, add_to_watchlist, Priority.HIGH)
    whose, events = bring(conn, user, letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)]))
    rated, removed = log_of(conn, user)[-2:]
    assert events == 2
    assert (rated.fact.data(), rated.fact.type) == (
        {"half_stars": 9, "previous": None, "scale": "0.5-5"},
        "movie_rated",
    )
    assert removed.fact.type == "watchlist_item_removed"
    assert removed.causation_id == rated.event_id
    for event in (rated, removed):
        assert event.source is Source.IMPORT
        assert event.correlation_id == whose.import_id
        assert event.occurred_at == datetime(2019, 5, 1, 12, tzinfo=UTC)


def test_what_is_of_today_does_not_happen_later_than_now(conn: Conn) -> None:
    user = somebody(conn)
    tomorrow = (datetime.now(UTC) + timedelta(hours=14)).date()
    bring(conn, user, letterboxd(ratings=[(*film(str(tomorrow), "Movie 0", YEAR, "0"), 4)]))
    (event,) = log_of(conn, user)
    assert event.occurred_at <= event.recorded_at


@pytest.mark.parametrize(("replaces", "half_stars", "events"), [(False, 4, 0), (True, 9, 1)])
def test_a_conflict_is_decided_by_the_person(
    conn: Conn, replaces: bool, half_stars: int, events: int
) -> None:
    user = somebody(conn)
    says(conn, user, 0, rate_movie, 4)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    whose, appended = bring(conn, user, body, replaces=replaces)
    assert (shelf(conn, user)["ratings"], appended) == ([(movie_id(0), None, half_stars)], events)
    assert outcomes(conn, whose) == [("RATING", "CONFLICT")]
    held = conn.execute("select held_half_stars, half_stars from import_entries").fetchall()
    assert held == [(4, 9)]


def test_what_was_kept_in_a_conflict_may_be_replaced_by_the_next_import(conn: Conn) -> None:
    user = somebody(conn)
    says(conn, user, 0, rate_movie, 4)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    bring(conn, user, body)
    _, events = bring(conn, user, body, replaces=True)
    assert events == 1


def test_what_was_changed_after_an_import_is_not_brought_back_by_the_same_one(conn: Conn) -> None:
    user = somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    bring(conn, user, body)
    says(conn, user, 0, rate_movie, 2)
    whose, events = bring(conn, user, body, replaces=True)
    assert (events, outcomes(conn, whose)) == (0, [("RATING", "HERE")])


def test_an_import_that_was_undone_can_be_brought_again(conn: Conn) -> None:
    user = somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    first, _ = bring(conn, user, body)
    undo(conn, first)
    assert shelf(conn, user)["ratings"] == []
    _, events = bring(conn, user, body)
    assert events == 1
    with pytest.raises(ImportUndone):
        confirm(conn, first, replaces=False)


def test_what_was_said_since_stays_when_an_import_is_undone(conn: Conn) -> None:
    user = somebody(conn)
    listed = [film("2019-05-01", f"Movie {n}", YEAR, str(n)) for n in range(MOVIES)]
    whose, _ = bring(
        conn,
        user,
        letterboxd(
            ratings=[(*row, 4) for row in listed], diary=[(*row, "", "", "", "2019-05-01") for row in listed]
        ),
    )
    says(conn, user, 0, rate_movie, 3)
    says(conn, user, 1, clear_rating)
    says(conn, user, 1, react_to_movie, Reaction.LIKE)
    says(conn, user, 1, favorite_movie)
    says(conn, user, 2, mark_watched, date(2019, 5, 1), datetime.now(UTC).date(), uuid4())
    undo(conn, whose)
    found = shelf(conn, user)
    assert found["ratings"] == sorted([(movie_id(0), None, 3), (movie_id(1), "LIKE", None)])
    assert [movie for movie, _ in found["favorites"]] == [movie_id(1)]
    watches = {movie: count for movie, _, count, _ in found["states"]}
    assert watches == {movie_id(0): 0, movie_id(1): 0, movie_id(2): 1}


def test_undo_restores_what_was_before_with_its_time_and_scale(conn: Conn) -> None:
    user = somebody(conn)
    then = datetime(2018, 1, 2, 3, tzinfo=UTC)
    says(conn, user, 0, rate_movie, 6, "1-10", at=then)
    says(conn, user, 1, add_to_watchlist, Priority.HIGH, at=then)
    says(conn, user, 2, dismiss_movie, at=then)
    rows = [(*film("2019-05-01", f"Movie {n}", YEAR, str(n)), 4.5) for n in range(MOVIES)]
    whose, _ = bring(conn, user, letterboxd(ratings=rows), replaces=True)
    assert undo(conn, whose) == 1 + 2 + 2
    back = {(event.fact.movie_id, event.fact.type): event for event in log_of(conn, user)}
    assert back[movie_id(0), "movie_rated"].fact.data() == {"half_stars": 6, "previous": 9, "scale": "1-10"}
    for number, name in enumerate(("movie_rated", "watchlist_item_added", "movie_dismissed")):
        assert back[movie_id(number), name].occurred_at == then
        assert back[movie_id(number), name].source is Source.WEB


def test_k20_k82_an_import_is_undone_as_a_whole_after_its_movie_turned_out_to_be_another(conn: Conn) -> None:
    user = somebody(conn)
    then = datetime(2018, 1, 2, 3, tzinfo=UTC)
    says(conn, user, 1, rate_movie, 6, at=then)
    rows = [(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)]
    watched = [(*film("2019-05-01", "Movie 0", YEAR, "0"), "", "", "", "2019-05-01")]
    whose, _ = bring(conn, user, letterboxd(ratings=rows, diary=watched))
    merge(conn, movie_id(0), movie_id(1), record_merge)
    finish_merges(conn)
    query = "select movie_id, half_stars from ratings where user_id = %s and half_stars is not null"
    assert conn.execute(query, (user,)).fetchall() == [(movie_id(1), 9)]
    assert {e.source for e in log_of(conn, user) if e.fact.movie_id == movie_id(1)} == {
        Source.WEB,
        Source.IMPORT,
    }
    assert undo(conn, whose) == 2
    assert conn.execute(query, (user,)).fetchall() == [(movie_id(1), 6)]
    assert conn.execute("select from diary where user_id = %s and is_active", (user,)).fetchall() == []
    assert wrong_projections(conn) == []


def test_one_event_of_an_import_that_was_undone_alone_is_left_alone(conn: Conn) -> None:
    user = somebody(conn)
    whose, _ = bring(
        conn, user, letterboxd(diary=[(*film("2019-05-01", "Movie 0", YEAR, "0"), "", "", "", "2019-05-01")])
    )
    (watched,) = (event.fact for event in log_of(conn, user))
    assert isinstance(watched, MovieWatched)
    says(conn, user, 0, retract_watch, date(2019, 5, 1), watched.viewing_id)
    assert undo(conn, whose) == 0


def test_k48_what_is_rated_is_never_put_on_the_watchlist(conn: Conn) -> None:
    user = somebody(conn)
    rows = [film("2020-06-02", "Movie 0", YEAR, "0")]
    whose, _ = bring(conn, user, letterboxd(ratings=[(*rows[0], 4)], watchlist=rows))
    assert outcomes(conn, whose) == [("RATING", "NEW"), ("WATCHLIST", "REFUSED")]
    assert shelf(conn, user)["watchlist"] == []


@pytest.mark.parametrize(("year", "outcome"), [("0001", "REFUSED"), ("1888", "REFUSED"), ("1889", "NEW")])
def test_what_is_said_to_be_from_before_films_were_made_is_refused(
    conn: Conn, year: str, outcome: str
) -> None:
    entry = {"rated_at": f"{year}-01-01T00:00:00Z", "rating": 8, "movie": trakt_movie("Movie 0", YEAR)}
    whose, events = bring(conn, somebody(conn), trakt_json([entry]), name="ratings.json")
    assert (outcomes(conn, whose), events) == ([("RATING", outcome)], int(outcome == "NEW"))


def test_a_viewing_before_films_were_made_is_refused(conn: Conn) -> None:
    user = somebody(conn)
    row = (*film("2020-06-02", "Movie 0", YEAR, "0"), "", "", "", "1888-10-13")
    whose, events = bring(conn, user, letterboxd(diary=[row]))
    assert (outcomes(conn, whose), events) == ([("WATCHED", "REFUSED")], 0)


def test_k20_movies_that_are_not_here_are_made_of_their_ids(conn: Conn) -> None:
    user = somebody(conn)
    body = trakt_json(
        [
            {
                "rated_at": "2020-01-01T00:00:00.000Z",
                "rating": 9,
                "movie": trakt_movie("Both", 2001, "tt1234567", 77),
            },
            {
                "rated_at": "2020-01-02T00:00:00.000Z",
                "rating": 8,
                "movie": trakt_movie("One", 2002, None, 78),
            },
            {"rated_at": "2020-01-03T00:00:00.000Z", "rating": 7, "movie": trakt_movie("None", 2003)},
            {"listed_at": "2020-01-04T00:00:00.000Z", "movie": trakt_movie("Both", 2001, "tt1234567", 77)},
        ]
    )
    whose, events = bring(conn, user, body, name="all.json")
    assert outcomes(conn, whose) == [
        ("RATING", "NEW"),
        ("RATING", "NEW"),
        ("RATING", "UNMATCHED"),
        ("WATCHLIST", "REFUSED"),
    ]
    made = "select title, imdb_id, tmdb_id, release_year from movies where id <> all (%s) order by tmdb_id"
    ids = ([movie_id(n) for n in range(MOVIES)],)
    # nothing that a stranger wrote is shown to others
    assert conn.execute(made, ids).fetchall() == [("", "tt1234567", 77, None), ("", None, 78, None)]
    queued = "select count(*) from movie_refreshes join movies m on m.id = movie_id where title = ''"
    assert conn.execute(queued).fetchone() == (2,)  # their texts are asked for
    load_movies(conn, "tmdb", [MovieRow("77", "Both", tmdb_id=77, imdb_id="tt1234567")], lambda _: None)
    assert conn.execute(made, ids).fetchall()[0] == ("Both", "tt1234567", 77, None)
    assert events == 2
    _, again = bring(conn, somebody(conn), body, name="all.json")
    assert (again, conn.execute("select count(*) from movies").fetchone()) == (2, (MOVIES + 2,))


@pytest.mark.parametrize(
    ("most", "expected"), [(2, ["NEW", "NEW"]), (1, ["NEW", "UNMATCHED"]), (0, ["UNMATCHED"] * 2)]
)
def test_an_import_makes_so_many_movies_at_most(conn: Conn, most: int, expected: list[str]) -> None:
    user = somebody(conn)
    rows = [imdb_rating(f"tt000000{n}", 8, f"2020-01-0{n}", f"Film {n}", 1999) for n in (1, 2)]
    whose = Whose(user, preview(conn, user, "", table(IMDB_RATINGS, rows), most), fold_inline)
    assert [outcome for _, outcome in outcomes(conn, whose)] == expected
    assert conn.execute("select count(*) from movies").fetchone() == (MOVIES,)
    confirm(conn, whose, replaces=False)
    assert conn.execute("select count(*) from movies").fetchone() == (MOVIES + most,)


def test_a_new_upload_takes_the_place_of_the_preview_before_it(conn: Conn) -> None:
    user, other = somebody(conn), somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    theirs = preview(conn, other, "", body, 0)
    confirmed, _ = bring(conn, user, body)
    first, second = (preview(conn, user, "", body, 0) for _ in range(2))
    left = {key for (key,) in conn.execute("select id from imports")}
    assert left == {theirs, confirmed.import_id, second}
    assert conn.execute("select count(*) from import_entries where import_id = %s", (first,)).fetchone() == (
        0,
    )


def test_a_preview_expires(conn: Conn) -> None:
    user = somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    confirmed, _ = bring(conn, user, body)
    old = Whose(user, preview(conn, user, "", body, 0), fold_inline)
    conn.execute("update imports set expires_at = now()")
    with pytest.raises(UnknownImport):
        confirm(conn, old, replaces=False)
    forget_expired(conn)
    assert conn.execute("select id from imports").fetchall() == [(confirmed.import_id,)]
    assert undo(conn, confirmed) == 1


def test_a_worker_drops_previews_that_have_expired(conninfo: str, conn: Conn) -> None:
    user = somebody(conn)
    preview(conn, user, "", letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)]), 0)
    worker = Worker(conninfo, seal_every_s=0.1)
    worker.start(conn)
    try:
        conn.execute("update imports set expires_at = now()")
        until(lambda: conn.execute("select count(*) from imports").fetchone() == (0,))
    finally:
        worker.stop()


def test_an_import_is_its_persons_alone(conn: Conn) -> None:
    user, other = somebody(conn), somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    whose = Whose(user, preview(conn, user, "", body, 0), fold_inline)
    stranger = replace(whose, user_id=other)
    with pytest.raises(UnknownImport):
        confirm(conn, stranger, replaces=True)
    with pytest.raises(UnknownImport):
        undo(conn, stranger)
    with pytest.raises(NotImported):
        undo(conn, whose)
    assert confirm(conn, whose, replaces=False) == 1


def test_nothing_is_imported_for_a_person_who_is_erased(conn: Conn) -> None:
    user = somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    whose = Whose(user, preview(conn, user, "", body, 0), fold_inline)
    write(conn, UserErased(user_id=user))
    with pytest.raises(UnknownImport):
        confirm(conn, whose, replaces=False)


def test_an_import_that_was_cut_short_goes_on(conn: Conn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    user = somebody(conn)
    rows = [(*film("2019-05-01", f"Movie {n}", YEAR, str(n)), 4.5) for n in range(MOVIES)]
    whose = Whose(user, preview(conn, user, "", letterboxd(ratings=rows), 0), fold_inline)

    def chunks(count: int) -> Any:
        left = iter([True] * count)
        return lambda: next(left, False)

    assert confirm(conn, whose, replaces=False, may_go_on=chunks(1)) == 1
    assert conn.execute("select status, done, entries from imports").fetchone() == ("IMPORTING", 1, MOVIES)
    assert confirm(conn, whose, replaces=False) == MOVIES - 1
    assert conn.execute("select status, done from imports").fetchone() == ("IMPORTED", MOVIES)
    assert undo(conn, whose, may_go_on=chunks(2)) == 2
    assert conn.execute("select status from imports").fetchone() == ("UNDOING",)
    assert undo(conn, whose) == MOVIES - 2
    assert conn.execute("select status from imports").fetchone() == ("UNDONE",)
    assert shelf(conn, user)["ratings"] == []


def test_an_import_that_is_undone_while_it_runs_stops(conn: Conn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    user = somebody(conn)
    rows = [(*film("2019-05-01", f"Movie {n}", YEAR, str(n)), 4.5) for n in range(MOVIES)]
    whose = Whose(user, preview(conn, user, "", letterboxd(ratings=rows), 0), fold_inline)
    rounds: list[int] = []

    def undone_after_the_first() -> bool:
        rounds.append(undo(conn, whose) if rounds else 0)
        return True

    confirm(conn, whose, replaces=False, may_go_on=undone_after_the_first)
    assert rounds == [0, 1]
    assert shelf(conn, user)["ratings"] == []
    assert conn.execute("select status, done from imports").fetchone() == ("UNDONE", 1)


def test_two_who_confirm_at_once_import_it_once(
    conninfo: str, conn: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    user = somebody(conn)
    rows = [(*film("2019-05-01", f"Movie {n}", YEAR, str(n)), 4.5) for n in range(MOVIES)]
    whose = Whose(user, preview(conn, user, "", letterboxd(ratings=rows), 0), fold_inline)
    events: list[int] = []

    def run() -> None:
        with connect(conninfo) as other:
            events.append(confirm(other, whose, replaces=False))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(events) == len(log_of(conn, user)) == MOVIES


def test_it_waits_for_who_is_deciding_and_sees_what_they_said(conninfo: str, conn: Conn) -> None:
    user = somebody(conn)
    body = letterboxd(ratings=[(*film("2019-05-01", "Movie 0", YEAR, "0"), 4.5)])
    whose = Whose(user, preview(conn, user, "", body, 0), fold_inline)
    events: list[int] = []

    def run() -> None:
        with connect(conninfo) as other:
            events.append(confirm(other, whose, replaces=False))

    thread = threading.Thread(target=run)
    with connect(conninfo) as deciding, deciding.transaction():
        deciding.execute("select pg_advisory_xact_lock(%s)", (person_lock(user),))
        thread.start()
        until(
            lambda: (
                conn.execute(
                    "select count(*) from pg_locks where locktype = 'advisory' and not granted"
                ).fetchone()
                == (1,)
            )
        )
        says(deciding, user, 0, rate_movie, 2)
    thread.join(60)
    assert events == [0]
    assert outcomes(conn, whose) == [("RATING", "CONFLICT")]


def test_facts_are_of_pairs(conn: Conn) -> None:
    user = somebody(conn)
    bring(conn, user, letterboxd(watchlist=[film("2019-05-01", "Movie 0", YEAR, "0")]))
    assert all(isinstance(event.fact, PairEvent) for event in log_of(conn, user))
    assert wrong_projections(conn) == []
