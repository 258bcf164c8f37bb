"""What people write about movies."""

from datetime import datetime

import strawberry

from resolvers.mapping import One
from schema.enums import Audience, ScoreFormat
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.nodes import Node
from schema.persons import SHOWN_PERSON, Person
from schema.scores import SCORE, score


@strawberry.type(description="What a person wrote about a movie; one a person and movie.")
class Review(Node):
    id: strawberry.ID = column("'Review:' || {t}.review_id", "The global id.")
    text: str | None = column(
        "(select texts.body from texts where texts.id = {t}.text_id)",
        "What they wrote; null when it is gone with its author.",
    )
    has_spoilers: bool = column("{t}.has_spoilers", "Whether it tells what one may not want to know before.")
    audience: Audience = column("{t}.audience", "Who may read it.")
    stars: float | None = column("{t}.half_stars / 2.0::float8", "The stars that were given with it.")
    author_name: str | None = column(
        "username_of({t}.user_id)",
        "The author's username; null when they are gone.",
    )
    is_edited: bool = column("{t}.is_edited", "Whether it was changed since it was first written.")
    written_at: datetime = column("{t}.written_at", "When it was written or last changed.")

    @mapped(score("{score}"), SCORE)
    def score(self, format: ScoreFormat | None = None) -> float | None: ...  # noqa: A002

    @mapped(
        One("users", of="{parent}.user_id", where=SHOWN_PERSON),
        "Who wrote it; null where they do not show themself.",
    )
    def author(self) -> Person | None: ...

    @mapped(One("movies", of="{parent}.movie_id"), "The movie that it is about.")
    def movie(self) -> Movie | None: ...


@strawberry.type(description="A review in a list.")
class ReviewEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(One("reviews", of="{parent}.review_id", key="review_id"), "The review.")
    def node(self) -> Review | None: ...


ReviewConnection = connection("Review", ReviewEdge, Review, "Reviews, the last written or changed first.")
