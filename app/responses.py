"""Answers as responses over HTTP: in which type of JSON, and with which status."""

from __future__ import annotations

from starlette.responses import Response

from app.documents import DocumentTooLarge
from app.negotiation import GRAPHQL_JSON, JSON
from app.operations import too_early
from resolvers.answers import Answer
from resolvers.errors import Unauthenticated


def response_of(answer: Answer, accepted: str | None) -> Response:
    """Return the response that tells an answer."""
    if early := too_early(answer):
        status, wait_s = early
        return json_response(answer.body(), status, accepted, **{"retry-after": str(wait_s)})
    return json_response(answer.body(), _status(answer, accepted), accepted)


def json_response(body: bytes, status: int, accepted: str | None, **headers: str) -> Response:
    """Return JSON as GraphQL's own type where the client likes that best, else as plain JSON."""
    media_type = GRAPHQL_JSON if accepted == GRAPHQL_JSON else JSON
    return Response(body, status, headers=headers, media_type=f"{media_type}; charset=utf-8")


def _status(answer: Answer, accepted: str | None) -> int:
    if answer.data is not None:
        return 200
    code = answer.errors[0]["extensions"]["code"]
    if code == DocumentTooLarge.code:
        return 413
    if accepted != GRAPHQL_JSON:
        return 200
    return 401 if code == Unauthenticated.code else 400
