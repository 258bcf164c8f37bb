"""Addresses from which e-mail comes back, or whose person calls it spam: nothing goes there until they are tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from accounts.devices import Platform, register_device
from accounts.keys import Keys
from accounts.masters import MasterKeys
from accounts.rewrapping import rewrap
from database.connect import connect
from tests.accounts.masters import SECRETS
from tests.app.serving import Served, serving
from tests.catalogue import person
from tests.notifications.office import MONDAY, Office
from tests.notifications.post import Post
from tests.notifications.test_push import push_service, sender
from tests.notifications.test_webhooks import PUBLIC, SECRET, sendgrid, signed
from tests.privacy.test_over_http import Person
from tests.world import access_token

WEEK = timedelta(days=7)
DIGESTS = "select status, failure from notifications where kind = 'WEEKLY_DIGEST' order by queued_position"
CHOSEN = "weeklyDigest emailSuppression { reason since }"
DEAD: list[dict[str, Any]] = [
    {"event": "bounce", "type": "bounce", "status": "5.1.1"},
    {"event": "bounce"},
    {"event": "dropped", "reason": "Bounced Address"},
]
ALIVE: list[dict[str, Any]] = [
    {"event": "deferred", "reason": "452 mailbox full"},
    {"event": "bounce", "type": "blocked", "status": "4.2.2"},
    {"event": "dropped", "reason": "Spam Content"},
]


@pytest.fixture
async def served(worker: Office) -> AsyncIterator[Served]:
    """A server that takes webhooks."""
    given: dict[str, Any] = {"sendgrid_key": PUBLIC, "webhook_secret": SecretStr(SECRET)}
    async with serving(worker.conninfo, filled=False, **given) as running:
        yield running


@pytest.fixture
async def sent(worker: Office, post: Post) -> str:
    """The Message-ID of a digest that was sent."""
    return await week(worker, post, 0)


@pytest.fixture
async def alice(served: Served) -> Person:
    return Person(served, access_token("alice"))


async def week(worker: Office, post: Post, number: int) -> str:
    """Let a week's digest be due; return the Message-ID of the newest that went out, up to now."""
    await worker.plan()
    await worker.day(MONDAY + number * WEEK)
    return str(post.messages[-1]["message-id"])


async def suppression(alice: Person) -> str | None:
    """Why alice's address gets no e-mail, as she is told."""
    found = (await alice.ask(f"{{ viewer {{ notificationPreferences {{ {CHOSEN} }} }} }}"))["viewer"]
    told = found["notificationPreferences"]["emailSuppression"]
    if told is not None:
        assert datetime.fromisoformat(told["since"]).tzinfo is not None
    return told and str(told["reason"])


async def prefer(alice: Person, **given: Any) -> None:
    await alice.does("setNotificationPreferences", **given)


async def move(worker: Office, alice: Person, email: str) -> None:
    """Give alice another address: she gets the password of somebody who signed up for that."""
    await alice.served.sign_up("wanda")
    worker.rows(
        "update users set password_hash = w.password_hash from users w where users.id = %s and w.username = 'wanda'",
        person("alice"),
    )
    worker.only("alice")
    await alice.does("changeEmail", email=email, password="a fish called wanda")


async def stop(served: Served, word: str, message_id: str) -> None:
    assert (await signed(served, [{"event": word, "messageId": message_id}])).status_code == 204


@pytest.mark.parametrize("said", DEAD)
async def test_nothing_goes_where_e_mail_came_back_for_good(
    worker: Office, served: Served, post: Post, alice: Person, sent: str, said: dict[str, Any]
) -> None:
    assert await suppression(alice) is None
    assert (await sendgrid(served, {**said, "smtp-id": sent})).status_code == 204
    assert await suppression(alice) == "BOUNCED"
    assert await week(worker, post, 1) == sent
    assert worker.rows(DIGESTS) == [("FAILED", "BOUNCED"), ("FAILED", "SUPPRESSED")]
    log = await alice.ask("{ viewer { notifications(first: 1) { nodes { status failure } } } }")
    assert log["viewer"]["notifications"]["nodes"] == [{"status": "FAILED", "failure": "SUPPRESSED"}]


@pytest.mark.parametrize("said", ALIVE)
async def test_what_was_turned_away_for_now_stops_nothing(
    worker: Office, served: Served, post: Post, alice: Person, sent: str, said: dict[str, Any]
) -> None:
    await sendgrid(served, {**said, "smtp-id": sent})
    await stop(served, "failed", sent)
    assert await suppression(alice) is None
    assert await week(worker, post, 1) != sent
    assert worker.rows(DIGESTS)[1] == ("SENT", None)


async def test_who_turns_e_mails_on_again_is_tried_again_after_a_bounce(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    await stop(served, "bounced", sent)
    await prefer(alice, digestDay=1, pushTrending=True)
    assert await suppression(alice) == "BOUNCED"
    await prefer(alice, weeklyDigest=False)
    assert await suppression(alice) == "BOUNCED"
    await prefer(alice, weeklyDigest=True)
    assert await suppression(alice) is None
    await stop(served, "bounced", sent)  # the provider says it once more
    second = await week(worker, post, 1)
    assert second != sent
    await stop(served, "bounced", second)
    assert await suppression(alice) == "BOUNCED"


async def test_after_a_complaint_only_another_address_is_tried(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    await sendgrid(served, {"event": "spamreport", "smtp-id": sent})
    assert await suppression(alice) == "COMPLAINED"
    await week(worker, post, 1)
    assert worker.rows(DIGESTS) == [("SENT", None)]  # all e-mails were turned off
    await prefer(alice, weeklyDigest=True)
    assert await suppression(alice) == "COMPLAINED"
    assert await week(worker, post, 2) == sent
    assert worker.rows(DIGESTS)[1:] == [("FAILED", "SUPPRESSED")]
    await move(worker, alice, "alice@other.example")
    assert await suppression(alice) is None
    assert await week(worker, post, 3) != sent
    assert post.to == ["alice@example.org", "alice@other.example"]


async def test_a_complaint_outlasts_what_bounces_later(
    served: Served, alice: Person, worker: Office, sent: str
) -> None:
    await stop(served, "complained", sent)
    await stop(served, "bounced", sent)
    assert worker.rows(DIGESTS) == [("FAILED", "BOUNCED")]
    assert await suppression(alice) == "COMPLAINED"


async def test_who_unsubscribes_at_the_provider_chooses_anew_and_is_sent_to(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    await sendgrid(served, {"event": "unsubscribe", "smtp-id": sent})
    assert await suppression(alice) is None
    await prefer(alice, weeklyDigest=True)
    assert await week(worker, post, 1) != sent


@pytest.mark.parametrize("word", ["bounced", "complained", "unsubscribed"])
async def test_what_is_said_of_a_former_address_stops_nothing(
    worker: Office, served: Served, post: Post, alice: Person, sent: str, word: str
) -> None:
    await move(worker, alice, "alice@other.example")
    await stop(served, word, sent)
    assert await suppression(alice) is None
    assert await week(worker, post, 1) != sent


async def test_another_address_is_tried_at_once_and_the_dead_one_is_known_again(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    await stop(served, "bounced", sent)
    await move(worker, alice, "alice@other.example")
    assert await suppression(alice) is None
    assert await week(worker, post, 1) != sent
    assert post.to[-1] == "alice@other.example"
    await alice.does("changeEmail", email="Alice@Example.org", password="a fish called wanda")
    assert await suppression(alice) == "BOUNCED"


async def test_a_message_that_waits_when_the_address_dies_is_not_sent(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    post.at_recipient.append("450 later")
    await week(worker, post, 1)
    assert worker.states("alice")[1] == ("WEEKLY_DIGEST", "QUEUED")
    await stop(served, "bounced", sent)
    await worker.send(MONDAY + WEEK + timedelta(minutes=2))
    assert worker.rows(DIGESTS) == [("FAILED", "BOUNCED"), ("FAILED", "SUPPRESSED")]
    assert len(post.messages) == 1


async def test_an_address_that_is_found_by_nothing_is_told_from_others_too(
    worker: Office, served: Served, post: Post, alice: Person
) -> None:
    worker.rows("update users set email_digest = null where id = %s", person("alice"))
    await stop(served, "bounced", await week(worker, post, 0))
    assert await suppression(alice) == "BOUNCED"
    await week(worker, post, 1)
    assert worker.rows(DIGESTS)[1] == ("FAILED", "SUPPRESSED")


async def test_nobody_is_told_of_others_addresses_and_erasing_leaves_none(
    worker: Office, served: Served, alice: Person, sent: str
) -> None:
    await stop(served, "bounced", sent)
    wanda = Person(served, await served.sign_up("wanda"))
    assert await suppression(wanda) is None
    assert await suppression(alice) == "BOUNCED"
    worker.rows("delete from users where id = %s", person("alice"))
    assert worker.rows("select * from mail_suppressions") == []
    assert worker.rows("select * from outbox where email_digest is not null") == []


async def test_another_master_key_changes_nothing(
    worker: Office, served: Served, post: Post, alice: Person, sent: str
) -> None:
    await stop(served, "bounced", sent)
    masters = MasterKeys({"new": "another master key that is long enough", **SECRETS})
    with connect(worker.conninfo) as conn:
        assert rewrap(conn, masters) > 0
    worker.keys = Keys(masters)
    assert await suppression(alice) == "BOUNCED"
    assert await week(worker, post, 1) == sent
    assert worker.rows(DIGESTS)[1] == ("FAILED", "SUPPRESSED")


async def test_a_browser_is_sent_to_whatever_becomes_of_the_address(
    worker: Office, served: Served, sent: str
) -> None:
    await stop(served, "bounced", sent)
    async with push_service() as browser:
        await register_device(worker.pool, worker.keys, person("alice"), Platform.WEB, browser.subscription())
        worker.rows("delete from outbox")  # what it told is news again
        worker.senders = replace(worker.senders, push=sender())
        await worker.day(MONDAY + WEEK)
        assert len(browser.taken) == 1
    asked = "select channel, status, failure from notifications order by queued_position offset 1"
    assert worker.rows(asked) == [("EMAIL", "FAILED", "SUPPRESSED"), ("PUSH", "SENT", None)]
