"""How many statements a piece of work sends to the database, whichever connection they go by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from database.pipeline import Call, Lane, Rows

_ACTS_FOR = "select set_config("


@contextmanager
def counted() -> Iterator[list[str]]:
    """Give a list that grows by the text of each statement sent by the pipelines and by the pool.

    What goes before one, in the same group, to say whom it acts for asks the database nothing, and is left out.
    """
    sent: list[str] = []
    send, execute = Lane.send, psycopg.AsyncCursor.execute

    def send_and_count(lane: Lane, calls: Sequence[Call]) -> asyncio.Future[list[Rows]]:
        texts = [statement.sql.decode() for statement, _ in calls]
        sent.extend(text for text in texts if not text.startswith(_ACTS_FOR))
        return send(lane, calls)

    async def execute_and_count(cursor: Any, query: Any, *values: Any, **more: Any) -> Any:
        if query and not str(query).strip().startswith(
            _ACTS_FOR
        ):  # the pool asks nothing at all to see whether a connection lives
            sent.append(str(query))
        return await execute(cursor, query, *values, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lane, "send", send_and_count)
        patch.setattr(psycopg.AsyncCursor, "execute", execute_and_count)
        yield sent
