"""What is copied from outside services: how old it is, what is to be fetched, awards, and where movies can be seen."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("""
    alter table movies add column awards text;

    create table movie_copies (
      movie_id uuid not null references movies on delete cascade,
      source text not null check (source in ('tmdb', 'omdb')),
      etag text,
      fetched_at timestamptz,
      stale_at timestamptz not null,
      retry_at timestamptz,
      due_at timestamptz not null generated always as (greatest(stale_at, retry_at)) stored,
      failure text check (failure in ('GONE', 'MALFORMED')),
      primary key (movie_id, source)
    );
    comment on table movie_copies is 'What an outside service was last asked about a movie.';
    comment on column movie_copies.fetched_at is 'When the service last said it; null if it never did.';
    comment on column movie_copies.stale_at is 'From when on it should be asked again.';
    comment on column movie_copies.retry_at is 'Not to be asked again before, since it failed.';
    create index movie_copies_due_at_idx on movie_copies (source, due_at);

    create table movie_refreshes (
      movie_id uuid primary key references movies on delete cascade,
      asked_at timestamptz not null default now(),
      claimed_until timestamptz not null default '-infinity'
    );
    comment on table movie_refreshes is 'Movies to be fetched; one process at a time works on each.';
    create index movie_refreshes_asked_at_idx on movie_refreshes (asked_at);

    create table movie_offers (
      movie_id uuid not null references movies on delete cascade,
      country text not null check (country ~ '^[A-Z]{2}$'),
      kind text not null check (kind in ('SUBSCRIPTION', 'FREE', 'ADS', 'RENT', 'BUY')),
      provider text not null check (length(provider) between 1 and 200),
      logo_path text,
      url text,
      primary key (movie_id, country, kind, provider)
    );
    comment on table movie_offers is 'Where a movie can be seen in a country (ISO 3166-1).';
    grant select, insert, update, delete on movie_copies, movie_refreshes, movie_offers to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("""
    drop table movie_offers, movie_refreshes, movie_copies;
    alter table movies drop column awards;
    """)
