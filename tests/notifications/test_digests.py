"""Weekly digests, from who is due to what is in the mailbox."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.message import EmailMessage

import httpx
import pytest

from database.connect import connect
from events.person_locks import lock_people
from notifications.content import TOLD_FOR
from notifications.sending import ATTEMPTS, KEPT, LEASE, back_off, forget_old
from projections.rebuild import rebuild
from projections.registry import families
from tests.catalogue import movie, person
from tests.notifications.office import HOUR, MONDAY, SOME, Office, office
from tests.notifications.post import Post


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


async def test_k70_k73_a_digest_says_what_is_recommended_and_why(worker: Office, post: Post) -> None:
    await worker.plan()
    assert await worker.make(MONDAY - timedelta(seconds=2)) == 0
    await worker.day(MONDAY)
    (mail,) = post.messages
    assert post.to == ["alice@example.org"]
    assert (mail["to"], mail["from"]) == ("alice@example.org", "Movies <no-reply@movies.example>")
    assert mail["subject"] == "Your week in movies: Alien and more"
    for kind in ("plain", "html"):
        text = part(mail, kind)
        assert "The Thing" in text
        assert f"https://movies.example/movies/{movie('alien')}" in text
    assert "Because you like <Horror>" in part(mail, "plain")
    assert "Because you like &lt;Horror&gt;" in part(mail, "html")
    assert "<img" not in part(mail, "html")
    assert "/clicked/" not in part(mail, "html")
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_a_digest_can_be_ended_by_one_click(worker: Office, post: Post) -> None:
    await worker.plan()
    await worker.day(MONDAY)
    (mail,) = post.messages
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    url = mail["list-unsubscribe"]
    assert url.startswith("<https://api.movies.example/unsubscribe/")
    assert url.strip("<>") in part(mail, "plain")
    httpx.URL(url.strip("<>"))


async def test_k70_the_day_the_time_and_the_zone_are_the_persons(worker: Office, post: Post) -> None:
    worker.prefer(
        "alice",
        digest_day=3,
        digest_time="18:30",
        time_zone="America/New_York",
        recommendation_alerts=False,
    )
    await worker.plan()
    wednesday = MONDAY.replace(day=13, hour=22, minute=29)
    for day in (11, 12, 13):
        await worker.day(wednesday.replace(day=day))
    assert worker.states("alice") == []
    await worker.day(wednesday.replace(minute=30))
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_a_preference_wins_over_the_zone_of_the_profile(worker: Office) -> None:
    worker.rows("insert into profiles (user_id, time_zone) values (%s, 'Asia/Tokyo')", person("alice"))
    zone = "select time_zone from notification_rounds"
    await worker.plan()
    assert worker.rows(zone) == [("Asia/Tokyo",)]
    worker.prefer("alice", time_zone="Europe/Oslo")
    assert await worker.plan() == 1
    assert worker.rows(zone) == [("Europe/Oslo",)]
    assert await worker.plan() == 0


async def test_another_day_or_time_in_the_same_week_brings_no_second_digest(
    worker: Office, post: Post
) -> None:
    await worker.plan()
    await worker.day(MONDAY)
    worker.prefer("alice", digest_day=2, digest_time="15:00")
    await worker.plan(MONDAY + HOUR)
    for day in (11, 12, 13):
        await worker.day(MONDAY.replace(day=day, hour=15))
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]
    await worker.day(MONDAY.replace(day=19, hour=15))
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")] * 2


async def test_several_workers_send_one_digest_each_person(conninfo: str, post: Post) -> None:
    async with office(conninfo, post) as one, office(conninfo, post, filled=False) as other:
        await asyncio.gather(one.plan(), other.plan())
        await asyncio.gather(*(each.make() for each in (one, other) for _ in range(2)))
        await asyncio.gather(*(each.send() for each in (one, other) for _ in range(2)))
        people = one.rows("select count(*) from users where email_sealed is not null")[0][0]
        assert people > 1
        assert len(post.to) == len(set(post.to)) == people


async def test_a_rebuild_sends_nothing(worker: Office, post: Post) -> None:
    await worker.plan()
    await worker.day(MONDAY)
    assert len(post.messages) == 1
    before = worker.rows("select * from notifications")
    with connect(worker.conninfo) as conn:
        for inline in (True, False):
            for members in families(inline=inline):
                rebuild(conn, members[0].name)
    assert worker.rows("select * from notifications") == before
    await worker.day(MONDAY + HOUR)
    assert len(post.messages) == 1


@pytest.mark.parametrize("where", ["answers", "at_recipient"])
async def test_a_server_that_is_busy_is_asked_again(worker: Office, post: Post, where: str) -> None:
    getattr(post, where).append("451 busy")
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
    assert await worker.send(MONDAY + back_off(1) - timedelta(seconds=1)) == 0
    assert await worker.send(MONDAY + back_off(1)) == 1
    assert len(post.messages) == 1
    assert worker.rows("select data->>'attempt' from events where type = 'notification_sent'") == [("2",)]


@pytest.mark.parametrize("where", ["answers", "at_recipient"])
async def test_a_refusal_is_final(worker: Office, post: Post, where: str) -> None:
    getattr(post, where).append("550 nobody")
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.states("alice") == [("WEEKLY_DIGEST", "FAILED")]
    assert worker.rows("select failure from notifications") == [("REFUSED",)]
    assert await worker.send(MONDAY + 48 * HOUR) == 0
    assert post.messages == []


async def test_after_eight_attempts_it_is_given_up(worker: Office, post: Post) -> None:
    post.answers.extend(["451 busy"] * 8)
    await worker.plan()
    await worker.make()
    now = MONDAY
    for attempt in range(1, ATTEMPTS + 1):
        assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
        assert await worker.send(now) == 1
        now += back_off(attempt)
    assert worker.rows("select status, failure from notifications") == [("FAILED", "GAVE_UP")]
    assert post.messages == []


async def test_an_answer_that_was_lost_is_a_second_letter_with_the_same_id(
    worker: Office, post: Post
) -> None:
    post.answers.append("lose")
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
    assert await worker.send(MONDAY + back_off(1)) == 1
    first, second = post.messages
    assert first["message-id"] == second["message-id"]
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_what_a_worker_took_and_died_over_is_sent_by_another(worker: Office, post: Post) -> None:
    post.answers.append("hang")
    await worker.plan()
    await worker.make()
    dying = asyncio.create_task(worker.send())
    await post.reached.wait()
    dying.cancel()
    post.given_up.set()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert await worker.send(MONDAY + LEASE - timedelta(seconds=1)) == 0
    assert await worker.send(MONDAY + LEASE) == 1
    assert len(post.messages) == 1
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_what_a_server_took_before_its_worker_died_is_not_sent_again(
    worker: Office, post: Post
) -> None:
    await worker.plan()
    await worker.make()
    with connect(worker.conninfo) as conn, conn.transaction():
        lock_people(conn, person("alice"))  # nothing can be recorded
        dying = asyncio.create_task(worker.send())
        while worker.rows("select taken_at from outbox") == [(None,)]:
            await asyncio.sleep(0.01)
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
    assert await worker.send(MONDAY + LEASE) == 1
    assert await worker.send(MONDAY + 2 * LEASE) == 0
    assert len(post.messages) == 1
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]
    assert worker.rows("select data->>'attempt' from events where type = 'notification_sent'") == [("1",)]


async def test_a_mail_server_that_is_away_is_waited_for(conninfo: str, post: Post) -> None:
    async with office(conninfo, Post(port=1)) as away:
        away.only("alice")
        await away.plan()
        await away.day(MONDAY)
        assert away.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
    async with office(conninfo, post, filled=False) as back:
        await back.send(MONDAY + back_off(1))
        assert back.states("alice") == [("WEEKLY_DIGEST", "SENT")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("insert into notification_preferences (user_id, weekly_digest) values (%s, false)", "NOT_WANTED"),
        ("update users set deactivated_at = now() where id = %s", "NOT_WANTED"),
        ("update users set email_digest = null, email_sealed = null where id = %s", "NO_ADDRESS"),
    ],
)
async def test_who_does_not_want_it_any_more_when_it_goes_out_gets_none(
    worker: Office, post: Post, change: str, reason: str
) -> None:
    await worker.plan()
    await worker.make()
    worker.rows(change, person("alice"))
    await worker.send()
    assert post.messages == []
    assert worker.rows("select failure from notifications") == [(reason,)]


async def test_a_key_that_cannot_be_opened_is_one_persons_loss(conninfo: str, post: Post) -> None:
    async with office(conninfo, post) as worker:
        worker.only("alice", "bob")
        worker.rows("update user_keys set master_key_id = 'gone' where user_id = %s", person("alice"))
        await worker.plan()
        await worker.day(MONDAY)
        assert post.to == ["bob@example.org"]


async def test_nothing_to_say_is_not_sent(worker: Office, post: Post) -> None:
    worker.recommend("alice")
    worker.rows("delete from trending")
    await worker.plan()
    await worker.day(MONDAY)
    assert post.messages == []
    assert worker.states("alice") == []
    assert worker.rows("select day::text from notification_rounds") == [("2024-03-12",)]


async def test_who_has_seen_a_movie_since_is_not_told_of_it(worker: Office, post: Post) -> None:
    worker.rows(
        "insert into viewing_states (user_id, movie_id, status, status_position, watch_count, watch_position,"
        " viewed_position, last_interaction_at, position) values (%s, %s, 'SEEN', 1, 1, 1, 0, now(), 1)",
        person("alice"),
        movie("alien"),
    )
    await worker.plan()
    await worker.day(MONDAY)
    assert f"/{movie('alien')}" not in part(post.messages[0], "html")


async def test_no_text_and_no_address_of_anybody_is_in_the_log_or_readable_in_the_outbox(
    worker: Office, post: Post
) -> None:
    await worker.plan()
    await worker.day(MONDAY)
    kept = str(worker.rows("select data from events where type like 'notification%%'"))
    kept += str(worker.rows("select o.*, encode(content_sealed, 'escape') from outbox o"))
    assert "QUEUED" not in kept
    assert all(word not in kept for word in ("alice", "example.org", "Alien", "Horror"))
    assert str(movie("alien")) in kept


async def test_alerts_tell_only_of_what_is_new_and_once_a_day(worker: Office, post: Post) -> None:
    worker.prefer("alice", weekly_digest=False)
    await worker.plan()
    await worker.day(MONDAY)
    await worker.day(MONDAY + 24 * HOUR)
    assert worker.states("alice") == [("RECOMMENDATIONS", "SENT")]
    worker.recommend("alice", "toy-story", "fargo", *SOME)
    await worker.day(MONDAY + 48 * HOUR)  # two movies are too little news
    assert worker.states("alice") == [("RECOMMENDATIONS", "SENT")]
    worker.recommend("alice", "toy-story", "fargo", "third-man", *SOME)
    await worker.day(MONDAY + 72 * HOUR)
    assert worker.states("alice") == [("RECOMMENDATIONS", "SENT")] * 2
    assert post.messages[1]["subject"] == "New for you: Toy Story and more"
    assert f"/{movie('alien')}" not in part(post.messages[1], "html")


@pytest.mark.parametrize(("later", "is_news"), [(timedelta(seconds=-1), False), (timedelta(), True)])
async def test_what_was_told_is_news_again_after_sixty_days(
    worker: Office, later: timedelta, is_news: bool
) -> None:
    worker.prefer("alice", weekly_digest=False)
    await worker.plan()
    await worker.day(MONDAY)
    worker.rows("update outbox set queued_at = %s", MONDAY + 24 * HOUR - TOLD_FOR - later)
    await worker.day(MONDAY + 24 * HOUR)
    assert len(worker.states("alice")) == 1 + is_news


@pytest.mark.parametrize(("later", "is_kept"), [(timedelta(), True), (timedelta(seconds=1), False)])
async def test_texts_are_kept_for_ninety_days_and_what_waits_for_longer(
    worker: Office, post: Post, later: timedelta, is_kept: bool
) -> None:
    await worker.plan()
    await worker.day(MONDAY)
    await forget_old(worker.pool, MONDAY + KEPT + later)
    assert len(worker.rows("select * from outbox")) == is_kept
    worker.rows("update outbox set finished_at = null")
    await forget_old(worker.pool, MONDAY + 2 * KEPT)
    assert len(worker.rows("select * from outbox")) == is_kept
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 4), (3, 16), (4, 64), (5, 240), (6, 240), (8, 240)]
)
def test_it_is_waited_longer_each_time_up_to_four_hours(attempts: int, minutes: int) -> None:
    assert back_off(attempts) == timedelta(minutes=minutes)


async def test_trending_comes_to_who_wants_it(worker: Office, post: Post) -> None:
    worker.prefer("alice", weekly_digest=False, trending_alerts=True, recommendation_alerts=False)
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.states("alice") == [("TRENDING", "SENT")]
    assert post.messages[0]["subject"].startswith("Trending now: ")


async def test_two_rounds_on_one_day_bring_one_alert(worker: Office, post: Post) -> None:
    worker.prefer("alice", weekly_digest=False, trending_alerts=True)
    await worker.plan()
    await worker.day(MONDAY)
    worker.rows("update notification_preferences set digest_time = '12:00'")
    await worker.plan(MONDAY)
    await worker.day(MONDAY + 3 * HOUR)
    assert len(post.messages) == 1


@pytest.mark.parametrize(
    ("back", "kind"), [(MONDAY + 30 * HOUR, "WEEKLY_DIGEST"), (MONDAY - 24 * HOUR, "RECOMMENDATIONS")]
)
async def test_what_came_while_no_worker_ran_is_one_message(
    worker: Office, post: Post, back: datetime, kind: str
) -> None:
    await worker.plan(MONDAY - 6 * 24 * HOUR)
    await worker.day(back)
    await worker.day(back + HOUR)
    assert worker.states("alice") == [(kind, "SENT")]
    assert len(post.messages) == 1
