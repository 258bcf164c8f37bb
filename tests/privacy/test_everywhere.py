"""An erased person is looked for outside the database's tables, too: in Redis and what is said over it, dumps, exports
of the log, and models that are trained afterwards.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from app.kept_slates import PREFIX as SLATES
from app.persisted import KEPT_S
from app.redis_counts import PREFIX as ATTEMPTS
from database.connect import connect
from events.export import Format, export
from events.pair import Reaction
from events.reactions import MovieReacted
from events.replica import Reading
from projections.follow import catch_up
from recsys.config import Config
from recsys.lifecycle import train_model
from recsys.store import ModelStore
from resolvers.ids import split_id
from resolvers.shelf import KEPT_S as SLATE_KEPT_S
from tests.accounts.test_emails import dumped
from tests.app.serving import serving
from tests.catalogue import FILMS, movie
from tests.events.writing import write
from tests.privacy.test_over_http import KNOWN, PASSWORD, PRIVATE, Person, gwendolen
from tests.recommendations.tastes import CONFIG
from tests.waiting import until

SESSION = "session { accessToken refreshToken }"
PAGE = "query ($after: String) { viewer { recommendations(first: 2, after: $after) { pageInfo { endCursor } } } }"
WRITTEN_IN = (
    f'mutation {{ updateProfile(input: {{ bio: "{PRIVATE["biography"]}" }}) {{ errors {{ code }} }} }}'
)


OTHERS = 40
"""People who like movies, so that there is something to train on."""


def spellings(user_id: UUID) -> set[bytes]:
    """Every way in which an id may stand in bytes."""
    return {str(user_id).encode(), user_id.hex.encode(), user_id.bytes, str(user_id.int).encode()}


def kept(redis: Redis) -> bytes:
    """Return every key of a Redis with its value."""
    found = []
    for key in redis.scan_iter(count=1000):
        assert redis.type(key) == b"string"
        found.append(key + b"\n" + (redis.get(key) or b""))
    return b"\n".join(found)


@asynccontextmanager
async def overheard(redis_url: str) -> AsyncIterator[list[bytes]]:
    """Give what processes say to each other over Redis; at the end the list is complete."""
    said: list[bytes] = []
    async with AsyncRedis.from_url(redis_url) as redis, redis.pubsub() as channel:
        await channel.psubscribe("*")

        async def listen() -> None:
            async for message in channel.listen():
                if message["type"] == "pmessage":
                    said.append(message["channel"] + b" " + message["data"])

        listening = asyncio.create_task(listen())
        try:
            yield said
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def uses_redis(one: Person) -> set[str]:
    """Do whatever leaves something in Redis; return the tokens that this took."""
    tokens = {one.token}
    for login in ("gwendolen", PRIVATE["email"]):
        wrong = await one.say("signIn", SESSION, login=login, password="not her password")
        assert wrong["errors"] == [{"code": "INVALID_CREDENTIALS"}]
        session = (await one.does("signIn", SESSION, login=login, password=PASSWORD))["session"]
        again = (await one.does("refreshSession", SESSION, refreshToken=session["refreshToken"]))["session"]
        tokens |= {*session.values(), *again.values()}
    for query in (PAGE, WRITTEN_IN):
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
        answer = await one.served.ask(query, token=one.token, extensions=extensions)
        assert "errors" not in answer
    return tokens


async def test_k103_redis_knows_nobody_before_they_are_erased_or_after(
    conninfo: str, redis_url: str, catalogue_template: str
) -> None:
    async with serving(conninfo, redis_url=redis_url) as served, overheard(redis_url) as said:
        one = await gwendolen(served)
        tokens = await uses_redis(one)
        user_id = UUID(split_id((await one.ask("{ viewer { id } }"))["viewer"]["id"])[1])
        with Redis.from_url(redis_url) as redis:
            until(lambda: any(key.startswith(SLATES.encode()) for key in redis.scan_iter()))
            while not any(message.startswith(b"projectionist:spent") for message in said):
                await one.ask("{ viewer { id } }")
            found = kept(redis)
            for prefix in (SLATES, ATTEMPTS, "projectionist:persisted:"):
                assert prefix.encode() in found
            left = {key: redis.ttl(key) for key in redis.scan_iter()}
            assert all(0 < seconds <= KEPT_S for seconds in left.values())
            slates = [left[key] for key in left if key.startswith(SLATES.encode())]
            assert max(slates) <= SLATE_KEPT_S

            private = {text.encode() for text in (*PRIVATE.values(), PASSWORD, "gwendolen", *tokens)}
            needles = private | spellings(user_id)
            assert [needle for needle in needles if needle.lower() in found.lower()] == []
            await one.does("eraseAccount", password=PASSWORD)
            after = kept(redis) + b"\n" + b"\n".join(said)
            assert [needle for needle in needles if needle.lower() in after.lower()] == []


@pytest.fixture
def tastes(conninfo: str, catalogue_template: str) -> str:
    """The conninfo of a database with people enough to train on."""
    with connect(conninfo) as conn:
        for person in range(OTHERS):
            for film in FILMS[person % 2 : -1 : 2]:
                reacted = {"user_id": uuid5(UUID(int=30), str(person)), "movie_id": movie(film.key)}
                write(conn, MovieReacted(**reacted, reaction=Reaction.LIKE, previous=None))
        catch_up(conn)
    return conninfo


def dumped_lines(conninfo: str) -> Iterator[tuple[str, str]]:
    """The rows of a dump, each with its table; what is not a row with none."""
    for line in dumped(conninfo).splitlines():
        insert = re.match(r"INSERT INTO (\w+\.\w+) ", line)
        yield re.sub(r"_p\d+$", "", insert[1]) if insert else "", line


async def test_k103_no_dump_export_or_model_made_afterwards_has_anything_of_them(
    tastes: str, tmp_path: Path
) -> None:
    async with serving(tastes) as served:
        one = await gwendolen(served)
        user_id = UUID(split_id((await one.ask("{ viewer { id } }"))["viewer"]["id"])[1])
        before = dumped(tastes)
        assert all(PRIVATE[what] in before for what in ("username", "biography", "review", "list", "note"))
        await one.does("eraseAccount", password=PASSWORD)

    needles = {*PRIVATE.values(), *(text.encode().hex() for text in PRIVATE.values()), PASSWORD}
    knows_id = set()
    for table, line in dumped_lines(tastes):
        assert not [needle for needle in needles if needle in line], table
        if str(user_id) in line or user_id.hex in line:
            knows_id.add(table)
    assert knows_id == KNOWN

    with connect(tastes) as conn:
        for form in (Format.JSONL, Format.CSV):
            path = tmp_path / f"events.{form}"
            export(Reading(conn), path, form, with_secret=True)
            text = path.read_text()
            assert str(user_id) in text
            assert not [needle for needle in needles if needle in text]
        train_model(conn, ModelStore(tmp_path / "models"), Config(**CONFIG, seed=1))
    files = [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
    shapes = {path.name: np.load(path).shape for path in files if path.suffix == ".npy"}
    assert shapes["item_vectors.npy"][0] >= len(FILMS)
    assert not [
        name for name, shape in shapes.items() if {OTHERS, OTHERS + 1} & {*shape}
    ]  # nothing is a person's
    found = {*(needle.encode() for needle in needles), *spellings(user_id)}
    assert not [(path.name, needle) for path in files for needle in found if needle in path.read_bytes()]
