"""Data keys of people, and e-mail addresses that are sealed under them.

The plain columns stay for servers of the version before, until all of them are replaced; `projectionist migrate` seals
what is in them and leaves them empty.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
    create table user_keys (
      user_id uuid primary key,
      wrapped bytea,
      master_key_id text,
      created_at timestamptz not null default now(),
      destroyed_at timestamptz,
      check ((wrapped is null) = (destroyed_at is not null)),
      check ((master_key_id is null) = (wrapped is null))
    );
    comment on table user_keys is
      'Outlives the person: a key that was destroyed must not be made again. The id of nobody keys what is looked up.';
    create index user_keys_master_key_id_idx on user_keys (master_key_id);

    alter table users
      add column email_sealed bytea,
      add column email_digest bytea constraint users_email_digest_key unique,
      add check (email_digest is null or email_sealed is not null),
      add check (email_sealed is null or email is null);
    comment on column users.email is 'Empty: of servers of the version before.';
    comment on column users.email_key is 'Empty: of servers of the version before.';
    comment on column users.email_sealed is 'As typed, under the data key; null for a person whom an import brought.';
    comment on column users.email_digest is
      'What is unique and looked up: a keyed digest of the address as accounts/names.py folds it.';
    grant select, insert, update on user_keys to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("""
    alter table users drop column email_sealed, drop column email_digest;
    drop table user_keys;
    """)
