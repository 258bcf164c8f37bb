"""What a projection is, and the statements that follow from its registration: one fold for every use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from events.facts import Event
from events.log import Recorded

Row = tuple[Any, ...]
Spec = Callable[[Sequence[Recorded]], Iterable[Row]]


_ERASED = "select user_id from events where type = 'user_erased'"


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """One read table and the fold that makes it.

    `rows` is a select over the relation `batch`, a window of the log of any size; it gives the columns of `columns` in
    their order, at most one row a key. How such rows meet those already there follows from `kind`:

    - "state": the row whose event has the greater position wins, so windows may come in any order and twice. Columns
      that different events set have a position of their own, named by `groups` (position column → columns it guards);
      a group that guards nothing keeps its greatest value.
    - "count": every column that is not key is added; exactly once, because the checkpoint commits with it.
    - "derived": the row replaces the one that is there; it is computed from the tables named by `reads`.

    `person` is what an event says of whose row it makes, over the columns of the log: where that is not who did it.
    `people` are the columns that name people: a row of state that names somebody who was erased is dropped.
    `mentions` are columns that name people whose row it is not: null once these were erased.
    Who is served by a statement sees and changes the rows that name them, others' rows where `shared`, and sees others'
    rows where `shown`: conditions over its columns that name no other table, but functions of migrations/sql/wall.sql.
    `writers` are those of `people` who may change a row, where that is not all of them; `writable` is a condition of the
    same kind that a row must meet as they write it.
    `proof` says the same as `rows` in another way, for the whole log; `spec` says it in Python, by `evolve`.
    """

    name: str
    version: int
    kind: Literal["state", "count", "derived"]
    handles: tuple[type[Event], ...]
    columns: Mapping[str, str]
    key: tuple[str, ...]
    rows: str
    proof: str
    spec: Spec
    indexes: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    person: str = "user_id"
    people: tuple[str, ...] = ("user_id",)
    mentions: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    shown: str = "false"
    shared: str = "false"
    writable: str = "true"
    inline: bool = False
    reads: tuple[str, ...] = ()
    every_s: float = 0.0

    @property
    def is_personal(self) -> bool:
        """Whether its rows are a person's state, dropped when the person is erased."""
        return self.kind == "state" and "user_id" in self.columns

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are not key."""
        return tuple(column for column in self.columns if column not in self.key)


_PROJECTIONS: dict[str, Projection] = {}


def register(projection: Projection) -> Projection:
    """Make the projection known: its table, follower, lag, rebuild, verify and tests follow. Raises TypeError."""
    if projection.name in _PROJECTIONS:
        raise TypeError(f"two projections are named {projection.name!r}")
    if unknown := [name for name in projection.reads if name not in _PROJECTIONS]:
        raise TypeError(f"{projection.name!r} reads {unknown}, which must be registered before it")
    _PROJECTIONS[projection.name] = projection
    return projection


def projections() -> Mapping[str, Projection]:
    """Return every projection by name, those that are read by others before them."""
    return _PROJECTIONS


def family(name: str) -> tuple[Projection, ...]:
    """Return the projections that must be folded and rebuilt together with this one, in the order to fold them.

    Raises KeyError for a name that is not registered.
    """
    together = {name, *_PROJECTIONS[name].reads}
    grown = True
    while grown:
        linked = {p.name for p in _PROJECTIONS.values() if p.name in together or together & set(p.reads)}
        linked |= {read for p in linked for read in _PROJECTIONS[p].reads}
        grown = linked != together
        together = linked
    return tuple(p for p in _PROJECTIONS.values() if p.name in together)


def families(*, inline: bool) -> list[tuple[Projection, ...]]:
    """Return the groups of projections that share a checkpoint: those of the append, or those of the followers."""
    groups = {family(p.name) for p in _PROJECTIONS.values() if p.inline is inline}
    return sorted(groups, key=lambda group: group[0].name)


def create_table(projection: Projection) -> str:
    """Return the text that creates its table without keys, wherever the search path points."""
    columns = ", ".join(f"{name} {kind}" for name, kind in projection.columns.items())
    return f"create table {projection.name} ({columns})"


def create_keys(projection: Projection) -> list[str]:
    """Return the statements that add its primary key and indexes; `{table}` in an index is its name."""
    keys = f"alter table {projection.name} add primary key ({', '.join(projection.key)})"
    return [keys, *(f"create index on {projection.name} {index}" for index in projection.indexes)]


def fold(projection: Projection, *, merge: bool = True) -> str:
    """Return the statement that folds the relation `batch` into its table; without `merge`, into an empty one."""
    columns = ", ".join(projection.columns)
    text = f"insert into {projection.name} as t ({columns}) {of_the_living(projection, projection.rows)}"
    return f"{text} {_merge(projection)}" if merge else text


def of_the_living(projection: Projection, rows: str) -> str:
    """Return a select of rows without those that name an erased person who is not the events' own, and without mentions."""
    others = [column for column in projection.people if column != "user_id"]
    if not projection.is_personal or not (others or projection.mentions):
        return rows
    columns = ", ".join(
        f"{_forgotten(c)} as {c}" if c in projection.mentions else c for c in projection.columns
    )
    living = " and ".join(f"{column} not in ({_ERASED})" for column in projection.people if others) or "true"
    return f"select {columns} from ({rows}) as named ({', '.join(projection.columns)}) where {living}"


def _forgotten(column: str) -> str:
    return f"case when {column} in ({_ERASED}) then null else {column} end"


def _merge(projection: Projection) -> str:
    conflict = f"on conflict ({', '.join(projection.key)}) do update set "
    if projection.kind == "count":
        return conflict + ", ".join(f"{c} = t.{c} + excluded.{c}" for c in projection.values)
    if projection.kind == "derived":
        changes = " or ".join(f"t.{c} is distinct from excluded.{c}" for c in projection.values)
        return conflict + ", ".join(f"{c} = excluded.{c}" for c in projection.values) + f" where {changes}"
    groups = projection.groups or {"position": tuple(c for c in projection.values if c != "position")}
    if len(groups) == 1:
        return (
            conflict
            + ", ".join(f"{c} = excluded.{c}" for c in projection.values)
            + (f" where t.{next(iter(groups))} < excluded.{next(iter(groups))}")
        )
    sets = []
    for position, columns in groups.items():
        newer = f"excluded.{position} > t.{position}"
        known = {c: _forgotten(f"t.{c}") if c in projection.mentions else f"t.{c}" for c in columns}
        sets += [f"{c} = case when {newer} then excluded.{c} else {known[c]} end" for c in columns]
        sets.append(f"{position} = greatest(excluded.{position}, t.{position})")
    return conflict + ", ".join(sets) + " where " + " or ".join(f"excluded.{p} > t.{p}" for p in groups)


def fold_window(projection: Projection, window: str) -> str:
    """Return the statement that folds the events of `window` (a select of the log); it answers their count.

    Events of erased people are left out of personal tables, and what those held is dropped: whichever of the two comes
    first.
    """
    if not projection.is_personal:
        return f"with batch as ({window}), folded as ({fold(projection)}) select count(*) from batch"
    dropped = " or ".join(f"{column} in (select user_id from erased)" for column in projection.people)
    forgetting = ""
    if projection.mentions:
        key = ", ".join(projection.key)
        sets = ", ".join(f"{column} = {_forgotten(column)}" for column in projection.mentions)
        mentioned = " or ".join(f"{column} in (select user_id from erased)" for column in projection.mentions)
        # a row that is folded or dropped forgets by that: one statement changes no row twice
        forgetting = f""" returning {key}),
    forgotten as (update {projection.name} set {sets}
                   where ({mentioned}) and not ({dropped}) and ({key}) not in (select {key} from folded)"""
    return f"""
    with arrived as materialized ({window}),
    erased as ({_ERASED} and user_id in (select {projection.person} from arrived)),
    batch as (select * from arrived where {projection.person} not in (select user_id from erased)),
    dropped as (delete from {projection.name} where {dropped}),
    folded as ({fold(projection)}{forgetting})
    select count(*) from arrived"""


def fold_log(projection: Projection, window: str, *, merge: bool) -> str:
    """Return the statement that folds a large part of the log into a table that never held an erased person.

    It reads the log where it lies, as a window that is counted and searched for erasures cannot.
    """
    batch = f"{window} and {projection.person} not in ({_ERASED})" if projection.is_personal else window
    return f"with batch as ({batch}) {fold(projection, merge=merge)}"


@lru_cache(maxsize=256)
def fold_inline(types: frozenset[str]) -> str:
    """Return the common table expressions that fold the relation `batch` of an append, for the types that are in it."""
    wanted = (p for p in _PROJECTIONS.values() if p.inline and types & {fact.type for fact in p.handles})
    return "".join(f", folded_{p.name} as ({fold(p)})" for p in wanted)
