"""What messages recommend is in the log as any slate is: told once, when a message went out, and clicked in it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from notifications.sending import LEASE
from notifications.webhooks import take
from tests.app.serving import serving
from tests.catalogue import movie, person
from tests.notifications.office import HOUR, LINKS, MODEL, MONDAY, SOME, Office
from tests.notifications.post import Post
from tests.notifications.test_links import PLACES, path, sent

ALICE = person("alice")
SERVED = """
select user_id, movie_id, source, data from events where type = 'recommendations_served' order by position"""
CLICKED = "select movie_id, source, data->>'slate_id' from events where type = 'recommendation_clicked'"


def places(worker: Office) -> list[tuple[int, str, float]]:
    """Rank, movie and propensity of all that was told of."""
    return [
        (data["first_rank"] + n, shown, chance)
        for *_, data in worker.rows(SERVED)
        for n, (shown, chance) in enumerate(zip(data["movie_ids"], data["propensities"], strict=True))
    ]


async def test_what_a_digest_recommends_is_told_when_it_is_sent(worker: Office) -> None:
    await worker.plan()
    await worker.make()
    assert worker.rows(SERVED) == []
    await worker.send()
    ((user_id, movie_id, source, data),) = worker.rows(SERVED)
    ((notification_id,),) = worker.rows("select notification_id from notifications")
    assert (user_id, movie_id, source) == (ALICE, None, "email")
    assert data == {
        "slate_id": str(notification_id),
        "algorithm": "BLEND",
        "model_id": str(MODEL),
        "first_rank": 1,
        "movie_ids": [str(movie(key)) for key in SOME],
        "scores": [0.5] * 4,
        "propensities": [1.0, 0.5, 0.333333, 0.25],
    }
    await worker.day(MONDAY + HOUR)
    assert len(worker.rows(SERVED)) == 1


async def test_ranks_that_it_leaves_out_are_not_told_of(worker: Office) -> None:
    worker.rows(
        "insert into viewing_states (user_id, movie_id, status, status_position, watch_count, watch_position,"
        " viewed_position, last_interaction_at, position) values (%s, %s, 'SEEN', 1, 1, 1, 0, now(), 1)",
        ALICE,
        movie(SOME[1]),
    )
    await worker.plan()
    await worker.day(MONDAY)
    assert [(rank, shown) for rank, shown, _ in places(worker)] == [
        (1, str(movie(SOME[0]))),
        (3, str(movie(SOME[2]))),
        (4, str(movie(SOME[3]))),
    ]


async def test_what_did_not_go_out_is_not_told_of(worker: Office, post: Post) -> None:
    post.answers.extend(["451 busy", "550 nobody"])
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.rows(SERVED) == []
    await worker.send(MONDAY + HOUR)
    assert worker.states("alice") == [("WEEKLY_DIGEST", "FAILED")]
    assert worker.rows(SERVED) == []


async def test_a_letter_that_went_out_twice_is_told_of_once(worker: Office, post: Post) -> None:
    post.answers.append("lose")
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.rows(SERVED) == []
    await worker.send(MONDAY + HOUR)
    assert len(post.messages) == 2
    assert len(worker.rows(SERVED)) == 1


@pytest.mark.parametrize("words", [["delivered"], ["delivered", "failed"], ["opened"]])
async def test_a_provider_that_is_quicker_than_a_worker_that_died_tells_of_it(
    worker: Office, post: Post, words: list[str]
) -> None:
    worker.prefer("alice", open_tracking=True)
    post.answers.append("hang")
    await worker.plan()
    await worker.make()
    ((notification_id,),) = worker.rows("select notification_id from notifications")
    dying = asyncio.create_task(worker.send())
    await post.reached.wait()
    dying.cancel()
    post.given_up.set()
    with pytest.raises(asyncio.CancelledError):
        await dying
    await take(worker.pool, [(word, notification_id) for word in words])
    assert await worker.send(MONDAY + LEASE) == 1
    assert post.messages == []
    assert len(worker.rows(SERVED)) == 1


async def test_who_does_not_want_it_any_more_was_shown_nothing(worker: Office) -> None:
    await worker.plan()
    await worker.make()
    worker.rows("update users set deactivated_at = now() where id = %s", ALICE)
    await worker.send()
    assert worker.rows(SERVED) == []


async def test_what_is_trending_is_no_slate(worker: Office) -> None:
    worker.prefer("alice", weekly_digest=False, trending_alerts=True, recommendation_alerts=False)
    await worker.plan()
    await worker.day(MONDAY)
    assert worker.states("alice") == [("TRENDING", "SENT")]
    assert worker.rows(SERVED) == []


async def test_a_message_of_before_has_no_slate_and_goes_out(worker: Office, post: Post) -> None:
    await worker.plan()
    await worker.make()
    worker.rows("update outbox set slate = null")
    await worker.send()
    assert (len(post.messages), worker.rows(SERVED)) == (1, [])


async def clicked(worker: Office, notification_id: UUID, *keys: str) -> None:
    async with serving(worker.conninfo, filled=False, **PLACES) as served:
        for key in keys:
            answer = await served.http.get(path(LINKS.clicked(ALICE, notification_id, movie(key))))
            assert answer.status_code == 303


async def test_a_click_in_a_digest_is_one_in_its_slate(worker: Office) -> None:
    worker.prefer("alice", click_tracking=True)
    notification_id = await sent(worker)
    await clicked(worker, notification_id, SOME[0], SOME[2], SOME[0])
    assert worker.rows(CLICKED) == [(movie(key), "email", str(notification_id)) for key in (SOME[0], SOME[2])]
    assert worker.states("alice") == [("WEEKLY_DIGEST", "CLICKED")]


async def test_a_click_on_what_a_digest_does_not_recommend_is_none_in_its_slate(worker: Office) -> None:
    worker.prefer("alice", click_tracking=True)
    notification_id = await sent(worker)
    await clicked(worker, notification_id, "unborn", "gone")
    assert worker.rows(CLICKED) == []
    assert worker.states("alice") == [("WEEKLY_DIGEST", "CLICKED")]


@pytest.mark.parametrize(
    "change",
    [
        "update notification_preferences set click_tracking = false where user_id = %s",
        "update users set deactivated_at = now() where id = %s",
        "delete from users where id = %s",
    ],
)
async def test_who_does_not_let_clicks_be_noticed_clicks_in_no_slate(worker: Office, change: str) -> None:
    worker.prefer("alice", click_tracking=True)
    notification_id = await sent(worker)
    worker.rows(change, ALICE)
    await clicked(worker, notification_id, SOME[0])
    assert worker.rows(CLICKED) == []
    assert worker.rows("select * from events where type = 'notification_clicked'") == []


async def test_a_click_counts_long_after_the_text_is_forgotten(worker: Office) -> None:
    worker.prefer("alice", click_tracking=True)
    notification_id = await sent(worker)
    worker.rows("delete from outbox")
    await clicked(worker, notification_id, SOME[1])
    assert worker.rows(CLICKED) == [(movie(SOME[1]), "email", str(notification_id))]
