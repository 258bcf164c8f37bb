"""What a person can choose about messages to them."""

import strawberry
from strawberry import UNSET

from resolvers.mapping import Run
from resolvers.notifications import choose_notifications
from schema.fields import mapped
from schema.payloads import SetNotificationPreferencesPayload


@strawberry.input(
    description="What to be told of, and when: null is the default again, what is left out stays."
)
class SetNotificationPreferencesInput:
    weekly_digest: bool | None = strawberry.field(
        default=UNSET, description="A digest once a week, by e-mail; true where nothing was chosen."
    )
    recommendation_alerts: bool | None = strawberry.field(
        default=UNSET, description="New recommendations by e-mail; true where nothing was chosen."
    )
    trending_alerts: bool | None = strawberry.field(
        default=UNSET, description="What is trending by e-mail; false where nothing was chosen."
    )
    push_recommendations: bool | None = strawberry.field(
        default=UNSET, description="New recommendations to browsers; true where nothing was chosen."
    )
    push_trending: bool | None = strawberry.field(
        default=UNSET, description="What is trending to browsers; false where nothing was chosen."
    )
    digest_day: int | None = strawberry.field(
        default=UNSET, description="The day of the digest, 1 (Monday, the default) to 7."
    )
    digest_time: str | None = strawberry.field(
        default=UNSET, description="When messages are sent, where the person is: 09:00, the default."
    )
    time_zone: str | None = strawberry.field(
        default=UNSET, description="An IANA name, such as Europe/Berlin; null: that of the profile."
    )
    open_tracking: bool | None = strawberry.field(
        default=UNSET, description="Let it be noticed that an e-mail is looked at; false by default."
    )
    click_tracking: bool | None = strawberry.field(
        default=UNSET, description="Let it be noticed that a link is followed; false by default."
    )


@strawberry.type
class NotificationMutations:
    """The part of `Mutation` that is about messages."""

    @mapped(
        Run(choose_notifications),
        "Choose what to be told of, and when; every value that is wrong is named.",
    )
    def set_notification_preferences(
        self,
        input: SetNotificationPreferencesInput,  # noqa: A002
    ) -> SetNotificationPreferencesPayload: ...
