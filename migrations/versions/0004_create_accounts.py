"""People who may act: accounts, refresh sessions, and whom an import brought."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
    create table users (
      id uuid primary key,
      database_id integer generated always as identity unique,
      email text,
      email_key text collate "C" constraint users_email_key_key unique,
      username text not null,
      username_key text collate "C" not null constraint users_username_key_key unique,
      password_hash text,
      roles text[] not null default '{person}'
        check (roles <@ array['person', 'analyst', 'operator', 'admin'] and 'person' = any (roles)),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      deactivated_at timestamptz,
      check ((email is null) = (email_key is null)),
      check (position('@' in username_key) = 0)
    );
    comment on column users.email is 'As typed; null for a person whom an import brought.';
    comment on column users.email_key is
      'What is unique and looked up: folded by accounts/names.py, so that no locale decides what is the same.';
    comment on column users.username_key is 'Folded as email_key is; without an @, so that a login means one account.';

    create table imported_users (
      source text not null,
      external_id text not null,
      user_id uuid not null references users on delete cascade,
      primary key (source, external_id)
    );

    create table sessions (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      token_digest bytea not null,
      created_at timestamptz not null default now(),
      refreshed_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz,
      revoked_because text check (revoked_because in ('signed_out', 'reused', 'deactivated')),
      check ((revoked_at is null) = (revoked_because is null))
    );
    comment on table sessions is
      'One refresh family a row: the digest of the one token now good; any other token of the family is a reuse.';
    create index sessions_user_id_idx on sessions (user_id);
    grant select, insert, update, delete on users, imported_users, sessions to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table sessions, imported_users, users")
