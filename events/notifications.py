"""Messages that people were sent: how far each came. It only ever moves forward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from events.facts import Event, event


class NotificationKind(StrEnum):
    """What a message is about."""

    WEEKLY_DIGEST = "WEEKLY_DIGEST"
    RECOMMENDATIONS = "RECOMMENDATIONS"
    TRENDING = "TRENDING"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 a name
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 a name
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"


OF_ACCOUNTS = frozenset(
    {
        NotificationKind.PASSWORD_RESET,
        NotificationKind.PASSWORD_CHANGED,
        NotificationKind.EMAIL_VERIFICATION,
    }
)
"""What goes out whatever somebody chose to be told of, since they asked for it or must know."""


class Channel(StrEnum):
    """How a message goes."""

    EMAIL = "EMAIL"
    PUSH = "PUSH"


class NotificationStatus(StrEnum):
    """How far a message came, in this order; FAILED is an end."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    FAILED = "FAILED"


class FailureReason(StrEnum):
    """Why a message did not reach anybody."""

    NOT_WANTED = "NOT_WANTED"
    NO_ADDRESS = "NO_ADDRESS"
    REFUSED = "REFUSED"
    BOUNCED = "BOUNCED"
    GAVE_UP = "GAVE_UP"
    NOTHING_LEFT = "NOTHING_LEFT"
    SUPPRESSED = "SUPPRESSED"
    NOT_VERIFIED = "NOT_VERIFIED"


class IllegalMove(Exception):
    """A message cannot come from where it is to there: it was never queued, or it has failed, or it was read."""


@dataclass(frozen=True, slots=True)
class Notification:
    """The state of a message; `Notification(user_id, notification_id)` is where every history begins."""

    user_id: UUID
    notification_id: UUID
    status: NotificationStatus | None = None

    def when(self, facts: Iterable[Event]) -> Notification:
        """Return the state after these facts, oldest first."""
        notification = self
        for fact in facts:
            notification = evolve_notification(notification, fact)
        return notification


@event("notification_queued")
class NotificationQueued(Event):
    """A message to a person was made.

    `period` is the day that it is of, where the person is; of a weekly digest the Monday of the week. Of an
    e-mail about the account it is the day in UTC.
    """

    user_id: UUID
    movie_id = None
    notification_id: UUID
    kind: NotificationKind
    channel: Channel
    period: date
    device_id: UUID | None
    movie_ids: tuple[UUID, ...]


@event("notification_sent")
class NotificationSent(Event):
    """The next server took it, at this attempt."""

    user_id: UUID
    movie_id = None
    notification_id: UUID
    attempt: int


@event("notification_delivered")
class NotificationDelivered(Event):
    """It arrived, as the provider says."""

    user_id: UUID
    movie_id = None
    notification_id: UUID


@event("notification_opened")
class NotificationOpened(Event):
    """The person looked at it."""

    user_id: UUID
    movie_id = None
    notification_id: UUID


@event("notification_clicked")
class NotificationClicked(Event):
    """The person followed a link of it, to this movie where that is known."""

    user_id: UUID
    movie_id = None
    notification_id: UUID
    clicked_movie_id: UUID | None


@event("notification_failed")
class NotificationFailed(Event):
    """It reaches nobody."""

    user_id: UUID
    movie_id = None
    notification_id: UUID
    reason: FailureReason


NotificationEvent = (
    NotificationQueued
    | NotificationSent
    | NotificationDelivered
    | NotificationOpened
    | NotificationClicked
    | NotificationFailed
)
_AFTER: dict[type[Event], NotificationStatus] = {
    NotificationQueued: NotificationStatus.QUEUED,
    NotificationSent: NotificationStatus.SENT,
    NotificationDelivered: NotificationStatus.DELIVERED,
    NotificationOpened: NotificationStatus.OPENED,
    NotificationClicked: NotificationStatus.CLICKED,
    NotificationFailed: NotificationStatus.FAILED,
}
NOTIFICATION_EVENTS: tuple[type[Event], ...] = tuple(_AFTER)
_ORDER = tuple(NotificationStatus)


def evolve_notification(notification: Notification, fact: Event) -> Notification:
    """Return the state after one fact; a fact about another message changes nothing."""
    if (
        not isinstance(fact, NotificationEvent)
        or fact.notification_id != notification.notification_id
        or fact.user_id != notification.user_id
    ):
        return notification
    return replace(notification, status=_AFTER[type(fact)])


def move_notification(notification: Notification, fact: NotificationEvent) -> list[NotificationEvent]:
    """Return what is recorded of a message of which this is said: nothing where it is further already.

    Raises IllegalMove where nothing of the kind can be true of it any more.
    """
    before, after = notification.status, _AFTER[type(fact)]
    if before is None:
        if after is not NotificationStatus.QUEUED:
            raise IllegalMove
        return [fact]
    if before is after:
        return []
    if before is NotificationStatus.FAILED and after is not NotificationStatus.QUEUED:
        raise IllegalMove
    if after is NotificationStatus.FAILED and before in (
        NotificationStatus.OPENED,
        NotificationStatus.CLICKED,
    ):
        raise IllegalMove
    return [fact] if _ORDER.index(after) > _ORDER.index(before) else []
