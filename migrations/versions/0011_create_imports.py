"""What people bring from other services: a preview of each upload, and what became of it."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(r"""
    create table imports (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      service text not null check (service in ('LETTERBOXD', 'IMDB', 'TRAKT')),
      status text not null default 'PREVIEW'
        check (status in ('PREVIEW', 'IMPORTING', 'IMPORTED', 'UNDOING', 'UNDONE')),
      replaces boolean not null default false,
      entries integer not null,
      done integer not null default 0,
      skipped jsonb not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      confirmed_at timestamptz,
      undone_at timestamptz
    );
    comment on column imports.id is 'The correlation id of the events, too.';
    comment on column imports.replaces is 'Whether what the service says takes the place of what was said here.';
    comment on column imports.done is 'How many entries were taken: an import that was cut short goes on from there.';
    create index imports_user_id_id_idx on imports (user_id, id desc);
    create index imports_expires_at_idx on imports (expires_at) where status = 'PREVIEW';

    create table import_entries (
      import_id uuid not null references imports on delete cascade,
      number integer not null,
      user_id uuid not null,
      kind text not null check (kind in ('RATING', 'REACTION', 'FAVORITE', 'WATCHED', 'WATCHLIST')),
      title text not null,
      release_year smallint,
      imdb_id text,
      tmdb_id integer,
      movie_id uuid references movies on delete set null,
      candidates uuid[] not null,
      half_stars smallint,
      scale text,
      reaction text,
      watched_on date,
      said_at timestamptz not null,
      key text not null check (length(key) between 1 and 200),
      outcome text not null
        check (outcome in ('NEW', 'HERE', 'CONFLICT', 'AMBIGUOUS', 'UNMATCHED', 'REFUSED')),
      held_half_stars smallint,
      held_reaction text,
      leaves_watchlist boolean not null,
      is_recorded boolean not null default false,
      primary key (import_id, number)
    );
    comment on column import_entries.key is 'Names the record of the service: what was recorded once is not again.';
    create index import_entries_user_id_key_idx on import_entries (user_id, key) where is_recorded;
    create index import_entries_movie_id_idx on import_entries (movie_id);
    grant select, insert, update, delete on imports, import_entries to projectionist_app;

    create function title_key(title text) returns text language sql immutable strict parallel safe as $$
      select left(coalesce(nullif(regexp_replace(
               lower(normalize(replace(title, '&', 'and'), nfkd)),
               '[\u0300-\u036f\u2010-\u2027[:space:][:punct:]]+', '', 'g'), ''), lower(title)), 200)
    $$;
    comment on function title_key is 'Without case, accents, spaces and punctuation: what titles are matched by.';
    """)


def downgrade() -> None:
    op.execute("drop table import_entries, imports; drop function title_key")
