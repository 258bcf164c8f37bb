"""Movies that turned out to be another one."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("""
    alter table movies add column merged_into uuid references movies check (merged_into <> id);
    comment on column movies.merged_into is 'The movie that this one turned out to be; it has the ids and what people said.';
    create index movies_merged_into_idx on movies (merged_into) where merged_into is not null;
    -- The planner takes a column that it knows nothing of for one that is seldom null. Of what is empty it would learn
    -- that it stays so.
    do $$ begin if exists (select from movies) then analyze movies (merged_into); end if; end $$;

    create table movie_merges (
      movie_id uuid primary key references movies on delete cascade,
      event_id uuid not null,
      merged_at timestamptz not null default now(),
      moved_at timestamptz
    );
    comment on table movie_merges is
      'Merges that are new: for a while a process that has not heard of one may still record something of the movie.';
    grant select, insert, update, delete on movie_merges to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("""
    drop table movie_merges;
    alter table movies drop column merged_into;
    """)
