"""How far a message came: forward only."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from events.notifications import (
    Channel,
    FailureReason,
    IllegalMove,
    Notification,
    NotificationClicked,
    NotificationDelivered,
    NotificationEvent,
    NotificationFailed,
    NotificationKind,
    NotificationOpened,
    NotificationQueued,
    NotificationSent,
    NotificationStatus,
    move_notification,
)

WHO, WHICH = UUID(int=17), UUID(int=5)
FACTS: dict[str, NotificationEvent] = {
    "QUEUED": NotificationQueued(
        user_id=WHO,
        notification_id=WHICH,
        kind=NotificationKind.WEEKLY_DIGEST,
        channel=Channel.EMAIL,
        period=date(2024, 3, 11),
        device_id=None,
        movie_ids=(),
    ),
    "SENT": NotificationSent(user_id=WHO, notification_id=WHICH, attempt=1),
    "DELIVERED": NotificationDelivered(user_id=WHO, notification_id=WHICH),
    "OPENED": NotificationOpened(user_id=WHO, notification_id=WHICH),
    "CLICKED": NotificationClicked(user_id=WHO, notification_id=WHICH, clicked_movie_id=None),
    "FAILED": NotificationFailed(user_id=WHO, notification_id=WHICH, reason=FailureReason.BOUNCED),
}

# what becomes of each state (down) by each fact (across): + recorded, . nothing new, ! refused
TABLE = """
          QUEUED SENT DELIVERED OPENED CLICKED FAILED
-         +      !    !         !      !       !
QUEUED    .      +    +         +      +       +
SENT      .      .    +         +      +       +
DELIVERED .      .    .         +      +       +
OPENED    .      .    .         .      +       !
CLICKED   .      .    .         .      .       !
FAILED    .      !    !         !      !       .
"""
HEAD, *ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [(row[0], fact, what) for row in ROWS for fact, what in zip(HEAD, row[1:], strict=True)]


@pytest.mark.parametrize(("before", "said", "what"), CELLS)
def test_a_message_moves_forward_only(before: str, said: str, what: str) -> None:
    status = None if before == "-" else NotificationStatus(before)
    message, fact = Notification(WHO, WHICH, status), FACTS[said]
    if what == "!":
        with pytest.raises(IllegalMove):
            move_notification(message, fact)
        return
    decided = move_notification(message, fact)
    assert decided == ([fact] if what == "+" else [])
    assert message.when(decided).status == (said if what == "+" else status)


def test_the_table_has_every_state_and_every_fact() -> None:
    assert len(CELLS) == (len(NotificationStatus) + 1) * len(FACTS)


@pytest.mark.parametrize(("who", "which"), [(UUID(int=18), WHICH), (WHO, UUID(int=6))])
def test_a_fact_about_another_message_changes_nothing(who: UUID, which: UUID) -> None:
    message = Notification(who, which, NotificationStatus.QUEUED)
    assert message.when(FACTS.values()) == message
