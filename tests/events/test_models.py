from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.connect import connect
from events.facts import Event
from events.models import (
    ModelPromoted,
    ModelRolledBack,
    Models,
    ModelTrained,
    NothingToRollBack,
    UnknownModel,
    promote_model,
    roll_back_model,
)
from events.record import decide_models
from projections.registry import fold_inline
from tests.events.writing import Conn
from tests.projections.filling import differences, the_log

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def trained(model_id: UUID) -> ModelTrained:
    return ModelTrained(
        model_id=model_id,
        up_to_position=7,
        digest="ab" * 32,
        configuration={"seed": 1, "rate": 0.05, "loss": "warp"},
        metrics={"people": 3},
    )


def after(*served: UUID) -> Models:
    """All three are trained, and these were promoted."""
    models = Models().when([trained(A), trained(B), trained(C)])
    for model_id in served:
        models = models.when(promote_model(models, model_id))
    return models


def test_only_what_was_trained_is_promoted() -> None:
    with pytest.raises(UnknownModel):
        promote_model(Models().when([trained(A)]), B)


def test_a_promotion_says_what_served_before() -> None:
    assert promote_model(after(), A) == [ModelPromoted(model_id=A, previous=None)]
    assert promote_model(after(A), B) == [ModelPromoted(model_id=B, previous=A)]
    assert promote_model(after(A), A) == []


def test_rolling_back_goes_to_what_served_before_and_further_back() -> None:
    models = after(A, B, A, C)
    for back, now in ((A, C), (B, A), (A, B)):
        (fact,) = roll_back_model(models)
        assert fact == ModelRolledBack(model_id=back, previous=now)
        models = models.when([fact])
        assert models.serving == back
    with pytest.raises(NothingToRollBack):
        roll_back_model(models)


@pytest.mark.parametrize("models", [Models(), after(), after(A)])
def test_there_is_nothing_to_roll_back_before_a_second_promotion(models: Models) -> None:
    with pytest.raises(NothingToRollBack):
        roll_back_model(models)


@given(st.lists(st.sampled_from([A, B, C]), max_size=8))
def test_a_rollback_undoes_the_promotion_before_it(promoted: list[UUID]) -> None:
    before = after(*promoted)
    for model_id in {A, B, C} - {before.serving}:
        now = before.when(promote_model(before, model_id))
        if before.serving:
            assert now.when(roll_back_model(now)) == before


def test_what_is_decided_is_recorded_and_folded_at_once(connection: Conn) -> None:
    def say(facts: list[Event]) -> None:
        assert decide_models(connection, fold_inline, lambda _: facts) == facts

    say([trained(A), trained(B)])
    decide_models(connection, fold_inline, lambda models: promote_model(models, A))
    decide_models(connection, fold_inline, lambda models: promote_model(models, B))
    assert decide_models(connection, fold_inline, lambda models: promote_model(models, B)) == []
    assert states(connection) == {A: "RETIRED", B: "SERVING"}
    decide_models(connection, fold_inline, roll_back_model)
    assert states(connection) == {A: "SERVING", B: "RETIRED"}
    log = the_log(connection)
    assert [event.fact.type for event in log] == [
        "model_trained",
        "model_trained",
        "model_promoted",
        "model_promoted",
        "model_rolled_back",
    ]
    assert {event.source.value for event in log} == {"system"}
    assert log[0].fact == trained(A)
    assert differences(connection) == {}


def states(conn: Conn) -> dict[UUID, str]:
    return dict(conn.execute("select model_id, state from models").fetchall())


def test_a_refusal_leaves_nothing_and_no_lock(conninfo: str, connection: Conn) -> None:
    with pytest.raises(NothingToRollBack):
        decide_models(connection, fold_inline, roll_back_model)
    with connect(conninfo, lock_timeout_s=1) as other:
        decide_models(other, fold_inline, lambda _: [trained(A)])
    assert states(connection) == {A: "TRAINED"}


def test_two_that_promote_at_once_decide_one_after_the_other(conninfo: str, connection: Conn) -> None:
    decide_models(connection, fold_inline, lambda _: [trained(A), trained(B)])
    with connect(conninfo, lock_timeout_s=0.2) as other:

        def promote_slowly(models: Models) -> list[Event]:
            with pytest.raises(Exception, match="lock timeout"):
                decide_models(other, fold_inline, lambda models: promote_model(models, B))
            return promote_model(models, A)

        decide_models(connection, fold_inline, promote_slowly)
        assert decide_models(other, fold_inline, lambda models: promote_model(models, B)) == [
            ModelPromoted(model_id=B, previous=A)
        ]
