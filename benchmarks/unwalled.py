"""`python -m benchmarks.unwalled`: the server as it would be without row-level security, to see what that costs."""

import sys
from typing import Any

import app.services
import events.handle
import resolvers.reader
from app.server import serve
from app.settings import Settings
from database.connect import APP_ROLE
from database.pipeline import Call, Rows
from events.append import load_calls
from events.window import Window


def _load_calls(*given: Any) -> list[Call]:
    begin, _, *others = load_calls(*given)
    return [begin, *others]


def _window(loaded: list[Rows], *others: Any) -> Window:
    begun, *found = loaded
    return Window([begun, [], *found], *others)


if __name__ == "__main__":
    app.services.VIEWER_ROLE = APP_ROLE
    resolvers.reader._Turn.calls = lambda turn: [turn._call()]  # type: ignore[method-assign]
    events.handle.load_calls = _load_calls
    events.handle.Window = _window  # type: ignore[misc, assignment]
    sys.exit(serve(Settings(), worker=False))
