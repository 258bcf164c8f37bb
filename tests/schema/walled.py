"""What the second wall is tried with: rows of bob, who shows himself to nobody, in every table that has rows of people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from database.connect import connect
from projections.follow import catch_up
from projections.registry import projections
from tests.catalogue import genre, movie, person
from tests.schema.test_people import do
from tests.world import World

WHOSE = {
    "users": ("id",),
    "profiles": ("user_id",),
    "texts": ("user_id",),
    "events": ("user_id",),
    "idempotency_keys": ("user_id",),
    "devices": ("user_id",),
    "sessions": ("user_id",),
    "user_keys": ("user_id",),
    "imported_users": ("user_id",),
    "user_recommendations": ("user_id",),
    "recommendation_reasons": ("user_id",),
} | {p.name: p.people for p in projections().values() if p.is_personal}
"""The columns that say whose a row is, by table. A table that is missing here is found by the test that counts them."""


def owned(table: str) -> str:
    """The condition that a row is %(id)s's."""
    return " or ".join(f"{column} = %(id)s" for column in WHOSE[table])


async def fill_for(world: World, name: str, friend: str) -> None:
    """Let one of the people leave a row in every table, with another who has nothing to do with anybody else."""
    user = f"User:{person(friend)}"
    film, other = f"Movie:{movie('fargo')}", f"Movie:{movie('unborn')}"

    async def say(mutation: str, by: str = name, **given: Any) -> Any:
        payload = await do(world, mutation, _SELECTIONS.get(mutation, "__typename"), by, **given)
        assert payload["errors"] == [], (mutation, payload)
        return payload

    await say("rateMovie", movieId=film, stars=3.5, idempotencyKey=f"{name} rates")
    await say("favoriteMovie", movieId=film)
    await say("addToWatchlist", movieId=other)
    await say("markWatched", movieId=film, watchedOn="2024-03-01")
    await say("writeReview", movieId=film, text=f"What {name} thinks.", audience="PRIVATE")
    await say("setFavoriteGenres", genreIds=[f"Genre:{genre('Horror')}"])
    await say("updateProfile", firstName=name, phone="+46812345678")
    await say("registerDevice", platform="WEB", token=f"token of {name}")
    made = (await say("createList", title=f"A list of {name}", visibility="PRIVATE"))["list"]["id"]
    await say("addToList", listId=made, movieId=film, note=f"A note of {name}")
    await do(world, "setPrivacy", "__typename", friend, privacy="FOLLOWERS")
    await say("inviteToList", listId=made, userId=user)
    await say("followUser", userId=user)
    await do(world, "setPrivacy", "__typename", friend, privacy="PRIVATE")
    with connect(world.conninfo) as conn:
        conn.execute(
            "insert into sessions (id, user_id, token_digest, expires_at) values (%s, %s, '', now())",
            (person(f"session of {name}"), person(name)),
        )
        conn.execute("insert into imported_users values ('test', %s, %s)", (name, person(name)))
        conn.execute(
            "insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text)"
            " select user_id, algorithm, movie_id, 9, 'Because' from user_recommendations where user_id = %s",
            (person(name),),
        )
        catch_up(conn)


_SELECTIONS = {"createList": "list { id }"}


def rows(conninfo: str, table: str, who: UUID) -> list[dict[str, Any]]:
    """What a table has of somebody, whatever the wall says."""
    with connect(conninfo) as conn:
        found = conn.execute(f"select to_jsonb(t) from {table} t where {owned(table)}", {"id": who})
        return [row for (row,) in found.fetchall()]
