"""What mutations answer with."""

from datetime import datetime
from typing import Any

import strawberry

from projections.audiences import LIST_VISIBLE
from resolvers.mapping import Embedded, Many, One
from schema.errors import ErrorCode
from schema.fields import column, mapped
from schema.lists import MovieList
from schema.log import STATUSES, Event, Projection
from schema.movies import Movie
from schema.nodes import Plain
from schema.people import Device, User
from schema.persons import SHOWN_PERSON, Person

_ERRORS = Many(
    "rows from (jsonb_to_recordset({v_errors:jsonb}) as (code text, message text, path text[]))"
    " with ordinality as {t} (code, message, path, n)",
    order="{t}.n",
)


@strawberry.type(description="Why a rule refused a mutation.")
class UserError:
    code: ErrorCode = column("{t}.code", "The rule: for programs.")
    message: str = column("{t}.message", "What to do about it: for people.")
    path: list[str] = column("{t}.path", "The input field that it is about.")


@strawberry.interface(description="What every mutation answers with.")
class MutationPayload(Plain):
    @mapped(_ERRORS, "Empty on success; otherwise nothing was recorded.")
    def errors(self) -> list[UserError]: ...


@strawberry.interface(description="What a mutation about a movie answers with.")
class InteractionPayload(MutationPayload):
    @mapped(
        One("events", of="{v_event:bigint}", key="position"),
        "What was recorded; null when it was refused, or said twice and so not recorded again.",
    )
    def event(self) -> Event | None: ...

    @mapped(One("movies", of="{v_movie:uuid}"), "The movie, as it stands after the mutation.")
    def movie(self) -> Movie | None: ...


@strawberry.interface(description="What a mutation about a list answers with.")
class ListPayload(MutationPayload):
    @mapped(
        One("lists", of="{v_list:uuid}", key="list_id", where=LIST_VISIBLE),
        "The list, as it stands after the mutation; null when it is gone, or not for the viewer.",
        name="list",
    )
    def movie_list(self) -> MovieList | None: ...


@strawberry.type(description="What a client needs to act as a person.")
class Session:
    access_token: str = column("{v_access_token}", "Send it as `Authorization: Bearer <accessToken>`.")
    refresh_token: str | None = column(
        "{v_refresh_token}",
        "Exchange it for a new pair before the access token ends; null where a cookie keeps it.",
    )
    expires_at: datetime = column("{v_expires_at:timestamptz}", "When the access token ends.")


@strawberry.interface(description="What a mutation that opens or continues a session answers with.")
class SessionPayload(MutationPayload):
    @mapped(Embedded(when="{v_access_token} is not null"), "The session; null when it was refused.")
    def session(self) -> Session | None: ...

    @mapped(One("users", of="{v_viewer:uuid}"), "Who is signed in now.")
    def viewer(self) -> User | None: ...


def payload(name: str, description: str, *bases: type) -> Any:
    """Return a payload type that has the fields of its interfaces and no others."""
    return strawberry.type(description=description, name=name)(type(name, bases, {"__module__": __name__}))


SignUpPayload = payload("SignUpPayload", "The new account.", SessionPayload)
SignInPayload = payload("SignInPayload", "The session.", SessionPayload)
RefreshSessionPayload = payload("RefreshSessionPayload", "The new tokens.", SessionPayload)
SignOutPayload = payload("SignOutPayload", "Whether it was done.", MutationPayload)

ReactToMoviePayload = payload("ReactToMoviePayload", "The reaction.", InteractionPayload)
RateMoviePayload = payload("RateMoviePayload", "The rating.", InteractionPayload)
FavoriteMoviePayload = payload("FavoriteMoviePayload", "The favourite.", InteractionPayload)
UnfavoriteMoviePayload = payload("UnfavoriteMoviePayload", "The end of a favourite.", InteractionPayload)
AddToWatchlistPayload = payload("AddToWatchlistPayload", "The entry.", InteractionPayload)
SetWatchlistPriorityPayload = payload("SetWatchlistPriorityPayload", "The new priority.", InteractionPayload)
RemoveFromWatchlistPayload = payload("RemoveFromWatchlistPayload", "The removal.", InteractionPayload)
MarkWatchedPayload = payload("MarkWatchedPayload", "The viewing.", InteractionPayload)
ChangeViewingPayload = payload("ChangeViewingPayload", "The viewing on its new day.", InteractionPayload)
DeleteViewingPayload = payload("DeleteViewingPayload", "The end of a viewing.", InteractionPayload)
WriteReviewPayload = payload("WriteReviewPayload", "The review.", InteractionPayload)
DeleteReviewPayload = payload("DeleteReviewPayload", "The end of a review.", InteractionPayload)
DismissMoviePayload = payload("DismissMoviePayload", "The dismissal.", InteractionPayload)
RecordViewPayload = payload("RecordViewPayload", "The view.", InteractionPayload)
ClickRecommendationPayload = payload("ClickRecommendationPayload", "The click.", InteractionPayload)
GiveRecommendationFeedbackPayload = payload(
    "GiveRecommendationFeedbackPayload", "The feedback.", InteractionPayload
)
UndoPayload = payload("UndoPayload", "What took the action back.", InteractionPayload, ListPayload)


@strawberry.type(description="What was recorded.")
class RecordActivityPayload(InteractionPayload):
    visitor_token: str | None = column(
        "{v_visitor_token}",
        "Of who is not signed in: send it as `X-Visitor-Token` from now on, at sign-in for the last time.",
    )


RequestPasswordResetPayload = payload(
    "RequestPasswordResetPayload", "The same whether or not there is such an account.", MutationPayload
)
ResetPasswordPayload = payload("ResetPasswordPayload", "Whether it was done.", MutationPayload)
RequestEmailVerificationPayload = payload(
    "RequestEmailVerificationPayload", "Whether it was asked for.", MutationPayload
)
VerifyEmailPayload = payload("VerifyEmailPayload", "Whether it was done.", MutationPayload)


@strawberry.type(description="The projection, whose rebuild was asked for.")
class RebuildProjectionPayload(MutationPayload):
    @mapped(One(STATUSES, of="{v_projection}", key="name"), "The projection.")
    def projection(self) -> Projection | None: ...


@strawberry.interface(description="What a mutation of one's own account answers with.")
class AccountPayload(MutationPayload):
    @mapped(One("users", of="{v_viewer:uuid}"), "The account, as it stands after the mutation.")
    def viewer(self) -> User | None: ...


SetFavoriteGenresPayload = payload("SetFavoriteGenresPayload", "The favourite genres.", AccountPayload)
UpdateProfilePayload = payload("UpdateProfilePayload", "The profile.", AccountPayload)
ChangeEmailPayload = payload("ChangeEmailPayload", "The new e-mail address.", AccountPayload)
ChangeUsernamePayload = payload("ChangeUsernamePayload", "The new username.", AccountPayload)
ChangePasswordPayload = payload("ChangePasswordPayload", "Whether it was done.", AccountPayload)
DeactivateAccountPayload = payload("DeactivateAccountPayload", "Whether it was done.", MutationPayload)
SetPrivacyPayload = payload("SetPrivacyPayload", "The privacy.", AccountPayload)
RemoveDevicePayload = payload("RemoveDevicePayload", "The devices that are left.", AccountPayload)
SetNotificationPreferencesPayload = payload(
    "SetNotificationPreferencesPayload", "What the person wants to be told of.", AccountPayload
)
GrantPremiumPayload = payload("GrantPremiumPayload", "Whether it was done.", MutationPayload)
RevokePremiumPayload = payload("RevokePremiumPayload", "Whether it was done.", MutationPayload)


@strawberry.type(description="The device.")
class RegisterDevicePayload(AccountPayload):
    @mapped(
        One("devices", of="{v_device:uuid}", where="{t}.user_id = {viewer}"),
        "The device; null when it was refused.",
    )
    def device(self) -> Device | None: ...


@strawberry.interface(description="What a mutation about another person answers with.")
class FollowPayload(MutationPayload):
    @mapped(
        One("users", of="{v_person:uuid}", where=SHOWN_PERSON),
        "The other person, as it stands after the mutation.",
    )
    def person(self) -> Person | None: ...


FollowUserPayload = payload("FollowUserPayload", "Whom one follows, or asks to.", FollowPayload)
UnfollowUserPayload = payload("UnfollowUserPayload", "Whom one follows no longer.", FollowPayload)
AcceptFollowerPayload = payload("AcceptFollowerPayload", "Who follows now.", FollowPayload)
RemoveFollowerPayload = payload("RemoveFollowerPayload", "Who follows no longer.", FollowPayload)
BlockUserPayload = payload("BlockUserPayload", "Who is blocked.", FollowPayload)
UnblockUserPayload = payload("UnblockUserPayload", "Who is blocked no longer.", FollowPayload)
