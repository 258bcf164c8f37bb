"""What people write: titles, descriptions, notes, reviews, and the secret part of links to lists."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
    create table texts (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      kind text not null check (kind in ('TITLE', 'DESCRIPTION', 'NOTE', 'REVIEW', 'LINK')),
      body text not null check (char_length(body) between 1 and 5000),
      written_at timestamptz not null default now()
    );
    comment on table texts is
      'The log names a text by its id; an edit is another row. Nobody changes one, and it goes with its author.';
    create index texts_user_id_idx on texts (user_id);
    create unique index texts_link_idx on texts (body) where kind = 'LINK';
    grant select, insert, delete on texts to projectionist_app;
    """)


def downgrade() -> None:
    op.execute("drop table texts")
