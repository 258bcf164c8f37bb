"""`projectionist projections`: how the read tables stand, rebuilding and proving them, and what they could not take."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.cli.console import Json, answer, answer_json, answer_table, say
from app.cli.database import Conn, connected, database, session
from app.cli.errors import REFUSED, Refused, WrongUse
from app.cli.progress import rebuild_shown, steps_shown
from events.cluster import require_home
from projections import rebuild as rebuilding
from projections.checkpoints import GIVEN_UP, ProjectionStatus, stale, statuses
from projections.follow import fold_these
from projections.registry import Projection, family
from projections.registry import projections as registered
from projections.verify import Difference
from projections.verify import verify as differences

commands = typer.Typer(
    no_args_is_help=True, help="See, rebuild and prove the tables that are folded from the log."
)

_DEAD_LETTERS = """
select position, error, tries, parked_at from dead_letters where projection = %(name)s order by position"""
_TO_RETRY = """
select position from dead_letters where projection = %(name)s and not starts_with(error, %(skipped)s)
 order by position for update"""
_TAKEN = "delete from dead_letters where projection = %(name)s and position = %(position)s"
_SKIP = """
update dead_letters set error = %(skipped)s || error
 where projection = %(name)s and position = %(position)s and not starts_with(error, %(skipped)s)"""

Name = Annotated[str, typer.Argument(help="A projection: `projectionist projections list` names them.")]


def _known(name: str) -> Projection:
    if name not in registered():
        raise WrongUse(f"No projection is called {name}. There are: {', '.join(sorted(registered()))}.")
    return registered()[name]


@commands.command("list", epilog="Example: projectionist projections list --json")
def show(as_json: Json = False) -> None:
    """Say of each projection how far it is behind the log, and what it could not take."""
    with connected() as conn:
        found, late = statuses(conn), stale(conn)
    if as_json:
        answer_json([asdict(status) for status in found])
    else:
        columns = ("projection", "version", "status", "folded", "position", "lag", "lag s", "parked")
        answer_table(columns, [_row(status) for status in found])
    if late:
        say(f"Not of this version: {', '.join(late)}. Run `projectionist migrate`.")


def _row(status: ProjectionStatus) -> tuple[object, ...]:
    when = "inline" if status.inline else "after"
    lag = (status.lag_events, status.lag_seconds)
    return (status.name, status.version, status.status, when, status.position, *lag, status.dead_letters)


@commands.command(epilog="Example: projectionist projections rebuild movie_stats --dry-run")
def rebuild(
    names: Annotated[
        list[str] | None, typer.Argument(help="Projections; those folded with them are rebuilt too.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Rebuild all.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which rows would change, and change none.")
    ] = False,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove/--no-prove",
            help="Compare with an independent fold before the swap. It takes longer than the rebuild; "
            "`projections verify` can do it afterwards.",
        ),
    ] = True,
    jobs: Annotated[
        int,
        typer.Option(min=1, max=16, help="How many at once: each occupies a processor of the database's."),
    ] = 2,
    as_json: Json = False,
) -> None:
    """Fold the log anew into a second table, prove it, and put it in the first one's place; servers go on meanwhile."""
    if bool(names) is everything:
        raise WrongUse("Name projections, or give --all.")
    wanted = [_known(name).name for name in names or registered()]
    with database() as conninfo, steps_shown() as tell:
        with session(conninfo) as conn:
            require_home(conn)
        done = rebuilding.rebuild_together(
            lambda: session(conninfo),
            wanted,
            at_once=jobs,
            dry_run=dry_run,
            prove=prove,
            on_progress=lambda names, now: rebuild_shown(tell, ", ".join(names))(now),
        )
    if as_json:
        answer_json([_plain(one) for one in done])
        return
    for one in done:
        _answer_rebuilt(one)


def _answer_rebuilt(done: rebuilding.Rebuilt) -> None:
    seconds = sum(done.seconds.values())
    names = ", ".join(done.names)
    if done.swapped:
        answer(f"Rebuilt {names} from {done.events:,} events in {seconds:.1f} s.")
        return
    answer(f"Nothing was changed. Of {names}, folded from {done.events:,} events in {seconds:.1f} s:")
    for name, changes in done.changes.items():
        if not changes:
            answer(f"  {name} would stay as it is")
        for change in changes:
            answer(f"  {name} would {'get' if change.only_in == 'log' else 'lose'} {_said(change.row)}")


def _plain(done: rebuilding.Rebuilt) -> dict[str, Any]:
    changes = {name: [asdict(change) for change in found] for name, found in done.changes.items()}
    return {
        "projections": done.names,
        "events": done.events,
        "seconds": done.seconds,
        "swapped": done.swapped,
        "changes": changes,
    }


@commands.command(epilog="Example: projectionist projections verify ratings watchlist")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Projections; all when none is named.")] = None,
    as_json: Json = False,
) -> None:
    """Compare tables with an independent fold of the log: exit 1 when a row differs, and print such rows."""
    wanted = [_known(name).name for name in names or registered()]
    found: dict[str, list[Difference]] = {}
    with connected() as conn, steps_shown() as tell:
        for number, name in enumerate(wanted):
            tell("verify", number, len(wanted))
            found[name] = _differences(conn, name)
        tell("verify", len(wanted), len(wanted))
    wrong = [name for name, rows in found.items() if rows]
    if as_json:
        answer_json({name: [asdict(row) for row in rows] for name, rows in found.items()})
    else:
        for name, rows in found.items():
            answer(f"{name}: {'differs from the log' if rows else 'is what the log says'}")
            for row in rows:
                answer(f"  only in the {row.only_in}: {_said(row.row)}")
    if wrong:
        say(
            f"Error: {', '.join(wrong)}: not what the log says. `projectionist projections rebuild NAME` makes it so."
        )
        raise typer.Exit(REFUSED)


def _differences(conn: Conn, name: str) -> list[Difference]:
    try:
        return differences(conn, name)
    except LookupError as error:
        raise Refused(str(error.args[0])) from None


def _said(row: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())


@commands.command(epilog="Example: projectionist projections rollback movie_stats")
def rollback(name: Name) -> None:
    """Put back the tables that the last rebuild replaced, brought up to now."""
    members = ", ".join(p.name for p in family(_known(name).name))
    with connected() as conn:
        require_home(conn)
        rebuilding.roll_back(conn, name)
    answer(f"{members}: the tables from before the last rebuild are live again.")


@commands.command("dead-letters", epilog="Example: projectionist projections dead-letters movie_stats")
def dead_letters(name: Name, as_json: Json = False) -> None:
    """List the events that a projection's fold could not take, with the reason."""
    with connected() as conn:
        rows = conn.execute(_DEAD_LETTERS, {"name": _known(name).name}).fetchall()
    columns = ("position", "error", "tries", "parked_at")
    if as_json:
        answer_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        answer_table(columns, rows)
    else:
        answer(f"{name} has taken every event.")


@commands.command(epilog="Example: projectionist projections retry movie_stats")
def retry(name: Name, as_json: Json = False) -> None:
    """Fold the parked events again, after the fold was mended; exit 1 when one still cannot be taken."""
    projection = _known(name)
    taken, left = 0, 0
    with connected() as conn, conn.transaction():
        parked = conn.execute(_TO_RETRY, {"name": name, "skipped": GIVEN_UP}).fetchall()
        for (position,) in parked:
            if fold_these(conn, projection, [position]):
                left += 1
            else:
                conn.execute(_TAKEN, {"name": name, "position": position})
                taken += 1
        for reader in family(name) if taken else ():
            if name in reader.reads:
                fold_these(conn, reader, [])  # what is derived from the table follows it
    if as_json:
        answer_json({"taken": taken, "left": left})
    else:
        answer(f"{name}: {taken:,} events taken, {left:,} still parked.")
    if left:
        raise typer.Exit(REFUSED)


@commands.command(epilog="Example: projectionist projections skip movie_stats 100321")
def skip(
    name: Name,
    position: Annotated[int, typer.Argument(help="The position of the parked event.", min=1)],
) -> None:
    """Give a parked event up: it stays out of the table, and is neither retried nor warned of."""
    with connected() as conn:
        values = {"name": _known(name).name, "position": position, "skipped": GIVEN_UP}
        skipped = conn.execute(_SKIP, values).rowcount
    if not skipped:
        raise Refused(
            f"{name} has no event parked at {position}. `projectionist projections dead-letters {name}` lists them."
        )
    answer(f"{name} does without the event at {position}.")
