"""The tables that the documents need, as SQLAlchemy knows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

_metadata = MetaData()


def _table(table: str, /, **columns: Any) -> Table:
    return Table(table, _metadata, *(Column(column, kind) for column, kind in columns.items()))


movies = _table(
    "movies",
    id=Uuid,
    database_id=Integer,
    tmdb_id=Integer,
    imdb_id=String,
    title=String,
    overview=String,
    tagline=String,
    release_date=Date,
    release_year=SmallInteger,
    runtime_minutes=SmallInteger,
    director=String,
    original_language=String,
    poster_path=String,
    search=TSVECTOR,
)
genres = _table("genres", id=Uuid, name=String, slug=String)
movie_genres = _table("movie_genres", movie_id=Uuid, genre_id=Uuid, rank=SmallInteger)
movie_credits = _table(
    "movie_credits", movie_id=Uuid, job=String, rank=SmallInteger, name=String, character=String
)
movie_stats = _table(
    "movie_stats",
    movie_id=Uuid,
    view_count=BigInteger,
    like_count=BigInteger,
    rating_count=BigInteger,
    half_stars_sum=BigInteger,
)
similar_movies = _table("similar_movies", movie_id=Uuid, rank=SmallInteger, similar_id=Uuid)
users = _table("users", id=Uuid, username=String)
favorites = _table(
    "favorites",
    user_id=Uuid,
    movie_id=Uuid,
    is_active=Boolean,
    favorited_at=DateTime(timezone=True),
    position=BigInteger,
)
watchlist = _table(
    "watchlist",
    user_id=Uuid,
    movie_id=Uuid,
    is_active=Boolean,
    added_at=DateTime(timezone=True),
    urgency=SmallInteger,
    position=BigInteger,
)
ratings = _table(
    "ratings",
    user_id=Uuid,
    movie_id=Uuid,
    reaction=String,
    half_stars=SmallInteger,
    rated_at=DateTime(timezone=True),
    position=BigInteger,
)
viewing_states = _table(
    "viewing_states",
    user_id=Uuid,
    movie_id=Uuid,
    status=String,
    last_interaction_at=DateTime(timezone=True),
)
history = _table("history", position=BigInteger, user_id=Uuid)
events = _table(
    "events",
    position=BigInteger,
    type=String,
    movie_id=Uuid,
    occurred_at=DateTime(timezone=True),
)
user_recommendations = _table(
    "user_recommendations",
    user_id=Uuid,
    algorithm=String,
    rank=SmallInteger,
    movie_id=Uuid,
    score=Float,
    slate_id=Uuid,
)
recommendation_reasons = _table(
    "recommendation_reasons",
    user_id=Uuid,
    algorithm=String,
    movie_id=Uuid,
    rank=SmallInteger,
    text=String,
    because_movie_id=Uuid,
)
trending = _table("trending", win=String, movie_id=Uuid, score=BigInteger)
