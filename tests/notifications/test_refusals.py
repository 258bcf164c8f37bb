"""Addresses of which a mail server itself says that nothing can ever be delivered there."""

from __future__ import annotations

import asyncio

import pytest

from tests.notifications.office import MONDAY, Office
from tests.notifications.post import Post
from tests.notifications.test_suppressions import (  # noqa: F401 the fixtures
    DIGESTS,
    WEEK,
    alice,
    move,
    prefer,
    served,
    suppression,
)
from tests.privacy.test_over_http import Person

NO_MAILBOX = [
    "550 5.1.1 <a@example.org>: User unknown",
    "550-5.1.1 The account that you tried to reach\r\n550 5.1.1 does not exist",
    "550 5.1.2 Domain not found",
    "553 5.1.3 Bad syntax",
    "551 5.1.6 Moved, no forwarding",
    "556 5.1.10 Null MX",
    "550 5.2.1 Disabled",
]
ANOTHER_REASON = [
    "550 No such user",
    "550 5.1.0 Rejected",
    "553 5.1.8 Bad sender",
    "550 5.1.11 Unheard of",
    "552 5.2.2 Mailbox full",
    "550 5.7.1 Looks like spam; see 5.1.1",
]


@pytest.mark.parametrize("where", ["at_recipient", "answers"])
@pytest.mark.parametrize("reply", NO_MAILBOX)
async def test_nothing_goes_where_a_mail_server_knows_no_mailbox(
    worker: Office,
    post: Post,
    alice: Person,  # noqa: F811
    where: str,
    reply: str,
) -> None:
    getattr(post, where).append(reply)
    await worker.plan()
    await worker.day(MONDAY)
    assert await suppression(alice) == "BOUNCED"
    await worker.day(MONDAY + WEEK)
    assert worker.rows(DIGESTS) == [("FAILED", "BOUNCED"), ("FAILED", "SUPPRESSED")]
    assert post.messages == []
    await prefer(alice, weeklyDigest=True)
    await worker.day(MONDAY + 2 * WEEK)
    assert len(post.messages) == 1


@pytest.mark.parametrize("reply", ANOTHER_REASON)
async def test_what_a_mail_server_refuses_for_another_reason_stops_one_message_only(
    worker: Office,
    post: Post,
    alice: Person,  # noqa: F811
    reply: str,
) -> None:
    post.at_recipient.append(reply)
    await worker.plan()
    await worker.day(MONDAY)
    assert await suppression(alice) is None
    await worker.day(MONDAY + WEEK)
    assert worker.rows(DIGESTS) == [("FAILED", "REFUSED"), ("SENT", None)]


async def test_a_refusal_says_nothing_of_an_address_that_came_meanwhile(
    worker: Office,
    post: Post,
    alice: Person,  # noqa: F811
) -> None:
    post.answers.append("hang")
    post.late = "550 5.1.1 User unknown"
    await worker.plan()
    await worker.make()
    sending = asyncio.create_task(worker.send())
    await post.reached.wait()
    await move(worker, alice, "new@example.org")
    post.given_up.set()
    await sending
    assert worker.rows(DIGESTS) == [("FAILED", "BOUNCED")]
    assert await suppression(alice) is None
