"""Every table that has rows of people stands behind the second wall, or somebody wrote down why not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from app.cli.errors import explained
from app.database import migrate
from database.acting import GRANTED
from database.connect import ACCOUNTS_ROLE, EXPORTER_ROLE, VIEWER_ROLE, connect
from projections.deploy import deploy
from projections.registry import projections
from projections.wall import open_tables, wall
from tests.postgres import Databases, move_to

Conn = psycopg.Connection[tuple[Any, ...]]

REASONS: dict[str, str] = {}
"""Tables with people's rows that need no wall, and why."""

# what names a person: by its name, or by a foreign key, however far away the person is
_PERSONAL = """
with recursive reaching as (
  select 'users'::regclass::oid as id
  union
  select c.conrelid from pg_constraint c join reaching r on c.confrelid = r.id where c.contype = 'f'
), named as (
  select a.attrelid as id from pg_attribute a
   where a.atttypid = 'uuid'::regtype and not a.attisdropped
     and a.attname in ('user_id', 'member_id', 'followee_id', 'follower_id', 'owner_id', 'author_id', 'person_of')
)
select c.oid::regclass::text, c.relrowsecurity,
       array(select polname::text from pg_policy p where p.polrelid = c.oid and (p.polpermissive or exists (
               select from pg_roles where rolname = %(role)s and oid = any (p.polroles))) order by 1)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and n.nspname in ('public', 'read', 'activity')
   and (c.oid in (table reaching) or c.oid in (table named))
   -- a partition is read through its table, and by nobody else: the role may not ask it for anything
   and not (c.relispartition and not has_table_privilege(%(role)s, c.oid, 'select, insert, update, delete'))"""
_WALL = ["granted", "wall_delete", "wall_insert", "wall_select", "wall_update"]
_WHAT_TO_DO = """
{table} has rows of people, and no wall. A migration that makes such a table puts policies on it as migrations/sql/wall.sql
does, and gives projectionist_viewer what requests need; a projection gets them by its `people`, `shown` and `shared`.
Where neither is right, write down in REASONS why."""


def test_k101_every_table_with_rows_of_people_is_behind_the_wall(connection: Conn) -> None:
    found = connection.execute(_PERSONAL, {"role": VIEWER_ROLE}).fetchall()
    tables = {"users", "events", "ratings", "texts", "outbox", "chat_messages", "activity.actions"}
    assert tables <= {table for table, *_ in found}
    for table, is_on, policies in found:
        assert (is_on and policies == _WALL) or table in REASONS, _WHAT_TO_DO.format(table=table)


def test_a_table_without_a_wall_is_found(connection: Conn, owner_connection: Conn) -> None:
    owner_connection.execute("create table diaries (id uuid primary key, user_id uuid)")
    owner_connection.execute(
        "create table pages (diary_id uuid references diaries, kept_for uuid references users)"
    )
    found = connection.execute(_PERSONAL, {"role": VIEWER_ROLE}).fetchall()
    assert {table for table, is_on, _ in found if not is_on} == {"diaries", "pages"}


def test_views_that_requests_may_read_show_what_who_asks_may_see(connection: Conn) -> None:
    """Any other view reads as its owner, past the wall."""
    asked = """
    select c.oid::regclass::text, 'security_invoker=on' = any (c.reloptions) or 'security_invoker=true' = any (c.reloptions)
      from pg_class c where c.relkind in ('v', 'm') and c.relnamespace not in ('pg_catalog'::regnamespace,
             'information_schema'::regnamespace) and has_any_column_privilege(%s, c.oid, 'select')"""
    found: dict[str, bool | None] = dict(connection.execute(asked, (VIEWER_ROLE,)).fetchall())
    assert found.pop("movie_cast") is None  # of nobody's rows
    assert found == {"own_notification_choices": True, "activity.log": True}


def test_the_role_owns_nothing_inherits_nothing_and_may_not_bypass(connection: Conn) -> None:
    asked = """
    select rolsuper or rolbypassrls or rolinherit or rolcanlogin,
           exists (select from pg_auth_members where member = r.oid),
           exists (select from pg_class where relowner = r.oid)
      from pg_roles r where rolname = any (%s)"""
    roles = [VIEWER_ROLE, ACCOUNTS_ROLE, EXPORTER_ROLE]
    assert connection.execute(asked, (roles,)).fetchall() == [(False, False, False)] * 3


def test_the_columns_that_are_granted_are_these(connection: Conn) -> None:
    asked = """
    select attname from pg_attribute where attrelid = 'users'::regclass and attnum > 0 and not attisdropped
       and has_column_privilege(%s, attrelid, attname, 'select')"""
    granted = {name for (name,) in connection.execute(asked, (VIEWER_ROLE,)).fetchall()}
    assert granted == set(GRANTED["users"])
    assert not granted & {"password_hash", "email_digest", "email", "email_key"}


def test_deploying_puts_a_wall_back_that_is_missing_or_another(connection: Conn) -> None:
    def standing() -> list[Any]:
        asked = "select tablename, policyname, qual, with_check from pg_policies where schemaname = 'read' order by 1, 2"
        return connection.execute(asked).fetchall()

    right = standing()
    connection.execute("drop policy wall_select on ratings")
    connection.execute("comment on policy granted on ratings is 'of another version'")
    connection.execute("alter table favorites disable row level security")
    deploy(connection)
    assert standing() == right
    assert connection.execute(
        "select relrowsecurity from pg_class where oid = 'favorites'::regclass"
    ).fetchone() == (True,)


def test_a_wall_that_stands_asks_for_no_lock(connection: Conn, conninfo: str) -> None:
    with psycopg.connect(conninfo) as other:
        other.execute("lock table read.ratings in access exclusive mode")
        connection.execute("set statement_timeout = '2s'")
        for projection in projections().values():
            if projection.is_personal:
                wall(connection, projection, "read")


_UNMARKED = """
do $$
declare
  name text;
begin
  for name in select tablename from pg_policies where policyname = 'granted' and schemaname = 'read' loop
    execute format('comment on policy granted on read.%I is null', name);
  end loop;
end $$"""


def test_servers_that_start_at_once_build_the_wall_together(conninfo: str, connection: Conn) -> None:
    """Grants and policies change rows of the catalogue, which one transaction at a time may do."""
    asked = """
    select count(*) from pg_class
     where has_table_privilege(%s, oid, 'select') and relnamespace = 'read'::regnamespace"""
    ready = threading.Barrier(8)

    def start(_: int) -> None:
        with connect(conninfo) as conn:
            ready.wait(10)
            deploy(conn)

    right = connection.execute(asked, (VIEWER_ROLE,)).fetchone()
    for broken in ("", f"revoke select on all tables in schema read from {VIEWER_ROLE}; {_UNMARKED}"):
        connection.execute(broken.encode())
        with ThreadPoolExecutor(8) as servers:
            assert list(servers.map(start, range(8))) == [None] * 8
        assert connection.execute(asked, (VIEWER_ROLE,)).fetchone() == right
        assert open_tables(connection) == []


def test_who_may_not_act_as_the_roles_is_told_what_to_do(stranger: str) -> None:
    with pytest.raises(Exception, match="as a superuser, once: grant") as refusal:
        migrate(stranger)
    message, code = explained(refusal.value) or ("", 0)
    assert "projectionist_viewer" in message
    assert code == 1


def test_the_wall_can_be_taken_away_and_built_again(conninfo: str, connection: Conn) -> None:
    before = "select count(*) from pg_policies"
    right = connection.execute(before).fetchall()
    move_to(conninfo, "0019")
    assert connection.execute(before).fetchall() == [(0,)]
    assert connection.execute("select count(*) from pg_class where relrowsecurity").fetchall() == [(0,)]
    move_to(conninfo, "head")
    deploy(connection)
    assert connection.execute(before).fetchall() == right
    assert open_tables(connection) == []


def test_the_wall_of_exports_goes_and_comes_with_its_migration(
    conninfo: str, connection: Conn, owner_connection: Conn
) -> None:
    standing = "select schemaname, tablename, policyname, qual from pg_policies order by 1, 2, 3"
    right = connection.execute(standing).fetchall()
    move_to(conninfo, "0025")
    later = {"mail_suppressions", "mail_requests", "mail_tokens"}  # these came after it
    others = [row for row in right if row[1] not in later and row[2] != "wall_export"]
    assert connection.execute(standing).fetchall() == others != right
    move_to(conninfo, "head")
    deploy(connection)
    assert connection.execute(standing).fetchall() == right
    owner_connection.execute("drop policy wall_export on texts")
    assert open_tables(connection) == ["texts"]


def test_roles_that_are_granted_tables_see_them_whole(
    conninfo: str, owner_connection: Conn, clones: Databases
) -> None:
    """An analyst's, say: the wall is around who serves requests."""
    role = Identifier(f"{clones.run}_{uuid4().hex[:8]}")
    owner_connection.execute(
        "insert into users (id, username, username_key) values (gen_random_uuid(), 'a', 'a')"
    )
    owner_connection.execute(SQL("create role {}").format(role))
    try:
        owner_connection.execute(SQL("grant select on users to {}").format(role))
        owner_connection.execute(SQL("set role {}").format(role))
        assert owner_connection.execute("select count(*) from users").fetchone() == (1,)
    finally:
        owner_connection.execute("reset role")
        owner_connection.execute(SQL("drop owned by {}").format(role))
        owner_connection.execute(SQL("drop role {}").format(role))
