"""How often somebody may try to sign in, sign up or refresh: guessing must become slow, and nobody may be shut out.

Tries to sign in are counted in three ways, and forgotten 15 minutes after the last of them; an account is what somebody
typed as its name:

- by account and address: after `failures` of them the next must wait, a minute and then twice as long each time, up to
  15 minutes. Only that address waits: nobody makes another person wait by failing in their name.
- by address, whatever the account: after `failures_per_address` the same waits, so that one address cannot try one
  password on many accounts. People who share an address share them.
- by account, from wherever: after `failures_per_account` each address waits half a minute before each of its tries. It
  waits its own time and not for its turn, so that a person gets in however many others are trying.

When the wait is over a right password succeeds, and the account's count for that address begins anew. A try counts from
its beginning, so that many at once are not more than many in a row; what was right or not looked at is taken back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from accounts.counts import Counts

WINDOW_S = 900
FIRST_WAIT_S = 60
LONGEST_WAIT_S = 900
ACCOUNT_WAIT_S = 30


class TooManyAttempts(Exception):
    """There were too many tries; `retry_after_s` says when the next one is looked at."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"wait for {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Limits:
    """Tries in 15 minutes that nobody waits for."""

    failures: int
    failures_per_address: int
    failures_per_account: int
    sign_ups_per_address: int
    refreshes_per_address: int
    refreshes_per_person: int


@dataclass(slots=True)
class Attempt:
    """A try that may go on; it counts unless it succeeds or is withdrawn."""

    counts: Counts
    pair: str
    address: str
    account: str
    begun: list[str] = field(default_factory=list)
    """Waits that this try began."""

    async def withdraw(self) -> None:
        """Say that the password was not looked at."""
        await self.counts.take_back([self.pair, self.address, self.account], WINDOW_S)
        await self.counts.forget(self.begun)

    async def succeed(self) -> None:
        """Say that the password was right."""
        await self.counts.take_back([self.address, self.account], WINDOW_S)
        await self.counts.forget([self.pair, *self.begun])


class Attempts:
    """Says who may try now. `secret` hides accounts and addresses in the keys of what is counted."""

    def __init__(self, counts: Counts, limits: Limits, secret: str) -> None:
        self._counts, self._limits = counts, limits
        self._key = hashlib.blake2b(secret.encode(), person=b"attempts").digest()

    async def sign_in(self, account: str, address: str) -> Attempt:
        """Begin a try at an account, given its normal name, be there one or not. Raises TooManyAttempts."""
        return await self._begin("", account, address)

    async def mail(self, account: str, address: str) -> None:
        """Count an e-mail that is asked for, in the same three ways but apart from sign-ins. Raises TooManyAttempts."""
        await self._begin("mail ", account, address)

    async def _begin(self, what: str, account: str, address: str) -> Attempt:
        limits = self._limits
        pair, everywhere = self._name(f"{what}pair", account, address), self._name(f"{what}address", address)
        attempt = Attempt(self._counts, pair, everywhere, self._name(f"{what}account", account))
        keys = [pair, everywhere, attempt.account]
        of_pair, of_address, of_account = await self._counts.add(keys, WINDOW_S)
        wait = 0
        if of_account > limits.failures_per_account:
            wait = await self._own_wait(attempt)
        for key, number, most in (
            (pair, of_pair, limits.failures),
            (everywhere, of_address, limits.failures_per_address),
        ):
            wait = wait or await self._growing_wait(key, number, most, attempt.begun)
        if wait:
            await attempt.withdraw()
            raise TooManyAttempts(wait)
        return attempt

    async def sign_up(self, address: str) -> None:
        """Count a new account of an address. Raises TooManyAttempts."""
        await self._once_more(self._name("sign up", address), self._limits.sign_ups_per_address)

    async def refresh(self, address: str) -> None:
        """Count a refreshed session of an address. Raises TooManyAttempts."""
        await self._once_more(self._name("refresh", address), self._limits.refreshes_per_address)

    async def refresh_movie(self, person: str) -> None:
        """Count a movie that a person has fetched or added. Raises TooManyAttempts."""
        await self._once_more(self._name("refresh movie", person), self._limits.refreshes_per_person)

    async def _once_more(self, key: str, most: int) -> None:
        (number,) = await self._counts.add([key], WINDOW_S)
        if wait := await self._growing_wait(key, number, most, []):
            await self._counts.take_back([key], WINDOW_S)
            raise TooManyAttempts(wait)

    async def _growing_wait(self, key: str, number: int, most: int, begun: list[str]) -> int:
        """Return how long this try must wait; the last free one, and each one after it, begins a wait for the next."""
        if number < most:
            return 0
        wait = min(FIRST_WAIT_S << min(number - most, 8), LONGEST_WAIT_S)
        left = await self._counts.hold(f"{key}:wait", wait)
        if not left:
            begun.append(f"{key}:wait")
        return left

    async def _own_wait(self, attempt: Attempt) -> int:
        """Return what is left of the wait before this address's try: its first try, and each one after, begins one."""
        key = f"{attempt.pair}:slow"
        (seen,) = await self._counts.add([key], WINDOW_S)
        left = await self._counts.hold(f"{key}:wait", ACCOUNT_WAIT_S)
        if seen == 1:
            return ACCOUNT_WAIT_S
        if not left:
            attempt.begun.append(f"{key}:wait")
        return left

    def _name(self, kind: str, *who: str) -> str:
        return hashlib.blake2b("\0".join((kind, *who)).encode(), digest_size=16, key=self._key).hexdigest()
