"""What followers of the log remember: checkpoints and parked events; and the schemas that read tables live in."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
    create schema read authorization projectionist_app;
    create schema shadow authorization projectionist_app;
    create schema before authorization projectionist_app;

    create table checkpoints (
      name text primary key,
      version integer not null,
      inline boolean not null,
      status text not null default 'live' check (status in ('live', 'stale', 'rebuilding', 'failed')),
      snapshot pg_snapshot not null,
      position bigint not null default 0,
      progress jsonb,
      updated_at timestamptz not null default now()
    );
    comment on table checkpoints is 'How far each projection has folded the log: the snapshot it last read with.';

    create table dead_letters (
      projection text not null,
      position bigint not null,
      error text not null,
      tries integer not null default 1,
      parked_at timestamptz not null default now(),
      primary key (projection, position)
    );
    grant select, insert, update, delete on checkpoints, dead_letters to projectionist_app;
    grant select on alembic_version to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table dead_letters, checkpoints; drop schema before, shadow, read cascade")
