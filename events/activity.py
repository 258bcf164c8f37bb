"""What people and visitors do: what of it is an event, what is a row, and what is personal of it.

Whoever signed in and opens a movie, clicks a recommendation, rates, favourites or puts on the watchlist appends an event:
no row repeats it. All else is a row of `activity.actions`: searches, what happened to e-mails and pushes, and whatever a
visitor does, since the log is for people and must not grow by what strangers send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from uuid import UUID

from events.log import Source

PHRASE_MOST = 200
AGENT_MOST = 400
REFERRER_MOST = 500


class Action(StrEnum):
    """What somebody did."""

    MOVIE_VIEW = "MOVIE_VIEW"
    MOVIE_SEARCH = "MOVIE_SEARCH"
    RECOMMENDATION_CLICK = "RECOMMENDATION_CLICK"
    EMAIL_OPEN = "EMAIL_OPEN"
    EMAIL_CLICK = "EMAIL_CLICK"
    PUSH_CLICK = "PUSH_CLICK"
    RATING_SUBMIT = "RATING_SUBMIT"
    FAVORITE_ADD = "FAVORITE_ADD"
    WATCHLIST_ADD = "WATCHLIST_ADD"


@dataclass(frozen=True, slots=True, repr=False)
class Details:
    """What is personal of an action; texts are no longer than their columns, and hold no control characters."""

    phrase: str | None = None
    address: str | None = None
    user_agent: str | None = None
    referrer: str | None = None

    def __bool__(self) -> bool:
        return any((self.phrase, self.address, self.user_agent, self.referrer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An action; of one that is an event, whose id it then has, only the details are written."""

    id: UUID
    occurred_at: datetime
    action: Action
    session_id: UUID
    user_id: UUID | None
    movie_id: UUID | None
    source: Source
    details: Details
    is_event: bool = False


def network(address: str) -> str | None:
    """Return the network that an address is of, /24 or /48: no longer one customer's. None for what is no address."""
    try:
        given = ip_network(address)
    except ValueError:
        return None
    return str(given.supernet(new_prefix=24 if given.version == 4 else 48))


def printable(text: str | None, most: int) -> str | None:
    """Return a text of a client's, cut and without what cannot be seen; None where nothing is left."""
    kept = "".join(c for c in text or "" if c.isprintable())
    return kept.strip()[:most].strip() or None
