"""Coming back from messages: one click ends them, and what is noticed is what the person allows."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from database.connect import connect
from events.notifications import NotificationKind
from notifications.links import Links
from notifications.push import new_key, private_key
from privacy.erasing import erase
from tests.app.serving import Served, serving
from tests.catalogue import movie, person
from tests.notifications.office import KEYS, LINKS, MONDAY, SOME, Office
from tests.notifications.post import Post
from tests.notifications.test_digests import part
from tests.world import settings

PLACES = {
    "public_url": "https://api.movies.example/",
    "movie_page": "https://movies.example/movies/{id}",
}


@pytest.fixture
async def served(worker: Office) -> AsyncIterator[Served]:
    """A server beside the worker."""
    async with serving(worker.conninfo, filled=False, **PLACES) as running:
        yield running


def path(url: str) -> str:
    """What of a link the server sees."""
    assert url.startswith("https://api.movies.example/")
    return urlsplit(url).path


async def sent(worker: Office) -> UUID:
    """Send Alice a digest, and return its id."""
    await worker.plan()
    await worker.day(MONDAY)
    ((found,),) = worker.rows("select notification_id from notifications")
    assert isinstance(found, UUID)
    return found


def test_the_tests_sign_as_the_server_does() -> None:
    assert settings().token_keys() == KEYS


async def test_one_click_ends_the_e_mails_of_that_kind_only(
    worker: Office, served: Served, post: Post
) -> None:
    await sent(worker)
    url = path(post.messages[0]["list-unsubscribe"].strip("<>"))
    answer = await served.http.post(url, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    chosen = "select weekly_digest, recommendation_alerts from notification_choices where user_id = %s"
    assert worker.rows(chosen, person("alice")) == [(False, True)]
    assert (await served.http.post(url)).status_code == 200
    await worker.day(MONDAY.replace(month=6, day=10))  # when what the digest told is news again
    assert [kind for kind, _ in worker.states("alice")] == ["WEEKLY_DIGEST", "RECOMMENDATIONS"]


async def test_links_of_who_erased_their_account_answer_and_keep_nothing(
    worker: Office, served: Served, post: Post
) -> None:
    worker.prefer("alice", open_tracking=True, click_tracking=True)
    message = await sent(worker)
    with connect(worker.conninfo) as conn:
        erase(conn, worker.keys, person("alice"), "person")
    leave = path(post.messages[0]["list-unsubscribe"].strip("<>"))
    for _ in range(2):
        answer = await served.http.post(leave, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "Done" in answer.text) == (200, True)
    assert (await served.http.get(path(LINKS.opened(person("alice"), message)))).status_code == 200
    followed = await served.http.get(path(LINKS.clicked(person("alice"), message, movie(SOME[0]))))
    assert followed.status_code == 303
    for table in ("notification_preferences", "notifications", "outbox"):
        assert worker.rows(f"select * from {table} where user_id = %s", person("alice")) == []
    told = "select 1 from events where type in ('notification_opened', 'notification_clicked')"
    assert worker.rows(told) == []


@pytest.mark.parametrize(("name", "status"), [("api.movies.example", 200), ("movies.example", 400)])
async def test_links_lead_to_the_server_by_the_name_that_they_have(
    served: Served, name: str, status: int
) -> None:
    url = path(LINKS.unsubscribe(ALICE, DIGEST))
    assert (await served.http.get(url, headers={"host": name})).status_code == status


async def test_looking_at_the_page_changes_nothing(worker: Office, served: Served) -> None:
    url = path(LINKS.unsubscribe(person("alice"), NotificationKind.WEEKLY_DIGEST))
    page = await served.http.get(url)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert '<form method="post">' in page.text
    assert worker.rows("select * from notification_preferences") == []


OTHERS = Links({"1": "another secret that is long enough for tests"}, PLACES["public_url"], None)
UNKNOWN_KEY = Links({"9": KEYS["1"]}, PLACES["public_url"], None)
ALICE, DIGEST = person("alice"), NotificationKind.WEEKLY_DIGEST


@pytest.mark.parametrize(
    "url",
    [
        OTHERS.unsubscribe(ALICE, DIGEST),
        UNKNOWN_KEY.unsubscribe(ALICE, DIGEST),
        LINKS.opened(ALICE, ALICE).replace("/opened/", "/unsubscribe/"),
        LINKS.unsubscribe(ALICE, DIGEST)[:-2],
        "https://api.movies.example/unsubscribe/" + "a" * 2000,
        "https://api.movies.example/unsubscribe/a.b.c",
    ],
)
async def test_what_was_not_signed_for_it_ends_nothing(worker: Office, served: Served, url: str) -> None:
    for answer in (await served.http.get(path(url)), await served.http.post(path(url))):
        assert answer.status_code == 404
        assert "<form" not in answer.text
    assert worker.rows("select * from notification_preferences") == []


async def test_k71_opens_and_clicks_are_noticed_of_who_allows_it(
    worker: Office, served: Served, post: Post
) -> None:
    worker.prefer("alice", open_tracking=True, click_tracking=True)
    notification_id = await sent(worker)
    html = part(post.messages[0], "html")
    opened = LINKS.opened(ALICE, notification_id)
    clicked = LINKS.clicked(ALICE, notification_id, movie("alien"))
    assert opened in html
    assert clicked in html
    for _ in range(2):
        picture = await served.http.get(path(opened))
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/gif")
        assert picture.content.startswith(b"GIF89a")
    assert worker.states("alice") == [("WEEKLY_DIGEST", "OPENED")]
    for _ in range(2):
        answer = await served.http.get(path(clicked))
        assert answer.status_code == 303
        assert answer.headers["location"] == f"https://movies.example/movies/{movie('alien')}"
    assert worker.states("alice") == [("WEEKLY_DIGEST", "CLICKED")]
    assert (await served.http.get(path(opened))).status_code == 200
    assert worker.states("alice") == [("WEEKLY_DIGEST", "CLICKED")]
    kinds = worker.rows("select type from events where type like 'notification%%' order by position")
    assert [kind.removeprefix("notification_") for (kind,) in kinds] == [
        "queued",
        "sent",
        "opened",
        "clicked",
    ]
    assert worker.rows(
        "select data->>'clicked_movie_id' from events where type = 'notification_clicked'"
    ) == [(str(movie("alien")),)]


async def test_programs_that_look_before_the_person_are_not_the_person(
    worker: Office, served: Served
) -> None:
    worker.prefer("alice", open_tracking=True, click_tracking=True)
    notification_id = await sent(worker)
    for link in (
        LINKS.opened(ALICE, notification_id),
        LINKS.clicked(ALICE, notification_id, movie("alien")),
    ):
        assert (await served.http.head(path(link))).status_code in (200, 303)
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_who_changed_their_mind_is_not_followed(worker: Office, served: Served) -> None:
    worker.prefer("alice", open_tracking=True, click_tracking=True)
    notification_id = await sent(worker)
    worker.rows("update notification_preferences set open_tracking = false, click_tracking = false")
    assert (await served.http.get(path(LINKS.opened(ALICE, notification_id)))).status_code == 200
    clicked = await served.http.get(path(LINKS.clicked(ALICE, notification_id, movie("alien"))))
    assert clicked.status_code == 303
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]


async def test_a_link_leads_to_a_movie_and_nowhere_else(worker: Office, served: Served) -> None:
    notification_id = await sent(worker)
    for url in (
        OTHERS.clicked(ALICE, notification_id, movie("alien")),
        LINKS.opened(ALICE, notification_id).replace("/opened/", "/clicked/"),
    ):
        answer = await served.http.get(path(url) + "?url=https://elsewhere.example")
        assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_a_message_that_never_was_is_not_recorded(worker: Office, served: Served) -> None:
    worker.prefer("alice", open_tracking=True)
    assert (await served.http.get(path(LINKS.opened(ALICE, UUID(int=5))))).status_code == 200
    assert worker.rows("select * from events where type like 'notification%%'") == []


async def test_browsers_get_the_public_key(conninfo: str) -> None:
    key = new_key()
    places: dict[str, Any] = {
        **PLACES,
        "mail_from": "Movies <no-reply@movies.example>",
        "vapid_key": SecretStr(key),
    }
    async with serving(conninfo, **places) as running:
        answer = await running.http.get("/push/key")
    public = private_key(key).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert base64.urlsafe_b64decode(answer.text + "=") == public


async def test_without_an_address_of_its_own_a_server_has_no_such_pages(conninfo: str) -> None:
    async with serving(conninfo) as running:
        url = path(LINKS.unsubscribe(ALICE, DIGEST))
        assert (await running.http.post(url)).status_code == 404
        for path_of in ("/webhooks/sendgrid", "/webhooks/signed"):
            assert (await running.http.post(path_of)).status_code == 404
        assert (await running.http.get("/push/key")).status_code == 404


async def test_links_and_pictures_work_while_the_database_refuses(
    worker: Office, served: Served, owner_connection: psycopg.Connection[Any]
) -> None:
    notification_id = await sent(worker)
    owner_connection.execute("revoke select on notification_choices from projectionist_app")
    assert (await served.http.get(path(LINKS.opened(ALICE, notification_id)))).status_code == 200
    clicked = await served.http.get(path(LINKS.clicked(ALICE, notification_id, movie("alien"))))
    assert clicked.status_code == 303
