"""What idempotency keys stand for is kept as a digest: nothing that a person wrote is kept for the sake of a repetition."""

from __future__ import annotations

import re
from typing import Any

import orjson
import psycopg

from resolvers.interactions import request_of
from tests.catalogue import movie, person
from tests.postgres import move_to
from tests.world import World, opened

ALIEN, HEAT = f"Movie:{movie('alien')}", f"Movie:{movie('heat')}"
TEXT = "Nobody heard the {lamp} of “Müller” \\ n°5"


async def say(world: World, name: str, **given: Any) -> Any:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    document = f"mutation ($i: {kind}) {{ {name}(input: $i) {{ errors {{ code }} }} }}"
    return (await world.data(document, {"i": given}, by="alice"))[name]["errors"]


async def test_no_text_is_kept_for_a_repetition_and_another_request_is_refused(
    conninfo: str, catalogue_template: str
) -> None:
    requests: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("writeReview", {"movieId": ALIEN, "text": TEXT}, {"text": f"{TEXT}!"}),
        ("createList", {"title": TEXT, "description": TEXT}, {"description": ""}),
        ("rateMovie", {"movieId": HEAT, "stars": 4}, {"stars": 4.5}),
        ("startChat", {"mayAskModel": False}, {"mayAskModel": True}),
    ]
    async with opened(conninfo) as world:
        for name, given, other in requests:
            for key in (f"{name} 1", f"{name} 2"):
                assert await say(world, name, **given, idempotencyKey=key) == []
                assert await say(world, name, **given, idempotencyKey=key) == []
                refused = await say(world, name, **{**given, **other}, idempotencyKey=key)
                assert refused == [{"code": "IDEMPOTENCY_KEY_REUSED"}]
    with psycopg.connect(conninfo) as conn:
        kept = conn.execute(
            "select request from idempotency_keys where user_id = %s", (person("alice"),)
        ).fetchall()
    assert all(re.fullmatch(r"[0-9a-f]{64}", request) for (request,) in kept)
    assert len(set(kept)) == len(kept) == 2 * len(requests)  # the same text twice looks like two


def test_requests_that_were_kept_in_the_clear_become_the_digests_of_their_repetitions(conninfo: str) -> None:
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "rate": ("rate", {"movieId": ALIEN, "stars": 4.5}),
        "text": ("write_review", {"movieId": ALIEN, "text": TEXT, "hasSpoilers": True, "stars": None}),
        "nothing": ("start_chat", {}),
        "ключ {}": ("list_create", {"title": 'lines\nand "quotes" \'', "visibility": "PUBLIC"}),
    }
    clear = {key: f"{name} {said(given)}" for key, (name, given) in asked.items()}
    others = {"chat": f"send_chat_message {movie('alien')} {'ab' * 32}", "import": "import", "new": "cd" * 32}
    move_to(conninfo, "0019")
    with psycopg.connect(conninfo, autocommit=True) as conn:
        for key, request in {**clear, **others}.items():
            conn.execute(
                "insert into idempotency_keys (user_id, key, request, event_ids) values (%s, %s, %s, '{}')",
                (person("alice"), key, request),
            )
    move_to(conninfo, "head")
    with psycopg.connect(conninfo) as conn:
        rows = conn.execute("select key, request from idempotency_keys").fetchall()
    digests = {
        key: request_of(name, {**given, "idempotencyKey": key}) for key, (name, given) in asked.items()
    }
    assert dict(rows) == {**digests, **others}


def said(given: dict[str, Any]) -> str:
    """Return an input as version 0019 kept it."""
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()
