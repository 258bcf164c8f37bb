"""What a person is told of, and what they were sent."""

from datetime import date, datetime

import strawberry

from accounts.sealed_columns import NOTIFICATION
from resolvers.mapping import Key, One, Page, Python
from resolvers.notifications import subjects
from schema.enums import (
    FailureReason,
    NotificationChannel,
    NotificationKind,
    NotificationStatus,
    SuppressionReason,
)
from schema.fields import column, connection, mapped


@strawberry.type(description="That the person's address gets no e-mail, whatever they choose to be told of.")
class EmailSuppression:
    reason: SuppressionReason = column(
        "{t}.reason",
        "BOUNCED: e-mail came back for good; change the address, or turn a kind of e-mail on to have it tried again."
        " COMPLAINED: one was called spam; change the address.",
    )
    since: datetime = column("{t}.since", "When that was told.")


@strawberry.type(description="What a person wants to be told of, and when.")
class NotificationPreferences:
    id: strawberry.ID = column("'NotificationPreferences:' || {t}.user_id", "What caches may know it by.")
    weekly_digest: bool = column("{t}.weekly_digest", "Whether a digest comes once a week, by e-mail.")
    recommendation_alerts: bool = column(
        "{t}.recommendation_alerts", "Whether new recommendations come by e-mail."
    )
    trending_alerts: bool = column("{t}.trending_alerts", "Whether what is trending comes by e-mail.")
    push_recommendations: bool = column(
        "{t}.push_recommendations", "Whether new recommendations come to the person's browsers."
    )
    push_trending: bool = column(
        "{t}.push_trending", "Whether what is trending comes to the person's browsers."
    )
    digest_day: int = column("{t}.digest_day", "The day of the digest: 1 is Monday, 7 Sunday.")
    digest_time: str = column(
        "to_char({t}.digest_time, 'HH24:MI')", "When messages are sent, where the person is: 09:00."
    )
    time_zone: str = column("{t}.time_zone", "The zone that counts: the one chosen here, else the profile's.")
    open_tracking: bool = column(
        "{t}.open_tracking", "Whether it may be noticed that an e-mail is looked at."
    )
    click_tracking: bool = column("{t}.click_tracking", "Whether it may be noticed that a link is followed.")

    @mapped(
        One(
            "mail_suppressions",
            of="{parent}.user_id",
            key="user_id",
            where="{t}.user_id = {viewer} and is_address_of({t}.user_id, {t}.email_digest)",
        ),
        "Why the person's address gets no e-mail; null where nothing is in the way.",
    )
    def email_suppression(self) -> EmailSuppression | None: ...


@strawberry.type(description="A message that was made for a person, and how far it came.")
class Notification:
    id: strawberry.ID = column("'Notification:' || {t}.notification_id", "What caches may know it by.")
    kind: NotificationKind = column("{t}.kind", "What it is about.")
    channel: NotificationChannel = column("{t}.channel", "How it goes.")
    status: NotificationStatus = column("{t}.status", "How far it came.")
    period: date = column(
        "{t}.period", "The day that it is of, where the person is; of a digest the week's Monday."
    )
    queued_at: datetime = column("{t}.queued_at", "When it was made.")
    sent_at: datetime | None = column("{t}.sent_at", "When the next server took it.")
    delivered_at: datetime | None = column("{t}.delivered_at", "When it arrived, as the provider says.")
    opened_at: datetime | None = column("{t}.opened_at", "When it was first looked at.")
    clicked_at: datetime | None = column("{t}.clicked_at", "When a link was first followed.")
    failed_at: datetime | None = column("{t}.failed_at", "When it was known that it reaches nobody.")
    failure: FailureReason | None = column("{t}.failure", "Why it reaches nobody.")

    @mapped(
        Python(
            {
                "owner": "{t}.user_id",
                "sealed": "(select o.content_sealed from outbox o where o.id = {t}.notification_id"
                " and o.user_id = {viewer})",
            },
            subjects(NOTIFICATION),
        ),
        "What stood above it; null once its text is forgotten, 90 days after it was sent.",
    )
    def subject(self) -> str | None: ...


@strawberry.type(description="A message in a list.")
class NotificationEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(
        One(
            "notifications",
            of="{parent}.notification_id",
            key="notification_id",
            where="{t}.user_id = {viewer}",
        ),
        "The message.",
    )
    def node(self) -> Notification | None: ...


NotificationConnection = connection(
    "Notification", NotificationEdge, Notification, "Messages, the newest first."
)


@strawberry.type(description="What a person is told.")
class Notified:
    @mapped(
        One("own_notification_choices", of="{parent}.id", key="user_id", where="{t}.user_id = {viewer}"),
        "What the person wants to be told of, and when.",
    )
    def notification_preferences(self) -> NotificationPreferences | None: ...

    @mapped(
        Page(
            "notifications",
            where="{t}.user_id = {viewer}",
            columns=("notification_id",),
            orders={None: (Key("{t}.queued_position", "bigint", descending=True),)},
        ),
        "Messages that were made for the person, the newest first.",
    )
    def notifications(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> NotificationConnection | None: ...
