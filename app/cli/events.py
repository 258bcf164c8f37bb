"""`projectionist events`: look at the log, count it, prove it, export it."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.cli.console import Json, answer, answer_json, answer_table, say
from app.cli.database import connected
from app.cli.errors import REFUSED, WrongUse
from app.cli.people import person
from app.cli.progress import steps_shown
from app.cli.replica import reading
from app.cli.tail import Wanted, tail
from events import seals
from events.cluster import require_home
from events.export import Format, export
from events.facts import kinds

commands = typer.Typer(
    no_args_is_help=True, help="Look at the log of what happened, count, prove and export it."
)


class By(StrEnum):
    """What events can be counted by."""

    TYPE = "type"
    DAY = "day"
    SOURCE = "source"


_COUNT = "select count(*) from events"
_COUNT_BY = {
    By.TYPE: "select type, count(*) from events group by 1 order by 2 desc, 1",
    By.DAY: "select (occurred_at at time zone 'UTC')::date, count(*) from events group by 1 order by 1",
    By.SOURCE: "select source, count(*) from events group by 1 order by 2 desc, 1",
}
_SEALED = "select coalesce(sum(events), 0)::bigint from seals"
_HAS_ROOT = "select exists (select from seals where root = decode(%(root)s, 'hex'))"


@commands.command("tail", epilog="Example: projectionist events tail --type movie_rated --follow")
def show_tail(
    begin: Annotated[int | None, typer.Option("--from", help="Begin at this position.", min=1)] = None,
    last: Annotated[
        int, typer.Option("--last", "-n", help="Without --from: how many to begin with.", min=0)
    ] = 10,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be given again.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Only this person: an id, a username or an e-mail address.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is appended, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the newest events, one a line; with --json, one object a line."""
    if unknown := sorted(set(types or ()) - set(kinds())):
        raise WrongUse(f"No event is called {', '.join(unknown)}. There are: {', '.join(sorted(kinds()))}.")
    with connected() as conn:
        require_home(conn)
        wanted = Wanted(tuple(types or ()), person(conn, user).id if user else None)
        with closing(tail(conn, wanted, begin=begin, last=last, follow=follow)) as events:
            for event in events:
                if as_json:
                    answer_json(event)
                else:
                    answer(_line(event))


def _line(event: dict[str, Any]) -> str:
    occurred: datetime = event["occurred_at"]
    data = orjson.dumps(event["data"]).decode()
    about = f"user {event['user_id']}" + (f" movie {event['movie_id']}" if event["movie_id"] else "")
    return f"{event['position']:>10} {occurred:%Y-%m-%d %H:%M:%S} {event['type']} {about} {data}"


@commands.command(epilog="Example: projectionist events count --by type")
def count(
    by: Annotated[
        By | None, typer.Option(help="One line for each; days are in UTC, of when it happened.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count the events of the log."""
    with reading() as source:
        rows = source.conn.execute(_COUNT_BY[by] if by else _COUNT).fetchall()
    if by is None:
        (total,) = rows[0]
        answer_json({"events": total}) if as_json else answer(f"{total:,}")
    elif as_json:
        answer_json([{by.value: key, "events": events} for key, events in rows])
    else:
        answer_table((by.value, "events"), rows)


@commands.command(
    epilog="Example: projectionist events verify --root 5f2c…, a root that was printed and kept earlier"
)
def verify(
    root: Annotated[
        str | None, typer.Option(help="A root that was kept off this machine: it must still be in the chain.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Seal what is new, then recompute every seal: exit 1 names the first event that is not what was recorded.

    Keep the newest root somewhere else: who can rewrite both the log and its seals cannot rewrite that.
    """
    if root is not None and not _is_root(root):
        raise WrongUse("A root is 64 hexadecimal digits, as `projectionist events verify` prints it.")
    with connected() as conn, steps_shown() as tell:
        tell("seal", 0, 0)
        seals.seal(conn)
        (total,) = conn.execute(_SEALED).fetchone() or (0,)
        checked = seals.Checked(0, 0, None)
        for checked in seals.verify(conn):
            tell("verify", checked.events, total)
        broken, newest = checked.broken, seals.newest(conn)
        if broken is None and root is not None:
            (has_root,) = conn.execute(_HAS_ROOT, {"root": root}).fetchone() or (False,)
            broken = None if has_root else f"no seal has the root {root}: the chain was made anew since"
    if as_json:
        head = dict(zip(("number", "position", "root"), newest, strict=True)) if newest else None
        answer_json(
            {
                "ok": broken is None,
                "seals": checked.seals,
                "events": checked.events,
                "broken": broken,
                "newest": head,
            }
        )
    elif broken is None:
        answer(f"{checked.events:,} events under {checked.seals:,} seals are what was recorded.")
        if newest:
            answer(
                f"Keep off this machine: seal {newest[0]} up to position {newest[1]} has the root {newest[2]}"
            )
    if broken is not None:
        say(f"Error: the log was changed: {broken}.")
        raise typer.Exit(REFUSED)


def _is_root(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False


@commands.command("export", epilog="Example: projectionist events export events.parquet --from 100001")
def write_export(
    path: Annotated[
        Path, typer.Argument(help="The file to write; one that is there is replaced when all is done.")
    ],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How to write it.", show_default="by the file's name, else jsonl"),
    ] = None,
    begin: Annotated[int, typer.Option("--from", help="The first position to export.", min=1)] = 1,
    end: Annotated[int | None, typer.Option("--to", help="The last position to export.", min=0)] = None,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Add the encrypted texts, in hexadecimal.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Export settled events in their order, for analysts; the answer says where the next export begins."""
    chosen = form or next((each for each in Format if path.suffix == f".{each}"), Format.JSONL)
    with reading() as source, steps_shown() as tell:
        done = export(
            source,
            path,
            chosen,
            low=begin - 1,
            high=end,
            with_secret=with_secret,
            on_progress=lambda positions, total: tell("positions", positions, total),
        )
    if as_json:
        answer_json({"path": path, "format": chosen, "from": begin, "to": done.high, "events": done.events})
        return
    answer(f"{done.events:,} events up to position {done.high:,} are in {path}.")
    answer(f"The next export begins with --from {done.high + 1}")
