"""After a withdrawal nothing of a pair is counted, whatever was said before."""

from __future__ import annotations

from hypothesis import given

from events.log import Recorded
from events.pair import Pair, PairEvent
from events.watchlist import RemovalReason
from events.withdrawing import withdraw
from tests.strategies import histories


@given(histories())
def test_what_is_withdrawn_counts_no_more(log: list[Recorded]) -> None:
    for place in {(e.fact.user_id, e.fact.movie_id) for e in log if isinstance(e.fact, PairEvent)}:
        pair = Pair(*place).when(event.fact for event in log)
        after = pair.when(withdraw(pair, RemovalReason.ERASED))
        assert (after.half_stars, after.reaction, after.is_favorite, after.priority, after.viewings) == (
            None,
            None,
            False,
            None,
            (),
        )
        assert withdraw(after, RemovalReason.ERASED) == []
