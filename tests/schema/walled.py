"""What the second wall is tried with: rows of bob, who shows himself to nobody, in every table that has rows of people."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from database.connect import connect
from events.blocks import UserBlocked
from events.facts import Event
from events.notifications import Channel, NotificationKind, NotificationQueued
from events.record import append_alone
from events.visitors import SessionIdentified
from projections.follow import catch_up
from projections.registry import fold_inline, projections
from tests.catalogue import genre, movie, person
from tests.schema.test_people import do
from tests.world import World

WHOSE = {
    "users": ("id",),
    "profiles": ("user_id",),
    "texts": ("user_id",),
    "events": ("user_id",),
    "idempotency_keys": ("user_id",),
    "devices": ("user_id",),
    "sessions": ("user_id",),
    "user_keys": ("user_id",),
    "imported_users": ("user_id",),
    "user_recommendations": ("user_id",),
    "recommendation_reasons": ("user_id",),
    "imports": ("user_id",),
    "import_entries": ("user_id",),
    "erasures": ("user_id",),
    "notification_preferences": ("user_id",),
    "notification_rounds": ("user_id",),
    "outbox": ("user_id",),
    "mail_suppressions": ("user_id",),
    "mail_requests": ("user_id",),
    "mail_tokens": ("user_id",),
    "chat_sessions": ("user_id",),
    "chat_messages": ("user_id",),
    "activity.actions": ("user_id",),
    "activity.details": ("user_id",),
} | {p.name: p.people for p in projections().values() if p.is_personal}
"""The columns that say whose a row is, by table. A table that is missing here is found by the test that counts them."""


def owned(table: str) -> str:
    """The condition that a row is %(id)s's."""
    return " or ".join(f"{column} = %(id)s" for column in WHOSE[table])


async def fill_for(world: World, name: str, friend: str) -> None:
    """Let one of the people leave a row in every table, with another who has nothing to do with anybody else."""
    user = f"User:{person(friend)}"
    film, other = f"Movie:{movie('fargo')}", f"Movie:{movie('unborn')}"

    async def say(mutation: str, by: str = name, **given: Any) -> Any:
        payload = await do(world, mutation, _SELECTIONS.get(mutation, "__typename"), by, **given)
        assert payload["errors"] == [], (mutation, payload)
        return payload

    await say("rateMovie", movieId=film, stars=3.5, idempotencyKey=f"{name} rates")
    await say("favoriteMovie", movieId=film)
    await say("addToWatchlist", movieId=other)
    await say("markWatched", movieId=film, watchedOn="2024-03-01")
    await say("writeReview", movieId=film, text=f"What {name} thinks.", audience="PRIVATE")
    await say("setFavoriteGenres", genreIds=[f"Genre:{genre('Horror')}"])
    await say("updateProfile", firstName=name, phone="+46812345678")
    await say("registerDevice", platform="WEB", token=f"token of {name}")
    made = (await say("createList", title=f"A list of {name}", visibility="PRIVATE"))["list"]["id"]
    await say("addToList", listId=made, movieId=film, note=f"A note of {name}")
    await do(world, "setPrivacy", "__typename", friend, privacy="FOLLOWERS")
    await say("inviteToList", listId=made, userId=user)
    await say("followUser", userId=user)
    await say("giveRecommendationFeedback", movieId=film, type="POSITIVE", comment=f"{name} agrees.")
    chat = (await say("startChat"))["session"]["id"]
    await say("sendChatMessage", sessionId=chat, text=f"What {name} says.")
    await say("setNotificationPreferences", digestDay=2)
    await do(world, "setPrivacy", "__typename", friend, privacy="PRIVATE")
    with connect(world.conninfo) as conn:
        conn.execute(
            "insert into sessions (id, user_id, token_digest, expires_at) values (%s, %s, '', now())",
            (person(f"session of {name}"), person(name)),
        )
        conn.execute("insert into imported_users values ('test', %s, %s)", (name, person(name)))
        conn.execute(
            "insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text)"
            " select user_id, algorithm, movie_id, 9, 'Because' from user_recommendations where user_id = %s",
            (person(name),),
        )
        for text in _LEFT.split(";"):
            conn.execute(text.encode(), {"who": person(name), "movie": movie("fargo")})
        conn.execute(*append_alone(_facts(person(name)), fold_inline))
        catch_up(conn)


_SELECTIONS = {"createList": "list { id }", "startChat": "session { id }"}
_LEFT = """
insert into imports (id, user_id, service, entries, skipped, expires_at)
values (%(who)s, %(who)s, 'TRAKT', 1, '[]', now() + interval '1 day');
insert into import_entries (import_id, number, user_id, kind, title, candidates, said_at, key, outcome, leaves_watchlist)
values (%(who)s, 1, %(who)s, 'FAVORITE', 'Fargo', '{}', now(), 'fargo', 'NEW', false);
insert into erasures (user_id, id, asked_by, position, rows) values (%(who)s, gen_random_uuid(), 'person', 0, '{}');
insert into notification_rounds values (%(who)s, now(), '2024-03-04', '09:00', 'UTC');
insert into outbox (id, user_id, kind, channel, period, movie_ids, content_sealed)
values (gen_random_uuid(), %(who)s, 'TRENDING', 'EMAIL', '2024-03-04', '{}', '');
insert into mail_suppressions (user_id, email_digest, reason)
select id, email_digest, 'BOUNCED' from users where id = %(who)s;
insert into mail_requests (id, kind, user_id) values (gen_random_uuid(), 'PASSWORD_CHANGED', %(who)s);
insert into mail_tokens (user_id, kind, token_digest, email_digest, notification_id, expires_at)
select id, 'PASSWORD_RESET', uuid_send(id), email_digest, gen_random_uuid(), now() from users where id = %(who)s;
insert into activity.actions (id, occurred_at, action, session_id, user_id, movie_id, source)
values (%(who)s, now(), 'MOVIE_VIEW', gen_random_uuid(), %(who)s, %(movie)s, 'web');
insert into activity.details (activity_id, occurred_at, user_id, phrase) values (%(who)s, now(), %(who)s, 'words')"""
"""What is left by workers, queues and imports, which act for everybody."""


def _facts(who: UUID) -> list[Event]:
    queued = NotificationQueued(
        user_id=who,
        notification_id=uuid4(),
        kind=NotificationKind.TRENDING,
        channel=Channel.EMAIL,
        period=date(2024, 3, 4),
        device_id=None,
        movie_ids=(),
    )
    identified = SessionIdentified(user_id=who, session_id=uuid4())
    return [queued, identified, UserBlocked(user_id=who, blocked_id=uuid4())]


def rows(conninfo: str, table: str, who: UUID) -> list[dict[str, Any]]:
    """What a table has of somebody, whatever the wall says."""
    with connect(conninfo) as conn:
        found = conn.execute(f"select to_jsonb(t) from {table} t where {owned(table)}", {"id": who})
        return [row for (row,) in found.fetchall()]
