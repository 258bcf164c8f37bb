"""Structured logs: one JSON object a line on standard error, with request ids, without personal data."""

from __future__ import annotations

import logging
import sys

import structlog

_OF_CLIENTS = frozenset(
    {
        "Invalid HTTP request received.",
        "Invalid UTF-8 sequence received from client.",
        "Unsupported upgrade request.",
    }
)
"""What uvicorn says, as warnings and errors, of bytes that anybody may send: they could fill the log."""


def configure(level: str) -> None:
    """Send every logger's lines through structlog; readable ones where a person watches the terminal."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for telling in ("httpx", "httpcore"):  # addresses and headers, which have keys in them
        logging.getLogger(telling).setLevel("WARNING")
    if level != "debug":
        for chatty in ("alembic", "uvicorn.error"):
            logging.getLogger(chatty).setLevel("WARNING")
        logging.getLogger("uvicorn.error").addFilter(_is_no_clients_fault)


def _is_no_clients_fault(record: logging.LogRecord) -> bool:
    return record.msg not in _OF_CLIENTS
