"""Web push, read by a push service and a browser of the test's own."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.devices import Platform, register_device
from notifications.push import SERVICES, InvalidSubscription, PushSender, Subscription, new_key, private_key
from notifications.sending import back_off
from tests.catalogue import movie, person
from tests.notifications.office import MONDAY, SOME, Office, office

AUTH = b"sixteen bytes!!!"
BROWSER = ec.generate_private_key(ec.SECP256R1())


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Service:
    """A push service: it keeps what it is given, and answers as it is told."""

    port: int = 0
    status: int = 201
    retry_after: str = "0"
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def subscription(self, name: str = "x") -> str:
        """What a browser says of itself."""
        keys = {"p256dh": encoded(point(BROWSER)), "auth": encoded(AUTH)}
        return json.dumps({"endpoint": f"http://127.0.0.1:{self.port}/push/{name}", "keys": keys})

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
        self.taken.append((headers, await reader.readexactly(int(headers["content-length"]))))
        said = f"retry-after: {self.retry_after}\r\ncontent-length: 0\r\nconnection: close"
        writer.write(f"HTTP/1.1 {self.status} Said\r\n{said}\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def push_service() -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_server(service.take, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with push_service() as opened:
        yield opened


def sender() -> PushSender:
    return PushSender(private_key(new_key()), "mailto:no-reply@movies.example", ("127.0.0.1",))


@pytest.fixture
async def pusher(conninfo: str, service: Service) -> AsyncIterator[Office]:
    """A worker that sends web push, with a browser of Alice's."""
    async with office(conninfo, push=sender()) as opened:
        opened.only("alice")
        opened.recommend("alice", *SOME)
        await register_device(opened.pool, opened.keys, person("alice"), Platform.WEB, service.subscription())
        await opened.plan()
        yield opened


async def test_k72_a_browser_can_read_what_it_is_sent_and_nobody_else(
    pusher: Office, service: Service
) -> None:
    await pusher.day(MONDAY)
    ((headers, body),) = service.taken
    assert b"Alien" not in body
    read = json.loads(http_ece.decrypt(body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm"))
    assert read["title"] == "New for you: Alien and more"
    assert read["url"] == f"https://movies.example/movies/{movie('alien')}"
    assert headers["content-encoding"] == "aes128gcm"
    assert int(headers["ttl"]) > 0
    assert pusher.states("alice") == [("RECOMMENDATIONS", "SENT")]
    # it names one movie, so the log is told of one
    assert pusher.rows(
        "select source, data->'movie_ids' from events where type = 'recommendations_served'"
    ) == [("push", [str(movie("alien"))])]


async def test_a_push_service_sees_who_sends(pusher: Office, service: Service) -> None:
    await pusher.day(MONDAY)
    scheme, _, rest = service.taken[0][0]["authorization"].partition(" ")
    said = dict(part.split("=", 1) for part in rest.split(", "))
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), base64.urlsafe_b64decode(said["k"] + "=")
    )
    claims = jwt.decode(said["t"], key, algorithms=["ES256"], audience=f"http://127.0.0.1:{service.port}")
    assert scheme == "vapid"
    assert claims["sub"] == "mailto:no-reply@movies.example"
    assert pusher.senders.push is not None
    assert said["k"] == pusher.senders.push.public_key


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(pusher: Office, service: Service, status: int) -> None:
    service.status = status
    await pusher.day(MONDAY)
    assert pusher.rows("select * from devices") == []
    assert pusher.rows("select status, failure from notifications") == [("FAILED", "NO_ADDRESS")]


@pytest.mark.parametrize(
    ("asked", "minutes"), [("0", 1), ("30", 1), ("7200", 120), ("864000", 24 * 60), ("soon", 1)]
)
async def test_a_push_service_is_left_alone_as_long_as_it_asks(
    pusher: Office, service: Service, asked: str, minutes: int
) -> None:
    service.status, service.retry_after = 429, asked
    await pusher.day(MONDAY)
    service.status = 201
    wait = timedelta(minutes=minutes)
    assert await pusher.send(MONDAY + wait - timedelta(seconds=1)) == 0
    assert await pusher.send(MONDAY + wait) == 1
    assert pusher.states("alice") == [("RECOMMENDATIONS", "SENT")]


async def test_a_message_fits_into_what_browsers_take(pusher: Office, service: Service) -> None:
    pusher.rows("update movies set title = repeat('🎈', 3000)")
    pusher.rows("update recommendation_reasons set text = repeat('ü', 3000)")
    await pusher.day(MONDAY)
    ((_, body),) = service.taken
    assert len(body) <= 4096
    read = json.loads(http_ece.decrypt(body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm"))
    assert [len(read["title"]), len(read["body"])] == [200, 200]


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:{port}99/push/x", "http://127.0.0.1:{port}/\x00", "http://127.0.0.1:x/"]
)
async def test_an_endpoint_that_nobody_can_have_is_no_address(
    pusher: Office, service: Service, endpoint: str
) -> None:
    said = json.loads(service.subscription())
    said["endpoint"] = endpoint.format(port=service.port)
    pusher.rows("delete from devices")
    await register_device(pusher.pool, pusher.keys, person("alice"), Platform.WEB, json.dumps(said))
    await pusher.day(MONDAY)
    assert pusher.rows("select status, failure from notifications") == [("FAILED", "NO_ADDRESS")]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_push_service_that_is_busy_is_asked_again(
    pusher: Office, service: Service, status: int
) -> None:
    service.status = status
    await pusher.day(MONDAY)
    assert pusher.states("alice") == [("RECOMMENDATIONS", "QUEUED")]
    service.status = 201
    await pusher.send(MONDAY + back_off(1))
    assert pusher.states("alice") == [("RECOMMENDATIONS", "SENT")]


async def test_what_a_push_service_refuses_is_not_tried_again(pusher: Office, service: Service) -> None:
    service.status = 403
    await pusher.day(MONDAY)
    assert pusher.rows("select status, failure from notifications") == [("FAILED", "REFUSED")]
    assert len(pusher.rows("select * from devices")) == 1


async def test_each_browser_gets_it_and_phones_do_not(pusher: Office, service: Service) -> None:
    alice = person("alice")
    await register_device(pusher.pool, pusher.keys, alice, Platform.WEB, service.subscription("y"))
    await register_device(pusher.pool, pusher.keys, alice, Platform.IOS, "a token of a phone")
    await pusher.day(MONDAY)
    await pusher.day(MONDAY)
    assert len(service.taken) == 2
    assert pusher.states("alice") == [("RECOMMENDATIONS", "SENT")] * 2


async def test_who_wants_none_gets_none(pusher: Office, service: Service) -> None:
    pusher.prefer("alice", push_recommendations=False)
    await pusher.day(MONDAY)
    assert service.taken == []


GOOD = {"p256dh": encoded(point(BROWSER)), "auth": encoded(AUTH)}


@pytest.mark.parametrize(
    "token",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"endpoint": "http://127.0.0.1:1/x", "keys": {"p256dh": "AA", "auth": "AA"}}),
        json.dumps({"endpoint": "http://127.0.0.1:1/x", "keys": {**GOOD, "auth": "é"}}),
        json.dumps({"endpoint": "http://127.0.0.1:1/x", "keys": {**GOOD, "p256dh": encoded(b"\x04" * 65)}}),
        json.dumps({"endpoint": "http://[::1", "keys": GOOD}),
        json.dumps({"endpoint": "https://inside.example/admin", "keys": GOOD}),
    ],
)
async def test_what_is_no_subscription_fails_alone(pusher: Office, service: Service, token: str) -> None:
    if token.isascii():
        await register_device(pusher.pool, pusher.keys, person("alice"), Platform.WEB, token)
    await pusher.day(MONDAY)
    assert len(service.taken) == 1
    assert pusher.rows("select count(*) from devices") == [(1,)]


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", "https://fcm.googleapis.com"),
        ("https://updates.push.services.mozilla.com/x", "https://updates.push.services.mozilla.com"),
        ("https://web.push.apple.com:8443/x", "https://web.push.apple.com:8443"),
        ("http://fcm.googleapis.com/x", None),
        ("https://evilfcm.googleapis.com/x", None),
        ("https://fcm.googleapis.com.evil.example/x", None),
        ("https://fcm.googleapis.com@evil.example/x", None),
        ("https://push.apple.com.evil.example/x", None),
        ("https://127.0.0.1/x", None),
        ("http://localhost/x", None),
        ("file:///etc/passwd", None),
    ],
)
def test_messages_go_to_known_push_services_only(endpoint: str, origin: str | None) -> None:
    subscription = Subscription(endpoint, point(BROWSER), AUTH)
    known: Any = PushSender(private_key(new_key()), "mailto:x@y.example", SERVICES)
    if origin is None:
        with pytest.raises(InvalidSubscription):
            known.origin(subscription)
    else:
        assert known.origin(subscription) == origin


@pytest.mark.parametrize(
    "text", ["", "AA", encoded(b"x" * 31), encoded(b"x" * 33), encoded(b"\0" * 32), "é" * 43]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        private_key(text)
