"""A test that awaits something for ever is cancelled, so that it fails alone.

pytest-timeout interrupts a test, but one that awaits is not over then: the event loop that it shares with the fixtures and
tests after it is at it still, and these hang as well.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

import pytest

SHARE = 0.75
"""How much of the time-out an async test may take."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Cancel an async test before it runs into the time-out."""
    config = pyfuncitem.config
    limit = SHARE * float(config.getoption("timeout") or config.getini("timeout"))
    test = pyfuncitem.obj
    if hasattr(test, "hypothesis"):
        test.hypothesis.inner_test = _limited(test.hypothesis.inner_test, limit)
    else:
        pyfuncitem.obj = _limited(test, limit)


def _limited(test: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    if not iscoroutinefunction(test):
        return test

    @functools.wraps(test)
    async def limited(*args: Any, **given: Any) -> None:
        async with asyncio.timeout(seconds):
            awaited: Awaitable[None] = test(*args, **given)
            await awaited

    return limited
