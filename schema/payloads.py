"""What mutations answer with."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.mapping import Embedded, Many, One
from schema.errors import ErrorCode
from schema.fields import column, mapped
from schema.log import STATUSES, Event, Projection
from schema.movies import Movie
from schema.nodes import Plain
from schema.people import User

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


def _payload(name: str, description: str, *bases: type) -> Any:
    return strawberry.type(description=description, name=name)(type(name, bases, {"__module__": __name__}))


SignUpPayload = _payload("SignUpPayload", "The new account.", SessionPayload)
SignInPayload = _payload("SignInPayload", "The session.", SessionPayload)
RefreshSessionPayload = _payload("RefreshSessionPayload", "The new tokens.", SessionPayload)
SignOutPayload = _payload("SignOutPayload", "Whether it was done.", MutationPayload)

ReactToMoviePayload = _payload("ReactToMoviePayload", "The reaction.", InteractionPayload)
RateMoviePayload = _payload("RateMoviePayload", "The rating.", InteractionPayload)
FavoriteMoviePayload = _payload("FavoriteMoviePayload", "The favourite.", InteractionPayload)
UnfavoriteMoviePayload = _payload("UnfavoriteMoviePayload", "The end of a favourite.", InteractionPayload)
AddToWatchlistPayload = _payload("AddToWatchlistPayload", "The entry.", InteractionPayload)
SetWatchlistPriorityPayload = _payload("SetWatchlistPriorityPayload", "The new priority.", InteractionPayload)
RemoveFromWatchlistPayload = _payload("RemoveFromWatchlistPayload", "The removal.", InteractionPayload)
MarkWatchedPayload = _payload("MarkWatchedPayload", "The viewing.", InteractionPayload)
DismissMoviePayload = _payload("DismissMoviePayload", "The dismissal.", InteractionPayload)
RecordViewPayload = _payload("RecordViewPayload", "The view.", InteractionPayload)
ClickRecommendationPayload = _payload("ClickRecommendationPayload", "The click.", InteractionPayload)


@strawberry.type(description="What was recorded.")
class RecordActivityPayload(InteractionPayload):
    visitor_token: str | None = column(
        "{v_visitor_token}",
        "Of who is not signed in: send it as `X-Visitor-Token` from now on, at sign-in for the last time.",
    )


UndoPayload = _payload("UndoPayload", "What took the action back.", InteractionPayload)


@strawberry.type(description="The projection, whose rebuild was asked for.")
class RebuildProjectionPayload(MutationPayload):
    @mapped(One(STATUSES, of="{v_projection}", key="name"), "The projection.")
    def projection(self) -> Projection | None: ...


@strawberry.type(description="The favourite genres.")
class SetFavoriteGenresPayload(MutationPayload):
    @mapped(One("users", of="{v_viewer:uuid}"), "Who chose them.")
    def viewer(self) -> User | None: ...
