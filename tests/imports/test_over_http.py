"""Whole imports as a client does them: uploaded, previewed, confirmed, undone, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from app import uploads
from database.connect import connect
from resolvers import imports as resolving
from tests.app.serving import Served, codes, serving
from tests.imports.exports import (
    FILM,
    IMDB_RATINGS,
    film,
    imdb_rating,
    letterboxd,
    table,
    trakt,
    trakt_json,
    trakt_movie,
)
from tests.world import access_token

PREVIEW = """
query ($id: ID!) { node(id: $id) { ... on Import {
  id service status total done expiresAt confirmedAt undoneAt
  counts { kind outcome count } skipped { what count }
  entries { totalCount nodes {
    kind outcome title releaseYear imdbId tmdbId stars scale reaction watchedOn saidAt heldStars heldReaction
    leavesWatchlist isRecorded movie { title } candidates { title releaseYear } } } } } }"""
SHELF = """
{ viewer {
  ratings(first: 50) { nodes { title viewerState { reaction stars } } }
  watchlist(first: 50) { edges { addedAt priority node { title } } }
  favorites(first: 50) { nodes { title } }
  imports { totalCount nodes { id status } }
} }"""
ALIEN = letterboxd(ratings=[(*film("2020-01-05", "Alien", 1979, "2awY"), 3)])


async def upload(
    served: Served, body: bytes, who: str | None = "bob", name: str = "", **headers: str
) -> httpx.Response:
    if who:
        headers["authorization"] = f"Bearer {access_token(who)}"
    return await served.http.post("/imports", params={"name": name}, content=body, headers=headers)


async def previewed(served: Served, body: bytes, who: str = "bob", name: str = "") -> tuple[str, Any]:
    """Upload a file; return the import's id, and the preview."""
    response = await upload(served, body, who, name)
    assert (response.status_code, set(response.json())) == (201, {"data"}), response.text
    key = response.json()["data"]["import"]["id"]
    return key, await seen(served, key, who)


async def seen(served: Served, key: str, who: str = "bob") -> Any:
    answer = await served.ask(PREVIEW, variables={"id": key}, token=access_token(who))
    assert "errors" not in answer, answer
    return answer["data"]["node"]


async def told(served: Served, mutation: str, key: str, who: str = "bob", **given: str) -> Any:
    """Confirm or undo an import; return its status, or the codes of the errors."""
    field = f"{mutation}Import"
    document = (
        f"mutation ($i: {mutation.capitalize()}ImportInput!) {{ {field}(input: $i)"
        " { errors { code path } import { status done total } } }"
    )
    answer = await served.ask(document, variables={"i": {"importId": key, **given}}, token=access_token(who))
    payload = answer["data"][field]
    return [error["code"] for error in payload["errors"]] or payload["import"]["status"]


async def shelf(served: Served, who: str = "bob") -> Any:
    return (await served.ask(SHELF, token=access_token(who)))["data"]["viewer"]


def counts(preview: Any) -> dict[tuple[str, str], int]:
    return {(each["kind"], each["outcome"]): each["count"] for each in preview["counts"]}


async def test_k42_k43_k44_k46_k47_a_letterboxd_zip(conninfo: str) -> None:
    body = letterboxd(
        ratings=[
            (*film("2020-01-05", "Alien", 1979, "2awY"), 4.5),
            (*film("2020-01-06", "The Third Man", 1949, "1"), 3.5),
            (*film("2020-01-07", "Fargo", 1996, "2"), 4),
        ],
        diary=[
            (*film("2020-01-05", "Alien", 1979, "d1"), 4.5, "", "space", "2020-01-04"),
            (*film("2021-01-05", "Alien", 1979, "d2"), "", "Yes", "", "2021-01-04"),
        ],
        watched=[film("2020-01-05", "Alien", 1979, "2awY"), film("2020-02-02", "Fargo", 1996, "2")],
        watchlist=[
            film("2021-01-05", "Toy Story", 1995, "3"),
            film("2021-01-06", "Nowhere at all", 1999, "4"),
        ],
        likes__films=[
            film("2020-01-05", "Alien", 1979, "2awY"),
            film("2020-02-02", "Fargo", 1996, "2"),
        ],
        profile=[(*[""] * 9, "https://boxd.it/2awY")],
        reviews=[
            (*film("2020-01-05", "Alien", 1979, "d1"), 4.5, "", 'Fine, "really"\nfine.', "", "2020-01-04")
        ],
    )
    async with serving(conninfo) as served:
        before = await shelf(served)
        key, preview = await previewed(served, body, name="letterboxd-bob.zip")
        assert (preview["service"], preview["status"], preview["total"]) == ("LETTERBOXD", "PREVIEW", 11)
        assert preview["skipped"] == [{"what": "REVIEWS", "count": 1}]
        assert counts(preview) == {
            ("RATING", "CONFLICT"): 1,
            ("RATING", "NEW"): 2,
            ("REACTION", "HERE"): 1,
            ("REACTION", "NEW"): 1,
            ("FAVORITE", "NEW"): 1,
            ("WATCHED", "NEW"): 3,
            ("WATCHLIST", "NEW"): 1,
            ("WATCHLIST", "UNMATCHED"): 1,
        }
        conflict = next(each for each in preview["entries"]["nodes"] if each["outcome"] == "CONFLICT")
        assert (conflict["title"], conflict["stars"], conflict["heldStars"]) == ("Alien", 4.5, 5)
        unmatched = preview["entries"]["nodes"][-1]
        assert (unmatched["title"], unmatched["releaseYear"], unmatched["movie"]) == (
            "Nowhere at all",
            1999,
            None,
        )

        assert (await shelf(served))["ratings"] == before["ratings"]
        assert await told(served, "confirm", key) == "IMPORTED"
        after = await shelf(served)
        stars = {node["title"]: node["viewerState"]["stars"] for node in after["ratings"]["nodes"]}
        assert stars == {"Alien": 5, "The Third Man": 3.5, "Fargo": 4}
        reactions = {node["title"]: node["viewerState"]["reaction"] for node in after["ratings"]["nodes"]}
        assert reactions["Fargo"] == "LIKE"
        assert "Alien" in [node["title"] for node in after["favorites"]["nodes"]]
        added = {
            edge["node"]["title"]: (edge["addedAt"], edge["priority"]) for edge in after["watchlist"]["edges"]
        }
        assert added["Toy Story"] == ("2021-01-05T12:00:00+00:00", "MEDIUM")
        imported = await seen(served, key)
        assert (imported["done"], imported["expiresAt"]) == (11, None)
        assert sum(each["isRecorded"] for each in imported["entries"]["nodes"]) == 9

        # the same again: all is here, nothing is added
        again, preview = await previewed(served, body)
        assert {outcome for _, outcome in counts(preview)} == {"HERE", "CONFLICT", "UNMATCHED"}
        assert await told(served, "confirm", again) == "IMPORTED"
        assert {**(await shelf(served)), "imports": None} == {**after, "imports": None}

        assert await told(served, "undo", key) == "UNDONE"
        assert {**(await shelf(served)), "imports": None} == {**before, "imports": None}
        assert [node["status"] for node in (await shelf(served))["imports"]["nodes"]] == [
            "IMPORTED",
            "UNDONE",
        ]
        assert await told(served, "undo", key) == "UNDONE"
        assert await told(served, "confirm", key) == ["IMPORT_UNDONE"]


async def test_k20_k42_k43_an_imdb_file_of_ratings(conninfo: str) -> None:
    body = table(
        IMDB_RATINGS,
        [
            imdb_rating("tt0113277", 7, "2020-01-01", "Heat", 1995),
            imdb_rating("tt1234567", 9, "2020-01-02", "Not in the catalogue", 1999),
            imdb_rating("tt0903747", 10, "2020-01-03", "Breaking Bad", 2008, "TV Series"),
        ],
    )
    async with serving(conninfo) as served:
        key, preview = await previewed(served, body, name="ratings.csv")
        assert (preview["service"], counts(preview)) == ("IMDB", {("RATING", "NEW"): 2})
        assert preview["skipped"] == [{"what": "SHOWS", "count": 1}]
        assert [(e["movie"], e["stars"], e["scale"]) for e in preview["entries"]["nodes"]] == [
            ({"title": "Heat"}, 3.5, "1-10"),
            (None, 4.5, "1-10"),
        ]
        assert await told(served, "confirm", key, conflicts="REPLACE") == "IMPORTED"
        assert (await seen(served, key))["entries"]["nodes"][1]["movie"] == {"title": ""}
        rated = (await shelf(served))["ratings"]["nodes"]
        assert {"title": "", "viewerState": {"reaction": None, "stars": 4.5}} in rated


async def test_a_trakt_zip(conninfo: str) -> None:
    heat = trakt_movie("Heat", 1995, "tt0113277", 949)
    body = trakt(
        watched_history_1=[
            {
                "id": 1,
                "watched_at": "2020-01-01T20:00:00.000Z",
                "action": "watch",
                "type": "movie",
                "movie": heat,
            }
        ],
        ratings_movies=[
            {"rated_at": "2020-01-02T21:22:23.000Z", "rating": 9, "type": "movie", "movie": heat}
        ],
        lists_watchlist=[
            {
                "rank": 1,
                "listed_at": "2021-01-01T00:00:00.000Z",
                "type": "movie",
                "movie": trakt_movie("Fargo", 1996, None, 275),
            }
        ],
    )
    async with serving(conninfo) as served:
        key, preview = await previewed(served, body)
        assert counts(preview) == {("RATING", "NEW"): 1, ("WATCHED", "NEW"): 1, ("WATCHLIST", "NEW"): 1}
        assert await told(served, "confirm", key) == "IMPORTED"
        answer = await served.ask(
            "{ viewer { history(first: 3) { nodes { type occurredAt source correlationId movie { title } } } } }",
            token=access_token("bob"),
        )
        assert [
            (event["type"], event["occurredAt"], event["source"], event["movie"]["title"])
            for event in answer["data"]["viewer"]["history"]["nodes"]
        ] == [
            ("watchlist_item_added", "2021-01-01T00:00:00+00:00", "import", "Fargo"),
            ("movie_rated", "2020-01-02T21:22:23+00:00", "import", "Heat"),
            ("movie_watched", "2020-01-01T20:00:00+00:00", "import", "Heat"),
        ]
        ids = {event["correlationId"] for event in answer["data"]["viewer"]["history"]["nodes"]}
        assert ids == {key.removeprefix("Import:")}


async def test_what_may_be_several_movies_is_said_so(served: Served) -> None:
    _, preview = await previewed(served, letterboxd(watchlist=[film("2021-01-05", "The Thing", "", "3")]))
    (entry,) = preview["entries"]["nodes"]
    assert (entry["outcome"], entry["movie"]) == ("AMBIGUOUS", None)
    assert entry["candidates"] == [
        {"title": "The Thing", "releaseYear": 1982},
        {"title": "The Thing", "releaseYear": 2011},
    ]


async def test_entries_come_in_pages_and_by_kind_and_outcome(served: Served) -> None:
    rows = [(*film("2021-01-05", f"Nowhere {n}", 1999, str(n)), 4) for n in range(5)]
    key, _ = await previewed(served, letterboxd(ratings=[*rows, (*film("2021-01-06", "Heat", 1995, "h"), 4)]))
    document = """
    query ($id: ID!, $after: String) { node(id: $id) { ... on Import {
      entries(outcome: UNMATCHED, kind: RATING, first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { title } } } } }"""
    found: list[str] = []
    after = None
    for _ in range(3):
        answer = await served.ask(document, variables={"id": key, "after": after}, token=access_token("bob"))
        page = answer["data"]["node"]["entries"]
        assert page["totalCount"] == 5
        found += [node["title"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == [f"Nowhere {n}" for n in range(5)]


async def test_an_import_is_nobody_elses(served: Served) -> None:
    key, _ = await previewed(served, ALIEN, "bob")
    for who in ("alice", "olga", "adam"):
        assert await seen(served, key, who) is None
        assert await told(served, "confirm", key, who) == ["UNKNOWN_IMPORT"]
        assert await told(served, "undo", key, who) == ["UNKNOWN_IMPORT"]
        assert (await shelf(served, who))["imports"]["totalCount"] == 0
    answer = await served.ask(PREVIEW, variables={"id": key})
    assert answer["data"] == {"node": None}
    assert await told(served, "undo", key, "bob") == ["NOT_IMPORTED"]


async def test_a_preview_that_has_expired_is_not_there(served: Served, conninfo: str) -> None:
    key, _ = await previewed(served, ALIEN)
    with connect(conninfo) as conn:
        conn.execute("update imports set expires_at = now()")
    assert await seen(served, key) is None
    assert (await shelf(served))["imports"]["totalCount"] == 0
    assert await told(served, "confirm", key) == ["UNKNOWN_IMPORT"]


@pytest.mark.parametrize("key", ["Import:1", "Movie:00000000-0000-0000-0000-000000000000", "x"])
async def test_what_is_no_id_of_an_import_is_refused(shared: Served, key: str) -> None:
    document = "mutation ($i: ID!) { confirmImport(input: {importId: $i}) { errors { code } } }"
    assert codes(await shared.post(document, variables={"i": key}, token=access_token("bob"))) == ["BAD_ID"]


@pytest.mark.parametrize("mutation", ["confirm", "undo"])
async def test_strangers_have_no_imports(shared: Served, mutation: str) -> None:
    document = f"mutation ($i: ID!) {{ {mutation}Import(input: {{importId: $i}}) {{ errors {{ code }} }} }}"
    variables = {"i": "Import:00000000-0000-0000-0000-000000000000"}
    assert codes(await shared.post(document, variables=variables)) == ["UNAUTHENTICATED"]


async def test_only_who_signed_in_may_upload(shared: Served) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic YTpi"}):
        response = await upload(shared, ALIEN, None, **headers)
        assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("body", [b"", b"nonsense", b"PK\x03\x04", trakt_json([])])
async def test_what_is_no_export_is_refused(shared: Served, body: bytes) -> None:
    response = await upload(shared, body, name="secret-name.zip")
    assert (response.status_code, codes(response)) == (422, ["UNREADABLE_EXPORT"])
    assert "secret-name" not in response.text
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_uploads_are_posts(shared: Served, method: str) -> None:
    response = await shared.http.request(method, "/imports")
    assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])


async def test_a_compressed_body_is_refused(shared: Served) -> None:
    response = await upload(shared, ALIEN, "bob", "", **{"content-encoding": "gzip"})
    assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_the_largest_upload_and_one_that_is_larger(conninfo: str) -> None:
    body = table(FILM, [film("2021-01-05", "Heat", 1995, "h")])
    async with serving(conninfo, import_bytes=len(body)) as served:
        assert (await upload(served, body, name="watchlist.csv")).status_code == 201
        larger = await upload(served, body + b"\n", name="watchlist.csv")
        assert (larger.status_code, codes(larger)) == (413, ["BODY_TOO_LARGE"])

        async def pieces() -> Any:
            yield body
            yield b"\n"

        headers = {"authorization": f"Bearer {access_token('bob')}"}
        streamed = await served.http.post("/imports", content=pieces(), headers=headers)
        assert (streamed.status_code, codes(streamed)) == (413, ["BODY_TOO_LARGE"])


async def test_an_upload_that_comes_too_slowly_ends(conninfo: str) -> None:
    async with serving(conninfo, import_timeout_s=0.2) as served:
        response = await begun(served.port, 100)
        assert b"408" in response.partition(b"\r\n")[0]
        assert b"BODY_TIMEOUT" in response


async def begun(port: int, length: int) -> bytes:
    """Send the head of an upload and no body; return what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = ("POST /imports HTTP/1.1", "host: localhost", f"authorization: Bearer {access_token('bob')}")
    writer.write("\r\n".join((*lines, f"content-length: {length}", "", "")).encode())
    await writer.drain()
    try:
        async with asyncio.timeout(20):
            return await reader.read(4096)
    finally:
        writer.close()


async def test_so_many_uploads_are_received_at_once(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 1)
    async with serving(conninfo) as served:
        held = asyncio.create_task(begun(served.port, 10))

        async def is_full() -> bool:
            response = await upload(served, ALIEN)
            if response.status_code == 201:
                return False
            assert (response.status_code, codes(response)) == (503, ["OVERLOADED"])
            assert int(response.headers["retry-after"]) > 0
            return True

        async with asyncio.timeout(20):
            while not await is_full():
                await asyncio.sleep(0.01)
        held.cancel()
        await asyncio.wait([held])
        async with asyncio.timeout(20):  # the place of a client that went away is free
            while await is_full():
                await asyncio.sleep(0.01)


async def test_an_upload_costs_what_it_has(conninfo: str) -> None:
    body = table(FILM, [film("2021-01-05", f"Nowhere {n}", 1995, str(n)) for n in range(1000)])
    points = 1 + len(body) // uploads.POINT
    async with serving(conninfo, budget_per_minute=points + 1) as served:
        first = await upload(served, body, name="watchlist.csv")
        assert first.status_code == 201
        second = await upload(served, body, name="watchlist.csv")
        assert (second.status_code, codes(second)) == (429, ["RATE_LIMITED"])
        assert int(second.headers["retry-after"]) > 0


async def test_pages_of_listed_sites_may_upload(conninfo: str) -> None:
    async with serving(conninfo, cors_origins=("https://movies.example",)) as served:
        preflight = await served.http.options(
            "/imports",
            headers={
                "origin": "https://movies.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization",
            },
        )
        assert preflight.headers["access-control-allow-origin"] == "https://movies.example"
        response = await upload(served, ALIEN, "bob", "", origin="https://movies.example")
        assert response.headers["access-control-allow-origin"] == "https://movies.example"


async def test_an_import_goes_on_without_its_client(conninfo: str) -> None:
    rows = [(*film("2020-01-05", f"Film {n}", 1990, str(n)), 4) for n in range(500)]
    async with serving(conninfo) as served:
        with connect(conninfo) as conn:
            conn.execute(
                "insert into movies (id, title, release_year) select gen_random_uuid(), 'Film ' || n, 1990"
                " from generate_series(0, 499) n"
            )
            key, _ = await previewed(served, letterboxd(ratings=rows))
            with pytest.raises(httpx.ReadTimeout):
                await served.http.post(
                    "/graphql",
                    json={
                        "query": "mutation ($k: ID!) { confirmImport(input: {importId: $k}) { errors { code } } }",
                        "variables": {"k": key},
                    },
                    headers={"authorization": f"Bearer {access_token('bob')}"},
                    timeout=httpx.Timeout(20, read=0.001),
                )
            async with asyncio.timeout(20):
                while (await seen(served, key))["status"] != "IMPORTED":
                    await asyncio.sleep(0.01)
            assert await told(served, "confirm", key) == "IMPORTED"
            found = conn.execute("select count(*) from events where source = 'import'").fetchone()
            assert found == (500,)


async def test_an_answer_does_not_wait_for_a_long_import(
    served: Served, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "ANSWER_S", 0.05)
    key, _ = await previewed(served, ALIEN)
    with connect(conninfo) as conn, conn.transaction():
        conn.execute("select from imports where id = %s for update", (key.removeprefix("Import:"),))
        assert await told(served, "confirm", key) == "PREVIEW"
    async with asyncio.timeout(20):
        while (await seen(served, key))["status"] != "IMPORTED":
            await asyncio.sleep(0.01)


async def test_an_import_is_told_to_who_listens(served: Served, conninfo: str) -> None:
    key, _ = await previewed(served, ALIEN)
    with connect(conninfo) as conn:
        (last,) = conn.execute("select max(position) from events").fetchone() or (0,)
    async with served.socket(access_token("bob")) as socket:
        live = "subscription ($after: Position) { interactions(after: $after) { type source } }"
        await socket.subscribe("1", live, {"after": last})
        assert await told(served, "confirm", key, conflicts="REPLACE") == "IMPORTED"
        assert await told(served, "undo", key) == "UNDONE"
        heard = [(await socket.receive())["payload"]["data"]["interactions"] for _ in range(2)]
        assert heard == [{"type": "movie_rated", "source": source} for source in ("import", "web")]


async def test_with_the_database_away_it_says_so(conninfo: str) -> None:
    async with serving(conninfo) as served:
        key, _ = await previewed(served, ALIEN)
        with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as admin:
            name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
            admin.execute(f'alter database "{name}" allow_connections false')
            response = await upload(served, ALIEN)
            assert (response.status_code, codes(response)) == (503, ["SERVICE_UNAVAILABLE"])
            answer = await served.post(
                f'mutation {{ confirmImport(input: {{importId: "{key}"}}) {{ errors {{ code }} }} }}',
                token=access_token("bob"),
            )
            assert codes(answer) == ["SERVICE_UNAVAILABLE"]
            admin.execute(f'alter database "{name}" allow_connections true')
        assert await told(served, "confirm", key) == "IMPORTED"
