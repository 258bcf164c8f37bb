"""What providers say: signed, in time, and moving messages forward only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import Response
from pydantic import SecretStr

from notifications.webhooks import SENDGRID_WINDOW_S, WINDOW_S, BadWebhook, SendGrid, Signed
from tests.app.serving import Served, serving
from tests.notifications.office import MONDAY, Office
from tests.notifications.post import Post

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
NOW_S = 1_700_000_000
SECRET = "a secret that webhooks are signed with"


@pytest.fixture
async def served(worker: Office) -> AsyncIterator[Served]:
    """A server that takes webhooks."""
    given: dict[str, Any] = {"sendgrid_key": PUBLIC, "webhook_secret": SecretStr(SECRET)}
    async with serving(worker.conninfo, filled=False, **given) as running:
        yield running


@pytest.fixture
async def sent(worker: Office, post: Post) -> str:
    """The Message-ID of a digest that was sent."""
    await worker.plan()
    await worker.day(MONDAY)
    return str(post.messages[0]["message-id"])


async def sendgrid(served: Served, *events: Any, key: ec.EllipticCurvePrivateKey = KEY) -> Response:
    body, stamp = json.dumps(events).encode(), str(int(time.time()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return await served.http.post(
        "/webhooks/sendgrid",
        content=body,
        headers={
            "x-twilio-email-event-webhook-timestamp": stamp,
            "x-twilio-email-event-webhook-signature": signature,
        },
    )


async def signed(served: Served, said: Any, *, ago_s: int = 0, secret: str = SECRET) -> Response:
    body, stamp = json.dumps(said).encode(), str(int(time.time()) - ago_s)
    mac = hmac.digest(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hex()
    return await served.http.post(
        "/webhooks/signed", content=body, headers={"x-timestamp": stamp, "x-signature": mac}
    )


async def test_k71_k72_a_message_moves_forward_as_the_provider_says(
    worker: Office, served: Served, sent: str
) -> None:
    answer = await sendgrid(
        served, {"event": "processed", "smtp-id": sent}, {"event": "delivered", "smtp-id": sent}
    )
    assert answer.status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "DELIVERED")]
    worker.prefer("alice", open_tracking=True, click_tracking=True)
    assert (await sendgrid(served, {"event": "click", "smtp-id": sent})).status_code == 204
    for late in ("delivered", "open", "click"):
        assert (await sendgrid(served, {"event": late, "smtp-id": sent})).status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "CLICKED")]
    assert len(worker.rows("select * from events where type like 'notification%%'")) == 4


async def test_a_bounce_is_an_end_but_not_of_what_was_read(worker: Office, served: Served, sent: str) -> None:
    worker.prefer("alice", open_tracking=True)
    await sendgrid(served, {"event": "bounce", "smtp-id": sent})
    assert worker.rows("select status, failure from notifications") == [("FAILED", "BOUNCED")]
    assert (await sendgrid(served, {"event": "open", "smtp-id": sent})).status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "FAILED")]


@pytest.mark.parametrize("word", ["spamreport", "unsubscribe"])
async def test_who_complains_gets_no_e_mails_any_more(
    worker: Office, served: Served, sent: str, word: str
) -> None:
    assert (await sendgrid(served, {"event": word, "smtp-id": sent})).status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]
    chosen = "select weekly_digest, recommendation_alerts, trending_alerts from notification_preferences"
    assert worker.rows(chosen) == [(False, False, False)]
    worker.rows("update notification_preferences set weekly_digest = true")  # they changed their mind
    unknown = [{"event": "complained", "messageId": f"<{'0' * 32}@movies.example>"}]
    assert (await signed(served, unknown)).status_code == 204
    assert worker.rows(chosen) == [(True, False, False)]
    assert (await signed(served, [{"event": "complained", "messageId": sent}])).status_code == 204
    assert worker.rows(chosen) == [(False, False, False)]


async def test_opens_and_clicks_that_nobody_allowed_are_left_out(
    worker: Office, served: Served, sent: str
) -> None:
    await sendgrid(served, {"event": "open", "smtp-id": sent}, {"event": "click", "smtp-id": sent})
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_a_delivery_that_is_told_before_the_worker_could_is_no_reason_to_send_again(
    worker: Office, served: Served, post: Post
) -> None:
    post.answers.append("lose")
    await worker.plan()
    await worker.day(MONDAY)
    await signed(served, [{"event": "delivered", "messageId": post.messages[0]["message-id"]}])
    await worker.send(MONDAY.replace(hour=12))
    assert worker.states("alice") == [("WEEKLY_DIGEST", "DELIVERED")]
    assert len(post.messages) == 1


async def test_any_other_provider_signs_with_a_secret(worker: Office, served: Served, sent: str) -> None:
    assert (await signed(served, [{"event": "failed", "messageId": sent}])).status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "FAILED")]


async def test_what_others_sign_is_refused(worker: Office, served: Served, sent: str) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    said = {"event": "delivered", "smtp-id": sent}
    assert (await sendgrid(served, said, key=other)).status_code == 400
    assert (
        await signed(served, [{"event": "delivered", "messageId": sent}], secret="x" * 32)
    ).status_code == 400
    for name in ("sendgrid", "signed"):
        assert (await served.http.post(f"/webhooks/{name}", json=[said])).status_code == 400
    assert (await served.http.post("/webhooks/other", json=[])).status_code == 404
    assert (await served.http.get("/webhooks/signed")).status_code == 405
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


@pytest.mark.parametrize(
    "said",
    [
        {"event": "delivered"},
        "delivered",
        None,
    ],
)
async def test_what_is_no_list_is_refused(served: Served, said: Any) -> None:
    assert (await signed(served, said)).status_code == 400


async def test_entries_that_say_nothing_are_passed_over(worker: Office, served: Served, sent: str) -> None:
    unknown = f"<{'0' * 32}@movies.example>"
    answer = await signed(
        served,
        [
            1,
            {},
            {"event": "eaten", "messageId": sent},
            {"event": "delivered", "messageId": 7},
            {"event": "delivered", "messageId": unknown},
            {"event": "delivered", "messageId": sent},
        ],
    )
    assert answer.status_code == 204
    assert worker.states("alice") == [("WEEKLY_DIGEST", "DELIVERED")]


@pytest.mark.parametrize(("size", "status"), [(1 << 20, 204), ((1 << 20) + 1, 400)])
async def test_a_body_has_a_bound(served: Served, size: int, status: int) -> None:
    assert (await signed(served, ["x" * (size - 4)])).status_code == status


async def test_what_a_program_opened_says_nothing_of_the_person(
    worker: Office, served: Served, sent: str
) -> None:
    worker.prefer("alice", open_tracking=True)
    opened = {"event": "open", "smtp-id": sent}
    await sendgrid(served, {**opened, "sg_machine_open": True})
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]
    await sendgrid(served, {**opened, "sg_machine_open": False})
    assert worker.states("alice") == [("WEEKLY_DIGEST", "OPENED")]


def _by_secret(stamp: str, body: bytes) -> dict[str, str]:
    mac = hmac.digest(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hex()
    return {"x-timestamp": stamp, "x-signature": mac}


def _by_sendgrid(stamp: str, body: bytes) -> dict[str, str]:
    signature = base64.b64encode(KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    header = "x-twilio-email-event-webhook"
    return {f"{header}-timestamp": stamp, f"{header}-signature": signature}


@pytest.mark.parametrize(
    ("provider", "sign", "window_s"),
    [
        (Signed(SECRET.encode(), clock=lambda: NOW_S), _by_secret, WINDOW_S),
        (SendGrid(KEY.public_key(), clock=lambda: NOW_S), _by_sendgrid, SENDGRID_WINDOW_S),
    ],
)
def test_what_was_signed_long_ago_is_refused(
    provider: Signed | SendGrid, sign: Callable[[str, bytes], dict[str, str]], window_s: int
) -> None:
    for stamp in (NOW_S, NOW_S - window_s, NOW_S + window_s):
        assert list(provider.read(sign(str(stamp), b"[]"), b"[]")) == []
    for other in (str(NOW_S - window_s - 1), str(NOW_S + window_s + 1), "", "now"):
        with pytest.raises(BadWebhook):
            list(provider.read(sign(other, b"[]"), b"[]"))
