"""Rating what is on the watchlist takes it off, or is refused: the operator chooses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Rejected
from events.log import Recorded
from events.pair import Pair, PairEvent, Priority, Reaction
from events.ratings import MovieRated, rate_movie
from events.reactions import MovieReacted, react_to_movie
from events.undo import undo
from events.viewing import MovieWatched, dismiss_movie, mark_watched
from events.watchlist import OnRate, OnWatchlist, remove_from_watchlist, unless_kept
from tests.events.test_commands import MONDAY, PAIR, TODAY, added
from tests.events.test_histories import actions
from tests.strategies import COMMANDS, VIEWINGS, Says, histories

LISTED = PAIR.when([added(Priority.HIGH)])
RATED = rate_movie(PAIR, 7)
CLEARED = rate_movie(PAIR.when(RATED), None)


def _states(log: list[Recorded]) -> list[Pair]:
    return list(dict.fromkeys(actions(log)))


@given(histories(max_moves=15), st.sampled_from(list(COMMANDS)), st.data())
def test_k48_only_a_rating_of_what_is_listed_is_refused_and_never_are_both(
    log: list[Recorded], command: Says, data: st.DataObject
) -> None:
    args = data.draw(st.sampled_from(COMMANDS[command]))
    for pair in [LISTED, *_states(log)]:
        try:
            facts = list(command(pair, *args))
        except Rejected:
            continue
        assert list(unless_kept(facts, OnRate.REMOVE)) == facts
        rates = any(isinstance(fact, MovieRated | MovieReacted) for fact in facts)
        watched = any(isinstance(fact, MovieWatched) for fact in facts)
        if pair.priority and rates and not watched:
            with pytest.raises(OnWatchlist):
                unless_kept(facts, OnRate.REJECT)
        else:
            assert list(unless_kept(facts, OnRate.REJECT)) == facts
        after = pair.when(facts)
        assert not (after.priority and (after.reaction or after.half_stars))


@pytest.mark.parametrize(
    "facts",
    [
        rate_movie(LISTED, 7),
        react_to_movie(LISTED, Reaction.DISLIKE),
        undo(PAIR.when([*RATED, *CLEARED, added()]), CLEARED),
    ],
    ids=["stars", "reaction", "undo"],
)
def test_k48_what_would_rate_it_is_refused(facts: list[PairEvent]) -> None:
    with pytest.raises(OnWatchlist):
        unless_kept(facts, OnRate.REJECT)


@pytest.mark.parametrize(
    "facts",
    [
        mark_watched(LISTED, MONDAY, TODAY, VIEWINGS[0], Reaction.LIKE, 9),
        dismiss_movie(LISTED),
        remove_from_watchlist(LISTED),
        rate_movie(PAIR, 7),
    ],
    ids=["watched and rated", "dismissed", "removed", "not listed"],
)
def test_k49_what_says_more_or_is_not_listed_is_done(facts: list[PairEvent]) -> None:
    assert unless_kept(facts, OnRate.REJECT) == facts
    assert LISTED.when(facts).priority is None or facts[0].type == "movie_rated"
