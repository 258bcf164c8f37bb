"""What stands in an e-mail: whatever a movie or an address is called, it stays one message to one person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast
from uuid import UUID

import pytest

from accounts.names import clean_email
from events.notifications import FailureReason, NotificationKind
from notifications.content import Content, Item
from notifications.links import Links
from notifications.mail import MailServer, compose, send_mail
from notifications.outcomes import Failed, Later, Outcome, Sent
from notifications.preferences import E_MAILS
from notifications.rendering import Letter, Tracking, letter, subject
from tests.notifications.office import KEYS, LINKS
from tests.notifications.post import Post

NOW = datetime(2024, 3, 11, 9, tzinfo=UTC)
WHO, WHICH, MOVIE = UUID(int=1), UUID(int=2), UUID(int=3)
SERVER = MailServer("127.0.0.1", 25, False, None, None, Address("Kinö, Ltd.", "no-reply", "movies.example"))


async def hand_over(letter: Letter, to: str, server: MailServer) -> Outcome:
    taken: list[bool] = []

    async def on_taken() -> None:
        taken.append(True)

    outcome = await send_mail(letter, to, WHICH, server, NOW, on_taken=on_taken)
    assert taken == [True] * (outcome == Sent())
    return outcome


def written(title: str, why: str = "", *, kind: NotificationKind = NotificationKind.TRENDING) -> Letter:
    content = Content(kind, recommended=[Item(MOVIE, title, None, why)])
    return letter(content, WHO, WHICH, LINKS, Tracking(opens=True, clicks=True))


def sent(title: str, why: str = "") -> EmailMessage:
    """A message as it is read at the other end."""
    octets = compose(written(title, why), "a@example.org", WHICH, SERVER, NOW).as_bytes()
    assert all(len(line) < 998 for line in octets.split(b"\r\n"))
    return cast(EmailMessage, message_from_bytes(octets, policy=cast(Any, default)))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Alien", "Alien"),
        ("Le Fabuleux Destin d'Amélie Poulain 🎈", "Le Fabuleux Destin d'Amélie Poulain 🎈"),
        ("x\r\nBcc: everybody@example.org\r\n\r\nhello", "x Bcc: everybody@example.org hello"),
        ("Two\nlines\tand a tab", "Two lines and a tab"),
        ("a\u2028b\x0bc\x85d", "a b c d"),
        ("long " * 100, ("long " * 100).strip()),
    ],
)
def test_a_title_stays_within_its_line(title: str, shown: str) -> None:
    message = sent(title)
    assert message["subject"] == f"Trending now: {shown} and more"
    assert message["bcc"] is None
    assert len(message.keys()) == len(set(message.keys()))
    assert message["to"] == "a@example.org"
    assert message["from"].addresses[0].display_name == "Kinö, Ltd."


def test_what_looks_like_html_is_shown_as_it_is() -> None:
    body = sent("<script>alert(1)</script>", '"><img src=x>').get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "<script>" not in html
    assert "<img src=x>" not in html
    assert "&lt;script&gt;" in html


def test_links_stay_whole() -> None:
    message = sent("Alien")
    assert message["list-unsubscribe"] == f"<{LINKS.unsubscribe(WHO, NotificationKind.TRENDING)}>"
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert LINKS.clicked(WHO, WHICH, MOVIE) in body.get_content()


@pytest.mark.parametrize("to", ["a@example.org", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example"])
@pytest.mark.parametrize("title", ["Alien", "Amélie 🎈 " * 40])
async def test_what_programs_read_goes_over_the_wire_as_it_is(post: Post, to: str, title: str) -> None:
    assert await hand_over(written(title), to, post.server) == Sent()
    head, _, _ = post.octets[0].decode().partition("\r\n\r\n")
    url = LINKS.unsubscribe(WHO, NotificationKind.TRENDING)
    lines = head.split("\r\n")
    assert f"List-Unsubscribe: <{url}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert f"Message-ID: <{WHICH.hex}@movies.example>" in lines
    assert f"To: {to}" in head.replace("\r\n ", " ")
    assert max(map(len, lines)) < 998


@pytest.mark.parametrize(
    ("to", "reached"),
    [
        ("ä@example.org", "ä@example.org"),
        ("a@Exämple.org", "a@xn--exmple-cua.org"),
        ("a'b+c@x.de", "a'b+c@x.de"),
    ],
)
async def test_every_address_that_an_account_may_have_is_written_to(
    post: Post, to: str, reached: str
) -> None:
    assert clean_email(to) == to
    assert await hand_over(written("Alien"), to, post.server) == Sent()
    assert post.to == [reached]
    assert f"\r\nTo: {reached}\r\n".encode() in post.octets[0]


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>"])
async def test_what_is_no_address_is_not_written_to(post: Post, to: str) -> None:
    outcome = await hand_over(written("Alien"), to, post.server)
    assert outcome == Failed(FailureReason.NO_ADDRESS)
    assert post.messages == []


@pytest.mark.parametrize("answer", ["550 not you", "553 no such sender", "421 busy"])
async def test_a_sender_that_is_refused_is_no_messages_end(post: Post, answer: str) -> None:
    post.at_sender.append(answer)
    assert isinstance(await hand_over(written("Alien"), "a@example.org", post.server), Later)
    assert await hand_over(written("Alien"), "a@example.org", post.server) == Sent()


@pytest.mark.parametrize("greeting", ["554 go away", "421 busy", "what?"])
async def test_a_server_that_takes_nothing_is_no_messages_end(greeting: str) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        where = MailServer("127.0.0.1", port, False, None, None, SERVER.sender)
        assert isinstance(await hand_over(written("Alien"), "a@example.org", where), Later)


@pytest.mark.parametrize("answer", ["250 OK", "450 later"])
async def test_a_server_that_looks_long_at_a_message_is_waited_for(post: Post, answer: str) -> None:
    post.answers.append("hang")
    post.late = answer
    where = replace(post.server, timeout_s=0.3, answer_s=20.0)
    handing = asyncio.create_task(hand_over(written("Alien"), "a@example.org", where))
    await post.reached.wait()
    assert await asyncio.wait([handing], timeout=0.6) == (set(), {handing})
    post.given_up.set()
    assert await handing == (Sent() if answer == "250 OK" else Later("refused: 450"))


@pytest.mark.parametrize("answer", ["454 no TLS now", "554 no TLS at all"])
async def test_a_server_that_cannot_encrypt_as_it_says_is_no_messages_end(answer: str) -> None:
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            said = answer if line.startswith(b"STARTTLS") else "250-here\r\n250 STARTTLS"
            writer.write(f"{said}\r\n".encode())
        writer.close()
        ended.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        where = replace(SERVER, port=server.sockets[0].getsockname()[1])
        assert isinstance(await hand_over(written("Alien"), "a@example.org", where), Later)
        await ended.wait()


def test_one_click_is_offered_over_https_only() -> None:
    plain = Links(KEYS, "http://api.movies.example", None)
    made = letter(
        Content(NotificationKind.TRENDING, trending=[Item(MOVIE, "Alien", 1979, "")]),
        WHO,
        WHICH,
        plain,
        Tracking(opens=False, clicks=False),
    )
    message = compose(made, "a@example.org", WHICH, SERVER, NOW)
    assert message["list-unsubscribe"].startswith("<http://api.movies.example/unsubscribe/")
    assert message["list-unsubscribe-post"] is None
    assert sent("Alien")["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"


async def test_a_password_is_not_said_in_the_clear(post: Post) -> None:
    server = MailServer("127.0.0.1", post.port, False, "me", "secret", SERVER.sender)
    assert isinstance(await hand_over(written("Alien"), "a@example.org", server), Later)
    assert post.messages == []


@pytest.mark.parametrize("kind", E_MAILS)
def test_every_kind_that_can_be_chosen_has_a_subject_and_a_way_out(kind: NotificationKind) -> None:
    made = written("Alien", kind=kind)
    content = Content(kind, trending=[Item(MOVIE, "Alien", 1979, "")])
    assert subject(content) == made.subject
    assert made.unsubscribe_url
    read = LINKS.read("unsubscribe", made.unsubscribe_url.rpartition("/")[2])
    assert read is not None
    assert (read.user_id, read.kind) == (WHO, kind)


def test_content_is_read_as_it_was_written() -> None:
    content = Content(
        NotificationKind.WEEKLY_DIGEST,
        (Item(MOVIE, "Ü", None, 'a "quoted" reason'),),
        (Item(WHO, "x", 1979, ""),),
    )
    assert Content.parse(content.text()) == content
