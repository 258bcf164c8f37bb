"""What can be done. Every mutation takes one input at most and returns a payload; a refusal by a rule is data."""

from datetime import date

import strawberry
from strawberry import UNSET

from resolvers import activity, diary, feedback, genres, interactions, operations, reviews, undoing
from resolvers.clicks import click
from resolvers.mapping import Run
from schema.account_mutations import AccountMutations
from schema.chat_mutations import ChatMutations
from schema.copy_mutations import CopyMutations
from schema.enums import Audience, EventSource, Feedback, Priority, Reaction, RecordedAction
from schema.fields import mapped
from schema.import_mutations import ImportMutations
from schema.inputs import idempotency_key, source
from schema.list_mutations import ListMutations
from schema.mailed_mutations import MailedMutations
from schema.notification_mutations import NotificationMutations
from schema.payloads import (
    AddToWatchlistPayload,
    ChangeViewingPayload,
    ClickRecommendationPayload,
    DeleteReviewPayload,
    DeleteViewingPayload,
    DismissMoviePayload,
    FavoriteMoviePayload,
    GiveRecommendationFeedbackPayload,
    MarkWatchedPayload,
    RateMoviePayload,
    ReactToMoviePayload,
    RebuildProjectionPayload,
    RecordActivityPayload,
    RecordViewPayload,
    RemoveFromWatchlistPayload,
    SetFavoriteGenresPayload,
    SetWatchlistPriorityPayload,
    UndoPayload,
    UnfavoriteMoviePayload,
    WriteReviewPayload,
)
from schema.privacy_mutations import PrivacyMutations


@strawberry.input(description="A movie to do something with.")
class _OnMovie:
    movie_id: strawberry.ID = strawberry.field(description="The movie's global id.")
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="What one thinks of a movie.")
class ReactToMovieInput(_OnMovie):
    reaction: Reaction | None = strawberry.field(
        default=UNSET, description="The reaction; null takes it back."
    )


@strawberry.input(description="Stars for a movie.")
class RateMovieInput(_OnMovie):
    stars: float | None = strawberry.field(
        default=UNSET, description="0.5 to 5 in half steps; null takes them back."
    )


@strawberry.input(description="A new favourite.")
class FavoriteMovieInput(_OnMovie): ...


@strawberry.input(description="A favourite no longer.")
class UnfavoriteMovieInput(_OnMovie): ...


@strawberry.input(description="A movie to see.")
class AddToWatchlistInput(_OnMovie):
    priority: Priority = strawberry.field(default=Priority.MEDIUM, description="How soon.")


@strawberry.input(description="How soon to see a movie of the watchlist.")
class SetWatchlistPriorityInput(_OnMovie):
    priority: Priority = strawberry.field(description="How soon.")


@strawberry.input(description="A movie to take off the watchlist.")
class RemoveFromWatchlistInput(_OnMovie): ...


@strawberry.input(description="A movie that was seen, and what of it.")
class MarkWatchedInput(_OnMovie):
    watched_on: date | None = strawberry.field(
        default=UNSET,
        description="The day it was seen; when left out today, in the time zone of the profile.",
    )
    reaction: Reaction | None = strawberry.field(default=UNSET, description="What one thinks of it.")
    stars: float | None = strawberry.field(default=UNSET, description="Stars, 0.5 to 5 in half steps.")


@strawberry.input(description="A review of a movie: what is left out stays as it is.")
class WriteReviewInput(_OnMovie):
    text: str | None = strawberry.field(
        default=UNSET, description="What one writes, 5,000 characters at most."
    )
    has_spoilers: bool | None = strawberry.field(
        default=UNSET, description="Whether it tells what one may not want to know before; false at first."
    )
    audience: Audience | None = strawberry.field(
        default=UNSET, description="Who may read it; at first to whom one shows oneself, `privacy`."
    )
    stars: float | None = strawberry.field(
        default=UNSET,
        description="Stars to show with it, and to rate the movie with; null shows none and leaves the rating alone.",
    )


@strawberry.input(description="A review to take back.")
class DeleteReviewInput(_OnMovie): ...


@strawberry.input(description="A viewing of the diary.")
class DeleteViewingInput:
    viewing_id: strawberry.ID = strawberry.field(description="The `viewingId` of the diary.")
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="Another day for a viewing of the diary.")
class ChangeViewingInput(DeleteViewingInput):
    watched_on: date = strawberry.field(description="The day that the movie was seen on.")


@strawberry.input(description="A movie that is of no interest.")
class DismissMovieInput(_OnMovie): ...


@strawberry.input(description="A movie whose page was opened.")
class RecordViewInput(_OnMovie): ...


@strawberry.input(description="A recommended movie that was opened.")
class ClickRecommendationInput(_OnMovie):
    slate_id: strawberry.ID = strawberry.field(description="The `slateId` of the list that it was in.")


@strawberry.input(description="What one thinks of having been recommended a movie.")
class GiveRecommendationFeedbackInput(_OnMovie):
    type: Feedback | None = strawberry.field(
        default=UNSET, description="What one thinks of it; null takes it back."
    )
    comment: str | None = strawberry.field(
        default=UNSET, description="Why, in one's own words, up to 5,000 characters."
    )
    slate_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The `slateId` of the list that it was in."
    )


@strawberry.input(description="Something that was done.")
class RecordActivityInput:
    action: RecordedAction = strawberry.field(description="What.")
    movie_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="The movie's global id: for MOVIE_VIEW and RECOMMENDATION_CLICK, and else if any.",
    )
    phrase: str | None = strawberry.field(
        default=UNSET, description="What was searched for: for MOVIE_SEARCH, up to 200 characters."
    )
    slate_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The `slateId` of the list: for RECOMMENDATION_CLICK of who is signed in."
    )
    source: EventSource | None = strawberry.field(
        default=UNSET, description="Where it was done; what fits the action when left out."
    )


@strawberry.input(description="What kinds of movies one likes.")
class SetFavoriteGenresInput:
    genre_ids: list[strawberry.ID] = strawberry.field(
        description="All favourite genres, the dearest first, 20 at most; an empty list takes them back."
    )


@strawberry.input(description="An action to take back.")
class UndoInput:
    event_id: strawberry.ID = strawberry.field(
        description="The event's global id, from a payload or the history."
    )
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="A projection to rebuild.")
class RebuildProjectionInput:
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What can be done.")
class Mutation(
    AccountMutations,
    ChatMutations,
    CopyMutations,
    ImportMutations,
    ListMutations,
    MailedMutations,
    NotificationMutations,
    PrivacyMutations,
):
    @mapped(Run(interactions.react), "React to a movie, or take the reaction back.")
    def react_to_movie(self, input: ReactToMovieInput) -> ReactToMoviePayload: ...  # noqa: A002

    @mapped(Run(interactions.rate), "Give a movie stars, or take them back.")
    def rate_movie(self, input: RateMovieInput) -> RateMoviePayload: ...  # noqa: A002

    @mapped(Run(interactions.favorite), "Make a movie a favourite.")
    def favorite_movie(self, input: FavoriteMovieInput) -> FavoriteMoviePayload: ...  # noqa: A002

    @mapped(Run(interactions.unfavorite), "End a favourite.")
    def unfavorite_movie(self, input: UnfavoriteMovieInput) -> UnfavoriteMoviePayload: ...  # noqa: A002

    @mapped(Run(interactions.add_watchlist), "Put a movie on the watchlist.")
    def add_to_watchlist(self, input: AddToWatchlistInput) -> AddToWatchlistPayload: ...  # noqa: A002

    @mapped(Run(interactions.prioritize), "Change how soon to see a movie of the watchlist.")
    def set_watchlist_priority(self, input: SetWatchlistPriorityInput) -> SetWatchlistPriorityPayload: ...  # noqa: A002

    @mapped(Run(interactions.remove_watchlist), "Take a movie off the watchlist.")
    def remove_from_watchlist(self, input: RemoveFromWatchlistInput) -> RemoveFromWatchlistPayload: ...  # noqa: A002

    @mapped(Run(interactions.watched), "Say that a movie was seen; every time counts.")
    def mark_watched(self, input: MarkWatchedInput) -> MarkWatchedPayload: ...  # noqa: A002

    @mapped(Run(diary.change), "Put a viewing on another day.")
    def change_viewing(self, input: ChangeViewingInput) -> ChangeViewingPayload: ...  # noqa: A002

    @mapped(Run(diary.delete), "Take a viewing out of the diary.")
    def delete_viewing(self, input: DeleteViewingInput) -> DeleteViewingPayload: ...  # noqa: A002

    @mapped(Run(reviews.write), "Write a review, or change the one that there is.")
    def write_review(self, input: WriteReviewInput) -> WriteReviewPayload: ...  # noqa: A002

    @mapped(Run(reviews.delete), "Take a review back.")
    def delete_review(self, input: DeleteReviewInput) -> DeleteReviewPayload: ...  # noqa: A002

    @mapped(Run(interactions.dismiss), "Say that a movie is of no interest.")
    def dismiss_movie(self, input: DismissMovieInput) -> DismissMoviePayload: ...  # noqa: A002

    @mapped(Run(interactions.view), "Say that a movie's page was opened.")
    def record_view(self, input: RecordViewInput) -> RecordViewPayload: ...  # noqa: A002

    @mapped(Run(click), "Say that a recommended movie was opened; once for each slate that it was in.")
    def click_recommendation(self, input: ClickRecommendationInput) -> ClickRecommendationPayload: ...  # noqa: A002

    @mapped(Run(feedback.give), "Say what one thinks of a recommended movie, or take it back.")
    def give_recommendation_feedback(
        self,
        input: GiveRecommendationFeedbackInput,  # noqa: A002
    ) -> GiveRecommendationFeedbackPayload: ...

    @mapped(
        Run(activity.record_activity),
        "Tell what was done, signed in or not; nobody waits for it, and some of it may be lost when a server is.",
    )
    def record_activity(self, input: RecordActivityInput) -> RecordActivityPayload: ...  # noqa: A002

    @mapped(
        Run(genres.set_favorite_genres),
        "Choose favourite genres: recommendations begin with these, until one likes movies.",
    )
    def set_favorite_genres(self, input: SetFavoriteGenresInput) -> SetFavoriteGenresPayload: ...  # noqa: A002

    @mapped(Run(undoing.take_back), "Take an action back, with what it brought about.")
    def undo(self, input: UndoInput) -> UndoPayload: ...  # noqa: A002

    @mapped(
        Run(operations.rebuild_projection), "Rebuild a projection from the log (operators).", role="operator"
    )
    def rebuild_projection(self, input: RebuildProjectionInput) -> RebuildProjectionPayload: ...  # noqa: A002
