"""`projectionist activity`: what people and visitors did, month by month."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Json, answer, answer_json
from app.cli.database import connected
from app.cli.errors import WrongUse
from app.cli.progress import steps_shown

commands = typer.Typer(no_args_is_help=True, help="Look after the activity of people and visitors.")


@commands.command(epilog="Example: projectionist activity archive --before 2026-01 --to /archive/activity")
def archive(
    before: Annotated[str, typer.Option(help="The first month that stays, such as 2026-01.")],
    to: Annotated[Path, typer.Option(help="The folder for the files; made when it is not there.")],
    as_json: Json = False,
) -> None:
    """Move months of activity into Parquet files with checksums, and drop them when the files are proved.

    Started again, it goes on where it was stopped.
    """
    from events.activity_months import archive as moved

    first = _month(before)
    with connected() as conn, steps_shown() as tell:
        done = list(
            moved(
                conn,
                to,
                first,
                on_progress=lambda month, days: tell(
                    "days", days, calendar.monthrange(month.year, month.month)[1], f"{month:%Y-%m}"
                ),
            )
        )
    if as_json:
        answer_json(
            [
                {
                    "month": f"{one.month:%Y-%m}",
                    "path": one.path,
                    "actions": one.actions,
                    "sha256": one.sha256,
                }
                for one in done
            ]
        )
        return
    for one in done:
        answer(f"{one.month:%Y-%m}: {one.actions:,} actions are in {one.path}, sha256 {one.sha256}.")
    if not done:
        answer(f"There is no month before {first:%Y-%m}.")


def _month(text: str) -> date:
    try:
        month = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise WrongUse("A month is written 2026-01.") from None
    if month > datetime.now(UTC).date():
        raise WrongUse("This month is still written to: name it, or an earlier one, as the first that stays.")
    return month
