"""What takes a person's word out of the numbers of a movie: decided by the commands of the domain, and pure."""

from __future__ import annotations

from events.favorites import unfavorite_movie
from events.pair import Pair, PairEvent
from events.ratings import clear_rating
from events.reactions import clear_reaction
from events.viewing import retract_watch
from events.watchlist import RemovalReason, remove_from_watchlist


def withdraw(pair: Pair, reason: RemovalReason) -> list[PairEvent]:
    """Return what ends all that is counted of a pair: stars, reaction, favourite, watchlist entry and viewings.

    Page views stay counted: they are what happened, and not what somebody thinks.
    """
    facts: list[PairEvent] = []
    if pair.priority is not None:
        facts += remove_from_watchlist(pair, reason)
    for command in (clear_rating, clear_reaction, unfavorite_movie):
        facts += command(pair.when(facts))
    for viewing in pair.viewings:
        facts += retract_watch(pair.when(facts), viewing.watched_on, viewing.viewing_id)
    return facts
