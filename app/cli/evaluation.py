"""`projectionist recsys evaluate`: how good the recommender is, beside others, on public data or by what people did here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli.console import Json, answer, answer_json, answer_table, say
from app.cli.errors import Refused, WrongUse
from app.cli.evaluation_from_log import evaluate_from_log
from app.cli.progress import progress_shown
from app.importing import demo_files
from app.settings import Settings
from catalog import demo

DEMO = "100k"
OUT = Path("evaluation")
DAYS = 7
"""How long after it was shown a like counts."""


def add_to(commands: typer.Typer) -> None:
    """Add the command to the group."""
    commands.command(epilog="Example: projectionist recsys evaluate 100k ml-latest-small.zip --out report")(
        evaluate
    )


def evaluate(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(help=f"{DEMO} for the demo data, or MovieLens releases: zips or folders of files."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write evaluation.md, .json and .svg into this folder.", show_default=str(OUT)),
    ] = None,
    from_log: Annotated[
        bool,
        typer.Option(
            "--from-log", help="No data sets: what people did with the slates that they were shown."
        ),
    ] = False,
    begin: Annotated[
        int | None,
        typer.Option(
            "--from",
            min=1,
            help="Of the log: the first position of slates.",
            show_default="after the model's training",
        ),
    ] = None,
    end: Annotated[int | None, typer.Option("--to", min=1, help="Of the log: the last one.")] = None,
    model_id: Annotated[
        UUID | None,
        typer.Option("--model", metavar="ID", help="Of the log: a model's id.", show_default="that serves"),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=365, help="Of the log: likes count within so many days.", show_default=str(DAYS)
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train and compare all models on data sets, without any database; some minutes each.

    Every movie is ranked, what a person judged is left out, likes are ratings of 4 stars and more. With --from-log:
    estimate how many clicks and likes a slate of each algorithm brings, from the slates of the log.
    """
    if bool(datasets) == from_log:
        raise WrongUse("Give data sets, or --from-log.")
    if from_log and out is not None:
        raise WrongUse("--out is about data sets: with --from-log, redirect what is printed.")
    if from_log:
        evaluate_from_log(begin=begin, end=end, model_id=model_id, days=days or DAYS, as_json=as_json)
        return
    if (begin, end, model_id, days) != (None,) * 4:
        raise WrongUse("--from, --to, --model and --days are about the log: give --from-log with them.")
    _on_data_sets(datasets or [], out or OUT, as_json=as_json)


def _on_data_sets(datasets: list[str], out: Path, *, as_json: bool) -> None:
    if find_spec("implicit") is None:
        raise Refused("The models of others are missing: pip install 'projectionist[evaluation]'.")
    from recsys.config import Config
    from recsys.evaluation.datasets import read
    from recsys.evaluation.report import write
    from recsys.evaluation.run import evaluate as run

    config = Config()
    read_in = [read(_path(each)) for each in datasets]
    with progress_shown() as progress:
        runs = {data.name: run(data, config, progress) for data in read_in}
    found = write(runs, config, out)
    if as_json:
        answer_json([{"what": each.what, "wanted": each.wanted, "reached": each.reached} for each in found])
        return
    columns = ("target", "wanted", "reached", "")
    rows = [(each.what, f"{each.wanted:.3f}", f"{each.reached:.3f}", each.verdict) for each in found]
    answer_table(columns, rows)
    answer(f"All figures are in {out / 'evaluation.md'}.")


def _path(dataset: str) -> Path:
    if dataset != DEMO:
        return Path(dataset)
    say(demo.ACKNOWLEDGEMENT)
    return demo_files(Settings().data_dir / "downloads")
