"""Who may ask for what: every field that has a role, for everybody."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type

from app.operations import stream
from resolvers.answers import Answer
from resolvers.mapping import Column, Embedded, Lookup, Many, One, Page, Stream
from schema import build
from tests.catalogue import person
from tests.schema.twice import disagreement, plainly
from tests.world import World

BUILT = build()
PROTECTED = {key: mapped.role for key, mapped in BUILT.sources.items() if mapped.role is not None}
EVERYBODY = {
    None: "UNAUTHENTICATED",
    "alice": "FORBIDDEN",
    "ann": "FORBIDDEN",
    "olga": "FORBIDDEN",
    "adam": None,
}
"""What each gets for a field whose role is not theirs."""
ROLE_OF = {"analyst": "ann", "operator": "olga", "admin": "adam"}
KEYWORDS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}
INPUTS = {
    "rebuildProjection": '(input: { name: "nothing" })',
    **dict.fromkeys(("grantPremium", "revokePremium"), f'(input: {{ userId: "User:{UUID(int=1)}" }})'),
}


def document(kind: str, name: str) -> str:
    """Return an operation that asks for one root field and nothing else."""
    root = BUILT.graphql.type_map[kind]
    assert isinstance(root, GraphQLObjectType)
    definition = root.fields[name]
    selection = " { __typename }" if isinstance(get_named_type(definition.type), GraphQLObjectType) else ""
    return f"{KEYWORDS[kind]} {{ {name}{INPUTS.get(name, '')}{selection} }}"


async def first_answer(world: World, query: str, by: str | None) -> Any:
    """Return the response, of a subscription the first one."""
    operation = world.built.engine.prepare(query, None, {})
    assert not isinstance(operation, Answer)
    async with aclosing(stream(world.built.engine, operation, world.context(by), 10)) as answers:
        return await anext(answers)


def test_only_root_fields_have_roles_and_these_are_they() -> None:
    assert PROTECTED == {
        ("Query", "activity"): "analyst",
        ("Query", "events"): "analyst",
        ("Query", "projections"): "operator",
        ("Mutation", "rebuildProjection"): "operator",
        ("Mutation", "grantPremium"): "admin",
        ("Mutation", "revokePremium"): "admin",
        ("Subscription", "projectionProgress"): "operator",
    }


@pytest.mark.parametrize("by", EVERYBODY)
@pytest.mark.parametrize(
    ("key", "role"),
    PROTECTED.items(),
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else value,
)
async def test_a_protected_field_answers_its_role_and_admins_only(
    shared: World, key: tuple[str, str], role: str, by: str | None
) -> None:
    expected = None if ROLE_OF[role] == by else EVERYBODY[by]
    query = document(*key)
    answer = await first_answer(shared, query, by)
    assert [error["extensions"]["code"] for error in answer.errors] == ([expected] if expected else [])
    if expected:
        assert answer.errors[0]["path"] == [key[1]]
        assert answer.data in (None, b"null", b'{"%s":null}' % key[1].encode())
    if key[0] == "Query":
        assert disagreement(await shared.ask(query, by=by), await plainly(shared, query, by=by)) is None


async def test_a_plan_of_one_role_is_never_anothers(shared: World) -> None:
    query = "{ projections { name } events { totalCount } viewer { username } }"
    for by in (*EVERYBODY, *reversed(EVERYBODY)):
        answer = await shared.ask(query, by=by)
        data = answer["data"]
        assert (data["projections"] is not None) is (by in ("olga", "adam"))
        assert (data["events"] is not None) is (by in ("ann", "adam"))
        assert data["viewer"] == (by and {"username": by})


@pytest.mark.parametrize("name", ["interactions"])
async def test_what_is_a_persons_own_is_not_for_strangers(shared: World, name: str) -> None:
    answer = await first_answer(shared, f"subscription {{ {name} {{ id }} }}", None)
    assert [(e["extensions"]["code"], e["path"]) for e in answer.errors] == [("UNAUTHENTICATED", [name])]


def _templates(source: Any) -> str:
    match source:
        case Page(where=where):
            return where
        case Lookup(by=by):
            return (
                " ".join(one.sql for one in by.values())
                if all("{viewer}" in one.sql for one in by.values())
                else ""
            )
        case One(of=of, where=where):
            return f"{of} {where}"
        case Many(source=rows, where=where):
            return f"{rows} {where}"
        case Column(sql=sql):
            return sql
        case Embedded(when=when):
            return when or ""
        case Stream(then=then):
            return _templates(then)
        case _:
            return ""


PERSONAL = (
    "activity.log",
    "favorites",
    "favorite_genres",
    "watchlist",
    "ratings",
    "history",
    "viewing_states",
    "user_recommendations",
    "users",
    "profiles",
    "devices",
    "follows",
    "recommendation_reasons",
    "own_notification_choices",
    "mail_suppressions",
    "notifications",
    "outbox",
    "texts",
    "lists",
    "list_items",
    "list_members",
    "reviews",
    "diary",
    "activities",
    "follows",
    "imports",
    "import_entries",
    "recommendation_feedback",
    "blocks",
)


SHOWN = {
    *(("FeedItem", name) for name in ("actorName", "stars", "score", "reaction", "watchedOn")),
    *(("Review", name) for name in ("text", "authorName")),
    *(("List", name) for name in ("title", "description", "ownerName", "items")),
    *(("ListItemEdge", name) for name in ("note", "addedByName")),
    ("ListCollaborator", "name"),
    ("DiaryEdge", "isRewatch"),
    ("Query", "list"),
    ("ReviewEdge", "node"),
}
"""What belongs to a row that the viewer may see: who gets to that is tested with lists, reviews and the feed."""


def test_k101_every_way_to_a_personal_table_goes_by_the_viewer() -> None:
    unscoped = []
    for (kind, name), mapped in BUILT.sources.items():
        if (kind, name) in SHOWN:
            continue
        table = getattr(mapped.source, "table", "")
        text = _templates(mapped.source)
        touched = [personal for personal in PERSONAL if personal == table or f" {personal} " in f" {text} "]
        if touched and "{viewer}" not in text and "{v_viewer" not in text:
            unscoped.append((kind, name, touched))
    assert unscoped == []


async def test_people_see_their_own_account_and_nobody_elses(shared: World) -> None:
    query = "query ($id: ID!) { node(id: $id) { ... on User { email roles } } viewer { email } }"
    for by in ("alice", "adam"):
        for whose in ("alice", "adam", "bob"):
            data = await shared.data(query, {"id": f"User:{person(whose)}"}, by=by)
            assert (data["node"] is not None) is (by == whose)
            assert data["viewer"] == {"email": f"{by}@example.org"}
