"""Who must wait before the next try: those who guess, and nobody else."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from accounts import counts as counts_module
from accounts.attempts import ACCOUNT_WAIT_S, Attempts, Limits, TooManyAttempts
from accounts.counts import LocalCounts
from tests.accounts.clock import Clock

LIMITS = Limits(
    failures=10,
    failures_per_address=20,
    failures_per_account=30,
    sign_ups_per_address=3,
    refreshes_per_address=5,
    refreshes_per_person=5,
)
ADA, EVE = "ada@example.org", "eve@example.org"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def counts(clock: Clock) -> LocalCounts:
    return LocalCounts(clock)


@pytest.fixture
def attempts(counts: LocalCounts) -> Attempts:
    return Attempts(counts, LIMITS, "a secret")


async def waits(attempts: Attempts, account: str = ADA, address: str = HOME) -> int:
    """Return how long a try must wait; 0 for one that goes on, and fails."""
    try:
        await attempts.sign_in(account, address)
    except TooManyAttempts as refusal:
        return refusal.retry_after_s
    return 0


async def test_ten_failures_are_free_and_then_each_wait_is_twice_as_long(
    attempts: Attempts, clock: Clock
) -> None:
    assert [await waits(attempts) for _ in range(11)] == [0] * 10 + [60]
    for wait, longer in pairwise((60, 120, 240, 480, 900)):
        clock.now += wait - 1
        assert await waits(attempts) == 1
        clock.now += 1
        assert await waits(attempts) == 0
        assert await waits(attempts) == longer
    clock.now += 900
    assert [await waits(attempts) for _ in range(11)] == [0] * 10 + [60]


async def test_after_the_wait_the_right_password_succeeds_and_all_is_as_before(
    attempts: Attempts, clock: Clock
) -> None:
    for _ in range(10):
        await attempts.sign_in(ADA, HOME)
    assert await waits(attempts) == 60
    clock.now += 60
    await (await attempts.sign_in(ADA, HOME)).succeed()
    assert [await waits(attempts) for _ in range(11)] == [0] * 10 + [60]


async def test_many_at_once_are_no_more_than_many_in_a_row(attempts: Attempts) -> None:
    tries = await asyncio.gather(*(waits(attempts) for _ in range(50)))
    assert sorted(tries) == [0] * 10 + [60] * 40


async def test_a_try_that_was_not_looked_at_does_not_count(attempts: Attempts) -> None:
    for _ in range(30):
        await (await attempts.sign_in(ADA, HOME)).withdraw()
    assert [await waits(attempts) for _ in range(11)] == [0] * 10 + [60]


async def test_nobody_makes_another_address_wait(attempts: Attempts) -> None:
    assert [await waits(attempts, address=AWAY) for _ in range(11)] == [0] * 10 + [60]
    assert [await waits(attempts, address=HOME) for _ in range(11)] == [0] * 10 + [60]


async def test_an_address_that_tries_many_accounts_waits_with_all_of_them(
    attempts: Attempts, clock: Clock
) -> None:
    people = [f"person-{n}" for n in range(21)]
    assert [await waits(attempts, person) for person in people] == [0] * 20 + [60]
    assert await waits(attempts, ADA) == 60
    assert await waits(attempts, people[0], AWAY) == 0
    clock.now += 60
    assert await waits(attempts, ADA) == 0
    assert await waits(attempts, ADA) == 120


async def test_what_an_address_was_refused_for_starts_no_wait_of_the_account(
    attempts: Attempts, clock: Clock
) -> None:
    assert [await waits(attempts, ADA) for _ in range(9)] == [0] * 9
    assert [await waits(attempts, f"person-{n}") for n in range(12)] == [0] * 11 + [60]
    assert await waits(attempts, ADA) == 60  # its tenth, for the address's sake
    clock.now += 60
    assert await waits(attempts, ADA) == 0


async def test_an_account_that_all_the_world_tries_opens_after_half_a_minute_however_many_go_on(
    attempts: Attempts, clock: Clock
) -> None:
    for n in range(LIMITS.failures_per_account):
        assert await waits(attempts, ADA, f"203.0.113.{n}") == 0
    assert await waits(attempts, EVE, HOME) == 0
    assert await waits(attempts, ADA, HOME) == ACCOUNT_WAIT_S
    for second in range(1, ACCOUNT_WAIT_S):
        clock.now += 1
        assert await waits(attempts, ADA, f"198.51.100.{second}") == ACCOUNT_WAIT_S
        assert await waits(attempts, ADA, HOME) == ACCOUNT_WAIT_S - second
    clock.now += 1
    await (await attempts.sign_in(ADA, HOME)).succeed()
    await (await attempts.sign_in(ADA, HOME)).withdraw()
    assert await waits(attempts, ADA, HOME) == 0
    assert await waits(attempts, ADA, HOME) == ACCOUNT_WAIT_S


@pytest.mark.parametrize(("what", "most"), [("sign_up", 3), ("refresh", 5)])
async def test_an_address_signs_up_and_refreshes_so_often_and_then_waits(
    attempts: Attempts, clock: Clock, what: str, most: int
) -> None:
    for _ in range(most):
        await getattr(attempts, what)(HOME)
    with pytest.raises(TooManyAttempts) as refused:
        await getattr(attempts, what)(HOME)
    assert refused.value.retry_after_s == 60
    await getattr(attempts, what)(AWAY)
    clock.now += 60
    await getattr(attempts, what)(HOME)


async def test_what_is_counted_tells_nobody_whose_it_is(attempts: Attempts, counts: LocalCounts) -> None:
    for _ in range(40):
        await waits(attempts)
    kept = " ".join(counts._kept)
    assert kept
    assert not [word for word in (ADA, "ada", HOME) if word in kept]
    other = LocalCounts()
    await waits(Attempts(other, LIMITS, "another secret"))
    assert not set(other._kept) & set(counts._kept)


async def test_what_is_kept_is_bounded_and_the_newest_stays(
    counts: LocalCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts_module, "KEPT", 10)
    for n in range(100):
        await counts.add([str(n)], 10 + n)
        assert len(counts._kept) <= 10
    assert await counts.add(["99"], 10) == [2]
    assert await counts.add(["0"], 10) == [1]


async def test_mail_that_is_asked_for_is_counted_alike_and_apart(attempts: Attempts, clock: Clock) -> None:
    async def asked(account: str = ADA, address: str = HOME) -> int:
        try:
            await attempts.mail(account, address)
        except TooManyAttempts as refusal:
            return refusal.retry_after_s
        return 0

    assert [await asked() for _ in range(11)] == [0] * 10 + [60]
    assert await waits(attempts) == 0
    assert await asked(address=AWAY) == 0
    assert [await asked(EVE) for _ in range(10)] == [0] * 10
    assert await asked("otto@example.org") == 60  # 20 of an address, whatever they are for
    clock.now += 900
    assert await asked() == 0
