"""`projectionist movies`: what an operator puts right in the catalogue."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from app.cli.console import Json, answer, answer_json
from app.cli.database import Conn, connected
from app.cli.errors import Refused
from app.merging import record_merge
from catalog.uniting import CannotMerge
from catalog.uniting import merge as merge_movies

commands = typer.Typer(help="What an operator puts right in the catalogue.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(help="Its id here, or at IMDb like tt0137523, or at TMDb like tmdb:550.")]
_FIND = """
select id from movies where id::text = %(name)s or imdb_id = %(name)s or 'tmdb:' || tmdb_id = %(name)s"""


@commands.command(epilog="Example: projectionist movies merge tt0137523 tmdb:550")
def merge(gone: _Id, kept: _Id, as_json: Json = False) -> None:
    """Let one movie be another: its ids, and what people said of it, go to the one that stays.

    People's words, the items of lists and page views are moved by a worker within seconds. The log keeps what was.
    """
    with connected() as conn:
        ids = _found(conn, gone), _found(conn, kept)
        try:
            merge_movies(conn, *ids, record_merge)
        except CannotMerge as refusal:
            raise Refused(str(refusal)) from None
    if as_json:
        answer_json({"merged": str(ids[0]), "into": str(ids[1])})
    else:
        answer(f"{gone} is {kept} from now on.")


def _found(conn: Conn, name: str) -> UUID:
    found = conn.execute(_FIND, {"name": name.strip()}).fetchone()
    if found is None:
        raise Refused(f"There is no movie {name}.")
    return UUID(str(found[0]))
