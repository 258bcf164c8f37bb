"""The network before PostgreSQL fails under load: coded errors in time, soon healed, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.app.serving import Served, serving
from tests.faults.load import HEALED_S, loaded, proved
from tests.faults.proxy import Fault, Proxy

pytestmark = pytest.mark.usefixtures("catalogue_template")


@pytest.mark.parametrize(
    ("fault", "lasts_s"),
    [
        pytest.param(Fault.CUT, 1.5, id="cut"),
        pytest.param(Fault.REFUSE, 2.5, id="refuse"),
        pytest.param(Fault.SWALLOW, 6.5, id="swallow"),
        pytest.param(Fault.SWALLOW, 1.0, id="swallow for a moment"),
        pytest.param(Fault.STALL, 2.5, id="stall"),
        pytest.param(Fault.SLOW, 1.5, id="slow"),
    ],
)
async def test_a_network_that_fails_under_load(
    conninfo: str, faulty: str, before_postgres: Proxy, fault: Fault, lasts_s: float
) -> None:
    async with serving(faulty, filled=False, pool_size=8) as served, loaded(served) as load:
        async with before_postgres.suffers(fault):
            statuses, _ = await asyncio.gather(readiness(served, lasts_s), asyncio.sleep(lasts_s))
        over = time.monotonic()
        await load.heals()
        if fault is Fault.SWALLOW:  # requests may still wait for an answer that was swallowed
            await asyncio.sleep(over + HEALED_S - time.monotonic())
        healed = time.monotonic()
        await load.goes_on()
    assert [began for began in load.failed_at if began > healed] == []
    if fault in (Fault.REFUSE, Fault.STALL, Fault.SWALLOW) and lasts_s > 2:
        assert set(statuses) == {503}
    proved(conninfo, load)


async def readiness(served: Served, lasts_s: float) -> list[int]:
    """Return what the server says of itself to those who ask in that time, one after the other."""
    statuses = []
    until = time.monotonic() + lasts_s
    while time.monotonic() < until:
        statuses.append((await served.http.get("/readyz")).status_code)
        await asyncio.sleep(0.2)
    return statuses
