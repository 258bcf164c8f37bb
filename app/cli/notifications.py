"""`projectionist notifications`: what an operator needs to send them."""

from __future__ import annotations

import typer

from app.cli.console import Json, answer, answer_json

commands = typer.Typer(no_args_is_help=True, help="Set up e-mail and web push.")


@commands.callback()
def root() -> None:
    """Take no options."""


@commands.command("key", epilog="Example: projectionist notifications key")
def make_key(as_json: Json = False) -> None:
    """Make a key that web push is signed with. Browsers know its public half: with another, all must subscribe anew."""
    from notifications.push import new_key

    made = new_key()
    if as_json:
        answer_json({"PROJECTIONIST_VAPID_KEY": made})
        return
    answer(f"PROJECTIONIST_VAPID_KEY={made}")
