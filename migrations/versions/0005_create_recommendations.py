"""Recommendations that were computed ahead and stored for a person."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
    create table user_recommendations (
      user_id uuid not null references users on delete cascade,
      algorithm text not null
        check (algorithm in ('COLLABORATIVE', 'CONTENT_BASED', 'HYBRID', 'TRENDING', 'BLEND')),
      rank smallint not null check (rank >= 1),
      movie_id uuid not null references movies on delete cascade,
      score double precision not null check (score between 0 and 1),
      slate_id uuid not null,
      generated_at timestamptz not null default now(),
      primary key (user_id, algorithm, rank),
      unique (user_id, algorithm, movie_id)
    );
    create table recommendation_reasons (
      user_id uuid not null,
      algorithm text not null,
      movie_id uuid not null,
      rank smallint not null,
      text text not null,
      because_movie_id uuid references movies on delete cascade,
      primary key (user_id, algorithm, movie_id, rank),
      foreign key (user_id, algorithm, movie_id)
        references user_recommendations (user_id, algorithm, movie_id) on delete cascade
    );
    create table similar_movies (
      movie_id uuid not null references movies on delete cascade,
      rank smallint not null check (rank >= 1),
      similar_id uuid not null references movies on delete cascade,
      score double precision not null check (score between 0 and 1),
      primary key (movie_id, rank),
      unique (movie_id, similar_id)
    );
    grant select, insert, update, delete on user_recommendations, recommendation_reasons, similar_movies
      to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table similar_movies, recommendation_reasons, user_recommendations")
