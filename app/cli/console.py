"""What commands say: answers on stdout, everything else on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

OUT = Console(highlight=False, markup=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

_UNBOUNDED = 10_000  # columns: what is not a terminal is not cut

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for programs.")]


def say(text: str) -> None:
    """Tell the person at the terminal how it goes."""
    ERR.print(text)


def answer(text: str) -> None:
    """Print a part of the answer."""
    OUT.print(text)


def answer_json(value: Any) -> None:
    """Print the answer, or one line of it, for a program."""
    typer.echo(orjson.dumps(value, default=_plain).decode())


def answer_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below names; numbers are written with separators and stand to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    written = [list(row) for row in rows]
    for index, name in enumerate(columns):
        is_number = bool(written) and all(isinstance(row[index], int | float) for row in written)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in written:
        table.add_row(*map(_cell, row))
    if OUT.is_terminal:
        OUT.print(table)
    else:
        Console(highlight=False, markup=False, width=_UNBOUNDED).print(table)


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case None:
            return ""
        case _:
            return str(value)


def _plain(value: object) -> object:
    """What JSON has no form for: sets become lists, anything else its text."""
    return sorted(value) if isinstance(value, frozenset) else str(value)
