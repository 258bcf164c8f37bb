"""What holds of the whole schema, whoever adds to it."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_introspection_type,
)

import schema
from schema.descriptions import ARGUMENTS, VALUES

BUILT = schema.build()
TYPES = {name: kind for name, kind in BUILT.graphql.type_map.items() if not is_introspection_type(kind)}
OBJECTS = {name: kind for name, kind in TYPES.items() if isinstance(kind, GraphQLObjectType)}
PAGES = {name: kind for name, kind in OBJECTS.items() if name.endswith("Connection")}
CONNECTION = {"edges", "nodes", "pageInfo", "totalCount"}
SHORT = {
    *(
        "ChatMessage.movies",
        "ErasureCertificate.rows",
        "Import.counts",
        "Import.skipped",
        "ImportEntry.candidates",
    ),
    *("List.collaborators", "Movie.cast", "Movie.certifications", "Movie.directors", "Movie.externalRatings"),
    *("Movie.genres", "Movie.translations", "Query.genres", "Query.nodes", "Query.projections"),
    *("RecommendationEdge.reasons", "StoredRecommendationEdge.reasons", "Subscription.projectionProgress"),
    *("User.devices", "User.diaryYears", "User.favoriteGenres"),
}
"""Lists that are no connections: a limit, or what they are of, keeps them short."""


def said() -> Iterator[tuple[str, str | None]]:
    """What the schema says of each thing in it: types, fields, arguments, input fields, values."""
    for name, kind in TYPES.items():
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{each}", value.description) for each, value in kind.values.items())
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            if not isinstance(kind, GraphQLInputObjectType):
                yield from ((f"{name}.{field_name}.{each}", a.description) for each, a in field.args.items())


def test_k114_everything_says_what_it_means() -> None:
    found = dict(said())
    assert len(found) > 1500
    assert [name for name, text in found.items() if not text or not text.endswith((".", "…", ")"))] == []
    assert [name for name in ARGUMENTS if "." in name and name not in found] == []
    assert [
        f"{kind}.{value}" for kind in VALUES for value in VALUES[kind] if f"{kind}.{value}" not in found
    ] == []


def test_k113_what_grows_is_a_connection() -> None:
    assert len(PAGES) > 20
    for name, kind in PAGES.items():
        assert set(kind.fields) >= CONNECTION, name
        edge = get_named_type(kind.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        assert set(edge.fields) >= {"cursor", "node"}, name
        assert str(edge.fields["cursor"].type) == "String!", name
    plain = {
        f"{name}.{field_name}"
        for name, kind in OBJECTS.items()
        for field_name, field in kind.fields.items()
        if "[" in str(field.type)
        and isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType)
        and (name not in PAGES and field_name != "errors")
    }
    assert plain == SHORT
    for name, kind in OBJECTS.items():
        for field_name, field in kind.fields.items():
            if get_named_type(field.type).name in PAGES:
                given = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
                assert given.items() <= {each: str(a.type) for each, a in field.args.items()}.items(), (
                    name,
                    field_name,
                )


NOTHING_TO_SAY = {"requestEmailVerification"}
"""Mutations that nothing is given to: an input object has a field at least."""


def test_every_mutation_takes_one_input_and_says_what_was_wrong_with_it() -> None:
    mutation = OBJECTS["Mutation"]
    assert len(mutation.fields) > 60
    for name, field in mutation.fields.items():
        kind = get_named_type(field.type)
        given = [] if name in NOTHING_TO_SAY else [("input", f"{name[0].upper()}{name[1:]}Input!")]
        assert [(each, str(a.type)) for each, a in field.args.items()] == given, name
        assert isinstance(kind, GraphQLObjectType)
        assert "MutationPayload" in {each.name for each in kind.interfaces}, name
        assert str(field.type) == f"{name[0].upper()}{name[1:]}Payload!"
        assert str(kind.fields["errors"].type) == "[UserError!]!", name


def test_every_field_says_where_its_value_comes_from() -> None:
    """It is compiled into the statement, or is Python and says so; a page's own parts are the page's."""
    unsaid = {
        f"{name}.{field}"
        for name, kind in OBJECTS.items()
        for field in kind.fields
        if (name, field) not in BUILT.sources
    }
    parts = {f"{name}.{field}" for name in PAGES for field in CONNECTION}
    parts |= {f"{get_named_type(kind.fields['edges'].type).name}.cursor" for kind in PAGES.values()}
    parts |= {f"PageInfo.{field}" for field in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")}
    assert unsaid == parts


def test_nothing_is_deprecated() -> None:
    things = [field for kind in TYPES.values() for field in getattr(kind, "fields", {}).values()]
    things += [
        value
        for kind in TYPES.values()
        if isinstance(kind, GraphQLEnumType)
        for value in kind.values.values()
    ]
    assert [thing for thing in things if thing.deprecation_reason] == []
