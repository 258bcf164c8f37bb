"""The web application: GraphQL, health, numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

import schema
from app import graphiql, message_links, webhooks
from app.at_once import AtOnce
from app.auth import Gate
from app.browsers import SecurityHeaders, with_cors
from app.budgets import Budgets, SharedBudgets
from app.catalogue_news import CatalogueNews
from app.documents import Documents
from app.exports import Exports
from app.fanout import FanOut, redis_client
from app.graphql_http import GraphQLHTTP
from app.graphql_ws import Sockets
from app.hosts import Hosts, allowed_by, named_by
from app.manifest import texts_of
from app.metrics import Metrics
from app.persisted import PersistedQueries
from app.revisions import pending_after
from app.rounds import Rounds
from app.services import services
from app.settings import Settings
from app.uploads import PATH as UPLOADS
from app.uploads import Uploads
from projections.checkpoints import ProjectionStatus, status_sql
from projections.registry import projections
from resolvers.context import Services
from resolvers.fragments import Fragments
from resolvers.privacy import EXPORT_PATH

PATH = "/graphql"
LAG_S = 60.0
"""A projection that is further behind than this makes the server not ready."""


def application(
    settings: Settings,
    conninfo: str,
    *,
    redis_url: str | None = None,
    nudge: Callable[[], None] = lambda: None,
) -> Starlette:
    """Return the ASGI application over a migrated database; `nudge` is called whenever the log has grown.

    Its `state.graphql` has the endpoint when the application has started.
    """
    metrics = Metrics()
    built = schema.build(
        poster_base_url=settings.poster_base_url,
        limits=settings.limits(),
        fragments=Fragments(settings.movie_cache_mb * 1_000_000) if settings.movie_cache_mb else None,
    )
    files = graphiql.assets(settings.data_dir / "graphiql") if settings.graphiql else {}
    trusted = texts_of(settings)
    persisted = PersistedQueries(redis_url)
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            redis = redis_client(redis_url) if redis_url else None
            if redis:
                stack.push_async_callback(redis.aclose)
            opened = await stack.enter_async_context(services(settings, conninfo, metrics, redis))
            opened.start()
            opened.handler.on_append.append(lambda _, events: nudge() if events else None)

            def news() -> None:
                opened.live.nudge()
                nudge()

            budgets = Budgets(settings.budget_per_minute, next(iter(settings.token_keys().values())))
            if redis:
                fan_out = FanOut(redis, news)
                stack.push_async_callback(fan_out.close)
                opened.handler.on_append.append(lambda _, events: fan_out.appended() if events else None)
                stack.push_async_callback(SharedBudgets(budgets, redis).close)
            stack.push_async_callback(
                CatalogueNews(conninfo, built.engine.fragments, opened.catalogue_changed).close
            )
            built.engine.on_lookup = opened.asked_movies.note if opened.asked_movies else None
            built.engine.on_slate = opened.shown_ahead.note
            state["services"] = opened
            rounds = stack.enter_context(Rounds(settings.most_lag_s))
            gate = Gate(opened, built.sources, budgets, rounds, settings.trusted_proxies, settings.production)
            documents = Documents(
                built.engine,
                persisted,
                gate.may_introspect,
                most_bytes=settings.document_bytes,
                trusted=trusted,
                mode=settings.trusted_documents_mode,
            )
            stack.push_async_callback(persisted.close)
            state["http"] = GraphQLHTTP(
                built.engine,
                opened.reader,
                documents,
                gate,
                settings,
                metrics,
                graphiql.page(PATH, with_cookie=settings.refresh_cookie) if settings.graphiql else None,
            )
            state.update(
                uploads=Uploads(gate, settings, metrics),
                exports=Exports(gate, settings, metrics, opened),
                sockets=Sockets(built.engine, documents, gate, settings, metrics),
            )
            yield

    async def socket(websocket: WebSocket) -> None:
        await state["sockets"].serve(websocket)

    async def asset(request: Request) -> Response:
        path: Path | None = files.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("There is no such file.", 404)
        return FileResponse(path, headers={"cache-control": "public, max-age=86400"})

    async def ready(_: Request) -> Response:
        report = await _readiness(state["services"])
        return JSONResponse(report, 200 if report["status"] == "ok" else 503)

    async def numbers(_: Request) -> Response:
        try:
            found = await _statuses(state["services"])
        except (
            psycopg.Error,
            PoolTimeout,
        ):  # away, or not migrated: what this process knows is shown all the same
            found = []
        return Response(
            metrics.text(built.engine, found), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    is_named = named_by(allowed_by(settings))
    app = Starlette(
        routes=[
            Route(PATH, _shared(state, "http", settings)),
            WebSocketRoute(PATH, socket),
            Route(UPLOADS, _shared(state, "uploads", settings)),
            Route(EXPORT_PATH + "{token}", _shared(state, "exports", settings)),
            Route(PATH + "/assets/{name}", asset, methods=["GET"]),
            Route("/livez", _live),
            Route("/readyz", ready),
            Route("/metrics", numbers),
            *message_links.routes(settings, lambda: state["services"]),
            *webhooks.routes(settings, lambda: state["services"]),
        ],
        middleware=[
            Middleware(AtOnce, PATH, lambda: state["http"], is_named, settings),
            Middleware(SecurityHeaders),
            Middleware(Hosts, is_named),
        ],
        lifespan=lifespan,
    )
    app.state.graphql = lambda: state["http"]
    return app


class _Started:
    """An endpoint that is there when the application has started."""

    def __init__(self, state: dict[str, Any], name: str) -> None:
        self._state, self._name = state, name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._state[self._name](scope, receive, send)


def _shared(state: dict[str, Any], name: str, settings: Settings) -> Any:
    """Return an endpoint that pages of the listed sites may use."""
    return with_cors(_Started(state, name), settings.cors_origins, with_cookies=settings.refresh_cookie)


async def _live(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _statuses(opened: Services) -> list[ProjectionStatus]:
    async with opened.system.connection() as conn:
        rows = await (await conn.execute(f"select * from ({status_sql()}) s order by name")).fetchall()
    return [ProjectionStatus(*row) for row in rows]


async def _pending(opened: Services) -> list[str]:
    async with opened.system.connection() as conn:
        try:
            applied = await (await conn.execute("select version_num from alembic_version")).fetchall()
        except psycopg.errors.UndefinedTable:
            applied = []
    return pending_after([revision for (revision,) in applied])


async def _readiness(opened: Services) -> dict[str, Any]:
    """What keeps the server from being ready: migrations that are missing, projections that are stale or far behind."""
    try:
        pending = await _pending(opened)
        found = {} if pending else {status.name: status for status in await _statuses(opened)}
    except (psycopg.OperationalError, PoolTimeout):
        return {"status": "unavailable", "reason": "the database is away"}
    stale = [
        p.name for p in projections().values() if p.name not in found or found[p.name].version != p.version
    ]
    behind = [status.name for status in found.values() if status.lag_seconds > LAG_S]
    lag = {s.name: {"events": s.lag_events, "seconds": round(s.lag_seconds, 3)} for s in found.values()}
    model_id = opened.recommending.model_id
    fine = not (pending or stale or behind)
    return {
        "status": "ok" if fine else "not ready",
        "pending_migrations": pending,
        "stale_projections": stale,
        "behind": behind,
        "lag": lag,
        "model": str(model_id) if model_id else None,
    }
