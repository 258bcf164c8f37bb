"""Addresses are proved by e-mail, and digests go only to these where the operator says so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.sending import back_off
from tests.app.serving import codes
from tests.catalogue import person
from tests.notifications.desk import OLD, VERIFY, WANDA, Desk, opened
from tests.notifications.office import MONDAY, Office
from tests.notifications.post import Post
from tests.privacy.test_over_http import Person

INVALID = ["INVALID_MAIL_TOKEN"]
ASK = "mutation { requestEmailVerification { errors { code } } }"


async def test_who_signs_up_is_asked_and_proves_the_address(desk: Desk) -> None:
    assert await desk.proved_at() is None
    before = datetime.now(UTC)
    token = await desk.token(VERIFY)
    assert await desk.prove(token) == []
    proved_at = await desk.proved_at()
    assert proved_at is not None
    assert abs(datetime.fromisoformat(proved_at) - before) < timedelta(minutes=5)
    assert await desk.prove(token) == INVALID
    assert await desk.proved_at() == proved_at


async def test_the_link_is_sent_again_and_the_newest_counts(desk: Desk) -> None:
    first = await desk.token(VERIFY)
    assert await desk.ask_to_prove() == {"errors": []}
    second = await desk.token(VERIFY)
    assert await desk.prove(first) == INVALID
    assert await desk.proved_at() is None
    assert await desk.prove(second) == []
    assert await desk.ask_to_prove() == {"errors": []}
    await desk.work()
    assert desk.subjects() == ["Is this your address?"] * 2  # there is nothing left to prove


async def test_of_two_at_once_one_proves_it(desk: Desk) -> None:
    token = await desk.token(VERIFY)
    assert sorted(await asyncio.gather(desk.prove(token), desk.prove(token))) == [[], INVALID]


@pytest.mark.parametrize(("left", "works"), [("1 minute", True), ("0", False)])
async def test_a_link_is_good_for_a_day(desk: Desk, left: str, works: bool) -> None:
    token = await desk.token(VERIFY)
    asked = (
        "select expires_at - (select queued_at from outbox o where o.id = notification_id) from mail_tokens"
    )
    assert desk.worker.rows(asked) == [(timedelta(days=1),)]
    desk.worker.rows("update mail_tokens set expires_at = now() + %s::interval", left)
    assert await desk.prove(token) == ([] if works else INVALID)


@pytest.mark.parametrize("change", [lambda token: "", lambda token: token[::-1], lambda token: token + "A"])
async def test_a_token_that_was_tampered_with_proves_nothing(desk: Desk, change: Any) -> None:
    token = await desk.token(VERIFY)
    assert await desk.prove(change(token)) == INVALID
    assert await desk.proved_at() is None


async def test_another_address_has_to_be_proved_anew(desk: Desk) -> None:
    assert await desk.prove(await desk.token(VERIFY)) == []
    await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
    assert await desk.proved_at() is None
    assert await desk.prove(await desk.token(VERIFY, "wanda@new.example")) == []
    assert await desk.proved_at()


async def test_a_link_to_an_address_of_before_proves_nothing(desk: Desk) -> None:
    old = await desk.token(VERIFY)
    await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
    assert await desk.prove(old) == INVALID
    desk.worker.rows("delete from mail_requests")
    await desk.wanda.does("changeEmail", email=WANDA, password=OLD)
    assert await desk.prove(old) == INVALID


async def test_what_waits_does_not_follow_to_another_address(desk: Desk) -> None:
    desk.post.answers.append("451 later")
    await desk.work()
    await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
    await desk.work(datetime.now(UTC) + 2 * back_off(1))
    assert desk.post.to == ["wanda@new.example"]
    asked = "select status, failure from notifications order by queued_position"
    assert desk.worker.rows(asked) == [("FAILED", "NOTHING_LEFT"), ("SENT", None)]


async def test_a_refused_change_of_address_leaves_all_as_it_was(desk: Desk) -> None:
    await desk.served.sign_up("otto")
    token = await desk.token(VERIFY)
    refused = await desk.wanda.say("changeEmail", "", email="otto@example.org", password=OLD)
    assert refused["errors"] == [{"code": "EMAIL_TAKEN"}]
    assert await desk.prove(token) == []
    await desk.wanda.say("changeEmail", "", email="otto@example.org", password=OLD)
    assert await desk.proved_at()


async def test_a_token_proves_its_persons_address_whoever_is_signed_in(desk: Desk) -> None:
    otto = Person(desk.served, await desk.served.sign_up("otto"))
    assert await desk.prove(await desk.token(VERIFY), by=otto) == []
    assert await desk.proved_at()
    assert await desk.proved_at(otto) is None


async def test_who_left_proves_nothing(desk: Desk) -> None:
    token = await desk.token(VERIFY)
    await desk.wanda.does("deactivateAccount", password=OLD)
    assert await desk.prove(token) == INVALID


async def test_nothing_of_who_is_erased_is_proved(desk: Desk) -> None:
    token = await desk.token(VERIFY)
    await desk.wanda.does("eraseAccount", password=OLD)
    assert await desk.prove(token) == INVALID
    assert desk.worker.rows("select count(*) from mail_tokens") == [(0,)]


async def test_who_is_not_signed_in_cannot_ask(desk: Desk) -> None:
    assert codes(await desk.served.post(ASK)) == ["UNAUTHENTICATED"]


async def test_asking_again_and_again_must_wait(desk: Desk) -> None:
    for _ in range(10):
        assert await desk.ask_to_prove() == {"errors": []}
    refused = await desk.served.post(ASK, token=desk.wanda.token)
    assert (refused.status_code, codes(refused)) == (429, ["TOO_MANY_ATTEMPTS"])
    otto = Person(desk.served, await desk.served.sign_up("otto"))
    assert await desk.ask_to_prove(otto) == {"errors": []}


@pytest.mark.parametrize("unset", ["smtp_url", "verification_page"])
async def test_without_mail_or_a_page_nobody_is_asked(conninfo: str, post: Post, unset: str) -> None:
    async with opened(conninfo, post, **{unset: None}) as desk:
        assert await desk.ask_to_prove() == {"errors": [{"code": "MAIL_NOT_CONFIGURED"}]}
        await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
        assert desk.worker.rows("select count(*) from mail_requests") == [(0,)]


# --- digests ---


@pytest.mark.parametrize("is_verified", [True, False])
@pytest.mark.parametrize("only", [True, False])
async def test_digests_go_to_proved_addresses_only_where_the_operator_says_so(
    worker: Office, post: Post, only: bool, is_verified: bool
) -> None:
    worker.senders = replace(worker.senders, to_verified_only=only)
    if is_verified:
        worker.rows("update users set email_verified_at = now()")
    await worker.plan()
    await worker.day(MONDAY)
    asked = "select status, failure from notifications where user_id = %s"
    fails = only and not is_verified
    assert worker.rows(asked, person("alice")) == [("FAILED", "NOT_VERIFIED") if fails else ("SENT", None)]
    assert len(post.messages) == (0 if fails else 1)


async def test_what_proves_an_address_goes_there_all_the_same(desk: Desk) -> None:
    desk.worker.senders = replace(desk.worker.senders, to_verified_only=True)
    assert await desk.prove(await desk.token(VERIFY)) == []
