"""What people and the assistant say to each other; every text is sealed under the person's data key."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""
    create table chat_sessions (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      number bigint not null generated always as identity,
      may_ask_model boolean not null,
      started_at timestamptz not null default now()
    );
    create index chat_sessions_user_id_idx on chat_sessions (user_id, number desc);

    create table chat_messages (
      id uuid primary key,
      session_id uuid not null references chat_sessions on delete cascade,
      user_id uuid not null references users on delete cascade,
      number bigint not null,
      role text not null check (role in ('USER', 'ASSISTANT', 'TOOL')),
      text_sealed bytea not null,
      movie_ids uuid[] not null default '{}',
      state text not null default 'DONE' check (state in ('WRITING', 'DONE', 'FAILED')),
      answerer text check (answerer in ('ASSISTANT', 'MODEL', 'FALLBACK')),
      cause_id uuid,
      created_at timestamptz not null default now(),
      changed_at timestamptz not null default now(),
      constraint chat_messages_session_id_number_key unique (session_id, number)
    );
    comment on column chat_messages.number is 'The order in the session, with room for what tools do between a message '
      'and its answer.';
    comment on column chat_messages.cause_id is 'The event of the log that says that it was sent: the cause of what the '
      'assistant did for it.';
    create index chat_messages_user_id_idx on chat_messages (user_id, created_at);
    grant select, insert, update, delete on chat_sessions, chat_messages to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table chat_messages, chat_sessions")
