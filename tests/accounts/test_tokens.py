from __future__ import annotations

import base64
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import tokens as tokens_module
from accounts.people import Role
from accounts.tokens import Claims, InvalidToken, RefreshToken, Tokens
from tests.accounts.clock import Clock
from tests.accounts.signing import tokens_signed_with

USER, SESSION = UUID(int=17), UUID(int=603)
SECRET = "the second key, of 32 bytes or more"
OLD_SECRET = "the first key, which signs no longer"


def signed(
    now: float,
    changed: dict[str, Any] | None = None,
    *,
    key: str = SECRET,
    kid: str = "2",
    algorithm: str = "HS256",
) -> str:
    """Return a token that is right in everything but what is changed; a claim changed to None is left out."""
    claims = {
        "iss": "projectionist",
        "aud": "projectionist",
        "exp": int(now) + 900,
        "iat": int(now),
        "typ": "access",
        "sub": str(USER),
        "sid": str(SESSION),
        "roles": ["person"],
    } | (changed or {})
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm, headers={"kid": kid})


def reason(tokens: Tokens, token: str) -> str:
    with pytest.raises(InvalidToken) as refused:
        tokens.verify_access(token)
    return refused.value.reason


def test_a_token_says_who_with_which_session_and_roles_until_when(tokens: Tokens, clock: Clock) -> None:
    access = tokens.sign_access(USER, SESSION, [Role.PERSON, Role.OPERATOR])
    until = datetime.fromtimestamp(clock.now, UTC) + timedelta(minutes=15)
    assert access.expires_at == until
    claims = Claims(USER, SESSION, frozenset({Role.PERSON, Role.OPERATOR}), until)
    assert tokens.verify_access(access.text) == claims
    assert tokens.verify_access(access.text) == claims


def test_a_token_ends_to_the_second_also_when_it_was_seen_before(tokens: Tokens, clock: Clock) -> None:
    token = tokens.sign_access(USER, SESSION, [Role.PERSON]).text
    tokens.verify_access(token)
    clock.now += 899
    tokens.verify_access(token)
    clock.now += 1
    assert reason(tokens, token) == reason(tokens, token) == "expired"


def test_a_token_of_the_key_before_is_good_and_one_of_a_withdrawn_key_is_not(
    tokens: Tokens, clock: Clock
) -> None:
    assert tokens.verify_access(signed(clock.now, key=OLD_SECRET, kid="1")).user_id == USER
    assert reason(tokens, signed(clock.now, kid="0")) == "malformed"
    assert reason(tokens, signed(clock.now, kid="1")) == "malformed"


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "typ", "sub", "sid", "roles"])
def test_every_claim_is_required(tokens: Tokens, clock: Clock, claim: str) -> None:
    tokens.verify_access(signed(clock.now))
    assert reason(tokens, signed(clock.now, {claim: None})) == "malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "another"},
        {"aud": "another"},
        {"aud": ["projectionist", "another"]},
        {"typ": "refresh"},
        {"sub": "ada"},
        {"sid": "ada"},
        {"sid": 603},
        {"roles": ["emperor"]},
        {"roles": "person"},
        {"roles": 7},
        {"exp": "soon"},
        {"exp": 10**30},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
    ],
)
def test_a_claim_of_another_value_is_refused(tokens: Tokens, clock: Clock, changed: dict[str, Any]) -> None:
    assert reason(tokens, signed(clock.now, changed)) == "malformed"


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_clock_may_go_wrong_by_a_minute(tokens: Tokens, clock: Clock, claim: str) -> None:
    begins = int(clock.now) + 61
    assert reason(tokens, signed(clock.now, {claim: begins})) == "malformed"
    assert tokens.verify_access(signed(clock.now, {claim: begins - 1})).user_id == USER


def test_only_the_pinned_algorithm_counts(tokens: Tokens, clock: Clock) -> None:
    long_key = SECRET * 2
    with_long_key = tokens_signed_with({"2": long_key}, clock=clock)
    assert reason(with_long_key, signed(clock.now, key=long_key, algorithm="HS512")) == "malformed"
    assert reason(tokens, signed(clock.now, key="", algorithm="none")) == "malformed"


def test_a_token_changed_anywhere_is_refused(tokens: Tokens, clock: Clock) -> None:
    token = signed(clock.now)
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        assert reason(tokens, token[:place] + other + token[place + 1 :]) == "malformed"


DEEP = base64.urlsafe_b64encode(b'{"kid":' + b"[" * 2900).decode().rstrip("=")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "żółw", "\ud800", "x" * 5000, f"{DEEP}.e30.e30"])
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    assert reason(tokens, token) == "malformed"


@given(text=st.text(st.characters()))
def test_any_text_at_all_is_refused(text: str) -> None:
    assert reason(tokens_signed_with({"1": SECRET}), text) == "malformed"


def test_verified_tokens_are_kept_up_to_a_bound(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "CACHED_TOKENS", 3)
    many = [tokens.sign_access(uuid4(), SESSION, [Role.PERSON]).text for _ in range(10)]
    for token in many + many:
        tokens.verify_access(token)
        assert len(tokens._verified) <= 3


def test_a_refused_token_is_not_kept(tokens: Tokens, clock: Clock) -> None:
    reason(tokens, signed(clock.now, {"typ": "refresh"}))
    reason(tokens, signed(clock.now - 1000))
    assert not tokens._verified


@pytest.mark.parametrize("keys", [{}, {"1": "short"}, {"1": SECRET, "2": "ż" * 15}])
def test_a_key_that_could_be_guessed_is_refused_and_not_shown(keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes") as refused:
        Tokens(keys, issuer="i", audience="a", access_ttl=timedelta(1), refresh_ttl=timedelta(1))
    assert "short" not in str(refused.value)


@given(session_id=st.uuids())
def test_a_refresh_token_is_read_back_and_is_new_each_time(session_id: UUID) -> None:
    token, other = RefreshToken.new(session_id), RefreshToken.new(session_id)
    assert RefreshToken.parse(token.text) == token
    assert token.session_id == session_id
    assert token.digest != other.digest
    assert len(token.digest) == 32


@given(text=st.text() | st.from_regex(r"[\w-]{21,23}\.[\w-]{42,44}\n?", fullmatch=True))
def test_a_text_is_a_refresh_token_only_as_we_write_it(text: str) -> None:
    token = RefreshToken.parse(text)
    assert token is None or RefreshToken.new(token.session_id).text[:23] == text[:23]


def test_a_refusal_does_not_quote_the_token(tokens: Tokens, clock: Clock) -> None:
    for token in [
        signed(clock.now, {"typ": "refresh"}),
        signed(clock.now - 1000),
        "eyJhbGciOiJub25lIn0.żółw.x",
    ]:
        with pytest.raises(InvalidToken) as refused:
            tokens.verify_access(token)
        told = "".join(traceback.format_exception(refused.value))
        assert not [part for part in token.split(".") if len(part) > 3 and part in told]


def test_a_refresh_token_has_one_spelling() -> None:
    session, secret = RefreshToken.new(SESSION).text.split(".")
    assert session.endswith("w")
    assert base64.urlsafe_b64decode(f"{session[:-1]}x==") == SESSION.bytes
    assert RefreshToken.parse(f"{session[:-1]}x.{secret}") is None


def test_no_token_or_key_is_in_a_repr(tokens: Tokens) -> None:
    access, refresh = tokens.sign_access(USER, SESSION, [Role.PERSON]), RefreshToken.new(SESSION)
    shown = f"{tokens!r} {access!r} {refresh!r}"
    assert not [secret for secret in (SECRET, OLD_SECRET, access.text, refresh.text) if secret in shown]
