"""The second wall around read tables: the policies that row-level security holds statements for people to."""

from __future__ import annotations

from hashlib import sha256

from database.connect import EXPORTER_ROLE, VIEWER_ROLE
from projections.checkpoints import Conn
from projections.registry import Projection, projections

_MARK = """
select obj_description(p.oid, 'pg_policy') from pg_policy p join pg_class c on c.oid = p.polrelid
 where p.polrelid = to_regclass(%s) and p.polname = 'granted' and c.relrowsecurity"""
_MAY_READ = f"select has_table_privilege('{VIEWER_ROLE}', %s, 'select')"
_ALONE = "select pg_advisory_xact_lock(hashtextextended('wall', 0))"
# tables that requests or exports may read and that name people
_OPEN = f"""
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
  cross join (values ('{VIEWER_ROLE}', 'wall_select'), ('{EXPORTER_ROLE}', 'wall_export')) as held (role, policy)
 where c.relkind in ('r', 'p') and n.nspname in ('public', 'read', 'activity')
   and has_any_column_privilege(held.role, c.oid, 'select')
   and (c.oid = 'users'::regclass or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped))
   and not (c.relrowsecurity and exists (
         select from pg_policy p where p.polrelid = c.oid and p.polname = held.policy and not p.polpermissive))"""
_ACTING = "any ((select acting_people())::uuid[])"


def policies(projection: Projection) -> dict[str, str]:
    """Return the policies of a projection's table by name, as `create policy` takes them.

    A row is that of the people whom it names; `shown` and `shared` of the projection say what others may do with it, and
    `writable` what it must be like when it is written.
    Exports read what names their person, one of the `writers` where there are some.
    """
    mine = [f"{column} = {_ACTING}" for column in projection.people]
    changing = [f"{column} = {_ACTING}" for column in projection.writers or projection.people]
    changes = " or ".join([*changing, projection.shared])
    written = f"({changes}) and {projection.writable}"
    reads = " or ".join([*mine, projection.shared, projection.shown])
    wall = f"as restrictive for {{}} to {VIEWER_ROLE}"
    return {
        "granted": "using (true) with check (true)",
        "wall_select": f"{wall.format('select')} using ({reads})",
        "wall_insert": f"{wall.format('insert')} with check ({written})",
        "wall_update": f"{wall.format('update')} using ({changes}) with check ({written})",
        "wall_delete": f"{wall.format('delete')} using ({changes})",
        "wall_export": f"as restrictive for select to {EXPORTER_ROLE} using ({' or '.join(changing)})",
    }


def wall(conn: Conn, projection: Projection, schema: str) -> None:
    """Make the table in this schema stand behind the wall as it is said now; one that does so is not locked."""
    table = f"{schema}.{projection.name}"
    if _stands(conn, projection, table):
        return
    with conn.transaction():
        conn.execute(_ALONE)  # of servers that start at once one does it: the others' grants would be refused
        if _stands(conn, projection, table):
            return
        if not projection.is_personal:
            conn.execute(f"grant select on {table} to {VIEWER_ROLE}")
            return
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(f"grant select, insert, update on {table} to {VIEWER_ROLE}")
        conn.execute(f"grant select on {table} to {EXPORTER_ROLE}")
        conn.execute(f"alter table {table} enable row level security")
        for name, text in policies(projection).items():
            conn.execute(f"drop policy if exists {name} on {table}")
            conn.execute(f"create policy {name} on {table} {text}")
        conn.execute(f"comment on policy granted on {table} is '{_mark(projection)}'")


def _stands(conn: Conn, projection: Projection, table: str) -> bool:
    if projection.is_personal:
        return conn.execute(_MARK, (table,)).fetchone() == (_mark(projection),)
    return conn.execute(_MAY_READ, (table,)).fetchone() == (True,)


def open_tables(conn: Conn) -> list[str]:
    """Return the tables with rows of people that are read behind a wall and have none, or another than is said now."""
    found = {table for (table,) in conn.execute(_OPEN).fetchall()}
    for projection in projections().values():
        if projection.is_personal and not _stands(conn, projection, f"read.{projection.name}"):
            found.add(projection.name)
    return sorted(found)


def _mark(projection: Projection) -> str:
    return sha256("\n".join(policies(projection).values()).encode()).hexdigest()[:16]
