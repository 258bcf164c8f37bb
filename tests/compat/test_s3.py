"""Design S3: ten tables of people, movies, what they do, recommendations, messages and activity."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from database.connect import connect
from projections.follow import catch_up
from tests.catalog.services import RATED, details
from tests.compat.reading import Lived, living
from tests.notifications.office import office
from tests.notifications.post import post_office
from tests.postgres import Databases, move_to
from tests.test_docs import PAGES, blocks
from tests.waiting import until

DESIGN = {
    "users": """id bigint, password varchar(128), last_login timestamp, is_superuser boolean, username varchar(150),
      first_name varchar(150), last_name varchar(150), email varchar(254), is_staff boolean, is_active boolean,
      date_joined timestamp, date_of_birth date, is_premium boolean, phone_number varchar(20), bio text,
      avatar varchar(200), preferred_language varchar(10), timezone varchar(50), country varchar(50),
      device_token varchar(500), device_type varchar(20), favorite_genres text, created_at timestamp,
      updated_at timestamp""",
    "genres": "id bigint, tmdb_id integer, name varchar(100), slug varchar(50), created_at timestamp",
    "movies": """id bigint, tmdb_id integer, omdb_id varchar(20), title varchar(200), original_title varchar(200),
      overview text, tagline varchar(300), release_date date, runtime integer, director varchar(200), main_cast text,
      tmdb_rating decimal(3,1), tmdb_vote_count integer, omdb_rating decimal(3,1), our_rating decimal(3,1),
      poster_path varchar(200), backdrop_path varchar(200), popularity_score float, view_count integer,
      like_count integer, adult boolean, original_language varchar(10), created_at timestamp, updated_at timestamp""",
    "movie_genres": "id bigint, movie_id bigint, genre_id bigint",
    "user_movie_interactions": """id bigint, user_id bigint, movie_id bigint, interaction_type varchar(20),
      rating integer, feedback_type varchar(20), feedback_comment text, source varchar(30), timestamp timestamp""",
    "user_recommendations": """id bigint, user_id bigint, movie_id bigint, score float, algorithm varchar(50),
      generated_at timestamp, clicked boolean, clicked_at timestamp""",
    "notification_preferences": """id bigint, user_id bigint, weekly_digest boolean, recommendation_alerts boolean,
      trending_alerts boolean, push_recommendations boolean, push_trending boolean, digest_day integer,
      digest_time time, timezone varchar(50), created_at timestamp, updated_at timestamp""",
    "notification_logs": """id bigint, user_id bigint, notification_type varchar(30), subject varchar(200), content text,
      recipient varchar(200), status varchar(20), external_id varchar(100), error_message text, sent_at timestamp,
      delivered_at timestamp, opened_at timestamp, clicked_at timestamp, created_at timestamp""",
    "user_activity_logs": """id bigint, user_id bigint, session_id varchar(100), action_type varchar(30), movie_id bigint,
      ip_address varchar(45), user_agent text, referer varchar(500), source varchar(30), metadata text,
      timestamp timestamp""",
    "popularity_metrics": """id bigint, movie_id bigint, date date, view_count integer, like_count integer,
      rating_count integer, avg_rating decimal(3,2), recommendation_count integer, click_through_rate decimal(5,4)""",
}
NULLABLE = """last_login email date_of_birth phone_number avatar device_token device_type omdb_id release_date
runtime director tmdb_rating omdb_rating our_rating poster_path backdrop_path rating feedback_type clicked_at subject
content recipient external_id sent_at delivered_at opened_at referer avg_rating
user_activity_logs.user_id user_activity_logs.movie_id"""
"""By the design, or because it is sealed (email, subject, content, recipient)."""
NOT_NULL = {
    table: " ".join(
        name
        for name in (column.split()[0] for column in columns.replace("decimal(3,", "").split(", "))
        if name not in NULLABLE.split() and f"{table}.{name}" not in NULLABLE.split()
    )
    for table, columns in DESIGN.items()
}
UNIQUE = {
    "users": "username",
    "genres": "tmdb_id slug",
    "movies": "tmdb_id",
    "movie_genres": "movie_id,genre_id",
    "user_movie_interactions": "user_id,movie_id,interaction_type",
    "user_recommendations": "user_id,movie_id,algorithm",
    "notification_preferences": "user_id",
    "popularity_metrics": "movie_id,date",
}
SLATE = "01920000-0000-7000-8000-000000000001"
STORE = """insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id)
select u.id, 'COLLABORATIVE', 1, m.id, 0.85, %s from users u, movies m where u.username = 'tom' and m.tmdb_id = 604"""


@pytest.fixture(scope="module")
async def lived(clones: Databases) -> AsyncIterator[Lived]:
    """Tom says all that the design has a place for; a visitor searches; a worker has recommended and sent."""
    with clones.clone() as conninfo:
        async with living("compat_s3", conninfo) as lived:
            forrest = {
                "genres": [{"id": 18, "name": "Drama"}, {"id": 35, "name": "Comedy"}],
                "credits": {
                    "cast": [{"id": 31, "name": "Tom Hanks", "character": "Forrest", "order": 0}],
                    "crew": [],
                },
            }
            lived.services.movies |= {13: details(13, "tt0109830", **forrest), 604: details(604, "tt0234215")}
            for imdb_id in ("tt0109830", "tt0234215"):
                lived.services.rated[imdb_id] = {**RATED, "imdbID": imdb_id}
            tom = await lived.joins(
                "tom", firstName="Tom", lastName="Jones", bio="Sings.", country="GB", phone="+442079460000"
            )
            forrest_id, other_id = await lived.adds(tom, 13), await lived.adds(tom, 604)
            genres = (await tom.ask("{ genres { id name } }"))["genres"]
            await tom.does(
                "setFavoriteGenres", genreIds=[genre["id"] for genre in genres if genre["name"] == "Drama"]
            )
            await tom.does("registerDevice", platform="ANDROID", token="a-token-of-toms-telephone")
            await tom.does("recordView", movieId=forrest_id, source="EMAIL")
            await tom.does("reactToMovie", movieId=forrest_id, reaction="SUPER_LIKE", source="MOBILE")
            await tom.does("rateMovie", movieId=forrest_id, stars=4.5)
            await tom.does("favoriteMovie", movieId=forrest_id, source="PUSH")
            await tom.does("addToWatchlist", movieId=other_id)
            await tom.does("setNotificationPreferences", trendingAlerts=True, digestDay=7, digestTime="18:30")
            ann = await lived.joins("ann")
            await ann.does("reactToMovie", movieId=forrest_id, reaction="DISLIKE")
            await ann.does("dismissMovie", movieId=other_id)
            for one, movie_id, given in (
                (tom, forrest_id, {"type": "ALREADY_SEEN"}),
                (tom, other_id, {"type": "NEGATIVE", "comment": "Not one of that director."}),
                (ann, forrest_id, {"type": "POSITIVE", "comment": "Life is like that."}),
            ):
                await one.does("giveRecommendationFeedback", movieId=movie_id, **given)
            search = {"i": {"action": "MOVIE_SEARCH", "phrase": "gump", "source": "WEB"}}
            visit = "mutation ($i: RecordActivityInput!) { recordActivity(input: $i) { errors { code } } }"
            await lived.served.ask(
                visit, variables=search, headers={"user-agent": "a browser", "referer": "https://x.example/"}
            )
            with connect(conninfo) as conn:
                conn.execute(STORE.encode(), [SLATE])
                await tom.does("clickRecommendation", movieId=other_id, slateId=SLATE)
                arrived = "select count(*) = 1 from activity.actions"
                await asyncio.to_thread(until, lambda: conn.execute(arrived).fetchone() == (True,))
                catch_up(conn)
            async with post_office() as post, office(conninfo, post, filled=False) as worker:
                await worker.plan(datetime.now(UTC))
                await worker.day(datetime.now(UTC) + timedelta(days=8))
            yield lived


async def test_s3_tables_columns_and_types_are_the_designs(lived: Lived) -> None:
    with psycopg.connect(lived.conninfo) as conn:
        for table, columns in DESIGN.items():
            conn.execute(f"create temp table {table} ({columns})".encode())
        asked = conn.execute(
            "select c.relname,"
            " jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)"
            "  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            " where c.relnamespace = pg_my_temp_schema() group by 1"
        ).fetchall()
    assert lived.columns() == dict(asked)


async def test_s3_what_may_not_be_null_is_not_and_keys_are_unique(lived: Lived) -> None:
    assert [table for table in DESIGN if not lived.rows(f"select from {table}")] == []
    assert lived.nulls(NOT_NULL) == []
    for table in DESIGN:
        for key in ("id", *UNIQUE.get(table, "").split()):
            assert lived.rows(f"select {key} from {table} group by {key} having count(*) > 1") == [], (
                table,
                key,
            )


async def test_s3_people_are_read_back_and_what_is_sealed_is_null(lived: Lived) -> None:
    (row,) = lived.rows(
        "select id, username, first_name, last_name, is_superuser, is_staff, is_active, is_premium, bio,"
        " preferred_language, timezone, country, device_type from users where username = 'tom'"
    )
    assert row == (
        1,
        "tom",
        "Tom",
        "Jones",
        False,
        False,
        True,
        False,
        "Sings.",
        "en",
        "UTC",
        "GB",
        "android",
    )
    sealed = "select count(email), count(phone_number), count(date_of_birth), count(device_token) from users"
    assert lived.rows(sealed) == [(0, 0, 0, 0)]


async def test_s3_movies_are_read_back(lived: Lived) -> None:
    (row,) = lived.rows(
        "select omdb_id, title, release_date, runtime, main_cast::jsonb, tmdb_rating, tmdb_vote_count, omdb_rating,"
        " our_rating, poster_path, view_count, like_count, adult, original_language from movies where tmdb_id = 13"
    )
    assert row == (
        *(
            "tt0109830",
            "Movie 13",
            date(1999, 10, 15),
            139,
            ["Tom Hanks"],
            Decimal("8.4"),
            26280,
            Decimal("8.8"),
        ),
        *(Decimal("4.5"), "/poster550.jpg", 1, 1, False, "en"),
    )
    of_genres = """select g.name, g.tmdb_id, g.slug from movie_genres mg join movies m on m.id = mg.movie_id
      join genres g on g.id = mg.genre_id where m.tmdb_id = 13 order by 1"""
    assert lived.rows(of_genres) == [("Comedy", 35, "comedy"), ("Drama", 18, "drama")]


async def test_s3_k12_k25_k29_the_designs_json_and_text_queries_run(lived: Lived) -> None:
    (drama,) = lived.rows("select id from genres where name = 'Drama'")
    favorite = f"select username from users where favorite_genres::jsonb ? '{drama[0]}'"
    assert lived.rows(favorite) == [("tom",)]
    assert lived.rows("select tmdb_id from movies where main_cast::jsonb ? 'Tom Hanks'") == [(13,)]
    words = "to_tsvector('english', title || ' ' || overview) @@ to_tsquery('english', 'soap & sleep')"
    assert lived.rows(f"select tmdb_id from movies where {words} order by 1") == [(13,), (604,)]


async def test_s3_what_does_not_fit_is_left_out_and_not_cut(lived: Lived) -> None:
    """An address that was cut leads nowhere, and a genre that has no row is nobody's favourite."""
    pictures = "select length(poster_path), length(backdrop_path) from compat_s3.movies where tmdb_id = 13"
    told = "select favorite_genres from compat_s3.users where username = 'tom'"
    with psycopg.connect(lived.conninfo) as conn:
        for length, shown in ((200, (200, 200)), (201, (None, None))):
            conn.execute(
                "update movies set poster_path = %(path)s, backdrop_path = %(path)s where tmdb_id = 13",
                {"path": "https://x.example/".ljust(length, "p")},
            )
            assert conn.execute(pictures).fetchone() == shown
        assert conn.execute(told).fetchone() != ("[]",)
        conn.execute("update genres set tmdb_id = null")
        assert conn.execute(told).fetchone() == ("[]",)
        conn.rollback()


async def test_s3_a_genre_is_as_old_as_its_id(lived: Lived) -> None:
    age = "select from genres where abs(extract(epoch from (now() at time zone 'UTC') - created_at)) > 3600"
    assert lived.rows(age) == []
    with psycopg.connect(lived.conninfo) as conn:
        conn.execute(
            "insert into genres (id, name, slug, tmdb_id) values (gen_random_uuid(), 'Old', 'old', 1)"
        )
        assert conn.execute("select created_at from compat_s3.genres where tmdb_id = 1").fetchone() == (None,)
        conn.rollback()


INTERACTIONS = """
select u.username, m.tmdb_id, i.interaction_type, i.rating, i.feedback_type, i.feedback_comment, i.source
  from user_movie_interactions i join users u on u.id = i.user_id join movies m on m.id = i.movie_id
 order by u.username, m.tmdb_id, i.interaction_type"""
SAID = [
    ("ann", 13, "dislike", None, "negative", "", "web"),
    ("ann", 13, "view", None, "positive", "Life is like that.", "web"),
    ("ann", 604, "view", None, "not_interested", "", "web"),
    ("tom", 13, "favorite", None, None, "", "push"),
    ("tom", 13, "like", None, "positive", "", "mobile"),
    ("tom", 13, "rating", 5, None, "", "web"),
    ("tom", 13, "view", None, "already_seen", "", "email"),
    ("tom", 604, "view", None, "negative", "Not one of that director.", "web"),
    ("tom", 604, "watchlist", None, None, "", "web"),
]


async def test_s3_k43_k45_k50_k51_interactions_are_read_back_as_one_of_each_kind(lived: Lived) -> None:
    assert lived.rows(INTERACTIONS) == SAID
    age = "extract(epoch from (now() at time zone 'UTC') - i.timestamp)"
    assert lived.rows(f"select from user_movie_interactions i where abs({age}) > 3600") == []


async def test_s3_k61_k62_recommendations_are_read_back_with_their_click(lived: Lived) -> None:
    rows = lived.rows(
        "select user_id, score, algorithm, clicked, clicked_at is not null from user_recommendations"
    )
    assert rows == [(1, 0.85, "collaborative", True, True)]


async def test_s3_k70_k71_messages_and_what_people_want_are_read_back(lived: Lived) -> None:
    wants = """select weekly_digest, recommendation_alerts, trending_alerts, push_recommendations, push_trending,
      digest_day, digest_time, timezone from notification_preferences order by user_id"""
    assert lived.rows(wants) == [
        (True, True, True, True, False, 7, time(18, 30), "UTC"),
        (True, True, False, True, False, 1, time(9), "UTC"),
    ]
    sent = "select distinct notification_type, status, subject, sent_at is not null from notification_logs where user_id = 1"
    assert lived.rows(sent) == [("email", "sent", None, True)]


async def test_s3_k80_activity_is_read_back_a_visitors_too(lived: Lived) -> None:
    kinds = "select action_type, source from user_activity_logs where user_id = 1 order by 1"
    assert lived.rows(kinds) == [
        ("favorite_add", "push"),
        ("movie_view", "email"),
        ("rating_submit", "web"),
        ("recommendation_click", "web"),
        ("watchlist_add", "web"),
    ]
    searched = """select action_type, session_id <> '', ip_address <> '', user_agent, metadata::jsonb
      from user_activity_logs where user_id is null"""
    assert lived.rows(searched) == [("movie_search", True, True, "a browser", {"phrase": "gump"})]


async def test_s3_k65_days_of_movies_are_read_back(lived: Lived) -> None:
    days = """select m.tmdb_id, p.view_count, p.like_count, rating_count, avg_rating, click_through_rate
      from popularity_metrics p join movies m on m.id = p.movie_id where p.date = (now() at time zone 'UTC')::date
     order by 1"""
    assert lived.rows(days) == [
        (13, 1, 1, 1, Decimal("4.50"), Decimal("0.0000")),
        (604, 0, 0, 0, None, Decimal("0.0000")),
    ]


async def test_s3_k103_the_designs_export_of_a_person_runs(lived: Lived) -> None:
    # the design groups by keys, which views have none of: its aggregate is a select of its own
    (block,) = blocks(PAGES["docs/sources.md"], "sql")
    export = block.replace(":user_id", "%(user_id)s").rstrip(";\n")
    assert len(lived.rows(export, user_id=1)) == 1
    counted = f"select cardinality(interactions), digest_day, username from ({export}) export"
    assert lived.rows(counted.replace("u.*, np.*", "u.username, np.digest_day"), user_id=1) == [(6, 7, "tom")]


async def test_s3_rebuilds_leave_the_views_right_and_in_step(lived: Lived) -> None:
    names = (
        "viewing_states",
        "recommendation_feedback",
        "ratings",
        "favorites",
        "watchlist",
        "favorite_genres",
    )
    tables: dict[str, Any] = {table: f"select {table}::text from {table} order by 1" for table in DESIGN}
    before = {table: lived.rows(query) for table, query in tables.items()}
    with lived.reader() as reader:
        for _ in range(2):
            for table in DESIGN:
                assert reader.execute(f"select count(*) > 0 from {table}".encode()).fetchone() == (True,), (
                    table
                )
            lived.rebuild(*names, "movie_stats", "popularity_metrics", "notifications")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from public.users")
    assert before == {table: lived.rows(query) for table, query in tables.items()}
    ann = lived.people["ann"]
    await ann.does("reactToMovie", movieId=lived.movies[13], reaction="LIKE")
    await ann.does("rateMovie", movieId=lived.movies[13], stars=1)
    assert [row[2] for row in lived.rows(INTERACTIONS) if row[:2] == ("ann", 13)] == [
        "like",
        "rating",
        "view",
    ]


async def test_s3_nobody_may_read_who_was_not_let_and_nobody_may_write(lived: Lived) -> None:
    with psycopg.connect(lived.conninfo, autocommit=True) as conn:
        for table in DESIGN:
            conn.execute("set role projectionist_app")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"select from compat_s3.{table}".encode())
            conn.execute("reset role")
            with pytest.raises(
                (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.FeatureNotSupported)
            ):
                conn.execute(f"delete from compat_s3.{table} where id = 0".encode())


@pytest.mark.parametrize("table", ["user_movie_interactions", "user_recommendations", "user_activity_logs"])
async def test_s3_the_planner_sees_through_the_functions(lived: Lived, table: str) -> None:
    assert "Function Scan" not in str(lived.rows(f"explain select * from {table} where user_id = 1"))


async def test_s3_views_go_and_come_with_their_migration(lived: Lived) -> None:
    before = lived.columns()
    move_to(lived.conninfo, "0017")
    assert lived.rows(f"select to_regnamespace('{lived.design}')") == [(None,)]
    move_to(lived.conninfo, "head")
    assert lived.columns() == before
    assert len(lived.rows("select from users")) == 2


async def test_s3_what_is_said_of_recommendations_goes_and_comes_with_its_migration(lived: Lived) -> None:
    now = lived.rows(INTERACTIONS)
    assert {row[5] for row in now} > {"", "Life is like that."}
    move_to(lived.conninfo, "0022")
    before = lived.rows(INTERACTIONS)
    assert {row[5] for row in before} == {""}
    assert [row[:4] for row in before if row[2] != "view"] == [row[:4] for row in now if row[2] != "view"]
    assert ("ann", 604, "view") in {row[:3] for row in before}
    move_to(lived.conninfo, "head")
    assert lived.rows(INTERACTIONS) == now


async def test_s3_c10_who_is_erased_is_in_no_view_and_their_activity_is_nobodys(lived: Lived) -> None:
    people = [table for table, columns in DESIGN.items() if "user_id" in columns] + ["users"]
    key = {table: "id" if table == "users" else "user_id" for table in people}
    tom = lived.people["tom"]
    assert [table for table in people if not lived.rows(f"select from {table} where {key[table]} = 1")] == []
    await tom.does("eraseAccount", password="a fish called tom")
    assert [table for table in people if lived.rows(f"select from {table} where {key[table]} = 1")] == []
    assert lived.rows("select from user_activity_logs where user_id is null and action_type = 'movie_view'")
