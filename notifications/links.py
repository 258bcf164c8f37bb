"""Addresses in messages that people come back by. Each says in itself what it is for, and is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from accounts.signed_ids import SignedIds
from events.notifications import NotificationKind

Purpose = Literal["unsubscribe", "open", "click"]


@dataclass(frozen=True, slots=True)
class Followed:
    """What a link says that somebody followed; what it has no use for is None."""

    user_id: UUID
    notification_id: UUID | None = None
    kind: NotificationKind | None = None
    movie_id: UUID | None = None


class Links:
    """Makes and reads links. `keys` are those of access tokens: the first signs, all verify.

    `public_url` is where this server is reached, `movie_page` where a movie is shown, with {id} in it (None: nowhere),
    `token_pages` where the token of an e-mail about an account is taken, by its kind, with {token} in it.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        public_url: str,
        movie_page: str | None,
        token_pages: Mapping[NotificationKind, str] | None = None,
    ) -> None:
        self._signed = {purpose: SignedIds(keys, purpose, ttl=None) for purpose in get_args(Purpose)}
        self._public_url = public_url.rstrip("/")
        self._movie_page = movie_page
        self._token_pages = token_pages or {}

    def movie(self, movie_id: UUID) -> str | None:
        """Return where a movie is shown."""
        return self._movie_page and self._movie_page.replace("{id}", str(movie_id))

    def with_token(self, kind: NotificationKind, token: str) -> str | None:
        """Return where a token is taken; None where the operator has not said."""
        page = self._token_pages.get(kind)
        return page and page.replace("{token}", token)

    def unsubscribe(self, user_id: UUID, kind: NotificationKind) -> str:
        """Return where a person ends e-mails of a kind, by one POST."""
        return f"{self._public_url}/unsubscribe/{self._signed['unsubscribe'].sign(user_id, kind=kind)}"

    def opened(self, user_id: UUID, notification_id: UUID) -> str:
        """Return the address of a picture that says that a message was looked at."""
        return f"{self._public_url}/opened/{self._signed['open'].sign(user_id, n=str(notification_id))}"

    def clicked(self, user_id: UUID, notification_id: UUID, movie_id: UUID) -> str:
        """Return what leads to a movie, and says that it was followed."""
        said = {"n": str(notification_id), "m": str(movie_id)}
        return f"{self._public_url}/clicked/{self._signed['click'].sign(user_id, **said)}"

    def read(self, purpose: Purpose, token: str) -> Followed | None:
        """Return what the last part of a link says; None where it was not made here for this purpose."""
        said = self._signed[purpose].claims(token)
        try:
            return (
                None
                if said is None
                else Followed(
                    UUID(said["sub"]),
                    UUID(said["n"]) if "n" in said else None,
                    NotificationKind(said["kind"]) if "kind" in said else None,
                    UUID(said["m"]) if "m" in said else None,
                )
            )
        except (AttributeError, TypeError, ValueError):
            return None
