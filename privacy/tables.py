"""Which tables have rows of a person: asked of the database itself, so that no table can be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from projections.registry import projections

Conn = psycopg.Connection[tuple[Any, ...]]

SECRET = frozenset(
    {"password_hash", "wrapped", "master_key_id", "token_digest", "email_digest", "link_token_sealed"}
)
"""Columns that say nothing of a person, and let in whoever has them."""
KEPT = frozenset({"events", "erasures", "user_keys"})
"""Tables whose rows outlive the person: the log's have no name and no text, the others say that there was somebody.

An export has the events in its own way, and nothing of the others.
"""

ITS_AUTHORS = frozenset({"blocks"})
"""Tables whose rows are exported to who made them, `user_id`, and to nobody else whom they name."""

# partitions are in their tables; what a rebuild makes, or keeps of before, is no table of its own
_OWN = "not in ('shadow', 'before', 'information_schema') and n.nspname not like 'pg\\_%'"
_COPIES = "in ('shadow', 'before')"
_TABLES = """
select n.nspname, c.relname, array_agg(a.attname::text order by a.attnum)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relkind in ('r', 'p') and not c.relispartition
   and n.nspname {schemas}
 group by 1, 2
having bool_or(a.attname = 'user_id') or c.relname = 'users'
 order by 1, 2"""


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with rows of people: `people` are the columns that name them.

    `mentions` are columns that name others than those whose row it is.
    """

    schema: str
    name: str
    columns: Sequence[str]
    people: Sequence[str]
    mentions: Sequence[str] = ()

    @property
    def sql(self) -> Identifier:
        """Its name."""
        return Identifier(self.schema, self.name)

    @property
    def of_person(self) -> Composed:
        """The condition that a row of it, `t`, is of the person `%(person)s`."""
        return _names_person(self.people)

    @property
    def shown_to_person(self) -> Composed:
        """The condition that a row of it, `t`, is for the person `%(person)s` to have."""
        return _names_person(("user_id",) if self.name in ITS_AUTHORS else self.people)


def _names_person(columns: Sequence[str]) -> Composed:
    names = (SQL("t.{} = %(person)s").format(Identifier(column)) for column in columns)
    return SQL("({})").format(SQL(" or ").join(names))


def personal_tables(conn: Conn) -> list[PersonalTable]:
    """Return every table that has rows of people, whoever made it."""
    return _found(conn, _OWN)


def copied_tables(conn: Conn) -> list[PersonalTable]:
    """Return those that rebuilds keep of before, and those that a rebuild is making, or left when it was killed."""
    return _found(conn, _COPIES)


def _found(conn: Conn, schemas: str) -> list[PersonalTable]:
    found = []
    for schema, name, columns in conn.execute(_TABLES.format(schemas=schemas)):
        people: Sequence[str] = ("id",) if name == "users" else ("user_id",)
        mentions: Sequence[str] = ()
        if schema not in ("public", "activity") and name in projections():
            # a copy may be of another version
            people, mentions = (
                [column for column in named if column in columns]
                for named in (projections()[name].people, projections()[name].mentions)
            )
        found.append(PersonalTable(schema, name, columns, people, mentions))
    return found


def exported(table: PersonalTable) -> list[str]:
    """Return the columns that a person is given of a table; none of those that are the server's."""
    if table.name in KEPT:
        return []
    return [column for column in table.columns if column not in SECRET]
