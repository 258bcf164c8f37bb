"""What one server process holds: connections, the handler of commands, the tail of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from redis.asyncio import Redis

from accounts.attempts import Attempts
from accounts.counts import LocalCounts
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.signed_ids import SignedIds
from accounts.tokens import Tokens
from accounts.visitors import Visitors
from app.kept_slates import KeptSlates
from app.metrics import Metrics
from app.outgoing import mailed
from app.redis_counts import RedisCounts
from app.settings import Settings
from database.connect import (
    ACCOUNTS_ROLE,
    ANSWER_MARGIN_S,
    APP_ROLE,
    IDLE_IN_TRANSACTION_S,
    VIEWER_ROLE,
    Pool,
    pool,
    session_conninfo,
)
from database.pipeline import Lane
from events.handle import Handler
from events.queued import Queue, appending
from imports.crew import Imports
from privacy.crew import PersonalData
from projections.registry import fold_inline
from recsys.current import CurrentModel
from resolvers.answering import Answering
from resolvers.asked_movies import AskedMovies
from resolvers.context import Services
from resolvers.known_movies import KnownMovies
from resolvers.live import Live
from resolvers.privacy import EXPORT_TTL
from resolvers.reader import QUICK_S, Reader
from resolvers.recommending import Recommending, Recommends
from resolvers.shown_ahead import ShownAhead
from resolvers.telemetry import Telemetry


class _Closes(Protocol):
    async def close(self) -> None: ...


Closes = TypeVar("Closes", bound=_Closes)

_REQUEST_REBUILD = """
update checkpoints set status = 'rebuilding', progress = coalesce(progress, '{"step": "requested"}') where name = %s"""

_SYSTEM_CONNECTIONS = 4
"""For what is nobody's: which model serves, what was shown, how far projections are."""


@asynccontextmanager
async def services(
    settings: Settings, conninfo: str, metrics: Metrics, redis: Redis | None = None
) -> AsyncIterator[Services]:
    """Open what a server needs, and close it again once every command that was taken is answered."""
    limits: dict[str, Any] = {
        "statement_timeout_s": settings.statement_timeout_s,
        "lock_timeout_s": settings.lock_timeout_s,
        "idle_in_transaction_s": IDLE_IN_TRANSACTION_S,
    }
    dsn = session_conninfo(conninfo, **limits, role=VIEWER_ROLE)
    # a writer only looks keys up: a plan made while the tables were empty must not read them whole for ever
    writing = session_conninfo(
        conninfo,
        **limits,
        plan_cache_mode="force_generic_plan",
        enable_seqscan="off",
        role=VIEWER_ROLE,
        application="projectionist writer",
    )
    limits_quick = {**limits, "statement_timeout_s": min(QUICK_S, settings.statement_timeout_s)}
    planned = session_conninfo(
        conninfo, **limits_quick, plan_cache_mode="force_generic_plan", role=VIEWER_ROLE
    )
    async with AsyncExitStack() as stack:

        def closed(opened: Closes) -> Closes:
            stack.push_async_callback(opened.close)
            return opened

        async def lane(conninfo: str) -> Lane:
            answer_s = settings.statement_timeout_s + ANSWER_MARGIN_S
            opened = Lane(conninfo, wait_s=settings.pool_wait_s, answer_s=answer_s)
            await opened.open()
            return closed(opened)

        async def opened(size: int, role: str = APP_ROLE) -> Pool:
            made = pool(conninfo, size=size, wait_s=settings.pool_wait_s, role=role, **limits)
            await made.open()
            return closed(made)

        accounts = await opened(settings.pool_size, ACCOUNTS_ROLE)
        connections = await opened(_SYSTEM_CONNECTIONS)
        reader = Reader(
            [await lane(planned), await lane(planned)],
            [await lane(dsn), await lane(dsn)],
            most_wait_s=settings.most_wait_s,
        )
        live = Live(await lane(session_conninfo(conninfo, **limits)))
        handler = Handler(
            [await lane(writing), await lane(writing)], fold_inline, most_wait_s=settings.most_wait_s
        )
        passwords = Passwords(settings.bcrypt_cost, most_wait_s=settings.most_wait_s)
        stack.callback(passwords.close)
        stack.push_async_callback(live.close)
        stack.push_async_callback(handler.drain)
        models = closed(CurrentModel(connections, settings.models))
        shown = closed(Queue(connections, appending(fold_inline), "what was shown"))

        def recommends() -> Recommends:
            # here and not above: it brings numpy
            from recsys.standing import Standings
            from resolvers.common_lists import CommonLists
            from resolvers.histories import Histories
            from resolvers.recommender import Recommender
            from resolvers.shelf import Shelf

            standings, histories = Standings(connections, conninfo, models), Histories(reader)
            shelf = Shelf(KeptSlates(redis) if redis else None)
            made = Recommender(standings, histories, shelf, shown.add, explored=settings.explored_share)
            return Recommends(standings, made, CommonLists(standings, histories))

        recommending = closed(Recommending(recommends))
        models.on_serving = recommending.now
        keys = Keys(settings.masters())
        telemetry = _telemetry(settings, connections)
        stack.push_async_callback(telemetry.queue.close)
        handler.on_append.append(metrics.appended)
        handler.on_append.append(lambda _, events: live.nudge() if events else None)
        reader.on_batch.append(metrics.read)

        answering = Answering(settings.outside())
        stack.push_async_callback(answering.close)

        yield Services(
            reader=reader,
            known_movies=KnownMovies(reader),
            handler=handler,
            imports=closed(
                Imports(conninfo, fold_inline, handler.on_append, most_stubs=settings.import_stubs)
            ),
            personal_data=closed(PersonalData(conninfo, settings.masters(), keys, handler.on_append)),
            exports=SignedIds(settings.token_keys(), "projectionist exports", ttl=EXPORT_TTL),
            pool=accounts,
            system=connections,
            live=live,
            models=models,
            recommending=recommending,
            telemetry=telemetry,
            passwords=passwords,
            attempts=Attempts(
                RedisCounts(redis) if redis else LocalCounts(),
                settings.attempt_limits(),
                next(iter(settings.token_keys().values())),
            ),
            tokens=_tokens(settings),
            keys=keys,
            answering=answering,
            rebuild=partial(_request_rebuild, connections),
            on_rate=settings.watchlist_on_rate,
            shown_ahead=closed(ShownAhead(connections, fold_inline)),
            asked_movies=closed(AskedMovies(connections)) if settings.fetches_movies else None,
            mailed=mailed(settings),
        )


def _telemetry(settings: Settings, connections: Pool) -> Telemetry:
    return Telemetry(
        connections,
        Visitors(settings.token_keys(), ttl=timedelta(days=settings.refresh_token_days)),
        keeps_addresses=settings.activity_addresses == "truncated",
        keeps_details=settings.activity_details_days > 0,
    )


def _tokens(settings: Settings) -> Tokens:
    return Tokens(
        settings.token_keys(),
        issuer="projectionist",
        audience="projectionist",
        access_ttl=timedelta(minutes=settings.access_token_minutes),
        refresh_ttl=timedelta(days=settings.refresh_token_days),
    )


async def _request_rebuild(connections: Pool, name: str) -> None:
    async with connections.connection() as conn:
        await conn.execute(_REQUEST_REBUILD, (name,))
