"""Where movies stand for the viewer."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.mapping import One
from schema.enums import Feedback, Priority, Reaction, ScoreFormat, Status
from schema.fields import column, mapped
from schema.scores import SCORE, score

if TYPE_CHECKING:
    from schema.reviews import Review

PRIORITY = "(array['LOW', 'MEDIUM', 'HIGH'])[{t}.urgency]"


@strawberry.type(description="A movie's place on the viewer's watchlist.")
class WatchlistEntry:
    priority: Priority = column(PRIORITY, "How soon the viewer wants to see it.")
    added_at: datetime = column("{t}.added_at", "When it was put on the watchlist.")


_MINE = "from {table} s where s.user_id = {viewer} and s.movie_id = {t}.id"


def _mine(value: str, table: str) -> str:
    return f"(select {value} " + _MINE.replace("{table}", table) + ")"


@strawberry.type(description="What the viewer said of having been recommended a movie.")
class RecommendationFeedback:
    type: Feedback = column("{t}.feedback", "What they think of it.")
    comment: str | None = column(
        "(select texts.body from texts where texts.id = {t}.text_id and texts.user_id = {viewer})",
        "What they wrote with it.",
    )
    slate_id: str | None = column("{t}.slate_id", "The slate that it was in.")
    given_at: datetime = column("{t}.given_at", "When they said it.")


@strawberry.type(description="Where a movie stands for the viewer.")
class ViewerState:
    reaction: Reaction | None = column(_mine("s.reaction", "ratings"), "The viewer's reaction.")
    stars: float | None = column(
        _mine("s.half_stars / 2.0::float8", "ratings"), "The viewer's stars, 0.5 to 5."
    )
    is_favorite: bool = column(
        f"coalesce({_mine('s.is_active', 'favorites')}, false)", "Whether it is a favourite."
    )
    status: Status | None = column(_mine("s.status", "viewing_states"), "Seen, later, or not interested.")
    watch_count: int = column(
        f"coalesce({_mine('s.watch_count', 'viewing_states')}, 0)", "How often it was watched."
    )
    last_watched_on: date | None = column(
        _mine("s.last_watched_on", "viewing_states"), "When it was last watched."
    )
    last_interaction_at: datetime | None = column(
        _mine("s.last_interaction_at", "viewing_states"), "When the viewer last did anything with it."
    )

    @mapped(score(_mine("{score}", "ratings"), "s.half_stars"), SCORE)
    def score(self, format: ScoreFormat | None = None) -> float | None: ...  # noqa: A002

    @mapped(
        One("watchlist", of="{parent}.id", key="movie_id", where="{t}.user_id = {viewer} and {t}.is_active"),
        "Its place on the watchlist, null when it is not on it.",
    )
    def watchlist(self) -> WatchlistEntry | None: ...

    @mapped(
        One("reviews", of="{parent}.id", key="movie_id", where="{t}.user_id = {viewer} and {t}.is_active"),
        "What the viewer wrote about it.",
    )
    def review(self) -> Annotated["Review", strawberry.lazy("schema.reviews")] | None: ...

    @mapped(
        One(
            "recommendation_feedback",
            of="{parent}.id",
            key="movie_id",
            where="{t}.user_id = {viewer} and {t}.feedback is not null",
        ),
        "What the viewer said of having been recommended it.",
    )
    def feedback(self) -> RecommendationFeedback | None: ...
