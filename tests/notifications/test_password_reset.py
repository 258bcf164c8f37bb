"""Who forgot the password gets back in by e-mail: over HTTP, and a mail server."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.notifying import Notifying
from notifications.asked import MOST, STALE, forget_expired, make_asked
from notifications.sending import back_off
from tests.accounts.masters import new_keys
from tests.app.serving import codes
from tests.counting import counted
from tests.notifications.desk import NEW, OLD, RESET, VERIFY, WANDA, Desk, opened, token_of
from tests.notifications.office import LINKS
from tests.notifications.post import Post
from tests.notifications.test_webhooks import signed
from tests.privacy.test_over_http import Person, everything, holding
from tests.waiting import until

INVALID = ["INVALID_MAIL_TOKEN"]
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


async def test_who_forgot_the_password_gets_back_in(desk: Desk) -> None:
    assert await desk.forgot(" Wanda@EXAMPLE.org ") == {"errors": []}
    assert desk.post.messages == []  # the answer waits for no mail server
    token = await desk.token()
    assert await desk.enters(NEW) is None
    assert await desk.reset(token) == []
    assert await desk.enters(NEW)
    assert await desk.enters(OLD) is None
    await desk.work()
    assert desk.subjects() == ["Is this your address?", "Choose a new password", "Your password was changed"]
    assert set(desk.post.to) == {WANDA}
    assert await desk.proved_at()  # that she was sent it shows as much


async def test_a_worker_sends_it_by_itself(desk: Desk) -> None:
    await desk.forgot()
    worker = Notifying(desk.worker.conninfo, new_keys(), desk.worker.senders, round_s=0.05)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        await asyncio.to_thread(until, lambda: len(desk.post.messages) == 2)
    finally:
        worker.stop()
        await asyncio.to_thread(thread.join)
    assert [token for mail in desk.post.messages if (token := token_of(mail, RESET))]


async def test_nobody_learns_whether_there_is_an_account(desk: Desk) -> None:
    await desk.forgot("somebody@example.org")  # what a process learns once
    sent: list[list[str]] = []
    for email in (WANDA, "nobody@example.org"):
        with counted() as statements:
            assert await desk.forgot(email) == {"errors": []}
        sent.append(statements)
    assert sent[0] == sent[1] != []
    kept = "select count(*) from mail_requests where email_digest is not null and user_id is null"
    assert desk.worker.rows(kept) == [(3,)]
    await desk.work()
    assert desk.post.to == [WANDA, WANDA]  # of which one asks whether the address is hers
    assert desk.worker.rows("select count(*) from mail_requests") == [(0,)]


@pytest.mark.parametrize("email", ["nobody", "", "a@b", "x" * 300 + "@example.org", "a\x00@example.org"])
async def test_what_is_no_address_is_refused(desk: Desk, email: str) -> None:
    payload = await desk.stranger.say("requestPasswordReset", "", email=email)
    assert payload["errors"] == [{"code": "INVALID_EMAIL"}]


async def test_a_token_works_once(desk: Desk) -> None:
    token = await desk.reset_token()
    assert await desk.reset(token) == []
    assert await desk.reset(token, "another one entirely") == INVALID
    assert await desk.enters(NEW)


async def test_of_two_at_once_one_wins(desk: Desk) -> None:
    token = await desk.reset_token()
    ends = await asyncio.gather(*(desk.reset(token, f"password number {n}") for n in range(4)))
    assert sorted(ends) == [[], INVALID, INVALID, INVALID]
    assert await desk.enters(f"password number {ends.index([])}")


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: ("B" if token[0] == "A" else "A") + token[1:],
        lambda token: token.swapcase(),
        lambda token: token + "\n",
        lambda token: "é" * 43,
        lambda token: "x" * 9_000,
    ],
    ids=range(8),
)
async def test_a_token_that_was_tampered_with_is_none(desk: Desk, change: Any) -> None:
    token = await desk.reset_token()
    document = "mutation ($i: ResetPasswordInput!) { resetPassword(input: $i) { errors { code path } } }"
    given = {"i": {"token": change(token), "newPassword": NEW}}
    answer = await desk.served.ask(document, variables=given)
    errors = answer["data"]["resetPassword"]["errors"]
    assert errors == [{"code": "INVALID_MAIL_TOKEN", "path": ["input", "token"]}]
    assert await desk.reset(token) == []


async def test_a_token_of_one_kind_is_nothing_to_the_other(desk: Desk) -> None:
    reset, verify = await desk.reset_token(), await desk.token(VERIFY)
    assert await desk.reset(verify) == INVALID
    assert await desk.prove(reset) == INVALID
    assert (await desk.reset(reset), await desk.enters(OLD)) == ([], None)


@pytest.mark.parametrize(("left", "works"), [("1 minute", True), ("0", False)])
async def test_a_token_is_good_for_an_hour(desk: Desk, left: str, works: bool) -> None:
    token = await desk.reset_token()
    asked = "select expires_at - queued_at from mail_tokens t join outbox o on o.id = notification_id where t.kind = %s"
    assert desk.worker.rows(asked, "PASSWORD_RESET") == [(HOUR,)]
    desk.worker.rows("update mail_tokens set expires_at = now() + %s::interval", left)
    assert await desk.reset(token) == ([] if works else INVALID)


async def test_the_newest_token_makes_the_older_void(desk: Desk) -> None:
    first, second = await desk.reset_token(), await desk.reset_token()
    assert first != second
    assert await desk.reset(first) == INVALID
    assert await desk.reset(second) == []


async def test_what_waits_is_not_sent_once_its_link_is_void(desk: Desk) -> None:
    await desk.work()
    desk.post.answers.append("451 later")
    await desk.forgot()
    await desk.work()
    await desk.forgot()
    await desk.work(datetime.now(UTC) + 2 * back_off(1))
    assert desk.states() == [("PASSWORD_RESET", "FAILED", "NOTHING_LEFT"), ("PASSWORD_RESET", "SENT", None)]
    assert await desk.reset(await desk.token()) == []


async def test_what_comes_too_late_is_not_sent(desk: Desk) -> None:
    await desk.forgot()
    now = datetime.now(UTC)
    await desk.make(now)
    await desk.worker.send(now + HOUR)
    assert desk.states() == [("PASSWORD_RESET", "FAILED", "NOTHING_LEFT")]
    assert await forget_expired(desk.worker.pool, now + HOUR) == 1


async def test_a_refused_password_leaves_the_token_good(desk: Desk) -> None:
    token = await desk.reset_token()
    document = "mutation ($i: ResetPasswordInput!) { resetPassword(input: $i) { errors { code path } } }"
    for password, code in (
        ("short12", "PASSWORD_TOO_SHORT"),
        ("x" * 1001, "PASSWORD_TOO_LONG"),
        (WANDA, "WEAK_PASSWORD"),
    ):
        given = {"i": {"token": token, "newPassword": password}}
        errors = (await desk.served.ask(document, variables=given))["data"]["resetPassword"]["errors"]
        assert errors == [{"code": code, "path": ["input", "newPassword"]}]
    assert await desk.reset(token, "12345!78") == []


async def test_other_sessions_end(desk: Desk) -> None:
    refresh = "session { accessToken refreshToken }"
    mine = await desk.stranger.say("signIn", refresh, login="wanda", password=OLD)
    others = await desk.enters(OLD)
    token = await desk.reset_token()
    assert await desk.reset(token, by=Person(desk.served, mine["session"]["accessToken"])) == []

    async def goes_on(refresh_token: str) -> bool:
        said = await desk.stranger.say("refreshSession", refresh, refreshToken=refresh_token)
        return bool(said["errors"] == [])

    assert others is not None
    assert (await goes_on(mine["session"]["refreshToken"]), await goes_on(others)) == (True, False)
    ended = "select distinct revoked_because from sessions where revoked_at is not null"
    assert desk.worker.rows(ended) == [("password_changed",)]


async def test_a_token_is_of_its_person_whoever_is_signed_in(desk: Desk) -> None:
    otto = Person(desk.served, await desk.served.sign_up("otto"))
    assert await desk.forgot(by=otto) == {"errors": []}
    token = await desk.token()
    assert await desk.reset(token, by=otto) == []
    assert await desk.enters(NEW)
    assert await desk.enters("a fish called otto", "otto")
    assert (await otto.ask("{ viewer { username } }"))["viewer"] == {"username": "otto"}


async def test_an_access_token_that_has_ended_is_in_nobodys_way(desk: Desk) -> None:
    ended = Person(desk.served, "no token at all")
    assert await desk.forgot(by=ended) == {"errors": []}
    assert await desk.reset(await desk.token(), by=ended) == []


async def test_every_token_is_void_with_the_password(desk: Desk) -> None:
    verify = await desk.token(VERIFY)
    assert await desk.reset(await desk.reset_token()) == []
    assert desk.worker.rows("select count(*) from mail_tokens") == [(0,)]
    assert await desk.prove(verify) == INVALID


async def test_a_changed_password_makes_links_void_and_is_told(desk: Desk) -> None:
    token = await desk.reset_token()
    await desk.wanda.does("changePassword", password=OLD, newPassword=NEW)
    await desk.work()
    assert desk.subjects()[-1] == "Your password was changed"
    assert await desk.reset(token, "yet another one") == INVALID


async def test_links_to_an_address_of_before_are_void(desk: Desk) -> None:
    token = await desk.reset_token()
    await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
    assert await desk.reset(token) == INVALID
    await desk.wanda.does("changeEmail", email=WANDA, password=OLD)
    assert await desk.reset(token) == INVALID


async def test_a_token_that_a_change_of_address_missed_is_void_too(desk: Desk) -> None:
    token = await desk.reset_token()
    kept = desk.worker.rows("select * from mail_tokens where kind = 'PASSWORD_RESET'")
    await desk.wanda.does("changeEmail", email="wanda@new.example", password=OLD)
    desk.worker.rows("insert into mail_tokens values (%s, %s, %s, %s, %s, %s)", *kept[0])
    assert await desk.reset(token) == INVALID


async def test_who_left_for_a_while_gets_back_in_by_a_new_link_only(desk: Desk) -> None:
    token = await desk.reset_token()
    await desk.wanda.does("deactivateAccount", password=OLD)
    assert await desk.reset(token) == INVALID
    assert await desk.reset(await desk.reset_token()) == []
    assert await desk.enters(NEW)


async def test_whom_an_operator_deactivated_is_not_let_in(desk: Desk) -> None:
    token = await desk.reset_token()
    desk.worker.rows("update users set deactivated_at = now(), deactivated_by = 'operator'")
    assert await desk.reset(token) == INVALID
    assert await desk.forgot() == {"errors": []}
    await desk.work()
    assert desk.subjects().count("Choose a new password") == 1


async def test_nothing_is_left_of_who_is_erased(desk: Desk) -> None:
    token = await desk.reset_token()
    await desk.ask_to_prove()
    counts = (await desk.wanda.does("eraseAccount", "certificate { rows { table count } }", password=OLD))[
        "certificate"
    ]["rows"]
    assert {row["table"]: row["count"] for row in counts}.items() >= {
        ("mail_tokens", 2),
        ("mail_requests", 1),
        ("outbox", 2),
    }
    assert await desk.reset(token) == INVALID
    assert await desk.forgot() == {"errors": []}
    await desk.work()
    assert len(desk.post.messages) == 2
    assert desk.worker.rows("select count(*) from outbox") == [(0,)]


async def test_the_token_is_nowhere_in_the_clear(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.post.answers += ["250 OK", "451 later"]
    await desk.forgot()
    await desk.work()
    waiting = everything(desk.worker.conninfo)
    sealed = "select count(*) from outbox where link_token_sealed is not null"
    assert desk.worker.rows(sealed) == [(1,)]
    await desk.worker.send(datetime.now(UTC) + 2 * back_off(1))
    (token,) = [token for mail in desk.post.messages if (token := token_of(mail, RESET))]
    assert not holding(waiting, token)
    assert desk.worker.rows(sealed) == [(0,)]
    assert await desk.reset(token) == []
    assert not holding(everything(desk.worker.conninfo), token)
    ours = [record for record in caplog.records if record.name != "mail.log"]  # the mail server of the test
    assert ours
    assert not [record for record in ours if token in record.getMessage() or token in str(vars(record))]


async def test_who_is_sent_it_twice_has_the_same_link(desk: Desk) -> None:
    """The connection broke before the mail server's word: which of the two arrives nobody knows."""
    await desk.work()
    desk.post.answers.append("lose")
    await desk.forgot()
    await desk.work()
    await desk.work(datetime.now(UTC) + 2 * back_off(1))
    first, second = desk.post.messages[1:]
    assert (first["message-id"], token_of(first, RESET)) == (second["message-id"], token_of(second, RESET))
    assert await desk.reset(str(token_of(first, RESET))) == []


async def test_it_comes_whatever_somebody_chose_and_nothing_of_it_is_noticed(desk: Desk) -> None:
    await desk.wanda.does(
        "setNotificationPreferences",
        weeklyDigest=False,
        recommendationAlerts=False,
        trendingAlerts=False,
        openTracking=True,
        clickTracking=True,
    )
    await desk.reset_token()
    message = desk.post.messages[-1]
    assert [name for name in message if name.lower().startswith("list-")] == []
    html = message.get_body(("html",))
    assert html is not None
    assert "https://api.movies.example" not in html.get_content()
    assert "<img" not in html.get_content()
    for word in ("opened", "clicked"):
        said = [{"event": word, "messageId": str(message["message-id"])}]
        assert (await signed(desk.served, said)).status_code == 204
    assert desk.states() == [("PASSWORD_RESET", "SENT", None)]
    log = (await desk.wanda.ask("{ viewer { notifications(first: 1) { nodes { kind subject status } } } }"))[
        "viewer"
    ]["notifications"]["nodes"]
    assert log == [{"kind": "PASSWORD_RESET", "subject": "Choose a new password", "status": "SENT"}]


async def test_an_address_that_is_suppressed_gets_none(desk: Desk) -> None:
    await desk.work()
    said = [{"event": "bounced", "messageId": str(desk.post.messages[0]["message-id"])}]
    assert (await signed(desk.served, said)).status_code == 204
    await desk.forgot()
    await desk.work()
    assert len(desk.post.messages) == 1
    assert desk.states() == [("PASSWORD_RESET", "FAILED", "SUPPRESSED")]


async def test_an_hour_has_five_of_them_and_the_newest_stays_good(desk: Desk) -> None:
    now = datetime.now(UTC)
    tokens = [await desk.reset_token() for _ in range(MOST + 1)]
    assert tokens[MOST] == tokens[MOST - 1]
    assert len({*tokens}) == MOST
    await desk.forgot()
    await desk.work(now + HOUR - SECOND)
    assert desk.subjects().count("Choose a new password") == MOST
    assert await desk.reset(tokens[-1]) == []
    await desk.forgot()
    desk.worker.rows("update mail_requests set asked_at = now() + interval '1 hour'")
    await desk.work(datetime.now(UTC) + HOUR + SECOND)
    assert desk.subjects().count("Choose a new password") == MOST + 1


@pytest.mark.parametrize(("ago", "comes"), [(STALE - timedelta(minutes=1), True), (STALE, False)])
async def test_what_nobody_waits_for_any_more_is_not_made(desk: Desk, ago: timedelta, comes: bool) -> None:
    await desk.make()
    await desk.forgot()
    desk.worker.rows("update mail_requests set asked_at = now() - %s", ago)
    assert await desk.make() == 1
    assert desk.states() == ([("PASSWORD_RESET", "QUEUED", None)] if comes else [])


async def test_of_several_workers_one_makes_it(desk: Desk) -> None:
    await desk.make()
    await desk.forgot()
    now = datetime.now(UTC)
    await asyncio.gather(*(make_asked(desk.worker.pool, desk.worker.keys, now) for _ in range(4)))
    assert desk.states() == [("PASSWORD_RESET", "QUEUED", None)]


async def test_a_request_that_cannot_be_met_stops_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.served.sign_up("otto")
    await desk.make()
    for name in ("wanda", "otto"):
        await desk.forgot(f"{name}@example.org")
    # whose key is under a master key that is not here
    desk.worker.rows(
        "update user_keys set master_key_id = 'lost' where user_id = (select id from users where username = 'wanda')"
    )
    desk.worker.keys = new_keys()
    await desk.work()
    assert desk.post.to[-1] == "otto@example.org"
    assert "an e-mail about an account is not made" in caplog.text


async def test_asking_again_and_again_must_wait_be_there_an_account_or_not(desk: Desk) -> None:
    document = (
        "mutation ($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) { errors { code } } }"
    )

    async def ask(email: str) -> Any:
        return await desk.served.post(document, variables={"i": {"email": email}})

    for email in (WANDA, "nobody@example.org"):
        for _ in range(10):
            assert (await ask(email)).json()["data"] == {"requestPasswordReset": {"errors": []}}
        refused = await ask(email.upper())
        assert (refused.status_code, codes(refused)) == (429, ["TOO_MANY_ATTEMPTS"])
        assert 40 < refused.json()["errors"][0]["extensions"]["retryAfter"] <= 60
    assert await desk.enters(OLD)  # signing in is counted apart


@pytest.mark.parametrize("unset", ["smtp_url", "password_page"])
async def test_without_mail_or_a_page_it_is_refused(conninfo: str, post: Post, unset: str) -> None:
    async with opened(conninfo, post, **{unset: None}) as desk:
        for email in (WANDA, "nobody@example.org"):
            assert await desk.forgot(email) == {"errors": [{"code": "MAIL_NOT_CONFIGURED"}]}
        await desk.wanda.does("changePassword", password=OLD, newPassword=NEW)
        kinds = desk.worker.rows("select kind from mail_requests order by id")
        assert kinds == ([] if unset == "smtp_url" else [("EMAIL_VERIFICATION",), ("PASSWORD_CHANGED",)])


async def test_a_worker_without_the_page_tries_again_later(desk: Desk) -> None:
    senders = desk.worker.senders
    desk.worker.senders = replace(senders, links=LINKS)
    await desk.forgot()
    await desk.work()
    assert desk.states() == [("PASSWORD_RESET", "QUEUED", None)]
    desk.worker.senders = senders
    await desk.work(datetime.now(UTC) + 2 * back_off(1))
    assert desk.states() == [("PASSWORD_RESET", "SENT", None)]
