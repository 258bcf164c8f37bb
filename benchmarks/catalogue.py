"""Movies, people and what is stored of both: made by SQL from running numbers, the same in every run."""

from __future__ import annotations

from uuid import UUID

from benchmarks.postgres import Conn

MOVIES = 10_000
YEARS = range(1950, 2025)
"""The movies are of these."""
PEOPLE = 5_000
RECOMMENDED = 20
"""Recommendations stored for each person."""

# Version 7 as the application mints it: 48 bits of milliseconds first, which is what sorting and indexes live on.
_FIRST_MS, _APART_MS = 1_735_689_600_000, 9_973
_PERSON, _MOVIE, _GENRE, _CREDITED, _DEVICE = "70008000", "70009000", "7000a000", "7000b000", "70018000"

GENRES = (
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def person(number: int) -> UUID:
    """Return the id of a person, 1 to PEOPLE."""
    return _id(_PERSON, number)


def movie(number: int) -> UUID:
    """Return the id of a movie, 1 to MOVIES."""
    return _id(_MOVIE, number)


def device(number: int) -> UUID:
    """Return the id of a person's device."""
    return _id(_DEVICE, number)


def device_sql(number: str) -> str:
    """Return the SQL of the id of a person's device, given the SQL of the person's number."""
    return _id_sql(_DEVICE, number)


def person_sql(number: str) -> str:
    """Return the SQL of a person's id, given the SQL of the number."""
    return _id_sql(_PERSON, number)


def movie_sql(number: str) -> str:
    """Return the SQL of a movie's id, given the SQL of the number."""
    return _id_sql(_MOVIE, number)


def _id(kind: str, number: int) -> UUID:
    return UUID(f"{_FIRST_MS + number * _APART_MS:012x}{kind}{number:012x}")


def _id_sql(kind: str, number: str) -> str:
    milliseconds = f"lpad(to_hex({_FIRST_MS} + ({number})::bigint * {_APART_MS}), 12, '0')"
    return f"({milliseconds} || '{kind}' || lpad(to_hex({number}), 12, '0'))::uuid"


def _mixed(number: str, salt: int, among: int) -> str:
    """A number from 0 to among - 1 that follows from another one without showing it."""
    return f"mod(abs(hashint8({number}::bigint * 64 + {salt})::bigint), {among})"


_WORDS = """array['silver', 'last', 'river', 'night', 'garden', 'winter', 'road', 'house', 'summer', 'stranger', 'light',
 'harbour', 'mountain', 'letter', 'city', 'golden', 'island', 'train', 'secret', 'king', 'window', 'ocean', 'war',
 'daughter', 'storm', 'dream', 'bridge', 'moon', 'forest', 'game', 'shadow', 'morning']"""


def _word(number: str, salt: int) -> str:
    return f"({_WORDS})[1 + {_mixed(number, salt, 32)}]"


_YEAR = f"({YEARS[0]} + {_mixed('n', 6, len(YEARS))})"

_CATALOGUE = f"""
insert into movies (id, tmdb_id, imdb_id, title, original_title, overview, tagline, release_date, release_year,
                    runtime_minutes, director, original_language, poster_path)
select {movie_sql("n")}, 100000 + n, 'tt' || lpad((200000 + n)::text, 7, '0'),
       initcap({_word("n", 1)} || ' ' || {_word("n", 2)}) || ' ' || n,
       initcap({_word("n", 1)} || ' ' || {_word("n", 2)}) || ' ' || n,
       (select string_agg({_word("n * 64 + w", 3)}, ' ' order by w) || '.' from generate_series(1, 45) w),
       'The ' || {_word("n", 4)} || ' of the ' || {_word("n", 5)} || '.',
       make_date({_YEAR}::integer, 1 + {_mixed("n", 7, 12)}::integer, 15),
       {_YEAR}, 75 + {_mixed("n", 8, 90)},
       initcap({_word("n", 9)} || ' ' || {_word("n", 10)}), 'en', '/' || md5(n::text) || '.jpg'
  from generate_series(1, %(movies)s) n order by n;

insert into genres (id, name, slug)
select {_id_sql(_GENRE, "n")}, name, lower(name)
  from unnest(%(genres)s::text[]) with ordinality as g (name, n);

insert into movie_genres (movie_id, genre_id, rank)
select {movie_sql("n")}, {_id_sql(_GENRE, f"1 + ({_mixed('n', 11, 18)} + 5 * k) %% 18")}, k + 1
  from generate_series(1, %(movies)s) n cross join generate_series(0, 2) k where k <= {_mixed("n", 12, 3)};

with credits as (
  select {movie_sql("n")} as movie_id, 'ACTOR' as job, k as rank,
         initcap({_word("n * 8 + k", 13)} || ' ' || {_word("n * 8 + k", 14)}) as name,
         initcap({_word("n * 8 + k", 15)}) as character
    from generate_series(1, %(movies)s) n cross join generate_series(1, 6) k
  union all
  select id, 'DIRECTOR', 1, director, null from movies),
made as (
  insert into people (id, name)
  select {_id_sql(_CREDITED, "n")}, name
    from (select name, (row_number() over (order by name))::integer as n from (select distinct name from credits) d) s
  returning id, name)
insert into movie_credits (movie_id, job, rank, person_id, name, character)
select c.movie_id, c.job, c.rank, made.id, made.name, c.character from credits c join made on made.name = c.name;

insert into similar_movies (movie_id, rank, similar_id, score)
select {movie_sql("n")}, k, {movie_sql("1 + (n + k * 37) %% %(movies)s")}, 1 - k / 20.0
  from generate_series(1, %(movies)s) n cross join generate_series(1, 10) k"""

_PEOPLE = f"""
insert into users (id, username, username_key)
select {person_sql("n")}, 'person' || n, 'person' || n
  from generate_series(1, %(people)s) n order by n"""

_RECOMMENDATIONS = f"""
with chosen as (
  select {person_sql("n")} as user_id, k as rank, {movie_sql("1 + (n * 31 + k * 101) %% %(movies)s")} as movie_id,
         1 - k / (2.0 * %(each)s) as score, {person_sql("n")} as slate_id
    from generate_series(1, %(people)s) n cross join generate_series(1, %(each)s) k
),
kept as (
  insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id)
  select user_id, 'BLEND', rank, movie_id, score, slate_id from chosen
)
insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text, because_movie_id)
select user_id, 'BLEND', movie_id, k, 'Because you liked it', {movie_sql("1 + (rank * 7 + k * 13) %% %(movies)s")}
  from chosen cross join generate_series(1, 2) k"""


def load(conn: Conn, *, movies: int = MOVIES, people: int = PEOPLE, recommendations: bool = True) -> None:
    """Fill the catalogue, the accounts, and (unless told otherwise) the recommendations that are stored for them."""
    values = {"movies": movies, "people": people, "genres": list(GENRES)}
    for statement in _CATALOGUE.split(";\n"):
        conn.execute(statement, values)
    conn.execute(_PEOPLE, values)
    if recommendations:
        recommend(conn, movies=movies, people=people)


def recommend(conn: Conn, *, movies: int, people: int, each: int = RECOMMENDED) -> None:
    """Store recommendations for each person, with two reasons a movie."""
    conn.execute(_RECOMMENDATIONS, {"movies": movies, "people": people, "each": each})
