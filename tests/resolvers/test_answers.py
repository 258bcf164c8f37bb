from __future__ import annotations

import json
import logging
from typing import Any

import orjson
import pytest
from graphql import GraphQLError, parse
from psycopg import errors as pg
from psycopg_pool import PoolTimeout, TooManyRequests

from database.errors import DatabaseUnavailable, StatementFailed
from events.errors import Conflict
from resolvers.answers import Answer, error_of, failed, invalid, placed, refusal_of
from resolvers.errors import BadCursor


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (BadCursor(), "BAD_CURSOR"),
        (DatabaseUnavailable("away"), "SERVICE_UNAVAILABLE"),
        (PoolTimeout(), "SERVICE_UNAVAILABLE"),
        (TooManyRequests(), "SERVICE_UNAVAILABLE"),
        (pg.OperationalError("away"), "SERVICE_UNAVAILABLE"),
        (pg.AdminShutdown("bye"), "SERVICE_UNAVAILABLE"),
        (pg.IdleInTransactionSessionTimeout("silent"), "SERVICE_UNAVAILABLE"),
        (StatementFailed("25P03", "silent"), "SERVICE_UNAVAILABLE"),
        (StatementFailed("57P01", "terminating"), "SERVICE_UNAVAILABLE"),
        (StatementFailed("53300", "too many connections"), "SERVICE_UNAVAILABLE"),
        (StatementFailed("08006", "gone"), "SERVICE_UNAVAILABLE"),
        (StatementFailed("57014", "canceled"), "TIMEOUT"),
        (StatementFailed("55P03", "lock"), "TIMEOUT"),
        (Conflict("again"), "CONFLICT"),
        (StatementFailed("42P01", 'relation "secrets" does not exist'), "INTERNAL_ERROR"),
        (ValueError("7 secrets"), "INTERNAL_ERROR"),
    ],
    ids=str,
)
def test_a_failure_has_a_code_and_only_the_unexpected_is_logged(
    failure: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = refusal_of(failure, "request-1")
    assert refusal.code == code
    assert "secret" not in refusal.message
    assert [record.levelno for record in caplog.records] == (
        [logging.ERROR] if code == "INTERNAL_ERROR" else []
    )


def test_a_body_has_data_unless_the_request_itself_was_wrong() -> None:
    error = error_of(BadCursor(), ("a",))
    assert Answer(b'{"a":1}', []).body() == b'{"data":{"a":1}}'
    assert json.loads(Answer(b'{"a":null}', [error]).body()) == {"errors": [error], "data": {"a": None}}
    assert json.loads(Answer(None, [error]).body()) == {"errors": [error]}
    assert Answer(None, []).body() == b'{"data":null}'


@pytest.mark.parametrize(
    ("data", "root", "path", "places"),
    [
        ({"a": None}, (), ("a",), [["a"]]),
        ({"a": [{"b": None}, {"b": 1}]}, (), ("a", "b"), [["a", 0, "b"], ["a", 1, "b"]]),
        ({"a": [[{"b": None}], [], [None]]}, (), ("a", "b"), [["a", 0, 0, "b"]]),
        ({"a": []}, (), ("a", "b"), []),
        ({"a": None}, (), ("a", "b"), []),
        ({"a": {"b": [1, 2]}}, (), ("a", "b"), [["a", "b"]]),
        ([{"b": None}, {"b": None}], ("x",), ("x", "b"), [["x", 0, "b"], ["x", 1, "b"]]),
        ({"b": None}, ("x",), ("x", "b"), [["x", "b"]]),
    ],
)
def test_an_error_stands_once_for_each_place_that_its_path_leads_to(
    data: Any, root: tuple[str, ...], path: tuple[str, ...], places: list[Any]
) -> None:
    found = placed([error_of(BadCursor(), path)], orjson.dumps(data), root, set())
    assert [error["path"] for error in found] == places
    assert all(error["extensions"] == {"code": "BAD_CURSOR"} for error in found)


@pytest.mark.parametrize(
    ("data", "root", "path", "places"),
    [
        ({"a": None}, (), ("a", "b"), [["a", "b"]]),
        ({"a": [{"b": 1}, None]}, (), ("a", "b"), [["a", 0, "b"], ["a", 1, "b"]]),
        (None, ("x",), ("x", "b"), [["x", "b"]]),
    ],
)
def test_an_error_that_took_its_object_along_stands_where_that_was(
    data: Any, root: tuple[str, ...], path: tuple[str, ...], places: list[Any]
) -> None:
    found = placed([error_of(BadCursor(), path)], orjson.dumps(data), root, {path})
    assert [error["path"] for error in found] == places


def test_an_error_of_the_executor_keeps_its_place_and_its_code() -> None:
    (node,) = parse("{ a }").definitions
    wrong = failed(GraphQLError("Argument is wrong.", node, path=["a", 0]), "request-1")
    assert (wrong["path"], wrong["extensions"], wrong["locations"][0]["line"]) == (
        ["a", 0],
        {"code": "BAD_USER_INPUT"},
        1,
    )
    refused = failed(GraphQLError("x", path=["a", 1, "b"], original_error=BadCursor()), "request-1")
    assert (refused["path"], refused["extensions"]) == (["a", 1, "b"], {"code": "BAD_CURSOR"})


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Variable '$i' has invalid value at .password: String cannot represent a non string value: 1234",
            "Variable '$i' has invalid value at .password: String cannot represent a non string value.",
        ),
        (
            "Expected value of type 'A' to include required field 'b', found: { c: \"1234\" }.",
            "Expected value of type 'A' to include required field 'b'.",
        ),
        (
            "Expected value of type 'A' not to include unknown field 'x'. Did you mean 'y'? Found: { x: 1234 }.",
            "Expected value of type 'A' not to include unknown field 'x'. Did you mean 'y'?",
        ),
        ("Value '1234' does not exist in 'Reaction' enum.", "This value does not exist in 'Reaction' enum."),
        ("Syntax Error: Expected ':', found String '1234'.", "Syntax Error: Expected ':', found String."),
        ("Syntax Error: Unexpected Name '1234'.", "Syntax Error: Unexpected Name."),
        ("Cannot query field 'x' on type 'Query'.", "Cannot query field 'x' on type 'Query'."),
    ],
)
def test_what_a_client_sent_is_not_quoted_back(message: str, shown: str) -> None:
    assert invalid(GraphQLError(message), "BAD_USER_INPUT") == {
        "message": shown,
        "extensions": {"code": "BAD_USER_INPUT"},
    }


@pytest.mark.parametrize(("there", "kept"), [(9, 9), (10, 10), (11, 10)])
def test_an_answer_has_few_errors_and_each_is_short(there: int, kept: int) -> None:
    answer = Answer(None, [error_of(BadCursor("x" * (190 + there)), ("a", n)) for n in range(there)])
    answer.shorten(10, 200)
    assert [error["path"] for error in answer.errors] == [["a", n] for n in range(kept)]
    assert {len(error["message"]) for error in answer.errors} == {min(190 + there, 200)}


def test_extensions_come_last() -> None:
    assert Answer(b"1", [], b'{"cost":2}').body() == b'{"data":1,"extensions":{"cost":2}}'
    failed_ = json.loads(Answer(b"null", [error_of(BadCursor(), ())], b'{"cost":2}').body())
    assert list(failed_) == ["errors", "data", "extensions"]
