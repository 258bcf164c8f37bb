"""At any time at most one token of a session works, and any other use of one ends the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.attempts import Attempts
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.people import create_user
from accounts.sessions import InvalidRefreshToken, refresh, sign_in, sign_out
from accounts.tokens import RefreshToken, Tokens
from database.connect import Pool
from database.ids import uuid7

PASSWORD = "a film a day"
# how many tokens back: 0 is the current one; "forged" names the session but was never given out
STEPS = st.lists(
    st.sampled_from([0, 0, 0, 0, 0, 1, 2, 5]) | st.sampled_from(["forged", "sign out"]), max_size=12
)


@dataclass
class Model:
    """What ought to be true of one session."""

    issued: list[str]
    alive: bool = True
    ended: str | None = field(default=None)

    def token(self, step: int | str) -> str:
        if step == "forged":
            named = RefreshToken.parse(self.issued[0])
            assert named
            return RefreshToken.new(named.session_id).text
        return self.issued[max(0, len(self.issued) - 1 - int(step))]

    def end(self, because: str) -> None:
        if self.alive:
            self.alive, self.ended = False, because


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_is_presented_only_the_current_token_of_a_live_session_works(
    pool: Pool, keys: Keys, passwords: Passwords, tokens: Tokens, attempts: Attempts, steps: list[int | str]
) -> None:
    user = await create_user(pool, keys, passwords, email=f"{uuid7()}@example.org", password=PASSWORD)
    signed_in = await sign_in(
        pool, keys, passwords, tokens, attempts, login=user.username, password=PASSWORD, address="192.0.2.1"
    )
    model = Model([signed_in.session.refresh_token])
    for step in steps:
        if step == "sign out":
            await sign_out(pool, model.issued[-1])
            model.end("signed_out")
            continue
        token = model.token(step)
        is_good = model.alive and token == model.issued[-1]
        try:
            refreshed = await refresh(pool, tokens, token)
        except InvalidRefreshToken:
            assert not is_good
            model.end("reused")
        else:
            assert is_good
            model.issued.append(refreshed.session.refresh_token)
    async with pool.connection() as conn:
        row = await conn.execute("select revoked_because from sessions where user_id = %s", [user.id])
        assert await row.fetchall() == [(model.ended,)]
