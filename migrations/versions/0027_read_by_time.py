"""What people did is read in the order of its time, from indexes: nothing that somebody did is sorted as a whole."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"

_SQL = Path(__file__).parent.parent / "sql"
_ACTIVITY = "type in ('movie_viewed', 'recommendation_clicked', 'movie_rated', 'movie_favorited', 'watchlist_item_added')"
_UTC = "((occurred_at at time zone 'UTC'))"
_NEW = (
    ("activity", "actions", "user_id_occurred_at_idx", "(user_id, occurred_at) where user_id is not null"),
    ("activity", "actions", "movie_id_occurred_at_idx", "(movie_id, occurred_at) where movie_id is not null"),
    ("activity", "actions", "session_id_idx", "(session_id)"),
    ("activity", "actions", "occurred_at_as_utc_idx", _UTC),
    ("public", "events", "user_id_occurred_at_idx", f"(user_id, occurred_at) where {_ACTIVITY}"),
    ("public", "events", "occurred_at_as_utc_idx", f"{_UTC} where {_ACTIVITY}"),
)
_OLD = {
    "actions_user_id_id_idx": "(user_id, id) where user_id is not null",
    "actions_session_id_id_idx": "(session_id, id)",
    "actions_movie_id_id_idx": "(movie_id, id) where movie_id is not null",
}
_WITHOUT = """
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
 where i.inhparent = '{table}'::regclass
   and not exists (select from pg_index x join pg_inherits of on of.inhrelid = x.indexrelid
                    where x.indrelid = c.oid and of.inhparent = '{index}'::regclass)
 order by 1"""
_PARTS = "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{}'::regclass"
_KEY = "occurred_at, id"
_FUNCTION = r"create (?:or replace )?function {}\b.*?\$\$;\n"
_VIEW = r"create (?:or replace )?view ({}\b.*?;\n)"
_FUNCTIONS = {
    "compat_s3.sql": ("actions", "viewing_states", "ratings", "chosen", "views"),
    "compat_s3_feedback.sql": ("favorites", "wishes"),
}
_VIEWS = {"compat_s3.sql": "user_activity_logs", "compat_s3_feedback.sql": "user_movie_interactions"}
"""What `compat_s3` had before, by the file that made it."""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for schema, table, name, what in _NEW:
            _index(schema, table, name, what)
        for part in _rows(_PARTS.format("activity.actions")):
            op.execute(f"drop index if exists activity.{part}_key")  # what a build that was cut short left
            op.execute(f"create unique index concurrently {part}_key on activity.{part} ({_KEY})")
    op.execute("alter table activity.actions drop constraint actions_pkey")
    for part in _rows(_PARTS.format("activity.actions")):
        # a month that was made meanwhile has no index yet, and no rows
        op.execute(f"create unique index if not exists {part}_key on activity.{part} ({_KEY})")
        op.execute(
            f"alter table activity.{part} add constraint {part}_pkey primary key using index {part}_key"
        )
    op.execute(f"alter table only activity.actions add primary key ({_KEY})")
    for part in _rows(_PARTS.format("activity.actions")):
        op.execute(f"alter index activity.actions_pkey attach partition activity.{part}_pkey")
    for name in _OLD:
        op.execute(f"drop index activity.{name}")
    # the read tables, which the functions name, are made after the migrations
    op.execute("set local check_function_bodies = off")
    for name in ("activity_by_time", "compat_s3_by_time"):
        op.execute((_SQL / f"{name}.sql").read_text())
    op.execute("set local check_function_bodies = on")


def _index(schema: str, table: str, name: str, what: str) -> None:
    """Make an index of a partitioned table while others write: partition by partition, those made meanwhile have it."""
    index = f"{schema}.{table}_{name}"
    op.execute(f"create index if not exists {table}_{name} on only {schema}.{table} {what}")
    for part in _rows(_WITHOUT.format(table=f"{schema}.{table}", index=index)):
        op.execute(f"drop index if exists {schema}.{part}_{name}")
        op.execute(f"create index concurrently {part}_{name} on {schema}.{part} {what}")
        op.execute(f"alter index {index} attach partition {schema}.{part}_{name}")


def _rows(query: str) -> list[str]:
    return [name for (name,) in op.get_bind().exec_driver_sql(query).fetchall()]


def downgrade() -> None:
    op.execute("set local check_function_bodies = off")
    for file, names in _FUNCTIONS.items():
        for name in names:
            op.execute(_text(file, _FUNCTION, rf"compat_s3\.{name}"))
    for file, name in _VIEWS.items():
        op.execute("create or replace view " + _text(file, _VIEW, rf"compat_s3\.{name}"))
    op.execute(
        "drop function compat_s3.interactions; alter function activity.entries rename to entries_by_time;"
        + _text("activity.sql", _FUNCTION, r"activity\.entries")
        + "alter function activity.entries owner to projectionist_app;"
        "create or replace view activity.log with (security_invoker = on) as select * from activity.entries();"
        "drop function activity.entries_by_time"
    )
    op.execute("set local check_function_bodies = on")
    op.execute("alter table activity.actions drop constraint actions_pkey, add primary key (id, occurred_at)")
    for name, what in _OLD.items():
        op.execute(f"create index {name} on activity.actions {what}")
    for schema, table, name, _ in _NEW:
        op.execute(f"drop index {schema}.{table}_{name}")


def _text(file: str, pattern: str, name: str) -> str:
    (found,) = re.findall(pattern.format(name), (_SQL / file).read_text(), re.DOTALL)
    return str(found)
