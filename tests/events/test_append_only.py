"""The database itself refuses to change what is recorded: each attack, as each role."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from app.database import migrate
from database.connect import connect
from tests.events.writing import Conn, views, write
from tests.postgres import Databases

INSERT = (
    "insert into events (event_id, type, correlation_id) values (gen_random_uuid(), 'x', gen_random_uuid())"
)
NEW_GUARD = "returns trigger language plpgsql as $$ begin return null; end $$"

ROWS = [
    "update events set type = 'x'",
    "update events_p0 set type = 'x'",
    "delete from events",
    "delete from events_p0",
    "truncate events",
    "truncate events_p0",
    "update events set type = 'x' where false",
    "insert into events (position, event_id, type, correlation_id)"
    " values (1, gen_random_uuid(), 'x', gen_random_uuid()) on conflict (position) do update set type = 'y'",
    "merge into events e using (select 1 as position) s on e.position = s.position when matched then delete",
    "with gone as (delete from events_p0 returning 1) select count(*) from gone",
    "update seals set events = 0",
    "delete from seals",
    "truncate seals",
]
TABLES = [
    "drop table events",
    "drop table events cascade",
    "drop table events_p0",
    "drop table seals",
    "alter table events rename to gone",
    "alter table events_p0 rename to gone",
    "alter index events rename to gone",
    "alter index events_p0 rename to gone",
    "alter table events set schema read",
    "alter table events rename column data to gone",
    "alter table events alter column correlation_id type text using 'x'",
    "alter table events alter column type set default 'x'",
    "alter table events drop column data",
    "alter table events add column more integer",
    "alter table events drop constraint events_pkey",
    "alter table events owner to projectionist_app",
    "alter table events_p0 set unlogged",
    "alter table events enable row level security",
    "alter table events detach partition events_p0",
    "alter table seals drop column root",
    "alter table seals rename to gone",
    "create table events_extra partition of events for values from (900000000) to (900000001)",
    "create table events_p900 partition of events for values from (900000000) to (900000001)",
    "create table extra (like events including all);"
    " alter table events attach partition extra for values from (900000000) to (900000001)",
    "drop sequence events_position_seq cascade",
    "drop owned by projectionist_log",
]
GUARDS = [
    "alter table events disable trigger append_only",
    "alter table events disable trigger all",
    "alter table events_p0 disable trigger append_only",
    "alter table events enable trigger append_only",
    "alter table events enable replica trigger append_only",
    "alter table seals disable trigger user",
    "drop trigger append_only on events",
    "drop trigger append_only on events_p0",
    "drop trigger append_only on seals",
    "alter trigger append_only on events rename to gone",
    f"create function nothing() {NEW_GUARD};"
    " create or replace trigger append_only before update or delete or truncate on events_p0"
    " for each statement execute function nothing()",
    f"create function nothing() {NEW_GUARD};"
    " create trigger first before insert on events for each row execute function nothing()",
    "create rule append_only as on update to events do instead nothing",
    "create rule append_only as on insert to events_p0 do instead nothing",
    "drop function events_refuse_change() cascade",
    f"create or replace function events_refuse_change() {NEW_GUARD}",
    "alter function events_refuse_change() rename to gone",
    "alter routine events_refuse_change() rename to gone",
    "alter function events_refuse_change() set schema read",
    "alter function events_refuse_change() set search_path to read",
    "drop function events_add_partitions(bigint, bigint)",
    "alter function events_add_partitions(bigint, bigint) rename to gone",
    "alter routine events_add_partitions(bigint, bigint) rename to gone",
    "create or replace function events_add_partitions(ahead bigint default 0, size bigint default 1)"
    " returns integer language sql as 'select 1'",
    """do $$ begin
      execute 'alter table events disable trigger append_only -- function events_add_partitions(';
    end $$""",
    "create function events_add_partitions(gone text) returns void language plpgsql as"
    " $$ begin alter table events disable trigger append_only; end $$; select events_add_partitions('x')",
    "set projectionist.break_glass = 'off'; alter table events disable trigger append_only",
]

AS = {
    "application": "set session authorization projectionist_app",
    "owner": "set session authorization projectionist_log",
    "superuser": "set session_replication_role = replica",
}
REFUSED = (errors.InsufficientPrivilege, errors.RestrictViolation)


@pytest.fixture(scope="module")
def database(clones: Databases) -> Iterator[str]:
    """One for all attacks: what is refused leaves it as it was, which is looked at after each."""
    with clones.clone() as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            write(conn, *views(3))
            conn.execute("insert into seals values (1, 0, 3, 3, '', '', '')")
        yield conninfo


def as_recorded(conn: Conn) -> list[Any]:
    """Everything an attack could have changed."""
    looks = (
        "select * from events order by position",
        "select * from seals",
        """select tgrelid::regclass::text, tgname, tgenabled, tgtype, p.prosrc
             from pg_trigger t join pg_proc p on p.oid = tgfoid
            where tgrelid::regclass::text ~ '^(events|seals)' order by 1, 2""",
        "select attrelid::regclass::text, attname, atttypid from pg_attribute where attnum > 0"
        " and attrelid in ('events'::regclass, 'events_p0'::regclass, 'seals'::regclass) order by 1, attnum",
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'events'::regclass order by 1",
        "select rulename from pg_rules where tablename ~ '^(events|seals)'",
        "select relname, relowner::regrole::text, relkind, relpersistence from pg_class"
        " where relname ~ '^(events|seals)' order by 1",
        "select proname, prosrc, proowner::regrole::text, proconfig from pg_proc where proname like 'events\\_%' order by 1",
    )
    return [conn.execute(look).fetchall() for look in looks]


@pytest.mark.parametrize(
    "attack", [*ROWS, *TABLES, *GUARDS], ids=lambda attack: " ".join(attack.split())[:70]
)
@pytest.mark.parametrize("role", AS)
def test_every_attack_is_refused(database: str, role: str, attack: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        before = as_recorded(conn)
        assert len(before[0]) == 3
        conn.execute(AS[role])
        conn.execute("begin")  # a statement that is not refused must not spoil the next test
        with pytest.raises(REFUSED):
            conn.execute(attack)
        conn.execute("rollback")
        conn.execute("reset session authorization")
        assert as_recorded(conn) == before


def test_a_look_alike_in_the_search_path_does_not_open_the_guard(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("begin")
        conn.execute("set local role projectionist_app")
        conn.execute("grant usage on schema read to projectionist_log")
        conn.execute(
            "create function read.events_break_glass() returns boolean language sql as 'select true'"
        )
        conn.execute("create function read.events_is_log(oid) returns boolean language sql as 'select false'")
        conn.execute("set local role projectionist_log")
        conn.execute("set local search_path = read, public, pg_catalog")
        with pytest.raises(errors.RestrictViolation):
            conn.execute("alter table public.events disable trigger append_only")
        conn.execute("rollback")


def test_the_application_appends_and_reads(connection: Conn) -> None:
    connection.execute(INSERT)
    row = connection.execute("select position, type, source, data from events").fetchone()
    assert row == (1, "x", "web", {})


@pytest.mark.parametrize("column", ["xid", "position", "recorded_at"])
def test_the_application_cannot_give_what_the_database_sets(connection: Conn, column: str) -> None:
    value = {"xid": "'7'", "position": "7", "recorded_at": "now()"}[column]
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(
            f"insert into events ({column}, event_id, type, correlation_id)"
            f" values ({value}, gen_random_uuid(), 'x', gen_random_uuid())"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "select setval('events_position_seq', 1)",
        "alter sequence events_position_seq restart",
        "insert into log_cluster (system_identifier) values (1)",
        "update log_cluster set settled = 1000",
        "update idempotency_keys set request = ''",
        "delete from idempotency_keys",
        "create table public.mine (a integer)",
        "set role projectionist_log",
        "set role projectionist_partitions",
        "set session_replication_role = replica",
    ],
)
def test_the_application_may_not(conninfo: str, statement: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute(AS["application"])
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute(statement)


@pytest.mark.parametrize("role", ["application", "owner"])
def test_only_a_superusers_session_can_break_the_glass(conninfo: str, role: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute(AS[role])
        conn.execute("set projectionist.break_glass = 'on'")
        with pytest.raises(REFUSED):
            conn.execute("alter table events disable trigger append_only")


def test_behind_the_glass_a_superuser_can_do_what_must_be_done(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        write(conn, *views(2))
        conn.execute("set projectionist.break_glass = 'on'")
        with pytest.raises(errors.RestrictViolation):
            conn.execute("delete from events")  # the glass is before the tables' shape, not before their rows
        conn.execute("alter table events disable trigger append_only")
        assert conn.execute("delete from events").rowcount == 2


def test_partitions_are_added_ahead_and_guarded(conninfo: str, connection: Conn) -> None:
    assert connection.execute("select events_add_partitions()").fetchone() == (0,)
    assert connection.execute("select events_add_partitions(40000000)").fetchone() == (2,)
    assert connection.execute("select events_add_partitions(40000000)").fetchone() == (0,)
    guarded = """
        select c.relname, c.relowner::regrole::text, t.tgenabled, t.tgfoid::regproc::text
          from pg_inherits i join pg_class c on c.oid = i.inhrelid
          left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'append_only'
         where i.inhparent = 'events'::regclass order by i.inhrelid"""
    assert connection.execute(guarded).fetchall() == [
        (f"events_p{low}", "projectionist_log", "A", "events_refuse_change")
        for low in range(0, 40_000_001, 10_000_000)
    ]
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("select setval('events_position_seq', 25000000)")
        assert write(conn, *views(1)) == [25_000_001]
        assert conn.execute("select count(*) from events_p20000000").fetchone() == (1,)
        conn.execute("set session_replication_role = replica")
        for attack in (
            "update events_p20000000 set type = 'x'",
            "truncate events_p20000000",
            "drop table events_p20000000",
        ):
            with pytest.raises(errors.RestrictViolation):
                conn.execute(attack)


def test_partitions_are_added_once_by_many_at_a_time(conninfo: str) -> None:
    def add(_: int) -> int:
        with connect(conninfo) as conn:
            row = conn.execute("select events_add_partitions(100000000)").fetchone()
            assert row is not None
            return int(row[0])

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(add, range(4))) == [0, 0, 0, 8]


def test_who_migrates_need_not_be_a_superuser(clones: Databases, stranger: str) -> None:
    role = Identifier(str(conninfo_to_dict(stranger)["dbname"]))
    acting = SQL("grant projectionist_viewer, projectionist_accounts, projectionist_exporter to {}")
    clones.conn.execute(acting.format(role))
    assert migrate(stranger)
    with psycopg.connect(stranger, autocommit=True) as conn:
        conn.execute("set role projectionist_app")
        assert write(conn, *views(2)) == [1, 2]
        assert conn.execute("select events_add_partitions(40000000)").fetchone() == (2,)
        conn.execute("set role projectionist_log")
        for attack in ROWS:
            with pytest.raises(REFUSED):
                conn.execute(attack)
