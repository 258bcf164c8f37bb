"""A server and a worker that write to people about their accounts, and what people do with such e-mails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from pydantic import SecretStr

from events.notifications import NotificationKind
from notifications.asked import make_asked
from notifications.links import Links
from tests.app.serving import Served, serving
from tests.notifications.office import KEYS, Office, office
from tests.notifications.post import Post
from tests.notifications.test_webhooks import SECRET
from tests.privacy.test_over_http import Person

PAGES = {
    NotificationKind.PASSWORD_RESET: "https://movies.example/password#{token}",
    NotificationKind.EMAIL_VERIFICATION: "https://movies.example/verify#{token}",
}
OLD, NEW = "a fish called wanda", "a fish called something else"
WANDA = "wanda@example.org"
RESET, VERIFY = "password", "verify"
"""Where the links of the two kinds of e-mails lead."""


def text_of(message: EmailMessage) -> str:
    """Return what an e-mail says."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def token_of(message: EmailMessage, page: str) -> str | None:
    """Return the token of the link of an e-mail; None where it has none that leads to this page."""
    found = re.search(rf"https://movies\.example/{page}#([\w-]{{43}})\s", text_of(message))
    return found and found[1]


@dataclass
class Desk:
    """Wanda has an account, and was asked whether her address is hers."""

    served: Served
    worker: Office
    post: Post
    wanda: Person

    @property
    def stranger(self) -> Person:
        """Somebody who is not signed in."""
        return Person(self.served, "")

    async def make(self, now: datetime | None = None) -> int:
        """Make what was asked for, and return how many requests there were."""
        made = 0
        while await make_asked(self.worker.pool, self.worker.keys, now or datetime.now(UTC)):
            made += 1
        return made

    async def work(self, now: datetime | None = None) -> None:
        """Make and send what was asked for."""
        await self.make(now)
        await self.worker.send(now or datetime.now(UTC))

    async def token(self, page: str = RESET, to: str = WANDA) -> str:
        """Return the token of the newest e-mail to somebody whose link leads to a page, once all are sent."""
        await self.work()
        mails = zip(self.post.to, self.post.messages, strict=True)
        found = [token for address, mail in mails if address == to and (token := token_of(mail, page))]
        return found[-1]

    async def forgot(self, email: str = WANDA, by: Person | None = None) -> Any:
        """Say that a password is forgotten, and return the payload."""
        return await (by or self.stranger).say("requestPasswordReset", "", email=email)

    async def reset_token(self) -> str:
        """Let wanda forget her password, and return what she is sent."""
        await self.forgot()
        return await self.token()

    async def reset(self, token: str, password: str = NEW, by: Person | None = None) -> list[str]:
        """Choose a new password, and return the codes of what refuses it."""
        given = {"token": token, "newPassword": password}
        return _codes(await (by or self.stranger).say("resetPassword", "", **given))

    async def prove(self, token: str, by: Person | None = None) -> list[str]:
        """Prove an address, and return the codes of what refuses it."""
        return _codes(await (by or self.stranger).say("verifyEmail", "", token=token))

    async def ask_to_prove(self, by: Person | None = None) -> Any:
        """Ask for the e-mail that proves somebody's address, and return the payload."""
        document = "mutation { requestEmailVerification { errors { code } } }"
        return (await (by or self.wanda).ask(document))["requestEmailVerification"]

    async def proved_at(self, of: Person | None = None) -> str | None:
        """Since when somebody's address is proved."""
        viewer = (await (of or self.wanda).ask("{ viewer { emailVerifiedAt } }"))["viewer"]
        found: str | None = viewer["emailVerifiedAt"]
        return found

    async def enters(self, password: str, login: str = "wanda") -> str | None:
        """Return the refresh token that a password gives; None where it is wrong."""
        said = await self.stranger.say("signIn", "session { refreshToken }", login=login, password=password)
        token: str | None = said["session"] and said["session"]["refreshToken"]
        return token

    def subjects(self) -> list[str]:
        """What stands above the e-mails that came in."""
        return [str(message["subject"]) for message in self.post.messages]

    def states(self) -> list[tuple[Any, ...]]:
        """Kind, status and failure of each message but those that prove addresses, in the order they were made."""
        return self.worker.rows(
            "select kind, status, failure from notifications where kind <> 'EMAIL_VERIFICATION' order by queued_position"
        )


def _codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


@asynccontextmanager
async def opened(conninfo: str, post: Post, **more: Any) -> AsyncIterator[Desk]:
    """Open one, with these settings of the server beside its own."""
    given: dict[str, Any] = {
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{post.port}"),
        "mail_from": "Movies <no-reply@movies.example>",
        "public_url": "https://api.movies.example",
        "password_page": PAGES[NotificationKind.PASSWORD_RESET],
        "verification_page": PAGES[NotificationKind.EMAIL_VERIFICATION],
        "webhook_secret": SecretStr(SECRET),
        "allowed_hosts": "*",
        **more,
    }
    async with (
        serving(conninfo, filled=False, **given) as served,
        office(conninfo, post, filled=False) as worker,
    ):
        worker.senders = replace(worker.senders, links=Links(KEYS, "https://api.movies.example", None, PAGES))
        yield Desk(served, worker, post, Person(served, await served.sign_up("wanda")))
