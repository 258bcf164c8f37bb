"""What people want to be told of, when their next message is due, and messages on their way."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
    create table notification_preferences (
      user_id uuid primary key references users on delete cascade,
      weekly_digest boolean not null default true,
      recommendation_alerts boolean not null default true,
      trending_alerts boolean not null default false,
      push_recommendations boolean not null default true,
      push_trending boolean not null default false,
      digest_day smallint not null default 1 check (digest_day between 1 and 7),
      digest_time time not null default '09:00',
      time_zone text,
      open_tracking boolean not null default false,
      click_tracking boolean not null default false,
      updated_at timestamptz not null default now()
    );
    comment on table notification_preferences is 'None for who never chose: notification_choices has what holds then.';
    comment on column notification_preferences.digest_day is '1 is Monday.';
    comment on column notification_preferences.time_zone is 'Null: that of the profile.';

    create view notification_choices as
      select u.id as user_id,
             coalesce(c.weekly_digest, true) as weekly_digest,
             coalesce(c.recommendation_alerts, true) as recommendation_alerts,
             coalesce(c.trending_alerts, false) as trending_alerts,
             coalesce(c.push_recommendations, true) as push_recommendations,
             coalesce(c.push_trending, false) as push_trending,
             coalesce(c.digest_day, 1::smallint) as digest_day,
             coalesce(c.digest_time, '09:00') as digest_time,
             coalesce(c.time_zone, p.time_zone, 'UTC') as time_zone,
             coalesce(c.open_tracking, false) as open_tracking,
             coalesce(c.click_tracking, false) as click_tracking,
             u.deactivated_at is null as is_active
        from users u
        left join notification_preferences c on c.user_id = u.id
        left join profiles p on p.user_id = u.id;

    create table notification_rounds (
      user_id uuid primary key references users on delete cascade,
      due_at timestamptz not null,
      day date not null,
      digest_time time not null,
      time_zone text not null
    );
    comment on table notification_rounds is
      'When it is looked next what a person is to be told: at due_at, which is digest_time of that day in time_zone.';
    create index notification_rounds_due_at_idx on notification_rounds (due_at);

    create table outbox (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      kind text not null check (kind in ('WEEKLY_DIGEST', 'RECOMMENDATIONS', 'TRENDING')),
      channel text not null check (channel in ('EMAIL', 'PUSH')),
      period date not null,
      device_id uuid check ((device_id is not null) = (channel = 'PUSH')),
      movie_ids uuid[] not null,
      content_sealed bytea not null,
      attempts smallint not null default 0,
      next_attempt_at timestamptz not null default now(),
      queued_at timestamptz not null default now(),
      finished_at timestamptz
    );
    -- one digest a week and one alert a day, whoever makes them, and however often
    create unique index outbox_once_idx on outbox
      (user_id, channel, period, (kind = 'WEEKLY_DIGEST'), device_id) nulls not distinct;
    comment on table outbox is
      'Messages and their texts, which are forgotten after a while; what became of them is in the log.';
    create index outbox_next_attempt_at_idx on outbox (next_attempt_at) where finished_at is null;
    create index outbox_finished_at_idx on outbox (finished_at);
    grant select, insert, update, delete on notification_preferences, notification_rounds, outbox to projectionist_app;
    grant select on notification_choices to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("""
    drop view notification_choices;
    drop table outbox, notification_rounds, notification_preferences;
    """)
