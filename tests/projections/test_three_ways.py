"""Inline, catch-up and rebuild come to the same tables: what the Python specification says of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from database.connect import session_conninfo
from database.pipeline import Lane
from events.errors import Rejected
from events.handle import Handler
from events.log import Recorded
from events.pair import Pair, PairEvent
from events.window import Command
from projections.follow import catch_up
from projections.rebuild import rebuild
from projections.registry import fold_inline, projections
from projections.verify import verify
from tests.projections.filling import Conn, rows, the_log
from tests.strategies import ALONE, Move, movie_id, rich_moves, take_back, user_id


async def say(handler: Handler, moves: Sequence[Move]) -> None:
    """Say these to a real handler, one after the other; what is refused leaves nothing."""
    actions: list[Sequence[Recorded]] = []
    for move in moves:
        key, args = (user_id(move.person), movie_id(move.movie)), move.args
        if move.says is take_back:
            own = [action for action in actions if _pair(action)[0] == key[0]]
            if not own:
                continue
            earlier = own[max(0, len(own) - 1 - args[0])]
            key, args = _pair(earlier), ([event.fact for event in earlier],)

        def decide(pair: Pair, _: object, move: Move = move, args: Any = args) -> Sequence[PairEvent]:
            return move.says(pair, *args)

        try:
            if wrote := await handler.handle(Command(user_id=key[0], movie_id=key[1], decide=decide)):
                actions.append(wrote)
        except Rejected:
            continue


def _pair(action: Sequence[Recorded]) -> tuple[Any, Any]:
    fact = action[0].fact
    return fact.user_id, fact.movie_id


async def test_inline_catch_up_and_rebuild_come_to_what_the_log_says(conninfo: str, connection: Conn) -> None:
    lane = Lane(session_conninfo(conninfo))
    await lane.open()
    handler = Handler([lane], fold_inline)
    for seed in (1, 2, 3):
        await say(handler, rich_moves(150, seed=seed, without=ALONE))
        catch_up(connection)
    await lane.close()
    log = the_log(connection)
    assert len(log) > 200
    for p in projections().values():
        assert rows(connection, p) == Counter(p.spec(log)), p.name
        assert verify(connection, p.name) == []
    for p in projections().values():
        assert rebuild(connection, p.name, dry_run=True, window=17).changes[p.name] == []
        rebuild(connection, p.name, window=50)
        assert rows(connection, p) == Counter(p.spec(log)), p.name
