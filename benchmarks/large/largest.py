"""Which tables and indexes the bytes of a database are in."""

from __future__ import annotations

from benchmarks.large.volumes import MB
from benchmarks.postgres import Conn
from benchmarks.report import Section, count

MOST = 24

# partitions count as what they are of; rows of a table that was never analysed are unknown
_LARGEST = """
with whole as (
  select coalesce(h.inhparent, c.oid) as id, c.oid, c.relkind, c.reltuples
    from pg_class c left join pg_inherits h on h.inhrelid = c.oid
   where c.relkind in ('r', 'i')
     and c.relnamespace = any (array['public', 'read', 'activity']::regnamespace[])
), held as (
  select w.id, case w.relkind when 'i' then pg_relation_size(w.oid) else pg_table_size(w.oid) end as bytes,
         case w.relkind when 'i' then of.reltuples else w.reltuples end as rows, of.oid as table_id
    from whole w left join pg_index x on x.indexrelid = w.oid left join pg_class of on of.oid = x.indrelid
)
select c.relname, bool_or(h.table_id is not null), sum(h.bytes)::bigint, greatest(sum(h.rows), 0)::bigint,
       sum(sum(h.bytes)) over ()::bigint
  from held h join pg_class c on c.oid = h.id
 group by c.oid, c.relname order by sum(h.bytes) desc limit %s"""


def largest(conn: Conn) -> Section:
    """Return the largest of them, how much each takes, for each row of the table, and of all bytes."""
    section = Section(
        "Where the bytes are",
        ("", "", "MB", "bytes a row", "of all"),
        note="Of a table, those of TOAST are included. An index of some of the rows takes less for each.",
    )
    for name, is_index, size, rows, everything in conn.execute(_LARGEST, (MOST,)).fetchall():
        section.rows.append(
            (
                name,
                "index" if is_index else "table",
                count(size / MB),
                count(size / rows) if rows else "",
                f"{size / everything:.1%}",
            )
        )
    return section
