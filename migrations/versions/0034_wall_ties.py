"""Rows that tie people to each other are written as the other let them; and who may add partitions to the log.

The read tables get their policies when they are deployed: see projections/wall.py.
"""

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"

_SQL = Path(__file__).parent.parent / "sql"
_BEFORE = """
do $$
declare
  t record;
begin
  for t in select tablename, policyname from pg_policies
            where schemaname = 'read' and with_check ~ '(owns_list|may_follow)' loop
    execute format('alter policy %I on read.%I with check (false)', t.policyname, t.tablename);
    execute format('comment on policy granted on read.%I is null', t.tablename);
  end loop;
end $$;
drop function read.owns_list, read.was_asked, read.may_follow;
grant execute on function events_add_partitions to public;
"""


def upgrade() -> None:
    op.execute((_SQL / "wall_of_ties.sql").read_text())


def downgrade() -> None:
    """Nobody who is served writes such a row until the program of before puts its policies there."""
    op.execute(_BEFORE)
