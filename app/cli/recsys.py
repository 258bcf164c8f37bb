"""`projectionist recsys`: training recommenders from the log, and which of them serves."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli.console import Json, answer, answer_json, answer_table
from app.cli.database import connected
from app.cli.errors import WrongUse
from app.cli.models import models_folder
from app.cli.progress import progress_shown
from app.cli.replica import reading

if TYPE_CHECKING:
    from recsys.config import Config

commands = typer.Typer(
    no_args_is_help=True,
    help="Train recommenders from the log, choose the one that serves, and compare them.",
)


@commands.command(epilog="Example: projectionist recsys train --promote")
def train(
    at: Annotated[
        int | None,
        typer.Option(min=0, help="The log as it stood at this position; now where it is left out."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=NUMBER", help="A setting of the model: `recsys models --json` has them."
        ),
    ] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Let the model serve.")] = False,
    as_json: Json = False,
) -> None:
    """Train a model from the log and keep it; the same position, settings and catalogue give the same digest."""
    from recsys import lifecycle

    config = _configured(given or [])
    with connected() as conn, models_folder() as store:
        with reading(conn) as source, progress_shown() as progress:
            made = lifecycle.train_model(conn, store, config, at=at, reading=source, progress=progress)
        if promote:
            lifecycle.promote(conn, store, made.model_id)
    if as_json:
        answer_json({"model_id": made.model_id, **made.data(), "promoted": promote})
        return
    told = made.metrics
    answer(
        f"Trained {made.model_id} from the log up to position {made.up_to_position:,} in {told['seconds']} s:"
    )
    answer(f"  {told['interactions']:,} opinions of {told['people']:,} people, digest {made.digest[:16]}…")
    if promote:
        answer("It serves now.")
    else:
        answer(f"`projectionist recsys promote {made.model_id}` lets it serve.")


@commands.command(epilog="Example: projectionist recsys models --json")
def models(as_json: Json = False) -> None:
    """List the models that were trained, the newest first, and whether their files are here."""
    from recsys.lifecycle import trained_models

    with connected() as conn, models_folder() as store:
        found = [(model, store.has(model.model_id)) for model in trained_models(conn)]
    if as_json:
        answer_json([asdict(model) | {"has_files": has_files} for model, has_files in found])
        return
    columns = ("model", "state", "files", "position", "people", "trained", "digest")
    answer_table(
        columns,
        [
            (
                str(model.model_id),
                model.state,
                has_files,
                model.up_to_position,
                model.metrics["people"],
                f"{model.trained_at:%Y-%m-%d %H:%M}",
                model.digest[:16],
            )
            for model, has_files in found
        ],
    )


@commands.command(epilog="Example: projectionist recsys promote 0196c1f2-58a1-7e7b-a2c5-1d2f9a3b4c5d")
def promote(
    model_id: Annotated[UUID, typer.Argument(metavar="ID", help="A model's id.")], as_json: Json = False
) -> None:
    """Let a model serve; running servers take it up within a second or two."""
    from recsys import lifecycle

    with connected() as conn, models_folder() as store:
        is_new = lifecycle.promote(conn, store, model_id)
    if as_json:
        answer_json({"serving": model_id, "changed": is_new})
    else:
        answer(f"{model_id} serves {'now' if is_new else 'already'}.")


@commands.command(epilog="Example: projectionist recsys rollback")
def rollback(as_json: Json = False) -> None:
    """Let the model serve again that did before this one."""
    from recsys import lifecycle

    with connected() as conn, models_folder() as store:
        serving = lifecycle.roll_back(conn, store)
    if as_json:
        answer_json({"serving": serving})
    else:
        answer(f"{serving} serves again.")


def _configured(given: list[str]) -> Config:
    from recsys.config import Config

    known = {name: value for name, value in asdict(Config()).items() if isinstance(value, int | float)}
    chosen: dict[str, Any] = {}
    for setting in given:
        name, _, value = setting.partition("=")
        if name not in known:
            raise WrongUse(f"No setting of a number is called {name}. There are: {', '.join(known)}.")
        try:
            chosen[name] = type(known[name])(value)
        except ValueError:
            raise WrongUse(f"{name} is a number, such as {known[name]}.") from None
        if not 0 <= chosen[name] < math.inf:
            raise WrongUse(f"{name} is 0 or more.")
    return Config(**chosen)
