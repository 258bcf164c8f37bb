"""What `projectionist doctor` looks at in a database, one function a line of its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from accounts.rewrapping import standing
from app.cli.database import Conn
from app.cli.machine_checks import Check, Status
from app.settings import Settings
from database.connect import ACCOUNTS_ROLE, EXPORTER_ROLE, VIEWER_ROLE
from events.cluster import has_moved
from projections.checkpoints import GIVEN_UP, stale, statuses
from projections.wall import open_tables

_AHEAD = 5_000_000
_LAG_EVENTS, _LAG_S = 10_000, 60
_SEAL_HOURS = 24
_SKEW_S = 2.0


def version(conn: Conn) -> Check:
    """PostgreSQL 15 or newer."""
    number = conn.info.server_version // 10_000
    if number < 15:
        return Check("postgresql", "fail", f"version {number}", "Use PostgreSQL 15 or newer.")
    return Check("postgresql", "ok", f"version {number}")


def clock(conn: Conn) -> Check:
    """Whether tokens, made here, and events, timed there, agree on what time it is."""
    before = time.time()
    (there,) = conn.execute("select extract(epoch from clock_timestamp())::float8").fetchone() or (before,)
    skew = there - (before + time.time()) / 2
    if abs(skew) > _SKEW_S:
        return Check(
            "clock", "warn", f"the database's is {skew:+.1f} s off ours", "Synchronise both clocks (NTP)."
        )
    return Check("clock", "ok", f"{abs(skew) * 1000:.0f} ms from the database's")


_GRANTS = """
select has_table_privilege('projectionist_app', t.name, privilege)
  from unnest(array['events', 'seals']) as t (name), unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) as privilege
union all
select pg_get_userbyid(relowner) <> 'projectionist_log' from pg_class where oid = any (array['events'::regclass, 'seals'])
union all
select rolcanlogin or rolsuper from pg_roles where rolname = 'projectionist_log'
union all
select rolsuper from pg_roles where rolname = 'projectionist_app'"""


def grants(conn: Conn) -> Check:
    """The application may append to the log and read it, nothing else; nobody signs in as its owner."""
    if any(is_wrong for (is_wrong,) in conn.execute(_GRANTS).fetchall()):
        remedy = "Revoke it as a superuser: see migrations/sql/roles.sql and log.sql for what is right."
        return Check("roles and grants", "fail", "the application's role may change the log", remedy)
    return Check("roles and grants", "ok", "the application may append and read")


_TOO_MUCH = """
select format('%%s may do more than it should', rolname) from pg_roles r
 where rolname = any (%(roles)s)
   and (rolsuper or rolbypassrls or exists (select from pg_auth_members where member = r.oid)
        or exists (select from pg_class where relowner = r.oid and relpersistence <> 't'))"""


def second_wall(conn: Conn) -> Check:
    """Sessions that serve people are held to what these may see, on every table that has rows of people."""
    roles = {"roles": [VIEWER_ROLE, ACCOUNTS_ROLE, EXPORTER_ROLE]}
    wrong = [text for (text,) in conn.execute(_TOO_MUCH, roles).fetchall()]
    wrong += [f"none around {table}" for table in open_tables(conn)]
    if wrong:
        remedy = "Run `projectionist migrate`; for roles see migrations/sql/wall.sql."
        return Check("row-level security", "fail", "; ".join(wrong), remedy)
    return Check("row-level security", "ok", "requests see what is for those who ask")


_GUARDS = """
select coalesce(string_agg(c.relname, ', '), '') from pg_class c
 where (c.oid = any (array['events'::regclass, 'seals']) or exists (
         select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = 'events'::regclass))
   and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'append_only' and t.tgenabled = 'A')"""
_EVENT_TRIGGERS = """
select count(*) from pg_event_trigger
 where evtname in ('log_refuse_ddl', 'log_refuse_drop', 'log_refuse_rewrite') and evtenabled = 'A'"""


def guards(conn: Conn) -> Check:
    """Triggers refuse changes of the log and, where a superuser migrated, DDL that would get round them."""
    (open_tables,) = conn.execute(_GUARDS).fetchone() or ("",)
    if open_tables:
        remedy = "Somebody removed a guard: run `projectionist events verify`, then restore the trigger append_only."
        return Check("guards of the log", "fail", f"none on {open_tables}", remedy)
    (walls,) = conn.execute(_EVENT_TRIGGERS).fetchone() or (0,)
    if walls < 3:
        remedy = "Run migrations/sql/log_ddl_guards.sql as a superuser."
        return Check("guards of the log", "warn", "its owner could still drop or alter it", remedy)
    return Check("guards of the log", "ok", "changes and DDL are refused")


def home(conn: Conn) -> Check:
    """Whether stored transaction ids mean something here; after a restore elsewhere they do not."""
    if has_moved(conn):
        remedy = "Stop servers and workers, then run `projectionist doctor --rebase`."
        found = "the log was restored from another cluster: followers would miss events"
        return Check("log's cluster", "fail", found, remedy)
    return Check("log's cluster", "ok", "the log is at home")


_PARTITIONS = """
select (select max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $r$TO \\('(\\d+)'\\)$r$))[1]::bigint)
          from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass)
       - (select last_value from events_position_seq)"""


def partitions(conn: Conn) -> Check:
    """Whether the log has room for what comes."""
    (ahead,) = conn.execute(_PARTITIONS).fetchone() or (0,)
    status: Status = "ok" if ahead >= _AHEAD else "warn" if ahead > 0 else "fail"
    remedy = "" if status == "ok" else "Run `projectionist migrate`: it adds partitions."
    return Check("partitions", status, f"room for {ahead:,} more events", remedy)


_MONTHS = (
    "select count(*) from activity.months('activity.actions') as m where m >= date_trunc('month', now())"
)


def months(conn: Conn) -> Check:
    """Whether activity has room for what comes: what has none is lost."""
    (ahead,) = conn.execute(_MONTHS).fetchone() or (0,)
    status: Status = "ok" if ahead > 1 else "warn" if ahead == 1 else "fail"
    remedy = "" if status == "ok" else "Run `projectionist migrate`, and start a worker: both add months."
    return Check("activity", status, f"room for {ahead} months", remedy)


_PARKED = "select count(*) from dead_letters where not starts_with(error, %(skipped)s)"


def projections(conn: Conn) -> Check:
    """Whether every read table is of this version, has taken every event, and is not far behind."""
    if late := stale(conn):
        return Check(
            "projections", "fail", f"not of this version: {', '.join(late)}", "Run `projectionist migrate`."
        )
    (parked,) = conn.execute(_PARKED, {"skipped": GIVEN_UP}).fetchone() or (0,)
    if parked:
        remedy = "See `projectionist projections list`, then dead-letters, retry or skip."
        return Check("projections", "warn", f"{parked:,} events could not be folded", remedy)
    behind = [s for s in statuses(conn) if s.lag_events > _LAG_EVENTS or s.lag_seconds > _LAG_S]
    if behind:
        worst = max(behind, key=lambda s: s.lag_seconds)
        found = f"{worst.name} is {worst.lag_events:,} events ({worst.lag_seconds:,.0f} s) behind"
        return Check(
            "projections", "warn", found, "Start `projectionist worker`, or see why it does not keep up."
        )
    return Check("projections", "ok", "up to date")


_UNSEALED = """
select count(*), coalesce(extract(epoch from now() - min(recorded_at)) / 3600, 0)::float8
  from events where position > (select coalesce(max(high), 0) from seals)"""


def sealed(conn: Conn) -> Check:
    """How long ago the log was last sealed."""
    count, hours = conn.execute(_UNSEALED).fetchone() or (0, 0.0)
    found = (
        f"{count:,} events are not sealed yet, the oldest for {hours:,.0f} hours"
        if count
        else "every event is sealed"
    )
    if hours > _SEAL_HOURS:
        return Check("seals", "warn", found, "Run `projectionist events verify`, best every night.")
    return Check("seals", "ok", found)


def recommender(conn: Conn, settings: Settings) -> Check:
    """Whether the model that serves is here as it was trained."""
    from recsys.model import ModelDamaged
    from recsys.store import ModelStore

    serving = conn.execute("select model_id, digest from models where state = 'SERVING'").fetchone()
    if serving is None:
        return Check("recommender", "ok", "none serves")
    try:
        ModelStore(settings.models).load(*serving)
    except ModelDamaged as damaged:
        found, _, remedy = str(damaged).rpartition(": ")
        return Check("recommender", "warn", found, f"{remedy[:1].upper()}{remedy[1:]}")
    return Check("recommender", "ok", f"{serving[0]} serves")


def master_keys(conn: Conn, settings: Settings) -> Check:
    """Whether every data key can be unwrapped here."""
    masters, wrapped_by = settings.masters(), standing(conn).wrapped_by
    if lacking := [name for name in wrapped_by if name not in masters.names]:
        remedy = "Put them into PROJECTIONIST_MASTER_KEYS: what is personal cannot be read without."
        return Check("master keys", "fail", f"lacking: {', '.join(lacking)}", remedy)
    return Check("master keys", "ok", f"{sum(wrapped_by.values()):,} data keys are wrapped")


OF_THE_SERVER: tuple[Callable[[Conn], Check], ...] = (version, clock)
OF_THE_LOG: tuple[Callable[[Conn], Check], ...] = (
    grants,
    second_wall,
    guards,
    home,
    partitions,
    months,
    projections,
    sealed,
)


def pending_migrations(conninfo: str) -> Check:
    """Whether the database is of this version."""
    from app.database import pending

    if waiting := pending(conninfo):
        return Check("migrations", "fail", f"pending: {', '.join(waiting)}", "Run `projectionist migrate`.")
    return Check("migrations", "ok", "none is pending")


def of_the_database(conninfo: str, conn: Conn, settings: Settings) -> Iterator[Check]:
    """Yield what is found in a database that answers; what needs tables that are not there is left out."""
    for check in OF_THE_SERVER:
        yield check(conn)
    migrations = pending_migrations(conninfo)
    yield migrations
    if migrations.status == "ok":
        for check in OF_THE_LOG:
            yield check(conn)
        yield master_keys(conn, settings)
        if not stale(conn):
            yield recommender(conn, settings)
