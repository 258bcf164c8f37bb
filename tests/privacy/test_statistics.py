"""The planner's samples of columns, which no erasure reaches, have nothing of anybody."""

from __future__ import annotations

from typing import Any

import psycopg

from privacy.tables import personal_tables
from tests.app.serving import serving
from tests.postgres import move_to
from tests.privacy.test_over_http import PRIVATE, gwendolen

Conn = psycopg.Connection[tuple[Any, ...]]

WORDS = {
    *(
        "action",
        "algorithm",
        "answerer",
        "asked_by",
        "channel",
        "deactivated_by",
        "held_reaction",
        "imdb_id",
        "kind",
    ),
    *(
        "master_key_id",
        "outcome",
        "platform",
        "privacy",
        "reaction",
        "reason",
        "revoked_because",
        "role",
        "roles",
    ),
    *("scale", "service", "source", "state", "status"),
}
"""Columns that have one of a few words of the program's, or say which movie."""
EVENTS = {"events", "erasures"}
"""Tables without names and texts."""
_FREE = """
select a.attname from pg_attribute a
 where a.attrelid = %(table)s::regclass and a.attnum > 0 and not a.attisdropped and coalesce(a.attstattarget, -1) <> 0
   and a.atttypid = any ('{text,text[],bytea,json,jsonb,cidr,inet,varchar,bpchar}'::regtype[])"""
# of a table without partitions the tree is empty
_PARTS = "select %(table)s::text union select relid::regclass::text from pg_partition_tree(%(table)s::text::regclass)"
_SAMPLES = """
select coalesce(string_agg(concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text), ' '), '')
  from pg_stats where schemaname in ('public', 'read', 'activity')"""


def test_no_column_with_words_of_people_is_sampled(connection: Conn, owner_connection: Conn) -> None:
    connection.execute("select activity.add_months(5)")  # months that are made later, too
    tables = [t for t in personal_tables(connection) if t.schema != "read" and t.name not in EVENTS]
    for table in tables:
        for (part,) in connection.execute(_PARTS, {"table": f"{table.schema}.{table.name}"}).fetchall():
            free = {name for (name,) in owner_connection.execute(_FREE, {"table": part})}
            assert free <= WORDS, f"{part}: see migrations/sql/no_statistics.sql"


async def test_k103_neither_texts_nor_keys_are_in_the_samples(conninfo: str, owner_connection: Conn) -> None:
    async with serving(conninfo) as served:
        for name in ("horatio", "ida"):
            await served.sign_up(name)
        await gwendolen(served)
    wrapped = owner_connection.execute("select encode(wrapped, 'hex') from user_keys").fetchall()
    texts = {*PRIVATE.values(), *(key for (key,) in wrapped)}
    owner_connection.execute("analyze")
    found = samples(owner_connection)
    assert not [text for text in texts if text in found]
    assert "SUPER_LIKE" in found

    # what was sampled by a version before is taken out
    owner_connection.execute("alter table texts alter body set statistics -1")
    owner_connection.execute("alter table user_keys alter wrapped set statistics -1")
    owner_connection.execute("analyze texts, user_keys")
    found = samples(owner_connection)
    assert PRIVATE["review"] in found
    assert wrapped[0][0] in found
    move_to(conninfo, "0032")
    move_to(conninfo, "head")
    owner_connection.execute("analyze")
    found = samples(owner_connection)
    assert not [text for text in texts if text in found]


def samples(conn: Conn) -> str:
    (found,) = conn.execute(_SAMPLES).fetchone() or ("",)
    return str(found)
