"""What programs of the designs ask of their tables: each index of design S3 is there for one of these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A statement over the views of a design; {user} and {movie} are the numbers of a person and a movie.

    `is_whole` says of a question that it cannot be answered without reading a table whole.
    """

    name: str
    schema: str
    sql: str
    is_whole: bool = False


# a question a line, and where it is longer the lines that are indented below it
_S3 = """
user by name: select * from users where username = '{name}'
user by number: select * from users where id = {user}
movie by TMDb id: select * from movies where tmdb_id = {tmdb}
movie by number: select * from movies where id = {movie}
movies, newest: select * from movies order by release_date desc limit 20
movies, popular: select * from movies order by popularity_score desc limit 20
movies by title: select * from movies where title = '{title}'
genres of a movie: select g.* from movie_genres mg join genres g on g.id = mg.genre_id where mg.movie_id = {movie}
interactions of a person by kind: select * from user_movie_interactions where user_id = {user} and interaction_type
  = 'favorite'
interactions with a movie by kind: select * from user_movie_interactions where movie_id = {movie} and
  interaction_type = 'like' limit 50
one interaction: select * from user_movie_interactions where user_id = {user} and movie_id = {movie} and
  interaction_type = 'rating'
recommendations, best: select * from user_recommendations where user_id = {user} order by score desc, generated_at
  desc limit 20
wishes of a person: select * from notification_preferences where user_id = {user}
messages of a person: select * from notification_logs where user_id = {user} order by created_at desc limit 20
activity of a person: select * from user_activity_logs where user_id = {user} and action_type = 'movie_search' limit
  50
activity about a movie: select * from user_activity_logs where movie_id = {movie} and action_type = 'movie_view'
  limit 50
metrics of a movie: select * from popularity_metrics where movie_id = {movie} order by date desc limit 30
metrics of a day: select * from popularity_metrics where date = (now() at time zone 'UTC')::date - 1 order by
  view_count desc limit 20
interactions, newest: select * from user_movie_interactions order by timestamp desc limit 50
activity, newest: select * from user_activity_logs order by timestamp desc limit 50
export of a person: select u.*, np.*, (select array_agg(i.*) from user_movie_interactions i where i.user_id = u.id)
  from users u left join notification_preferences np on np.user_id = u.id where u.id = {user}
"""
_S3_WHOLE = """
people who like a genre: select count(*) from users where favorite_genres::jsonb ? '1'
movies by words: select * from movies where to_tsvector('english', title || ' ' || overview) @@
  to_tsquery('english', 'storm & bridge') limit 20
movies with an actor: select count(*) from movies where main_cast::jsonb ? 'Silver Moon'
messages by state: select status, count(*) from notification_logs group by status
activity by kind: select action_type, count(*) from user_activity_logs group by action_type
movies, best rated: select * from movies order by tmdb_rating desc, popularity_score desc limit 20
click-through by day: select date, sum(view_count), avg(click_through_rate) from popularity_metrics group by date
"""
_S2 = """
liked with movies: select m.* from "UserMovies" um join "Movies" m on m.id = um."movieId" where um."userId" =
  '{user_id}' and um.rating in ('LIKE', 'SUPER_LIKE') limit 50
watchlist with movies: select w.*, m.title from "Watchlist" w join "Movies" m on m.id = w."movieId" where w."userId"
  = '{user_id}' order by w."addedAt" desc limit 50
who rated a movie: select um.* from "Movies" m join "UserMovies" um on um."movieId" = m.id where m."tmdbId" = {tmdb}
  limit 50
ratings by kind: select rating, count(*) from "UserMovies" where "userId" = '{user_id}' group by rating
"""
_S4 = """
movie by TMDb id: select * from movies where tmdb_id = {tmdb}
movies of a person: select um.status, m.title_en, m.title_fr from user_movies um join movies m on m.id = um.movie_id
  where um.user_id = {user} and um.status = 'later' limit 50
chats of a person: select * from chat_sessions where user_id = {user}
"""
_S0 = "what a person did: select * from interactions where user_id = {user} order by timestamp desc limit 50"
_S1 = "favourites, newest: select * from users_favoritemovie where user_id = {user} order by created_at desc limit 20"


def _listed(design: str, text: str, *, is_whole: bool = False) -> list[View]:
    lines = (line.partition(": ") for line in text.strip().replace("\n  ", " ").splitlines())
    return [View(f"{design.upper()}: {name}", f"compat_{design}", sql, is_whole) for name, _, sql in lines]


VIEWS = [
    *_listed("s3", _S3),
    *_listed("s3", _S3_WHOLE, is_whole=True),
    *_listed("s4", _S4),
    *_listed("s2", _S2),
    *_listed("s1", _S1),
    *_listed("s0", _S0),
]
