"""What one server process holds: connections, the handler of commands, the tail of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from accounts.attempts import Attempts
from accounts.counts import LocalCounts
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.tokens import Tokens
from app.kept_slates import KeptSlates
from app.metrics import Metrics
from app.redis_counts import RedisCounts
from app.settings import Settings
from database.connect import ANSWER_MARGIN_S, IDLE_IN_TRANSACTION_S, pool, session_conninfo
from database.pipeline import Lane
from events.handle import Handler
from events.queued import Queue
from projections.registry import fold_inline
from recsys.current import CurrentModel
from resolvers.asked_movies import AskedMovies
from resolvers.context import Services
from resolvers.known_movies import KnownMovies
from resolvers.live import Live
from resolvers.reader import QUICK_S, Reader
from resolvers.recommending import Recommending, Recommends

_REQUEST_REBUILD = """
update checkpoints set status = 'rebuilding', progress = coalesce(progress, '{"step": "requested"}') where name = %s"""


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
    dsn = session_conninfo(conninfo, **limits)
    # a writer only looks keys up: a plan made while the tables were empty must not read them whole for ever
    writing = session_conninfo(
        conninfo,
        **limits,
        plan_cache_mode="force_generic_plan",
        enable_seqscan="off",
        application="projectionist writer",
    )
    limits_quick = {**limits, "statement_timeout_s": min(QUICK_S, settings.statement_timeout_s)}
    planned = session_conninfo(conninfo, **limits_quick, plan_cache_mode="force_generic_plan")
    async with AsyncExitStack() as stack:

        async def lane(conninfo: str) -> Lane:
            answer_s = settings.statement_timeout_s + ANSWER_MARGIN_S
            opened = Lane(conninfo, wait_s=settings.pool_wait_s, answer_s=answer_s)
            await opened.open()
            stack.push_async_callback(opened.close)
            return opened

        connections = pool(conninfo, size=settings.pool_size, wait_s=settings.pool_wait_s, **limits)
        await connections.open()
        stack.push_async_callback(connections.close)
        reader = Reader(
            [await lane(planned), await lane(planned)],
            [await lane(dsn), await lane(dsn)],
            most_wait_s=settings.most_wait_s,
        )
        live = Live(await lane(dsn))
        handler = Handler(
            [await lane(writing), await lane(writing)], fold_inline, most_wait_s=settings.most_wait_s
        )
        passwords = Passwords(settings.bcrypt_cost, most_wait_s=settings.most_wait_s)
        stack.callback(passwords.close)
        stack.push_async_callback(live.close)
        stack.push_async_callback(handler.drain)
        models = CurrentModel(connections, settings.models)
        stack.push_async_callback(models.close)
        shown = Queue(connections, fold_inline)
        stack.push_async_callback(shown.close)

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

        recommending = Recommending(recommends)
        stack.push_async_callback(recommending.close)
        models.on_serving = recommending.now
        handler.on_append.append(metrics.appended)
        handler.on_append.append(lambda _, events: live.nudge() if events else None)
        reader.on_batch.append(metrics.read)

        async def rebuild(name: str) -> None:
            async with connections.connection() as conn:
                await conn.execute(_REQUEST_REBUILD, (name,))

        asked = AskedMovies(connections) if settings.fetches_movies else None
        if asked:
            stack.push_async_callback(asked.close)
        keys = settings.token_keys()
        tokens = Tokens(
            keys,
            issuer="projectionist",
            audience="projectionist",
            access_ttl=timedelta(minutes=settings.access_token_minutes),
            refresh_ttl=timedelta(days=settings.refresh_token_days),
        )
        yield Services(
            reader=reader,
            known_movies=KnownMovies(reader),
            handler=handler,
            pool=connections,
            live=live,
            models=models,
            recommending=recommending,
            passwords=passwords,
            attempts=Attempts(
                RedisCounts(redis) if redis else LocalCounts(),
                settings.attempt_limits(),
                next(iter(keys.values())),
            ),
            tokens=tokens,
            keys=Keys(settings.masters()),
            rebuild=rebuild,
            asked_movies=asked,
        )
