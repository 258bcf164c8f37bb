from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import jwt
import pytest

from accounts.visitors import Visitors
from tests.accounts.clock import Clock

OLD, NEW = {"1": "o" * 32}, {"2": "n" * 32}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def visitors(clock: Clock, keys: dict[str, str] = OLD) -> Visitors:
    return Visitors(keys, ttl=timedelta(seconds=100), clock=clock)


def test_k80_a_visitor_is_known_again_until_the_end(clock: Clock) -> None:
    ours = visitors(clock)
    made = ours.new()
    assert made.session_id.version == 4
    assert ours.known(made.token) == made
    assert ours.new().session_id != made.session_id
    clock.now += 99
    assert ours.known(made.token) == made
    clock.now += 1
    assert ours.known(made.token) is None


def test_the_token_is_fit_for_a_header_and_a_cookie(clock: Clock) -> None:
    token = visitors(clock).new().token
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert len(token) < 512


def test_a_replaced_key_still_verifies_and_no_longer_signs(clock: Clock) -> None:
    before = visitors(clock).new()
    both = visitors(clock, NEW | OLD)
    assert both.known(before.token) == before
    assert visitors(clock, OLD).known(both.new().token) is None
    assert visitors(clock, NEW).known(before.token) is None


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "é.ü.ö", "x" * 513, "\x00"])
def test_what_is_no_token_is_nobodys(clock: Clock, token: str | None) -> None:
    assert visitors(clock).known(token) is None


@pytest.mark.parametrize(
    ("claims", "algorithm", "kid"),
    [
        ({"aud": "projectionist"}, "HS256", "1"),
        ({"sub": "no id"}, "HS256", "1"),
        ({"sub": 7}, "HS256", "1"),
        ({"exp": "soon"}, "HS256", "1"),
        ({"exp": 10**400}, "HS256", "1"),
        ({}, "HS384", "1"),
        ({}, "none", "1"),
        ({}, "HS256", "3"),
        ({}, "HS256", None),
    ],
)
def test_a_forged_or_odd_token_is_nobodys(
    clock: Clock, claims: dict[str, object], algorithm: str, kid: str | None
) -> None:
    good = {"aud": "projectionist visitors", "sub": str(UUID(int=7)), "exp": int(clock()) + 50}
    headers = {"kid": kid} if kid else {}
    key = "" if algorithm == "none" else OLD["1"] * 2
    assert visitors(clock, {"1": OLD["1"] * 2}).known(
        jwt.encode(good, OLD["1"] * 2, algorithm="HS256", headers={"kid": "1"})
    )
    token = jwt.encode({**good, **claims}, key, algorithm=algorithm, headers=headers)
    assert visitors(clock, {"1": OLD["1"] * 2}).known(token) is None
