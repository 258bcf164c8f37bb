"""What one person's message runs into is nobody else's loss, and comes to an end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifications.sending import ATTEMPTS, LEASE, back_off
from tests.catalogue import person
from tests.notifications.office import HOUR, MONDAY, Office, office
from tests.notifications.post import Post


async def test_a_person_for_whom_nothing_can_be_made_holds_up_nobody(conninfo: str, post: Post) -> None:
    async with office(conninfo, post) as worker:
        worker.only("alice", "bob")
        worker.rows("update user_keys set wrapped = 'broken' where user_id = %s", person("alice"))
        await worker.plan()
        worker.rows(
            "update notification_rounds set due_at = due_at - interval '1 minute' where user_id = %s",
            person("alice"),
        )
        await worker.day(MONDAY)
        assert post.to == ["bob@example.org"]
        assert worker.rows("select distinct due_at from notification_rounds") == [
            (MONDAY.replace(day=12, second=0),)
        ]


async def test_a_message_that_no_program_can_read_is_given_up(worker: Office, post: Post) -> None:
    await worker.plan()
    await worker.make()
    key = (await worker.keys.get(worker.pool, [person("alice")]))[person("alice")]
    worker.rows("update outbox set content_sealed = %s", key.seal("notification", '{"kind": "LETTER"}'))
    now = MONDAY
    for attempt in range(1, ATTEMPTS + 1):
        assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
        assert await worker.send(now) == 1
        now += back_off(attempt)
    assert worker.rows("select status, failure from notifications") == [("FAILED", "GAVE_UP")]
    assert await worker.send(now + 24 * HOUR) == 0


@pytest.mark.parametrize(("died", "ends"), [(ATTEMPTS - 1, "SENT"), (ATTEMPTS, "FAILED")])
async def test_a_message_that_ends_its_worker_each_time_is_given_up(
    worker: Office, post: Post, died: int, ends: str
) -> None:
    await worker.plan()
    await worker.make()
    worker.rows("update outbox set attempts = %s, next_attempt_at = %s", died, MONDAY)
    await worker.send(MONDAY + LEASE)
    assert worker.states("alice") == [("WEEKLY_DIGEST", ends)]
    assert len(post.messages) == (ends == "SENT")


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Asia/Tokyo", MONDAY.replace(day=12, hour=0)),  # it is past nine there already
        ("America/New_York", MONDAY.replace(hour=13)),
    ],
)
async def test_who_travels_on_the_day_of_their_digest_gets_one(
    worker: Office, post: Post, zone: str, due: datetime
) -> None:
    await worker.plan()
    worker.prefer("alice", time_zone=zone)
    await worker.plan(MONDAY - timedelta(hours=2))
    for hours in range(-2, 30):
        await worker.day(MONDAY + hours * HOUR)
        expected = [("WEEKLY_DIGEST", "SENT")] if MONDAY + hours * HOUR >= due else []
        assert worker.states("alice")[:1] == expected
    assert len([kind for kind, _ in worker.states("alice") if kind == "WEEKLY_DIGEST"]) == 1
