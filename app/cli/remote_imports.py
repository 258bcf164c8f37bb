"""`projectionist import tmdb` and `import omdb`: what outside services say of movies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.catalogue_imports import BadRows
from app.cli.console import Json, answer, answer_json
from app.cli.errors import Refused, WrongUse
from app.cli.imports import importing, tell_bad
from app.fetching import Outcome
from app.importing_remote import chosen, fetch_all, mint, read_ids
from app.remotes import Remotes, remotes
from app.settings import Settings
from catalog.copies import rateable
from catalog.rows import BadRow
from database.connect import connect


def add_to(commands: typer.Typer) -> None:
    """Add the commands to those of imports."""
    commands.command(epilog="Example: projectionist import tmdb --ids ids.txt")(tmdb)
    commands.command(epilog="Example: projectionist import omdb")(omdb)


def tmdb(
    ids: Annotated[
        Path | None,
        typer.Option(help="A file of TMDb ids and IMDb ids, one a line.", exists=True, dir_okay=False),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch copies that are stale.")] = False,
    all_stubs: Annotated[
        bool, typer.Option("--all-stubs", help="Fetch movies of which only an id is known.")
    ] = False,
    bad_rows: BadRows = None,
    as_json: Json = False,
) -> None:
    """Fetch movies from The Movie Database: texts, people, trailers, certifications, where they can be seen.

    What is fresh is not asked for again, so that an import that was cut short goes on where it was. In the mode
    `reference` movies are made known by their ids, and nothing is fetched.
    """
    if not (ids or refresh or all_stubs):
        raise WrongUse("Say which movies: --ids FILE, --refresh or --all-stubs.")
    settings = Settings()
    only_ids = settings.catalogue_mode == "reference"
    if only_ids and (refresh or all_stubs):
        raise Refused(
            "In the mode reference nothing is fetched; PROJECTIONIST_CATALOGUE_MODE=cache changes that."
        )
    if not only_ids and settings.tmdb_token is None:
        raise Refused("TMDb is not asked without a token: set PROJECTIONIST_TMDB_TOKEN.")
    outcome, bad = Outcome(), 0
    with importing(bad_rows) as (conninfo, progress, on_bad):

        def pass_over(row: BadRow) -> None:
            nonlocal bad
            bad += 1
            on_bad(row)

        with connect(conninfo, application="projectionist import") as conn:
            movies = mint(conn, *read_ids(ids, pass_over)) if ids else []
            movies += chosen(conn, refresh=refresh, all_stubs=all_stubs)
        if not only_ids:
            with remotes(settings, settings.redis_url) as found:
                outcome = fetch_all(
                    conninfo,
                    Remotes(found.tmdb, None),
                    list(dict.fromkeys(movies)),
                    days=settings.cache_days,
                    progress=progress,
                    on_bad=pass_over,
                )
    _tell("tmdb", len(movies), outcome, bad, bad_rows, as_json=as_json)


def omdb(bad_rows: BadRows = None, as_json: Json = False) -> None:
    """Fetch ratings and awards of all movies with an IMDb id from OMDb.

    What is fresh is not asked for again: when a day's quota is used up, go on another day.
    """
    settings = Settings()
    if settings.catalogue_mode == "reference":
        raise Refused(
            "In the mode reference nothing is fetched; PROJECTIONIST_CATALOGUE_MODE=cache changes that."
        )
    if settings.omdb_key is None:
        raise Refused("OMDb is not asked without a key: set PROJECTIONIST_OMDB_KEY.")
    with importing(bad_rows) as (conninfo, progress, on_bad), remotes(settings, settings.redis_url) as found:
        with connect(conninfo, application="projectionist import") as conn:
            movies = rateable(conn)
        outcome = fetch_all(
            conninfo,
            Remotes(None, found.omdb),
            movies,
            days=settings.cache_days,
            progress=progress,
            on_bad=on_bad,
        )
    _tell("omdb", len(movies), outcome, outcome.bad, bad_rows, as_json=as_json)


def _tell(
    source: str, movies: int, outcome: Outcome, bad: int, bad_rows: Path | None, *, as_json: bool
) -> None:
    tell_bad(bad, bad_rows)
    if as_json:
        answer_json({"source": source, "movies": movies, **asdict(outcome), "bad": bad})
        return
    answer(
        f"{source}: {movies:,} movies; {outcome.created:,} added, {outcome.updated:,} changed,"
        f" {outcome.unchanged:,} as they were, {outcome.gone:,} that {source} does not have."
    )
    if outcome.united:
        answer(f"Stubs that were one movie with another: {outcome.united:,}.")
    if bad:
        answer(f"Passed over: {bad:,}.")
