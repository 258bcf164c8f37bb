"""How JSON text is put together in SQL: literals and expressions, escaped only where a value may need it."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLEnumType, GraphQLList, GraphQLOutputType, get_nullable_type, is_non_null_type

_BARE = {"Int", "Float", "Position"}
_QUOTED = {"ID", "UUID", "Date"}
_MOST = 90
"""Arguments of one `concat`: PostgreSQL takes 100."""


class Literal(str):
    """A piece of JSON text that is the same in every answer."""


Text = list[str]
"""JSON text as pieces in order, each a Literal or an SQL expression."""

NULL: Text = [Literal("null")]


def sql_literal(text: str) -> str:
    """Return an SQL string literal; what stands in one is a name of the schema or of GraphQL, so quotes are all."""
    return "'" + text.replace("'", "''") + "'"


def json_object(members: Sequence[tuple[str, Text]]) -> Text:
    """Return the text of an object; keys are GraphQL names, which need no escaping."""
    text: Text = [Literal("{")]
    for index, (key, value) in enumerate(members):
        text += [Literal(f'{"," if index else ""}"{key}":'), *value]
    return [*text, Literal("}")]


def json_list(items: str) -> Text:
    """Return the text of a list whose items are joined already; null stands for none."""
    return [Literal("["), items, Literal("]")]


def concatenated(text: Text) -> str:
    """Return the SQL expression of a whole text, neighbouring literals made one."""
    pieces: list[str] = []
    kept = ""
    for piece in [*text, ""]:
        if isinstance(piece, Literal):
            kept += piece
            continue
        if kept:
            pieces.append(sql_literal(kept))
            kept = ""
        if piece:
            pieces.append(piece)
    if len(pieces) == 1 and pieces[0].startswith("'"):
        return pieces[0]
    while len(pieces) > _MOST:
        pieces = [f"concat({', '.join(pieces[i : i + _MOST])})" for i in range(0, len(pieces), _MOST)]
    return f"concat({', '.join(pieces)})"


def or_null(sql: str) -> str:
    """Return the SQL of a text, JSON's null where there is none."""
    return f"coalesce({sql}, 'null')"


def boolean(condition: str) -> str:
    """Return the SQL of a condition's JSON; unknown is false."""
    return f"case when {condition} then 'true' else 'false' end"


def rendered(sql: str, kind: GraphQLOutputType) -> Text:
    """Return the JSON text of a value.

    Numbers, ids, enums and dates stand as they are; texts, times, lists and JSON go through `to_json`.
    """
    inner = get_nullable_type(kind)
    name = "" if isinstance(inner, GraphQLList) else inner.name
    must = is_non_null_type(kind)
    if name == "Boolean":
        unknown = "" if must else " else 'null'"
        return [f"case when {sql} then 'true' when not {sql} then 'false'{unknown} end"]
    if name in _BARE:
        return [f"({sql})" if must else or_null(f"({sql})::text")]
    if name in _QUOTED or isinstance(inner, GraphQLEnumType):
        if must:
            return [Literal('"'), f"({sql})", Literal('"')]
        return [or_null(f"'\"' || ({sql}) || '\"'")]
    return [f"to_json({sql})" if must else or_null(f"to_json({sql})::text")]
