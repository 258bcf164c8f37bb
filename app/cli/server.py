"""Running it: the server, the worker, migrations, the schema's text."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from accounts.emails import seal_emails
from accounts.keys import Keys
from app.cli.console import Json, answer, answer_json, say
from app.cli.database import database, session
from app.cli.errors import Refused, WrongUse
from app.cli.progress import rebuild_shown, steps_shown
from app.settings import Settings
from events.cluster import require_home
from projections.deploy import deploy


def serve(
    host: Annotated[
        str | None, typer.Option(help="Where to listen.", show_default="PROJECTIONIST_HOST or 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Where to listen.", show_default="PROJECTIONIST_PORT or 8000", min=0, max=65535),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Load MovieLens 100K first, into an empty log.")
    ] = False,
    worker: Annotated[bool, typer.Option(help="Follow the log in this process too.")] = True,
) -> None:
    """Serve GraphQL over HTTP, WebSocket and SSE at /graphql, until Ctrl-C.

    Migrates first. Without DATABASE_URL and REDIS_URL it brings a PostgreSQL and a Redis of its own.
    """
    from app.server import serve as run

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    raise typer.Exit(run(Settings().model_copy(update=given), demo=demo, worker=worker))


def worker() -> None:
    """Follow the log, seal it, rebuild what operators ask for, train daily if told to, until Ctrl-C.

    Start it beside servers that run with --no-worker; each projection is followed by one worker at a time.
    """
    from app.logs import configure
    from app.worker import worker as make_worker

    settings = Settings()
    configure(settings.log_level)
    with database(settings) as conninfo:
        running = make_worker(settings, conninfo, redis_url=settings.redis_url)
        with session(conninfo) as conn:
            running.start(conn)
        say("Following the log (Ctrl-C stops)")
        try:
            threading.Event().wait()
        finally:
            running.stop()


def migrate(as_json: Json = False) -> None:
    """Bring the database and the read tables to this version; safe to repeat, and while servers run."""
    from app.database import migrate as apply

    settings = Settings()
    with database(settings) as conninfo:
        applied = apply(conninfo)
        with session(conninfo) as conn, steps_shown() as tell:
            require_home(conn)
            sealed = seal_emails(
                conn, Keys(settings.masters()), on_progress=lambda n: tell("e-mail addresses", n, n)
            )
            conn.execute("select events_add_partitions(), activity.add_months()")
            built = deploy(conn, on_progress=rebuild_shown(tell))
    if as_json:
        answer_json({"applied": applied, "built": built, "sealed": sealed})
        return
    answer(f"Migrations applied: {', '.join(applied) or 'none was pending'}.")
    answer(f"Projections built: {', '.join(built) or 'all were up to date'}.")
    if sealed:
        answer(f"E-mail addresses sealed: {sealed:,}.")


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 when schema/schema.graphql is another text.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write schema/schema.graphql.")] = False,
) -> None:
    """Print the GraphQL schema in the schema definition language."""
    from schema import SDL, sdl

    if check and write:
        raise WrongUse("Give --check or --write, not both.")
    text = sdl()
    if write:
        SDL.write_text(text)
        say(f"Wrote {SDL.name}.")
    elif not check:
        answer(text.rstrip("\n"))
    elif not SDL.exists() or SDL.read_text() != text:
        raise Refused("schema/schema.graphql is not what the code says: run `projectionist schema --write`.")


def add_to(commands: typer.Typer) -> None:
    """Register these commands."""
    commands.command(epilog="Example: projectionist serve --demo --port 9000")(serve)
    commands.command(epilog="Example: DATABASE_URL=postgresql://db/movies projectionist worker")(worker)
    commands.command(epilog="Example: projectionist migrate --json")(migrate)
    commands.command(hidden=True, epilog="Example: projectionist schema --check")(schema)
