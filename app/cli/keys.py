"""`projectionist keys`: which master keys are in use, and how one is replaced."""

from __future__ import annotations

import typer

from accounts.rewrapping import rewrap, standing
from app.cli.console import Json, answer, answer_json, answer_table
from app.cli.database import connected
from app.cli.progress import steps_shown
from app.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="Look at master keys, and replace them.")


@commands.command("list", epilog="Example: projectionist keys list --json")
def show(as_json: Json = False) -> None:
    """Count the data keys by the master key that wraps them; one that wraps none may be taken away."""
    masters = Settings().masters()
    with connected() as conn:
        found = standing(conn)
    if as_json:
        answer_json({"first": masters.first, "wrappedBy": found.wrapped_by, "destroyed": found.destroyed})
        return
    names = dict.fromkeys((*masters.names, *found.wrapped_by))
    answer_table(
        ("master key", "data keys", "here", "wraps new ones"),
        [
            (name, found.wrapped_by.get(name, 0), name in masters.names, name == masters.first)
            for name in names
        ],
    )
    answer(f"Destroyed data keys: {found.destroyed:,}.")


@commands.command("rewrap", epilog="Example: projectionist keys rewrap")
def rewrap_all(as_json: Json = False) -> None:
    """Wrap every data key under the first of PROJECTIONIST_MASTER_KEYS; may be stopped, and run beside servers."""
    masters = Settings().masters()
    with connected() as conn, steps_shown() as tell:
        total = sum(standing(conn).wrapped_by.values())
        done = rewrap(conn, masters, on_progress=lambda keys: tell("data keys", keys, total))
    if as_json:
        answer_json({"first": masters.first, "rewrapped": done})
        return
    answer(f"Wrapped anew under {masters.first}: {done:,}.")
