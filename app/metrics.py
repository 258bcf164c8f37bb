"""Numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from projections.checkpoints import ProjectionStatus
from resolvers.engine import Engine

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """One process's counters; each has a registry of its own, so that tests do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        requests = Counter("projectionist_requests", "GraphQL requests", ["kind", "outcome"], registry=r)
        seconds = Histogram(
            "projectionist_request_seconds",
            "Time of a GraphQL request",
            ["kind"],
            buckets=_SECONDS,
            registry=r,
        )
        self._answers = {
            kind: (seconds.labels(kind), requests.labels(kind, "ok"), requests.labels(kind, "error"))
            for kind in ("query", "mutation", "subscription", "invalid")
        }
        self.errors = Counter("projectionist_errors", "Errors that clients got", ["code"], registry=r)
        self._appended = Counter("projectionist_events_appended", "Events appended", registry=r)
        self._append_batch = Histogram(
            "projectionist_append_batch_size", "Commands committed together", buckets=_SIZES, registry=r
        )
        self._read_batch = Histogram(
            "projectionist_read_batch_size", "Requests answered by one statement", buckets=_SIZES, registry=r
        )
        self._read_seconds = Histogram(
            "projectionist_read_seconds", "Time of a statement", buckets=_SECONDS, registry=r
        )
        self._plans = Gauge("projectionist_plans", "The plan cache", ["what"], registry=r)
        self._lag = Gauge(
            "projectionist_projection_lag_events", "Events not folded yet", ["projection"], registry=r
        )
        self._lag_seconds = Gauge(
            "projectionist_projection_lag_seconds",
            "Age of the oldest event not folded yet",
            ["projection"],
            registry=r,
        )
        self._dead = Gauge(
            "projectionist_dead_letters", "Events that were parked", ["projection"], registry=r
        )
        self.subscriptions = Gauge("projectionist_subscriptions", "Open subscriptions", registry=r)

    def answered(self, kind: str, seconds: float, *, has_errors: bool) -> None:
        """Count one answer; the kind is that of the operation, or "invalid"."""
        histogram, ok, error = self._answers[kind]
        histogram.observe(seconds)
        (error if has_errors else ok).inc()

    def appended(self, commands: int, events: int) -> None:
        """Count one commit of the handler."""
        self._append_batch.observe(commands)
        self._appended.inc(events)

    def read(self, requests: int, seconds: float) -> None:
        """Count one statement of the reader."""
        self._read_batch.observe(requests)
        self._read_seconds.observe(seconds)

    def text(self, engine: Engine, statuses: Iterable[ProjectionStatus]) -> bytes:
        """Return everything in Prometheus' text format."""
        for what, value in (
            ("documents", len(engine.documents)),
            ("compiled", engine.compiled),
            ("found", engine.found),
            ("fell_back", engine.fell_back),
        ):
            self._plans.labels(what).set(value)
        for status in statuses:
            self._lag.labels(status.name).set(status.lag_events)
            self._lag_seconds.labels(status.name).set(status.lag_seconds)
            self._dead.labels(status.name).set(status.dead_letters)
        return generate_latest(self.registry)
