"""Activity over HTTP: K45 views, K80 the activity of people and visitors, C14 what is personal of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Json, Served, codes, serving
from tests.catalogue import movie, person
from tests.events.writing import Conn
from tests.waiting import SOON_S
from tests.world import access_token

pytestmark = pytest.mark.usefixtures("catalogue_template")

RECORD = """mutation ($i: RecordActivityInput!) {
  recordActivity(input: $i) { errors { code path } event { type } movie { id } visitorToken } }"""
OWN = """query ($actions: [ActivityAction!]) { viewer { activity(actions: $actions, first: 100) {
  totalCount nodes { action source sessionId movie { title } details { phrase address userAgent referrer } } } } }"""
ALIEN = f"Movie:{movie('alien')}"
VISITOR = "x-visitor-token"


async def becomes(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.02)


def count(conn: Conn, table: str = "actions") -> int:
    (found,) = conn.execute(f"select count(*) from activity.{table}").fetchone() or (0,)
    return int(found)


async def record(
    served: Served, *, token: str | None = None, visitor: str | None = None, **given: Json
) -> Json:
    """Return the payload of `recordActivity`."""
    headers = {VISITOR: visitor} if visitor else {}
    answer = await served.ask(RECORD, token=token, variables={"i": given}, headers=headers)
    assert "errors" not in answer, answer
    return answer["data"]["recordActivity"]


async def own(served: Served, token: str, *actions: str) -> list[Json]:
    answer = await served.ask(OWN, token=token, variables={"actions": list(actions) or None})
    nodes: list[Json] = answer["data"]["viewer"]["activity"]["nodes"]
    return nodes


async def test_k80_a_visitor_is_named_once_and_joined_at_sign_in(served: Served, connection: Conn) -> None:
    first = await record(served, action="MOVIE_SEARCH", phrase="  space \n horror ")
    visitor = first["visitorToken"]
    assert (first["errors"], first["event"], first["movie"]) == ([], None, None)
    again = await record(served, visitor=visitor, action="MOVIE_VIEW", movieId=ALIEN)
    assert again["visitorToken"] == visitor
    assert again["movie"] == {"id": ALIEN}
    other = await record(served, action="MOVIE_VIEW", movieId=ALIEN)
    assert other["visitorToken"] != visitor
    await becomes(lambda: count(connection) == 3)
    assert connection.execute("select count(user_id) from activity.actions").fetchone() == (0,)

    sign_up = """mutation ($i: SignUpInput!) { signUp(input: $i) { session { accessToken } viewer { id
      activity { nodes { action } } } } }"""
    given = {"email": "vera@example.org", "username": "vera", "password": "a fish called vera"}
    found = (await served.ask(sign_up, variables={"i": given}, headers={VISITOR: visitor}))["data"]["signUp"]
    assert [node["action"] for node in found["viewer"]["activity"]["nodes"]] == ["MOVIE_VIEW", "MOVIE_SEARCH"]
    token = found["session"]["accessToken"]
    assert [(node["action"], node["details"]["phrase"]) for node in await own(served, token)] == [
        ("MOVIE_VIEW", None),
        ("MOVIE_SEARCH", "space horror"),
    ]
    facts = connection.execute(
        "select user_id, movie_id, data from events where type = 'session_identified'"
    ).fetchall()
    ((user_id, _, data),) = facts
    assert f"User:{user_id}" == found["viewer"]["id"]
    assert list(data) == ["session_id"]


SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } session { accessToken } } }"


async def sign_in(served: Served, name: str, visitor: str) -> str:
    given = {"login": name, "password": f"a fish called {name}"}
    answer = await served.ask(SIGN_IN, variables={"i": given}, headers={VISITOR: visitor})
    token: str = answer["data"]["signIn"]["session"]["accessToken"]
    return token


async def test_k80_who_signs_in_second_with_a_token_gets_nothing_of_the_first(
    served: Served, connection: Conn
) -> None:
    await served.sign_up("ada")
    await served.sign_up("ben")
    visitor = (await record(served, action="MOVIE_SEARCH", phrase="secret of ada"))["visitorToken"]
    await becomes(lambda: count(connection) == 1)
    ada = await sign_in(served, "ada", visitor)
    await record(served, visitor=visitor, action="MOVIE_SEARCH", phrase="of nobody")
    await becomes(lambda: count(connection) == 2)
    ben = await sign_in(served, "ben", visitor)
    assert [node["details"]["phrase"] for node in await own(served, ada)] == ["secret of ada"]
    assert await own(served, ben) == []
    assert connection.execute("select count(*) from events where type = 'session_identified'").fetchone() == (
        1,
    )


async def test_k80_what_is_on_its_way_when_somebody_signs_in_is_joined_too(
    served: Served, connection: Conn
) -> None:
    await served.sign_up("ada")
    visitor = (await record(served, action="MOVIE_SEARCH", phrase="one"))["visitorToken"]
    await asyncio.gather(
        *(record(served, visitor=visitor, action="MOVIE_SEARCH", phrase=str(n)) for n in range(30))
    )
    token = await sign_in(served, "ada", visitor)  # within the pause of the queue
    await becomes(lambda: count(connection) == 31)
    assert len(await own(served, token)) == 31


async def test_k80_what_a_person_does_is_an_event_where_there_is_one_and_written_once(
    served: Served, connection: Conn
) -> None:
    token = access_token("alice")
    before = len(await own(served, token))
    viewed = await record(served, token=token, action="MOVIE_VIEW", movieId=ALIEN, source="MOBILE")
    assert viewed["event"] == {"type": "movie_viewed"}
    assert viewed["visitorToken"] is None
    slate = str(uuid4())
    connection.execute(
        "insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id)"
        " values (%s, 'HYBRID', 50, %s, 0.5, %s)",
        (person("alice"), movie("alien"), slate),
    )
    clicked = await record(served, token=token, action="RECOMMENDATION_CLICK", movieId=ALIEN, slateId=slate)
    assert clicked["event"] == {"type": "recommendation_clicked"}
    twice = await record(served, token=token, action="RECOMMENDATION_CLICK", movieId=ALIEN, slateId=slate)
    assert (twice["errors"], twice["event"]) == ([], None)
    for action, more in (
        ("MOVIE_SEARCH", {"phrase": "alien"}),
        ("EMAIL_OPEN", {}),
        ("EMAIL_CLICK", {"movieId": ALIEN}),
        ("PUSH_CLICK", {"movieId": ALIEN, "source": "MOBILE"}),
    ):
        assert (await record(served, token=token, action=action, **more))["event"] is None
    await becomes(lambda: count(connection) == 4)
    await becomes(lambda: count(connection, "details") == 6)
    nodes = (await own(served, token))[: 6 + before]
    assert {(node["action"], node["source"]) for node in nodes[:6]} == {
        ("MOVIE_VIEW", "mobile"),
        ("RECOMMENDATION_CLICK", "web"),
        ("MOVIE_SEARCH", "web"),
        ("EMAIL_OPEN", "email"),
        ("EMAIL_CLICK", "email"),
        ("PUSH_CLICK", "mobile"),
    }
    assert {node["action"] for node in nodes} >= {"RATING_SUBMIT", "FAVORITE_ADD", "WATCHLIST_ADD"}
    assert len(nodes) == before + 6
    session = {node["sessionId"] for node in nodes[:6] if node["sessionId"]}
    assert session == {str(UUID(int=1))}, "that of the access token"
    assert all(node["details"]["address"] == "127.0.0.0/24" for node in nodes[:6])


async def test_k45_k65_views_of_visitors_are_counted_and_do_not_trend(
    served: Served, connection: Conn
) -> None:
    metrics = """query ($id: ID!) { trending(window: DAY) { nodes { id } }
      node(id: $id) { ... on Movie { stats { viewCount } dailyMetrics(first: 1) { nodes {
        viewCount visitorViewCount clickThroughRate } } } } }"""
    fargo = f"Movie:{movie('fargo')}"
    for _ in range(3):
        await record(served, action="MOVIE_VIEW", movieId=fargo)
    await record(served, action="RECOMMENDATION_CLICK", movieId=fargo)
    await becomes(lambda: count(connection) == 4)
    await record(served, token=access_token("bob"), action="MOVIE_VIEW", movieId=fargo)
    catch_up(connection)
    data = (await served.ask(metrics, variables={"id": fargo}))["data"]
    assert data["node"]["stats"] == {"viewCount": 4}
    assert data["node"]["dailyMetrics"]["nodes"] == [
        {"viewCount": 4, "visitorViewCount": 3, "clickThroughRate": None}
    ]
    score = "select score from trending where win = 'DAY' and movie_id = %s"
    assert connection.execute(score, [movie("fargo")]).fetchone() == (1,), "that of bob alone"
    ((recorded,),) = connection.execute(
        "select sum((data->>'views')::int) from events where type = 'movie_viewed_by_visitors'"
    ).fetchall()
    assert recorded == 3


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"action": "MOVIE_VIEW"}, "MISSING_VALUE", ["input", "movieId"]),
        ({"action": "MOVIE_VIEW", "movieId": None}, "MISSING_VALUE", ["input", "movieId"]),
        ({"action": "MOVIE_SEARCH"}, "MISSING_VALUE", ["input", "phrase"]),
        ({"action": "RECOMMENDATION_CLICK"}, "MISSING_VALUE", ["input", "movieId"]),
        (
            {"action": "MOVIE_VIEW", "movieId": f"Movie:{movie('none')}"},
            "UNKNOWN_MOVIE",
            ["input", "movieId"],
        ),
        (
            {"action": "EMAIL_CLICK", "movieId": f"Movie:{movie('none')}"},
            "UNKNOWN_MOVIE",
            ["input", "movieId"],
        ),
    ],
)
async def test_what_is_missing_is_said(shared: Served, given: Json, code: str, path: list[str]) -> None:
    for token in (None, access_token("alice")):
        assert (await record(shared, token=token, **given))["errors"] == [{"code": code, "path": path}]


async def test_a_person_names_the_slate_that_they_clicked_in(shared: Served) -> None:
    payload = await record(shared, token=access_token("alice"), action="RECOMMENDATION_CLICK", movieId=ALIEN)
    assert payload["errors"] == [{"code": "MISSING_VALUE", "path": ["input", "slateId"]}]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"action": "RATING_SUBMIT", "movieId": ALIEN}, "GRAPHQL_VALIDATION_FAILED"),
        ({"action": "MOVIE_SEARCH", "phrase": "x" * 201}, "BAD_USER_INPUT"),
        ({"action": "MOVIE_SEARCH", "phrase": " \t\u200b"}, "BAD_USER_INPUT"),
        ({"action": "MOVIE_SEARCH", "phrase": "a\x00b"}, "BAD_USER_INPUT"),
        ({"action": "MOVIE_SEARCH", "phrase": "x", "movieId": ALIEN}, "BAD_USER_INPUT"),
        ({"action": "MOVIE_VIEW", "phrase": "x", "movieId": ALIEN}, "BAD_USER_INPUT"),
        ({"action": "EMAIL_OPEN", "slateId": str(uuid4())}, "BAD_USER_INPUT"),
        ({"action": "MOVIE_VIEW", "movieId": "User:1"}, "BAD_ID"),
        ({"action": "RECOMMENDATION_CLICK", "movieId": ALIEN, "slateId": "1"}, "BAD_ID"),
    ],
)
async def test_what_makes_no_sense_is_refused(shared: Served, given: Json, code: str) -> None:
    response = await shared.post(RECORD, variables={"i": given})
    assert codes(response) in ([code], ["BAD_USER_INPUT"] if code == "GRAPHQL_VALIDATION_FAILED" else [code])
    assert "xxx" not in response.text


async def test_c14_a_phrase_of_the_longest_is_kept_and_headers_are_cut(
    served: Served, connection: Conn
) -> None:
    headers = {
        "user-agent": "A" * 401,
        "referer": "https://user:pw@example.org:8443/search/" + "p" * 600 + "?q=private#part",
    }
    for phrase in ("x" * 200, "é" * 200):
        variables = {"i": {"action": "MOVIE_SEARCH", "phrase": phrase}}
        answer = await served.ask(RECORD, variables=variables, headers=headers)
        assert answer["data"]["recordActivity"]["errors"] == []
    await becomes(lambda: count(connection) == 2)
    rows = connection.execute(
        "select length(phrase), user_agent, referrer, address::text from activity.details"
    ).fetchall()
    referrer = ("https://example.org:8443/search/" + "p" * 600)[:500]
    assert rows == [(200, "A" * 400, referrer, "127.0.0.0/24")] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": "javascript:alert(1)", "user-agent": "a\tb \xa0"},
        {"referer": "http://[::1", "user-agent": "' or 1=1 --"},
        {"referer": "https://exa mple.org/\xe9\x85", "user-agent": "\xff\xfe %s {viewer} \\u0000"},
        {"referer": "https://example.org:99999/", "user-agent": ""},
        {VISITOR: "x" * 5000},
        {VISITOR: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."},
    ],
)
async def test_hostile_headers_are_cleaned_and_lose_nothing(
    served: Served, connection: Conn, headers: dict[str, str]
) -> None:
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    body = {"query": RECORD, "variables": {"i": {"action": "MOVIE_SEARCH", "phrase": "x"}}}
    response = await served.http.post("/graphql", json=body, headers=sent)
    assert response.json()["data"]["recordActivity"]["errors"] == []
    await becomes(lambda: count(connection) == 1)


async def test_an_access_token_is_no_visitors_token_and_the_other_way_round(
    served: Served, connection: Conn
) -> None:
    visitor = (await record(served, action="EMAIL_OPEN"))["visitorToken"]
    mine = await record(served, visitor=access_token("alice"), action="EMAIL_OPEN")
    assert mine["visitorToken"] not in (visitor, access_token("alice"))
    refused = await served.post(RECORD, token=visitor, variables={"i": {"action": "EMAIL_OPEN"}})
    assert codes(refused) == ["UNAUTHENTICATED"]


@pytest.fixture
async def silent(conninfo: str) -> AsyncIterator[Served]:
    async with serving(conninfo, activity_details_days=0) as running:
        yield running


async def test_c14_where_no_details_are_to_be_kept_none_is_written(silent: Served, connection: Conn) -> None:
    await record(silent, action="MOVIE_SEARCH", phrase="private")
    await record(silent, token=access_token("alice"), action="MOVIE_VIEW", movieId=ALIEN)
    await becomes(lambda: count(connection) == 1)
    await silent.ask("{ __typename }")
    assert count(connection, "details") == 0


async def test_c14_addresses_are_left_out_where_the_operator_says_so(conninfo: str, connection: Conn) -> None:
    async with serving(conninfo, activity_addresses="none") as served:
        await record(served, action="MOVIE_SEARCH", phrase="public")
        await becomes(lambda: count(connection, "details") == 1)
    assert connection.execute("select phrase, address from activity.details").fetchone() == ("public", None)


async def test_c14_nothing_personal_is_in_the_log(served: Served, connection: Conn) -> None:
    headers = {"user-agent": "MyBrowser 7", "referer": "https://from.example/page"}
    token = access_token("alice")
    for given, by in (
        ({"action": "MOVIE_SEARCH", "phrase": "myphrase"}, token),
        ({"action": "MOVIE_VIEW", "movieId": ALIEN}, token),
        ({"action": "MOVIE_VIEW", "movieId": ALIEN}, None),
    ):
        await served.ask(RECORD, token=by, variables={"i": given}, headers=headers)
    await becomes(lambda: count(connection, "details") == 3)
    log = str(connection.execute("select string_agg(e::text, ' ') from events e").fetchone())
    assert [word for word in ("MyBrowser", "from.example", "myphrase", "127.0.0") if word in log] == []


async def test_c10_a_deleted_account_leaves_activity_of_nobody_and_no_details(
    served: Served, connection: Conn
) -> None:
    token = access_token("alice")
    await record(served, token=token, action="MOVIE_SEARCH", phrase="private")
    await record(served, token=token, action="MOVIE_VIEW", movieId=ALIEN)
    await record(served, action="MOVIE_SEARCH", phrase="of a visitor")
    await becomes(lambda: count(connection, "details") == 3)
    connection.execute("delete from users where id = %s", [person("alice")])
    assert (
        connection.execute("select action, user_id from activity.actions").fetchall()
        == [("MOVIE_SEARCH", None)] * 2
    )
    assert connection.execute("select phrase from activity.details").fetchall() == [("of a visitor",)]


async def test_analysts_page_through_all_of_it_and_nobody_else(served: Served, connection: Conn) -> None:
    for n in range(5):
        await record(served, action="MOVIE_SEARCH", phrase=f"phrase {n}")
    visitor = (await record(served, action="MOVIE_VIEW", movieId=ALIEN))["visitorToken"]
    await record(served, token=access_token("bob"), action="EMAIL_OPEN")
    await becomes(lambda: count(connection) == 7)
    document = """query ($f: ActivityFilter, $after: String) { activity(filter: $f, first: 3, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      edges { node { action userId sessionId movieId details { phrase } } } } }"""

    async def pages(**chosen: Json) -> list[Any]:
        found, after = [], None
        while True:
            asked = {"f": chosen or None, "after": after}
            answer = await served.ask(document, token=access_token("ann"), variables=asked)
            page = answer["data"]["activity"]
            found += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                assert page["totalCount"] == len(found)
                return found
            after = page["pageInfo"]["endCursor"]

    everything = await pages()
    assert [node["action"] for node in everything] == ["EMAIL_OPEN", "MOVIE_VIEW", *["MOVIE_SEARCH"] * 5]
    assert [node["details"]["phrase"] for node in everything[2:]] == [f"phrase {n}" for n in range(4, -1, -1)]
    assert len(await pages(actions=["EMAIL_OPEN", "MOVIE_VIEW"])) == 2
    assert [node["action"] for node in await pages(userId=f"User:{person('bob')}")] == ["EMAIL_OPEN"]
    assert [node["action"] for node in await pages(movieId=ALIEN)] == ["MOVIE_VIEW"]
    assert [node["action"] for node in await pages(sessionId=everything[1]["sessionId"])] == ["MOVIE_VIEW"]
    assert await pages(occurredBefore="2024-01-01T00:00:00Z") == []
    assert len(await pages(occurredFrom="2024-01-01T00:00:00Z")) == 7
    assert visitor
    for by, code in ((None, "UNAUTHENTICATED"), ("alice", "FORBIDDEN"), ("olga", "FORBIDDEN")):
        refused = await served.post(document, token=access_token(by) if by else None)
        assert codes(refused) == [code]


async def test_a_socket_says_who_the_visitor_is_when_it_begins(served: Served, connection: Conn) -> None:
    visitor = (await record(served, action="EMAIL_OPEN"))["visitorToken"]
    async with served.silent_socket("graphql-transport-ws") as socket:
        await socket.send(type="connection_init", payload={"X-Visitor-Token": visitor})
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("1", RECORD, {"i": {"action": "EMAIL_CLICK"}})
        told = await socket.receive()
    assert told["payload"]["data"]["recordActivity"]["visitorToken"] == visitor
    await becomes(lambda: count(connection) == 2)
    assert connection.execute("select count(distinct session_id) from activity.actions").fetchone() == (1,)


async def test_a_stranger_pays_from_the_budget_of_the_address(conninfo: str, connection: Conn) -> None:
    async with serving(conninfo, budget_per_minute=60) as served:
        given = {"query": RECORD, "variables": {"i": {"action": "EMAIL_OPEN"}}}
        answers = [await served.http.post("/graphql", json=given) for _ in range(8)]
    statuses = [answer.status_code for answer in answers]
    taken = statuses.count(200)
    assert statuses == [200] * taken + [429] * (8 - taken)
    assert 0 < taken < 8
    with connect(conninfo) as conn:
        assert count(conn) == taken, "what was accepted was written when the server ended"
