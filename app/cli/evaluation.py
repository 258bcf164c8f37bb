"""`projectionist recsys evaluate`: how good the recommender is, beside others, on public data."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import Json, answer, answer_json, answer_table, say
from app.cli.errors import Refused
from app.cli.progress import progress_shown
from app.importing import demo_files
from app.settings import Settings
from catalog import demo

DEMO = "100k"


def add_to(commands: typer.Typer) -> None:
    """Add the command to the group."""
    commands.command(epilog="Example: projectionist recsys evaluate 100k ml-latest-small.zip --out report")(
        evaluate
    )


def evaluate(
    datasets: Annotated[
        list[str],
        typer.Argument(help=f"{DEMO} for the demo data, or MovieLens releases: zips or folders of files."),
    ],
    out: Annotated[Path, typer.Option(help="Write evaluation.md, .json and .svg into this folder.")] = Path(
        "evaluation"
    ),
    as_json: Json = False,
) -> None:
    """Train and compare all models on data sets, without any database; some minutes each.

    Every movie is ranked, what a person judged is left out, likes are ratings of 4 stars and more.
    """
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
