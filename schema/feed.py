"""What people did whom the viewer follows."""

from datetime import date, datetime

import strawberry

from projections.audiences import LIST_VISIBLE, READABLE
from resolvers.mapping import Embedded, One
from schema.enums import FeedItemType, Reaction, ScoreFormat
from schema.fields import column, connection, mapped
from schema.lists import MovieList
from schema.movies import Movie
from schema.persons import SHOWN_PERSON, Person
from schema.reviews import Review
from schema.scores import SCORE, score

_TYPE = """
case {t}.type when 'movie_rated' then 'RATED' when 'movie_reacted' then 'REACTED' when 'movie_favorited' then 'FAVORITED'
              when 'movie_watched' then 'WATCHED' when 'review_written' then 'REVIEWED' else 'LISTED' end"""
_SAID = """
(select {value} from ratings r
  where r.user_id = {t}.user_id and r.movie_id = {t}.movie_id and r.{at} = {t}.position)"""


@strawberry.type(description="Something that a person did and others may hear of; it still holds.")
class FeedItem:
    type: FeedItemType = column(_TYPE, "What they did.")
    actor_name: str | None = column(
        "username_of({t}.user_id)",
        "The username of who did it; null when they are gone.",
    )
    occurred_at: datetime = column("{t}.occurred_at", "When they did it.")
    stars: float | None = column(
        _SAID.replace("{value}", "r.half_stars / 2.0::float8").replace("{at}", "stars_position"),
        "The stars that they gave, where that is what they did.",
    )
    reaction: Reaction | None = column(
        _SAID.replace("{value}", "r.reaction").replace("{at}", "reaction_position"),
        "Their reaction, where that is what they did.",
    )
    watched_on: date | None = column(
        "(select d.watched_on from diary d where d.user_id = {t}.user_id and d.movie_id = {t}.movie_id"
        " and d.position = {t}.position)",
        "The day that they saw it on, where that is what they did.",
    )

    @mapped(
        score(_SAID.replace("{value}", "{score}").replace("{at}", "stars_position"), "r.half_stars"), SCORE
    )
    def score(self, format: ScoreFormat | None = None) -> float | None: ...  # noqa: A002

    @mapped(
        One("users", of="{parent}.user_id", where=SHOWN_PERSON),
        "Who did it; null where they do not show themself.",
    )
    def actor(self) -> Person | None: ...

    @mapped(One("movies", of="{parent}.movie_id"), "The movie that it is about.")
    def movie(self) -> Movie | None: ...

    @mapped(One("reviews", of="{parent}.review_id", key="review_id", where=READABLE), "The review.")
    def review(self) -> Review | None: ...

    @mapped(One("lists", of="{parent}.list_id", key="list_id", where=LIST_VISIBLE), "The list.", name="list")
    def movie_list(self) -> MovieList | None: ...


@strawberry.type(description="A feed item in a list.")
class FeedItemEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(Embedded(), "The item.")
    def node(self) -> FeedItem: ...


FeedItemConnection = connection(
    "FeedItem", FeedItemEdge, FeedItem, "Feed items, those of the last day first."
)
