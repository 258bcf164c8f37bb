"""`projectionist import imdb`, `import movies`, `import convert`: what others know of movies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.cli.console import Json, answer, answer_json
from app.cli.imports import importing, tell_bad
from app.importing_catalogue import CatalogueReport, import_imdb, import_movies
from catalog.imdb import TYPES
from catalog.pickled import read_frame
from catalog.rows import UnreadableRelease

BadRows = Annotated[
    Path | None, typer.Option(help="Write every row that was passed over to this file, as JSON lines.")
]


_IMDB = "Example: projectionist import imdb datasets --types movie --minimum-votes 1000"
_MOVIES = "Example: projectionist import movies films.csv --map imdb_id=tconst --map title=primaryTitle"


def add_to(commands: typer.Typer) -> None:
    """Add the commands to those of imports."""
    commands.command(epilog=_IMDB)(imdb)
    commands.command(epilog=_MOVIES)(movies)
    commands.command(epilog="Example: projectionist import convert movies_df.pkl movies.parquet")(convert)


def imdb(
    path: Annotated[
        Path, typer.Argument(help="The folder of title.basics.tsv.gz and the others.", exists=True)
    ],
    types: Annotated[str, typer.Option(help="Which types of titles, with commas.")] = "movie",
    minimum_votes: Annotated[int, typer.Option(help="Of each title, at least.", min=0)] = 0,
    bad_rows: BadRows = None,
    as_json: Json = False,
) -> None:
    """Import IMDb's non-commercial data sets: titles, ratings, directors, cast, and titles in other languages.

    What was cut short goes on where it was; the same files again change nothing.
    """
    wanted = tuple(part.strip() for part in types.split(","))
    if unknown := [name for name in wanted if name not in TYPES]:
        raise typer.BadParameter(f"there is no type {', '.join(unknown)}; there are {', '.join(TYPES)}")
    with importing(bad_rows) as (conninfo, progress, on_bad):
        report = import_imdb(
            conninfo, path, types=wanted, minimum_votes=minimum_votes, progress=progress, on_bad=on_bad
        )
    _tell(report, bad_rows, as_json=as_json)


def movies(
    path: Annotated[Path, typer.Argument(help="A CSV or Parquet file.", exists=True, dir_okay=False)],
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="field=column, for columns that have other names.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="The same in a file: a JSON object.", exists=True, dir_okay=False)
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The namespace of its ids; by default the name of the file.")
    ] = None,
    bad_rows: BadRows = None,
    as_json: Json = False,
) -> None:
    """Import movies from a table: ids, titles in any language, dates, people, genres, ratings.

    The same file again changes nothing; what another source said stays, what is empty is filled.
    """
    columns = _mapping(mapping) | dict(_pair(each) for each in map_ or ())
    with importing(bad_rows) as (conninfo, progress, on_bad):
        report = import_movies(
            conninfo, path, source=source or path.stem, mapping=columns, progress=progress, on_bad=on_bad
        )
    _tell(report, bad_rows, as_json=as_json)


def _pair(text: str) -> tuple[str, str]:
    field, mark, column = text.partition("=")
    if not (field and mark and column):
        raise typer.BadParameter("is written field=column", param_hint="--map")
    return field, column


def _mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise UnreadableRelease(f"{path.name} is not a JSON object of fields and their columns.")
    return found


def _tell(report: CatalogueReport, bad_rows: Path | None, *, as_json: bool) -> None:
    tell_bad(report.bad, bad_rows)
    done = report.movies
    if as_json:
        counts = {"created": done.created, "updated": done.updated, "unchanged": done.unchanged}
        answer_json(
            {"source": report.source, "movies": counts, "people": report.people, "badRows": report.bad}
        )
        return
    answer(
        f"{report.source}: {done.created:,} movies added, {done.updated:,} changed, {done.unchanged:,} as they were."
    )
    if report.people:
        answer(f"{report.people:,} people added or renamed.")
    if report.bad:
        answer(f"Rows passed over: {report.bad:,}.")


def convert(
    path: Annotated[
        Path, typer.Argument(help="A pickled data frame of pandas.", exists=True, dir_okay=False)
    ],
    out: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
) -> None:
    """Make Parquet of a pickled data frame, for `import movies`. Nothing that the pickle names is run.

    Any other pickle is refused: only columns of texts, numbers, times and lists are read.
    """
    from importlib import import_module

    pa: Any = import_module("pyarrow")
    columns = read_frame(path)
    try:
        table = pa.table(columns)
    except (pa.ArrowException, OverflowError) as error:
        raise UnreadableRelease(f"A column of {path.name} holds values of several kinds.") from error
    import_module("pyarrow.parquet").write_table(table, out, compression="zstd")
    answer(f"{out}: {table.num_rows:,} rows of {', '.join(columns)}.")
