"""How an SQL value becomes JSON text: by its GraphQL type, escaping only where a value may need it."""

from __future__ import annotations

from graphql import GraphQLEnumType, GraphQLList, GraphQLOutputType, get_nullable_type, is_non_null_type

_BARE = {"Int", "Float", "Boolean", "Position"}
_QUOTED = {"ID", "UUID", "Date"}


def literal(text: str) -> str:
    """Return an SQL string literal; response keys are GraphQL names, so nothing that a client chooses needs escaping."""
    return "'" + text.replace("'", "''") + "'"


def member(key: str, value: str) -> str:
    """Return a member of a JSON object: an SQL list of its key's text and its value's."""
    return literal(f'"{key}":') + ", " + value


def json_object(members: list[str]) -> str:
    """Return the SQL text of a JSON object of members, each an SQL list of a key and a value."""
    return (
        "concat('{', "
        + "".join(f"{member}, ',', " for member in members[:-1])
        + "".join(members[-1:])
        + ", '}')"
        if members
        else "'{}'"
    )


def rendered(sql: str, kind: GraphQLOutputType) -> str:
    """Return the SQL text of a value's JSON.

    Numbers, booleans, ids, enums and dates stand as they are; everything else goes through `to_json`.
    """
    inner = get_nullable_type(kind)
    name = "" if isinstance(inner, GraphQLList) else inner.name
    if name == "Boolean":
        text = f"case when {sql} then 'true' when not {sql} then 'false' end"
    elif name in _BARE:
        text = f"({sql})::text"
    elif name in _QUOTED or isinstance(inner, GraphQLEnumType):
        text = f"'\"' || ({sql}) || '\"'"
    else:
        text = f"to_json({sql})"
    if is_non_null_type(kind):
        return text
    return f"coalesce({text + '::text' if text.startswith('to_json') else text}, 'null')"
