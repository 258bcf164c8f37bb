"""The second wall around read tables: the policies that row-level security holds statements for people to."""

from __future__ import annotations

from hashlib import sha256

from database.connect import VIEWER_ROLE
from projections.checkpoints import Conn
from projections.registry import Projection

_ACTING = "any ((select acting_people())::uuid[])"


def policies(projection: Projection) -> dict[str, str]:
    """Return the policies of a projection's table by name, as `create policy` takes them.

    A row is that of the people whom it names; `shown` and `shared` of the projection say what others may do with it.
    """
    mine = [f"{column} = {_ACTING}" for column in projection.people]
    changes = " or ".join([*mine, projection.shared])
    reads = " or ".join([*mine, projection.shared, projection.shown])
    wall = f"as restrictive for {{}} to {VIEWER_ROLE}"
    return {
        "granted": "using (true) with check (true)",
        "wall_select": f"{wall.format('select')} using ({reads})",
        "wall_insert": f"{wall.format('insert')} with check ({changes})",
        "wall_update": f"{wall.format('update')} using ({changes})",
        "wall_delete": f"{wall.format('delete')} using ({changes})",
    }


def wall(conn: Conn, projection: Projection, schema: str) -> None:
    """Make the table in this schema stand behind the wall as it is said now; one that does so is not locked."""
    table = f"{schema}.{projection.name}"
    if not projection.is_personal:
        conn.execute(f"grant select on {table} to {VIEWER_ROLE}")
        return
    wanted = policies(projection)
    mark = sha256("\n".join(wanted.values()).encode()).hexdigest()[:16]
    with conn.transaction():
        if conn.execute(_MARK, (table,)).fetchone() == (mark,):
            return
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(f"grant select, insert, update on {table} to {VIEWER_ROLE}")
        conn.execute(f"alter table {table} enable row level security")
        for name, text in wanted.items():
            conn.execute(f"drop policy if exists {name} on {table}")
            conn.execute(f"create policy {name} on {table} {text}")
        conn.execute(f"comment on policy granted on {table} is '{mark}'")


_MARK = """
select obj_description(p.oid, 'pg_policy') from pg_policy p join pg_class c on c.oid = p.polrelid
 where p.polrelid = to_regclass(%s) and p.polname = 'granted' and c.relrowsecurity"""
