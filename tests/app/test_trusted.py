"""Trusted documents: what a manifest is, what runs where it is enforced, and how it is checked."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import commands
from app.manifest import BadManifest, load, texts_of
from tests.app.serving import ALIVE, STRICT, Served, codes, serving
from tests.postgres import Databases
from tests.world import access_token, settings

ALLOWED = "query Allowed { __typename }"
SECRET = "query Other { __typename }"
GENRES = "query Genres($first: Int!) { movies(first: $first) { totalCount } }"
HASH = sha256(ALLOWED.encode()).hexdigest()


def apollo(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest as Apollo's tools write it."""
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)}


def operation(body: str, **more: Any) -> dict[str, Any]:
    """Return an operation of such a manifest."""
    name = body.split()[1].partition("(")[0]
    return {"id": sha256(body.encode()).hexdigest(), "body": body, "name": name, "type": "query", **more}


def written(folder: Path, manifest: Any) -> Path:
    """Write a manifest."""
    path = folder / "manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return path


@pytest.fixture(scope="module")
async def enforcing(clones: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A server that runs documents of its manifest only."""
    path = written(tmp_path_factory.mktemp("enforced"), apollo(operation(ALLOWED)))
    with clones.clone() as conninfo:
        async with serving(conninfo, trusted_documents=path, trusted_documents_mode="enforce") as running:
            yield running


async def post(served: Served, by: str | None = None, **body: Any) -> httpx.Response:
    """Send a request as one of the people."""
    headers = {"authorization": f"Bearer {access_token(by)}"} if by else {}
    return await served.http.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        {"query": ALLOWED},
        {"query": ALLOWED, "operationName": "Allowed"},
        {"documentId": HASH},
        {"id": HASH},
        {"query": None, "id": HASH},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        {"query": ALLOWED, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
    ],
    ids=range(7),
)
@pytest.mark.parametrize("by", [None, "alice"])
async def test_a_document_of_the_manifest_runs_however_it_is_named(
    enforcing: Served, by: str | None, body: dict[str, Any]
) -> None:
    assert (await post(enforcing, by, **body)).json() == ALIVE


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": SECRET}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": ALLOWED + " "}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": "{ __schema { types { name } } }"}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": SECRET, "id": HASH}, "DOCUMENT_NOT_TRUSTED"),
        (
            {"query": SECRET, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
            "BAD_OPERATION",
        ),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}, "DOCUMENT_NOT_TRUSTED"),
        ({"id": "0" * 64}, "UNKNOWN_DOCUMENT"),
        ({"documentId": ALLOWED}, "UNKNOWN_DOCUMENT"),
        ({"id": 7}, "BAD_REQUEST"),
        ({"documentId": ["x"]}, "BAD_REQUEST"),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("by", [None, "alice", "ann"])
async def test_no_other_document_runs(
    enforcing: Served, by: str | None, body: dict[str, Any], code: str
) -> None:
    response = await post(enforcing, by, **body)
    assert codes(response) == [code]
    assert "data" not in response.json()


@pytest.mark.parametrize("by", ["olga", "adam"])
async def test_operators_may_send_what_they_like(enforcing: Served, by: str) -> None:
    assert (await post(enforcing, by, query=SECRET)).json() == ALIVE


async def test_an_operator_whose_token_has_ended_is_told_so(enforcing: Served) -> None:
    response = await enforcing.post(SECRET, token=access_token("olga", ago_s=10**6))
    assert codes(response) == ["UNAUTHENTICATED"]


async def test_an_operators_document_opens_it_to_nobody_else(enforcing: Served) -> None:
    digest = sha256(SECRET.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    assert (await post(enforcing, "olga", query=SECRET, extensions=extensions)).json() == ALIVE
    assert codes(await post(enforcing, "alice", extensions=extensions)) == ["DOCUMENT_NOT_TRUSTED"]


async def test_it_is_enforced_over_sockets_streams_batches_and_get_too(enforcing: Served) -> None:
    async with enforcing.socket(access_token("alice")) as socket:
        await socket.subscribe("1", SECRET)
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        await socket.send(type="subscribe", id="2", payload={"documentId": HASH})
        assert (await socket.receive())["payload"] == ALIVE
    http = enforcing.http
    stream = await http.post("/graphql", json={"query": SECRET}, headers={"accept": "text/event-stream"})
    assert "DOCUMENT_NOT_TRUSTED" in stream.text
    batch = (await http.post("/graphql", json=[{"id": HASH}, {"query": SECRET}])).json()
    assert batch[0] == ALIVE
    assert batch[1]["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    assert (await http.get("/graphql", params={"documentId": HASH})).json() == ALIVE
    get = await http.get("/graphql", params={"query": SECRET}, headers={"accept": STRICT})
    assert (get.status_code, codes(get)) == (400, ["DOCUMENT_NOT_TRUSTED"])


async def test_relays_manifest_names_documents_by_any_id(conninfo: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"5d41402abc": ALLOWED})
    async with serving(conninfo, trusted_documents=path, trusted_documents_mode="enforce") as served:
        assert (await post(served, id="5d41402abc")).json() == ALIVE
        assert codes(await post(served, query=SECRET)) == ["DOCUMENT_NOT_TRUSTED"]


async def test_what_the_manifest_does_not_have_can_be_logged_instead(
    conninfo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, apollo(operation(ALLOWED)))
    async with serving(conninfo, trusted_documents=path, trusted_documents_mode="log") as served:
        with caplog.at_level(logging.INFO, "app.documents"):
            for body in ({"query": ALLOWED}, {"id": HASH}, {"query": SECRET}, {"query": "{ nothing }"}):
                await post(served, **body)
    (record,) = [vars(record) for record in caplog.records if record.name == "app.documents"]
    assert (record["operation"], record["sha256"]) == ("Other", sha256(SECRET.encode()).hexdigest())
    assert len(record["request_id"]) == 32


async def test_without_a_manifest_ids_are_unknown(shared: Served) -> None:
    assert codes(await post(shared, id=HASH)) == ["UNKNOWN_DOCUMENT"]
    assert (await post(shared, id=HASH, query=SECRET)).json() == ALIVE
    assert (await post(shared, id=7, query=SECRET)).json() == ALIVE


NO_MANIFESTS = [
    "",
    "{",
    "[]",
    '{"format": "other", "version": 1, "operations": []}',
    json.dumps({**apollo(), "version": 2}),
    json.dumps({**apollo(), "operations": {}}),
    json.dumps(apollo({"id": "x"})),
    json.dumps(apollo({"id": "x", "body": 1})),
    json.dumps(apollo(operation(ALLOWED, name=1))),
    '{"x": null}',
    '{"x": {"body": "{ a }"}}',
]


@pytest.mark.parametrize("text", NO_MANIFESTS, ids=range(11))
def test_what_is_no_manifest_is_refused_when_the_server_starts(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    given = settings(trusted_documents=path, trusted_documents_mode="enforce")
    with pytest.raises(BadManifest, match=r"manifest\.json"):
        texts_of(given)
    assert texts_of(settings(trusted_documents=path)) == {}


def test_two_documents_of_one_id_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, apollo(operation(ALLOWED, id="1"), operation(SECRET, id="1")))
    with pytest.raises(BadManifest, match="the id 1"):
        texts_of(settings(trusted_documents=path, trusted_documents_mode="log"))
    assert len(load(path)) == 2


@pytest.mark.parametrize("mode", ["log", "enforce"])
def test_a_mode_without_a_manifest_is_refused(mode: str) -> None:
    with pytest.raises(ValidationError, match="name the manifest"):
        settings(trusted_documents_mode=mode)


def checked(path: Path, *more: str) -> tuple[int, str]:
    """Run the command over a manifest; return its exit code and what it answered."""
    result = CliRunner(env={"TERM": "dumb"}).invoke(commands, ["documents", "check", str(path), *more])
    return result.exit_code, result.stdout or result.stderr


def test_a_manifest_that_runs_is_said_to(tmp_path: Path) -> None:
    subscription = operation("subscription Live { interactions { id } }", type="subscription")
    path = written(tmp_path, apollo(operation(ALLOWED), operation(GENRES), subscription))
    assert checked(path) == (0, "All 3 documents run.\n")
    assert json.loads(checked(path, "--json")[1]) == {"documents": 3, "faults": []}
    assert checked(written(tmp_path, {"a": ALLOWED}))[0] == 0


@pytest.mark.parametrize(
    ("faulty", "said"),
    [
        (
            operation("query Bad { nothing }"),
            "Cannot query field 'nothing' on type 'Query'. (line 1, column 13)",
        ),
        (operation("query Bad {"), "Syntax Error"),
        (operation("fragment F on Movie { title }"), "never used"),
        (operation("query Bad { __typename }", name="Good"), "no operation of this name"),
        (operation("query Bad { __typename }", type="mutation"), "It is no mutation."),
        (operation("query Bad { __typename }", id=HASH), "Another document has the same id."),
        (operation("query Bad { __typename @live }"), "Unknown directive '@live'."),
    ],
    ids=range(7),
)
def test_each_document_that_would_not_run_is_named(tmp_path: Path, faulty: dict[str, Any], said: str) -> None:
    path = written(tmp_path, apollo(operation(ALLOWED), faulty))
    code, text = checked(path, "--json")
    (fault,) = json.loads(text)["faults"]
    assert (code, fault["id"], fault["name"]) == (1, faulty["id"], faulty["name"])
    assert said in fault["fault"]
    code, text = checked(path)
    assert (code, said in text, faulty["id"] in text) == (1, True, True)


@pytest.mark.parametrize("text", NO_MANIFESTS[:3])
def test_what_is_no_manifest_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    code, said = checked(written(tmp_path, text))
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("Error: ")
    assert checked(tmp_path / "none.json")[0] == 1
