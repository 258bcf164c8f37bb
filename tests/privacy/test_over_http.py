"""A person takes all that is kept of them along, and is erased: over HTTP, and then searched for everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from database.connect import connect
from projections.follow import catch_up
from projections.registry import projections
from projections.verify import verify
from resolvers.ids import split_id
from tests.app.serving import Served, serving
from tests.catalogue import movie

ALIEN, HEAT = f"Movie:{movie('alien')}", f"Movie:{movie('heat')}"
PASSWORD = "a fish called gwendolen"
PRIVATE = {
    "email": "gwendolen@example.org",
    "username": "gwendolen",
    "first name": "Gwendolena",
    "biography": "Lives in a lighthouse",
    "phone": "+493012345678",
    "birthday": "1931-03-07",
    "device": "device-token-of-gwendolen-0123456789",
    "review": "The lighthouse keeper wept.",
    "list": "Films for the lighthouse",
    "note": "Bring a blanket to the lantern room",
    "comment": "The foghorn was miscast",
    "key": "a key of gwendolens",
    "chat": "Something for a stormy night at the lighthouse",
}


STATS = """
select movie_id, reaction_count, like_count, dislike_count, rating_count, half_stars_sum, favorite_count, watch_count
  from movie_stats order by movie_id"""


class Person:
    """Somebody with an account, who says things over HTTP."""

    def __init__(self, served: Served, token: str) -> None:
        self.served, self.token = served, token

    async def say(self, name: str, selection: str, **given: Any) -> Any:
        """Run a mutation and return its payload."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($i: {kind}) {{ {name}(input: $i) {{ errors {{ code }} {selection} }} }}"
        answer = await self.served.ask(document, token=self.token, variables={"i": given})
        assert "errors" not in answer, answer["errors"]
        return answer["data"][name]

    async def does(self, name: str, selection: str = "", **given: Any) -> Any:
        """Run a mutation that no rule refuses."""
        payload = await self.say(name, selection, **given)
        assert payload["errors"] == []
        return payload

    async def tries(self, name: str, given: dict[str, Any]) -> None:
        """Run a mutation whatever comes of it."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($i: {kind}) {{ {name}(input: $i) {{ errors {{ code }} }} }}"
        answer = await self.served.ask(document, token=self.token, variables={"i": given})
        assert "INTERNAL_ERROR" not in str(answer), answer

    async def ask(self, selection: str) -> Any:
        """Return the data of a query."""
        answer = await self.served.ask(selection, token=self.token)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


async def gwendolen(served: Served) -> Person:
    """A person who has said all there is to say."""
    one = Person(served, await served.sign_up("gwendolen"))
    await one.does(
        "updateProfile",
        firstName=PRIVATE["first name"],
        bio=PRIVATE["biography"],
        phone=PRIVATE["phone"],
        dateOfBirth=PRIVATE["birthday"],
    )
    await one.does("registerDevice", platform="WEB", token=PRIVATE["device"])
    await one.does("setPrivacy", privacy="PUBLIC")
    await one.does("rateMovie", movieId=ALIEN, stars=4.5)
    await one.does("reactToMovie", movieId=HEAT, reaction="SUPER_LIKE")
    await one.does("favoriteMovie", movieId=ALIEN)
    await one.does("markWatched", movieId=HEAT, watchedOn=str(date(2020, 5, 1)))
    await one.does("recordView", movieId=HEAT)
    await one.does(
        "writeReview",
        movieId=ALIEN,
        text=PRIVATE["review"],
        audience="PUBLIC",
        idempotencyKey=PRIVATE["key"],
    )
    await one.does("giveRecommendationFeedback", movieId=HEAT, type="NEGATIVE", comment=PRIVATE["comment"])
    made = await one.does("createList", "list { id }", title=PRIVATE["list"], visibility="PUBLIC")
    await one.does("addToList", listId=made["list"]["id"], movieId=ALIEN, note=PRIVATE["note"])
    chat = await one.does("startChat", "session { id }")
    await one.does("sendChatMessage", sessionId=chat["session"]["id"], text=PRIVATE["chat"])
    await one.does("setNotificationPreferences", weeklyDigest=True)
    return one


def everything(conninfo: str) -> dict[str, str]:
    """Return what a dump of the database has, as text, by table."""
    with psycopg.connect(conninfo) as conn:
        return _dump(conn)


def _dump(conn: psycopg.Connection[Any]) -> dict[str, str]:
    names = conn.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname not in ('information_schema') and n.nspname not like 'pg\\_%'"
    ).fetchall()
    found = {}
    for schema, name in names:
        rows = conn.execute(SQL("select t::text from {} t").format(Identifier(schema, name))).fetchall()
        found[f"{schema}.{name}"] = "\n".join(row[0] for row in rows)
    return found


def holding(found: dict[str, str], text: str) -> set[str]:
    """Return the tables that have a text, plain or as the bytes of a bytea."""
    return {name for name, rows in found.items() if text in rows or text.encode().hex() in rows}


KNOWN = {"public.events", "public.erasures", "public.user_keys"}
"""The log and what is kept of the erasure know the id, which is nobody's."""


def left_of(found: dict[str, str], user_id: UUID) -> set[str]:
    """Return the tables that know an id."""
    return {re.sub(r"_p\d+$", "", name) for name in holding(found, str(user_id))}


STILL_SAID: dict[str, dict[str, Any]] = {
    "setFavoriteGenres": {"genreIds": []},
    "updateProfile": {"bio": PRIVATE["biography"]},
    "setPrivacy": {"privacy": "PUBLIC"},
    "registerDevice": {"platform": "WEB", "token": PRIVATE["device"]},
    "createList": {"title": PRIVATE["list"]},
    "writeReview": {"movieId": HEAT, "text": PRIVATE["review"]},
    "giveRecommendationFeedback": {"movieId": HEAT, "type": "POSITIVE", "comment": PRIVATE["comment"]},
    "startChat": {},
    "setNotificationPreferences": {"weeklyDigest": True},
    "recordActivity": {"action": "MOVIE_SEARCH", "phrase": PRIVATE["list"]},
    "recordView": {"movieId": HEAT},
    "exportMyData": {"password": PASSWORD},
    "eraseAccount": {"password": PASSWORD},
}


async def test_k103_all_that_is_kept_of_a_person_is_a_zip_for_them_alone(
    served: Served, conninfo: str
) -> None:
    one, other = await gwendolen(served), Person(served, await served.sign_up("horatio"))
    await other.does("rateMovie", movieId=ALIEN, stars=1)
    third = Person(served, await served.sign_up("ida"))
    ids = [(await each.ask("{ viewer { id } }"))["viewer"]["id"] for each in (one, other, third)]
    await one.does("blockUser", userId=ids[2])
    await other.does("blockUser", userId=ids[0])
    assert (await one.say("exportMyData", "url", password="a wrong one"))["errors"] == [
        {"code": "WRONG_PASSWORD"}
    ]
    found = await one.does("exportMyData", "url expiresAt", password=PASSWORD)
    answer = await served.http.get(found["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    texts = {name: archive.read(name).decode() for name in archive.namelist()}
    whole = "\n".join(texts.values())
    for what, text in PRIVATE.items():
        assert text in whole, what
    assert "horatio" not in whole
    assert split_id(ids[1])[1] not in whole  # who blocked them
    (row,) = json.loads(texts["tables/blocks.json"])
    assert row["blocked_id"] == split_id(ids[2])[1]
    assert not [word for word in ("password_hash", "token_digest", "wrapped", "$2b$") if word in whole]

    (account,) = json.loads(texts["tables/users.json"])
    assert account["email"] == PRIVATE["email"]
    (row,) = csv.DictReader(io.StringIO(texts["tables/reviews.csv"]))
    assert (row["movie_title"], row["is_active"]) == ("Alien", "True")
    events = json.loads(texts["events/events.json"])
    (row,) = csv.DictReader(io.StringIO(texts["tables/recommendation_feedback.csv"]))
    assert (row["movie_title"], row["feedback"]) == ("Heat", "NEGATIVE")
    assert {"movie_rated", "review_written", "list_created", "recommendation_feedback_given"} <= {
        event["type"] for event in events
    }
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)


@pytest.mark.parametrize("token", ["nonsense", "a" * 600, "e30.e30.e30"])
async def test_a_link_that_is_not_ours_gives_nothing(served: Served, token: str) -> None:
    answer = await served.http.get(f"/exports/{token}")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "UNKNOWN_EXPORT")
    refused = await served.http.post(f"/exports/{token}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_k100_k103_nothing_of_an_erased_person_can_be_found(conninfo: str, redis_url: str) -> None:
    async with serving(conninfo, redis_url=redis_url) as served:
        other = Person(served, await served.sign_up("horatio"))
        await other.does("rateMovie", movieId=ALIEN, stars=1)
        await other.does("reactToMovie", movieId=ALIEN, reaction="LIKE")
        with connect(conninfo) as conn:
            catch_up(conn)
            without = conn.execute(STATS).fetchall()
        one = await gwendolen(served)
        who = (await one.ask("{ viewer { id recommendations(first: 2) { nodes { id } } } }"))["viewer"]
        user_id = UUID(split_id(who["id"])[1])
        await other.does("followUser", userId=f"User:{user_id}")
        third = Person(served, await served.sign_up("ida"))
        await third.does("blockUser", userId=f"User:{user_id}")
        await one.does("blockUser", userId=(await third.ask("{ viewer { id } }"))["viewer"]["id"])
        link = (await one.does("exportMyData", "url", password=PASSWORD))["url"]
        with connect(conninfo) as conn:
            catch_up(conn)
        before = everything(conninfo)
        sealed = {"email", "phone", "birthday", "device", "chat"}
        for what in PRIVATE.keys() - sealed:
            assert holding(before, PRIVATE[what]), what
        assert not holding(before, PRIVATE["phone"])

        assert (await one.say("eraseAccount", "certificate { number }", password="a wrong one")) == {
            "errors": [{"code": "WRONG_PASSWORD"}],
            "certificate": None,
        }
        done = await one.does(
            "eraseAccount", "certificate { withdrawn finishedAt rows { table count } }", password=PASSWORD
        )
        counts = {row["table"]: row["count"] for row in done["certificate"]["rows"]}
        assert counts["blocks"] == 2
        assert counts["users"] == counts["reviews"] == counts["follows"] == counts["lists"] == 1
        assert done["certificate"]["withdrawn"] == 4
        assert done["certificate"]["finishedAt"]

        with connect(conninfo) as conn:
            catch_up(conn)
            after = everything(conninfo)
            for what, text in PRIVATE.items():
                assert not holding(after, text), what
            assert left_of(after, user_id) <= KNOWN
            assert {name: verify(conn, name) for name in projections()} == {
                name: [] for name in projections()
            }
            assert conn.execute(STATS).fetchall() == without

        # neither the token that is still good, nor the link, nor the password help
        refused = await one.say("rateMovie", "movie { id }", movieId=HEAT, stars=2)
        assert refused["errors"] == [{"code": "ACCOUNT_ERASED"}]
        for name, given in STILL_SAID.items():
            await one.tries(name, given)
        await one.tries("blockUser", {"userId": (await other.ask("{ viewer { id } }"))["viewer"]["id"]})
        with connect(conninfo) as conn:
            catch_up(conn)
        assert left_of(everything(conninfo), user_id) <= KNOWN
        assert (await served.http.get(link)).status_code == 404
        sign_in = await one.say("signIn", "session { accessToken }", login="gwendolen", password=PASSWORD)
        assert sign_in["errors"] == [{"code": "INVALID_CREDENTIALS"}]
        seen = f'{{ node(id: "Person:{user_id}") {{ id }} movie(by: {{ id: "{ALIEN}" }}) {{ reviews {{ totalCount }} }} }}'
        assert await other.ask(seen) == {"node": None, "movie": {"reviews": {"totalCount": 0}}}
        # the name is free again, and its next owner is somebody else
        again = Person(served, await served.sign_up("gwendolen"))
        assert (await again.ask("{ viewer { favorites { totalCount } } }"))["viewer"]["favorites"][
            "totalCount"
        ] == 0
