"""`projectionist import`: data sets that others collected, and what one person brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.cli.console import Json, answer, answer_json, answer_table, say
from app.cli.database import database, session
from app.cli.people import person
from app.cli.progress import progress_shown
from app.importing import ImportReport, OnBad, Progress, import_movielens
from app.settings import Settings
from catalog.rows import BadRow
from events.cluster import require_home
from imports.entries import counts
from imports.importing import Whose, confirm
from imports.previewing import preview
from projections.registry import fold_inline

commands = typer.Typer(
    no_args_is_help=True,
    help="Bring in data sets, or what a person said elsewhere; the same again adds nothing.",
)

_SHOWN = 20
"""Bad rows that are printed."""


@commands.command(epilog="Example: projectionist import movielens ml-latest-small.zip --bad-rows bad.jsonl")
def movielens(
    path: Annotated[
        Path, typer.Argument(help="The zip as it was fetched, or the folder of its files.", exists=True)
    ],
    shift_to_today: Annotated[
        bool, typer.Option("--shift-to-today", help="Move all times by the same days, the newest to today.")
    ] = False,
    bad_rows: Annotated[
        Path | None, typer.Option(help="Write every row that was passed over to this file, as JSON lines.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import any MovieLens release: 100K, 1M and 10M (.dat), latest-small, 20M and newer (.csv).

    Each rating becomes an event with its original time, folded at once. Broken rows are named and passed over.
    """
    with importing(bad_rows) as (conninfo, progress, on_bad):
        report = import_movielens(
            conninfo, path, shift_to_today=shift_to_today, progress=progress, on_bad=on_bad
        )
    tell_bad(report.bad, bad_rows)
    if as_json:
        answer_json(as_plain(report))
    else:
        for line in lines(report):
            answer(line)


@contextmanager
def importing(bad_rows: Path | None) -> Iterator[tuple[str, Progress, OnBad]]:
    """Give a migrated database, what shows progress, and what takes rows that are passed over."""
    with ExitStack() as stack:
        bad = _BadRows(stack.enter_context(bad_rows.open("wb")) if bad_rows else None)
        conninfo = stack.enter_context(database())
        session(conninfo).close()
        yield conninfo, stack.enter_context(progress_shown()), bad.take


def tell_bad(count: int, bad_rows: Path | None) -> None:
    """Say where the rows are that were passed over and not named."""
    if count > _SHOWN:
        said = f"all are in {bad_rows}" if bad_rows else "--bad-rows FILE writes all of them"
        say(f"… and {count - _SHOWN:,} more rows were passed over; {said}.")


@commands.command(epilog="Example: projectionist import export ann letterboxd-ann.zip --confirm")
def export(
    who: Annotated[str, typer.Argument(help="Whose it is: an id, a username or an e-mail address.")],
    path: Annotated[
        Path,
        typer.Argument(help="A Letterboxd zip, an IMDb CSV or Trakt JSON.", exists=True, dir_okay=False),
    ],
    is_confirmed: Annotated[
        bool, typer.Option("--confirm", help="Import it; without, only say what would come of it.")
    ] = False,
    replaces: Annotated[
        bool, typer.Option("--replace", help="Let it take the place of what the person said here.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import what a person brings from Letterboxd, IMDb or Trakt, as they could themselves.

    They see it among their imports, and can undo it as a whole.
    """
    settings = Settings()
    with database(settings) as conninfo, session(conninfo) as conn:
        require_home(conn)
        user = person(conn, who)
        import_id = preview(conn, user.id, path.name, path.read_bytes(), settings.import_stubs)
        events = 0
        if is_confirmed:
            events = confirm(conn, Whose(user.id, import_id, fold_inline), replaces=replaces)
        found = counts(conn, import_id)
    if as_json:
        said = [{"kind": kind, "outcome": outcome, "count": count} for kind, outcome, count in found]
        answer_json({"importId": import_id, "counts": said, "events": events})
        return
    answer_table(("what", "outcome", "count"), found)
    answer(f"{events:,} events recorded." if is_confirmed else "Nothing is recorded yet: give --confirm.")


class _BadRows:
    """Prints the first rows that are passed over, and writes all of them where a file was given."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._count = 0

    def take(self, row: BadRow) -> None:
        """Name one row."""
        self._count += 1
        if self._count <= _SHOWN:
            say(f"{row.file}:{row.line}: {row.reason}: {row.text}")
        if self._file is not None:
            self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def lines(report: ImportReport) -> list[str]:
    """What an import came to, for people."""
    movies, ratings = report.movies, report.ratings
    already = ratings.repeated + ratings.unchanged
    said = [
        f"{report.source}: {movies.created:,} movies added, {movies.updated:,} changed, {movies.unchanged:,} as they were.",
        f"{report.people_created:,} people added.",
        f"{ratings.rated:,} ratings recorded in {ratings.events:,} events; {already:,} were known already.",
    ]
    if ratings.erased:
        said.append(f"{ratings.erased:,} ratings left out: the people they were of are erased.")
    if report.shifted_by:
        said.append(f"All times were moved by {report.shifted_by.days:,} days.")
    if report.bad:
        said.append(f"Rows passed over: {report.bad:,}.")
    if ratings.events:
        said.append(f"The import's correlation id is {ratings.correlation_id}.")
    return said


def as_plain(report: ImportReport) -> dict[str, Any]:
    """What an import came to, for programs."""
    movies, ratings = report.movies, report.ratings
    return {
        "source": report.source,
        "movies": {"created": movies.created, "updated": movies.updated, "unchanged": movies.unchanged},
        "people": {"created": report.people_created},
        "ratings": {
            "recorded": ratings.rated,
            "unchanged": ratings.unchanged,
            "repeated": ratings.repeated,
            "erased": ratings.erased,
        },
        "events": ratings.events,
        "correlationId": ratings.correlation_id,
        "badRows": report.bad,
        "shiftedByDays": report.shifted_by.days,
    }
