"""What people say of themselves, to whom they show it, the devices they are reached on, and who is premium."""

from alembic import op

revision = "0009"
down_revision = "0008"

_REASONS = "'signed_out', 'reused', 'deactivated'"


def upgrade() -> None:
    op.execute(f"""
    -- nobody is shown to others who did not ask for it
    alter table users
      add column privacy text not null default 'PRIVATE' check (privacy in ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
      add column premium_since timestamptz,
      add column premium_until timestamptz check (premium_until is null or premium_since is not null),
      add column last_signed_in_at timestamptz,
      add column deactivated_by text check (deactivated_by in ('person', 'operator')),
      add check (deactivated_by is null or deactivated_at is not null);
    comment on column users.premium_until is 'Null with premium_since: without an end.';
    comment on column users.deactivated_by is 'A person who did it themself comes back by signing in.';

    create table profiles (
      user_id uuid primary key references users on delete cascade,
      first_name text,
      last_name text,
      bio text,
      avatar_url text,
      preferred_language text not null default 'en',
      languages text[] not null default '{{}}',
      time_zone text not null default 'UTC',
      country text,
      phone_sealed bytea,
      date_of_birth_sealed bytea,
      updated_at timestamptz not null default now()
    );
    comment on table profiles is 'What a person said of themself; none for who said nothing.';

    create table devices (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      platform text not null check (platform in ('IOS', 'ANDROID', 'WEB')),
      token_sealed bytea not null,
      token_digest bytea not null constraint devices_token_digest_key unique,
      registered_at timestamptz not null default now()
    );
    comment on column devices.token_digest is 'A device is one person''s: whoever registered it last.';
    create index devices_user_id_registered_at_idx on devices (user_id, registered_at desc);

    alter table sessions drop constraint sessions_revoked_because_check,
      add check (revoked_because in ({_REASONS}, 'password_changed'));
    grant select, insert, update, delete on profiles, devices to projectionist_app;
    """)


def downgrade() -> None:
    op.execute(f"""
    update sessions set revoked_because = 'signed_out' where revoked_because = 'password_changed';
    alter table sessions drop constraint sessions_revoked_because_check,
      add check (revoked_because in ({_REASONS}));
    drop table devices, profiles;
    alter table users drop column privacy, drop column premium_since, drop column premium_until,
      drop column last_signed_in_at, drop column deactivated_by;
    """)
