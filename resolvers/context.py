"""All that a request may reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import AsyncConnection

from accounts.attempts import Attempts
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.signed_ids import SignedIds
from accounts.tokens import Tokens
from database.acting import OwnPool, acting
from database.connect import Pool
from events.handle import Handler
from events.notifications import NotificationKind
from events.watchlist import OnRate
from imports.crew import Imports
from privacy.crew import PersonalData
from recsys.current import CurrentModel
from resolvers.answering import Answering
from resolvers.asked_movies import AskedMovies
from resolvers.errors import Forbidden, Unauthenticated
from resolvers.jar import Jar
from resolvers.known_movies import KnownMovies
from resolvers.live import Live
from resolvers.mapping import Sources, may_read_log
from resolvers.reader import Reader
from resolvers.recommending import Recommending
from resolvers.shown_ahead import ShownAhead
from resolvers.telemetry import Telemetry

if TYPE_CHECKING:
    from resolvers.engine import Engine


@dataclass(frozen=True, slots=True)
class Services:
    """What one server process has, once."""

    reader: Reader
    known_movies: KnownMovies
    handler: Handler
    imports: Imports
    personal_data: PersonalData
    exports: SignedIds
    """Signs who may fetch their zip."""
    pool: Pool
    """Of accounts, for requests."""
    system: Pool
    """Of what is nobody's: not for requests."""
    live: Live
    models: CurrentModel
    recommending: Recommending
    telemetry: Telemetry
    passwords: Passwords
    attempts: Attempts
    tokens: Tokens
    keys: Keys
    answering: Answering
    rebuild: Callable[[str], Awaitable[None]]
    """Ask for a projection to be rebuilt; returns when the request is kept, not when it is done."""
    on_rate: OnRate
    """Whether rating a movie takes it off the watchlist."""
    shown_ahead: ShownAhead
    """Takes what is shown of what was computed ahead."""
    asked_movies: AskedMovies | None = None
    """Takes movies that clients look up; None where nothing is fetched from outside services."""
    mailed: frozenset[NotificationKind] = frozenset()
    """The kinds of e-mail about accounts that go out here."""

    def start(self) -> None:
        """Begin to follow which model serves."""
        self.models.start()

    def catalogue_changed(self) -> None:
        """Have nothing used any more that is known of movies."""
        self.known_movies.forget()
        self.recommending.catalogue_changed()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, as their access token says."""

    id: UUID
    session_id: UUID
    roles: frozenset[str]
    expires_at: datetime | None = None
    """The end of the access token; None in the request that signed in."""
    key: str = field(init=False)
    """The id as text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", str(self.id))


@dataclass(slots=True)
class Context:
    """One request: who asks, and the services."""

    services: Services
    sources: Sources
    viewer: Viewer | None
    request_id: str
    address: str = ""
    """Where the request came from; of an IPv6 address the network, which is one customer's."""
    jar: Jar | None = None
    """Where the refresh token is kept; None where the client keeps it itself."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the request, or of the handshake of its socket; names in lower case."""
    engine: Engine | None = None
    """What runs the request; it says so itself."""
    cause_id: UUID | None = None
    """The event that made the assistant ask, on behalf of the viewer; None for what a client asks."""

    @property
    def viewer_id(self) -> str | None:
        """The id of who asks as text, None for a stranger."""
        return self.viewer.key if self.viewer else None

    @property
    def roles(self) -> frozenset[str] | None:
        """The roles of who asks, None for a stranger."""
        return self.viewer.roles if self.viewer else None

    @property
    def pool(self) -> Pool:
        """Connections for accounts and what belongs to them: of who asks, once that is known."""
        return OwnPool(self.services.pool, self.viewer.id) if self.viewer else self.services.pool

    def acting(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Give a connection in a transaction that sees and changes what who asks may."""
        person = self.viewer.id if self.viewer else None
        return acting(self.services.pool, person, reads_log=may_read_log(self.roles))

    @property
    def reader(self) -> Reader:
        """Where plans run."""
        return self.services.reader

    def require_viewer(self) -> Viewer:
        """Return who asks. Raises Unauthenticated for a stranger."""
        if self.viewer is None:
            raise Unauthenticated
        return self.viewer

    def require_role(self, role: str | None) -> None:
        """Raise Unauthenticated or Forbidden unless who asks has this role, or is an admin."""
        if role is not None and not {role, "admin"} & self.require_viewer().roles:
            raise Forbidden
