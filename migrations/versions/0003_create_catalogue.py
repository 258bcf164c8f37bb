"""Movies and genres: reference data, changed in place."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
    create table movies (
      id uuid primary key,
      database_id integer generated always as identity unique,
      tmdb_id integer unique,
      imdb_id text unique check (imdb_id ~ '^tt[0-9]{7,}$'),
      title text not null,
      original_title text,
      overview text,
      tagline text,
      release_date date,
      release_year smallint,
      runtime_minutes smallint check (runtime_minutes > 0),
      director text,
      original_language text,
      poster_path text,
      search tsvector generated always as (
        setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('simple', coalesce(original_title, '')), 'B')
        || setweight(to_tsvector('simple', coalesce(overview, '')), 'C')) stored,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index movies_search_idx on movies using gin (search);
    create index movies_title_idx on movies (title, id);
    create index movies_release_year_idx on movies (release_year desc nulls last, id);

    create table movie_external_ids (
      source text not null,
      external_id text not null,
      movie_id uuid not null references movies on delete cascade,
      primary key (source, external_id)
    );
    create index movie_external_ids_movie_id_idx on movie_external_ids (movie_id);

    create table genres (
      id uuid primary key,
      database_id integer generated always as identity unique,
      name text not null unique,
      slug text not null unique
    );
    create table movie_genres (
      movie_id uuid not null references movies on delete cascade,
      genre_id uuid not null references genres on delete cascade,
      rank smallint not null,
      primary key (movie_id, genre_id)
    );
    create index movie_genres_genre_id_idx on movie_genres (genre_id, movie_id);

    create table movie_cast (
      movie_id uuid not null references movies on delete cascade,
      rank smallint not null,
      name text not null,
      character text,
      primary key (movie_id, rank)
    );
    grant select, insert, update, delete on movies, movie_external_ids, genres, movie_genres, movie_cast
      to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table movie_cast, movie_genres, genres, movie_external_ids, movies")
