"""Lists of movies: their edges say what belongs to a movie's place in a list."""

from datetime import date, datetime

import strawberry

from resolvers.mapping import Embedded, Many, One
from schema.enums import Algorithm, Priority, Reaction, ScoreFormat
from schema.fields import column, connection, mapped
from schema.movies import DailyMetrics, Movie
from schema.scores import SCORE, score
from schema.viewer_states import PRIORITY

_MOVIE = One("movies", of="{parent}.movie_id")
_CURSOR = "Where this item is in the list."
_REASON = {"because_movie_id": "uuid", "text": "text", "amount": "float8"}
_REASON_SQL = ", ".join(f"{name} {kind}" for name, kind in _REASON.items())


@strawberry.type(description="A movie of the catalogue in a list.")
class MovieEdge:
    cursor: str = strawberry.field(description=_CURSOR)

    @mapped(One("movies", of="{parent}.id"), "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A movie that many people are busy with.")
class TrendingEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    score: int = column("{t}.score", "Points for what people did with it in the window.")

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A favourite movie.")
class FavoriteEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    favorited_at: datetime = column("{t}.favorited_at", "When it became a favourite.")

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A movie of the watchlist.")
class WatchlistEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    priority: Priority = column(PRIORITY, "How soon the viewer wants to see it.")
    added_at: datetime = column("{t}.added_at", "When it was put on the watchlist.")

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A movie that the viewer reacted to or gave stars.")
class RatingEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    reaction: Reaction | None = column("{t}.reaction", "The reaction.")
    stars: float | None = column("{t}.half_stars / 2.0::float8", "The stars, 0.5 to 5.")
    rated_at: datetime = column("{t}.rated_at", "When either was last changed.")

    @mapped(score("{score}"), SCORE)
    def score(self, format: ScoreFormat | None = None) -> float | None: ...  # noqa: A002

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="Why a movie is recommended.")
class RecommendationReason:
    text: str = column(
        "coalesce('Because you liked “' || (select m.title from movies m where m.id = {t}.because_movie_id) || '”',"
        " {t}.text, 'Because of what you liked')",
        "The reason in words.",
    )
    amount: float | None = column(
        "{t}.amount",
        "How much lower the score were, had the viewer not liked that movie; null for other reasons.",
    )

    @mapped(
        One("movies", of="{parent}.because_movie_id"), "The movie of the viewer's own that it comes from."
    )
    def because(self) -> Movie | None: ...


@strawberry.type(description="A recommended movie.")
class RecommendationEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    score: float = column("{t}.score", "How well it fits, 0 to 1; comparable within one algorithm.")
    algorithm: Algorithm = column("{t}.algorithm", "What recommended it.")

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...

    @mapped(
        Many(
            f"rows from (jsonb_to_recordset({{parent}}.reasons) as ({_REASON_SQL}))"
            f" with ordinality as {{t}} ({', '.join(_REASON)}, n)",
            order="{t}.n",
            table={**_REASON, "n": "bigint"},
        ),
        "Why it is recommended, the strongest reason first.",
    )
    def reasons(self) -> list[RecommendationReason]: ...


@strawberry.type(description="Why a stored movie was recommended.")
class StoredReason:
    text: str = column("{t}.text", "The reason in words.")

    @mapped(
        One("movies", of="{parent}.because_movie_id"), "The movie of the viewer's own that it comes from."
    )
    def because(self) -> Movie | None: ...


@strawberry.type(description="A movie that was recommended ahead.")
class StoredRecommendationEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    score: float = column("{t}.score", "How well it fits, 0 to 1; comparable within one algorithm.")
    algorithm: Algorithm = column("{t}.algorithm", "What recommended it.")
    generated_at: datetime = column("{t}.generated_at", "When it was computed.")
    is_clicked: bool = column(
        "exists (select from events e where e.user_id = {viewer} and e.movie_id = {t}.movie_id"
        " and e.type = 'recommendation_clicked' and e.data->>'slate_id' = {t}.slate_id::text)",
        "Whether the viewer opened it in this slate.",
    )

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...

    @mapped(
        Many(
            "recommendation_reasons {t}",
            where="{t}.user_id = {viewer} and {t}.algorithm = {parent}.algorithm"
            " and {t}.movie_id = {parent}.movie_id",
            order="{t}.rank",
            table="recommendation_reasons",
        ),
        "Why it was recommended, the strongest reason first.",
    )
    def reasons(self) -> list[StoredReason]: ...


@strawberry.type(description="A movie to ask a newcomer about.")
class OnboardingEdge:
    cursor: str = strawberry.field(description=_CURSOR)

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A movie for several people.")
class GroupRecommendationEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    score: float = column("{t}.score", "How well it fits them together, 0 to 1.")

    @mapped(_MOVIE, "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A movie like another.")
class SimilarMovieEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    score: float = column("{t}.score", "How similar it is, 0 to 1.")

    @mapped(One("movies", of="{parent}.similar_id"), "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="A day in the list of a movie's days.")
class DailyMetricsEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    day: date = column("{t}.day", "The day.")

    @mapped(Embedded(), "What happened on it.")
    def node(self) -> DailyMetrics: ...


MovieConnection = connection("Movie", MovieEdge, Movie, "Movies of the catalogue.")
TrendingConnection = connection("Trending", TrendingEdge, Movie, "Movies that many people are busy with.")
FavoriteConnection = connection("Favorite", FavoriteEdge, Movie, "Favourites, the newest first.")
WatchlistConnection = connection("Watchlist", WatchlistEdge, Movie, "The watchlist.")
RatingConnection = connection("Rating", RatingEdge, Movie, "Reactions and stars, the last changed first.")
SimilarMovieConnection = connection("SimilarMovie", SimilarMovieEdge, Movie, "Movies like another.")
DailyMetricsConnection = connection("DailyMetrics", DailyMetricsEdge, DailyMetrics, "A movie's days.")
StoredRecommendationConnection = connection(
    "StoredRecommendation",
    StoredRecommendationEdge,
    Movie,
    "Movies that were recommended ahead, the best first.",
    slate_id=(str | None, column("{t}.slate_id", "The slate: give it with clicks.")),
)
OnboardingConnection = connection("Onboarding", OnboardingEdge, Movie, "Movies to ask a newcomer about.")
GroupRecommendationConnection = connection(
    "GroupRecommendation", GroupRecommendationEdge, Movie, "Movies for several people, the best first."
)
RecommendationConnection = connection(
    "Recommendation",
    RecommendationEdge,
    Movie,
    "Recommended movies, the best first.",
    slate_id=(
        str | None,
        column("{t}.slate_id", "The slate that was shown: give it with feedback and clicks."),
    ),
)
