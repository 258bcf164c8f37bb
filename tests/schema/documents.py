"""Documents that no person would write, made by walking the schema: a new field is asked for by being there."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import strategies as st

from tests.catalogue import chat

Composite = GraphQLObjectType | GraphQLInterfaceType

_NUMBERS = [0, 1, 2, 3, 348, 862, 1949, 1995, 2001, -5, 2**31 - 1]
_SIZES = [0, 1, 2, 2, 3, 3, 5, 100, 101, -1]
_FLOATS = [0, 2.5, 4, 4.75, 1e300]
_TIMES = ["2024-03-08T12:00:00+00:00", "2024-03-09", "0001-01-01T00:00:00+14:00"]


@dataclass(frozen=True)
class Pool:
    """What arguments are made of: cursors by the name of their field, ids of objects, texts."""

    cursors: Mapping[str, Sequence[str]]
    ids: list[str]
    texts: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """A document with one operation, and the variables that are sent with it."""

    query: str
    variables: dict[str, Any]


@dataclass
class _Author:
    dice: random.Random
    schema: GraphQLSchema
    pool: Pool
    declared: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    names: int = 0
    budget: int = 25

    def chance(self, percent: int) -> bool:
        return self.dice.random() * 100 < percent

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.dice.choice(choices)

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # --- selections ---

    def selection(self, kind: Composite, depth: int) -> str:
        parts = [self.item(kind, depth) for _ in range(self.dice.randint(1, 5))]
        return "{ " + " ".join(parts) + " }"

    def item(self, kind: Composite, depth: int) -> str:
        if self.budget > 0 and depth > 0 and self.chance(20 if isinstance(kind, GraphQLObjectType) else 70):
            return self.fragment(kind, depth)
        return self.field(kind, depth)

    def fragment(self, kind: Composite, depth: int) -> str:
        self.budget -= 1
        if isinstance(kind, GraphQLInterfaceType):
            on: Composite = self.pick([*self.schema.get_possible_types(kind), kind])
        else:
            on = self.pick([kind, kind, *kind.interfaces])
        inner = self.selection(on, depth)
        if self.chance(40):
            name = self.name("F")
            self.fragments.append(f"fragment {name} on {on.name} {inner}")
            return " ".join([f"...{name}{self.directive()}"] * self.pick([1, 1, 2]))
        condition = "" if on is kind and self.chance(30) else f" on {on.name}"
        return f"...{condition}{self.directive()} {inner}"

    def field(self, kind: Composite, depth: int) -> str:
        fields = {
            name: found
            for name, found in kind.fields.items()
            if (depth > 0 and self.budget > 0) or not is_composite_type(get_named_type(found.type))
        }
        inner = [name for name, found in fields.items() if is_composite_type(get_named_type(found.type))]
        leaves = [*(name for name in fields if name not in inner), "__typename"]
        name = self.pick(inner if inner and self.chance(75 if len(leaves) == 1 else 50) else leaves)
        if name == "__typename":
            return f"{self.pick(['', self.name('a') + ': '])}__typename{self.directive()}"
        found = fields[name]
        arguments = self.arguments(name, found)
        # fields of one key must be the same field with the same arguments
        alias = f"{self.name('a')}: " if found.args or self.chance(20) else ""
        text = f"{alias}{name}{arguments}{self.directive()}"
        target = get_named_type(found.type)
        if isinstance(target, GraphQLObjectType | GraphQLInterfaceType):
            self.budget -= 1
            text += " " + self.selection(target, depth - 1)
        return text

    def directive(self) -> str:
        if not self.chance(15):
            return ""
        value = self.pick([True, True, False])
        name = self.pick(["include", "skip"])
        if self.chance(50):
            return f" @{name}(if: {json.dumps(value)})"
        variable = self.name("b")
        kind, given = self.pick([("Boolean!", True), ("Boolean! = true", False), ("Boolean = false", False)])
        self.declared.append(f"${variable}: {kind}")
        if given:
            self.given[variable] = value
        return f" @{name}(if: ${variable})"

    # --- arguments ---

    def arguments(self, field_name: str, definition: GraphQLField) -> str:
        parts = []
        for name, argument in definition.args.items():
            required = is_non_null_type(argument.type) and argument.default_value is Undefined
            rare = name in ("last", "before")
            if required or self.chance(15 if rare else 40):
                parts.append(f"{name}: {self.argument(field_name, name, argument)}")
        return f"({', '.join(parts)})" if parts else ""

    def argument(self, field_name: str, name: str, definition: GraphQLArgument | GraphQLInputField) -> str:
        kind = definition.type
        if not self.chance(35):
            return self.literal(field_name, name, kind)
        return self.variable(field_name, name, kind, may_be_null=not is_non_null_type(kind))

    def variable(self, field_name: str, name: str, kind: GraphQLInputType, *, may_be_null: bool) -> str:
        variable = self.name("v")
        nullable: Any = get_nullable_type(kind)
        value = self.value(field_name, name, kind)
        how = self.pick(["required", "given", "default", "default and given"])
        if how == "required" or (not may_be_null and how == "given"):
            self.declared.append(f"${variable}: {nullable}!")
            self.given[variable] = value
        elif how == "given":
            self.declared.append(f"${variable}: {nullable}")
            if self.chance(70):
                self.given[variable] = self.pick([value, value, None])
        else:
            default = _printed(self.value(field_name, name, kind), nullable)
            self.declared.append(f"${variable}: {nullable} = {default}")
            if how == "default and given":
                self.given[variable] = value
        return f"${variable}"

    def literal(self, field_name: str, name: str, kind: GraphQLInputType) -> str:
        """A literal in which there may be variables."""
        nullable: Any = get_nullable_type(kind)
        if not is_non_null_type(kind) and self.chance(10):
            return "null"
        if isinstance(nullable, GraphQLInputObjectType):
            parts = []
            for inner in self.chosen(nullable):
                definition = nullable.fields[inner]
                made = (
                    self.literal(inner, inner, get_nullable_type(definition.type))
                    if nullable.is_one_of
                    else self.argument(field_name, inner, definition)
                )
                parts.append(f"{inner}: {made}")
            return "{" + ", ".join(parts) + "}"
        if is_list_type(nullable) and self.chance(50):
            items = [
                self.argument(field_name, name, GraphQLArgument(nullable.of_type))
                if self.chance(40)
                else self.literal(field_name, name, nullable.of_type)
                for _ in range(self.dice.randint(0, 3))
            ]
            return f"[{', '.join(items)}]"
        return _printed(self.value(field_name, name, kind), nullable)

    def chosen(self, kind: GraphQLInputObjectType) -> list[str]:
        if kind.is_one_of:
            return [self.pick(list(kind.fields))]
        return [
            name
            for name, definition in kind.fields.items()
            if (is_non_null_type(definition.type) and definition.default_value is Undefined)
            or self.chance(25)
        ]

    def value(self, field_name: str, name: str, kind: GraphQLInputType) -> Any:
        """A value as it stands in JSON; never null at the top."""
        nullable: Any = get_nullable_type(kind)
        if is_list_type(nullable):
            if self.chance(25):
                return self.value(field_name, name, nullable.of_type)  # one value stands for a list of it
            return [self.value(field_name, name, nullable.of_type) for _ in range(self.dice.randint(0, 4))]
        if isinstance(nullable, GraphQLInputObjectType):
            fields = nullable.fields
            return {
                inner: self.value(field_name, inner, fields[inner].type) for inner in self.chosen(nullable)
            }
        if isinstance(nullable, GraphQLEnumType):
            return self.pick(list(nullable.values))
        return self.scalar(field_name, name, nullable.name)

    def scalar(self, field_name: str, name: str, kind: str) -> Any:
        if name in ("first", "last"):
            return self.pick(_SIZES)
        if name in ("after", "before"):
            some = self.pool.cursors.get(field_name) or ["nonsense"]
            others = [cursor for found in self.pool.cursors.values() for cursor in found[:1]]
            return self.pick(some) if self.chance(85) else self.pick([*others, "nonsense", ""])
        if name == "locale" and self.chance(90):
            return self.pick(["fr", "de-AT", "EN_us", "fi"])
        choices: Mapping[str, Sequence[Any]] = {
            "Int": _NUMBERS,
            "Position": [0, 3, 20, 10**6],
            "Float": _FLOATS,
            "Boolean": [True, False],
            "ID": self.pool.ids,
            "String": self.pool.texts,
            "DateTime": _TIMES,
            "Date": ["2024-03-08"],
            "JSON": [1],
        }
        return self.pick(choices[kind])


def _printed(value: Any, kind: Any) -> str:
    """A value as it stands in a document."""
    nullable = get_nullable_type(kind)
    if is_list_type(nullable):
        if isinstance(value, list):
            return f"[{', '.join(_printed(item, nullable.of_type) for item in value)}]"
        return _printed(value, nullable.of_type)
    if isinstance(nullable, GraphQLInputObjectType):
        fields = (f"{name}: {_printed(part, nullable.fields[name].type)}" for name, part in value.items())
        return "{" + ", ".join(fields) + "}"
    return str(value) if isinstance(nullable, GraphQLEnumType) else json.dumps(value)


def queries(schema: GraphQLSchema, pool: Pool, *, depth: int = 7) -> st.SearchStrategy[Asked]:
    """Queries over the whole schema; a few of them are refused, most are fine.

    Each is written by a dice of its own: drawn choice by choice they would be much more alike.
    """
    return st.integers(0, 2**63).map(lambda seed: query(schema, pool, random.Random(seed), depth=depth))


def query(schema: GraphQLSchema, pool: Pool, dice: random.Random, *, depth: int = 7) -> Asked:
    """One query over the whole schema."""
    assert schema.query_type is not None
    author = _Author(dice, schema, pool)
    selection = author.selection(schema.query_type, depth)
    declared = f"({', '.join(author.declared)})" if author.declared else ""
    return Asked("\n".join([f"query Q{declared} {selection}", *author.fragments]), author.given)


REQUIRED = {
    "groupRecommendations": "userIds: []",
    "list": 'by: { link: "nothing" }',
    "chatSession": f'by: {{ id: "ChatSession:{chat()}" }}',
    "movie": "by: { tmdbId: 348 }",
    "node": 'id: "Event:16"',
    "person": 'by: { username: "ann" }',
    "nodes": 'ids: ["Event:9", "Event:16", "Event:30"]',
}
"""What fields are given that cannot be asked for without arguments."""


Way = tuple[tuple[str, str], ...]
"""Fields on the way to a place, each with the type that it is of."""


def everything(schema: GraphQLSchema, name: str) -> str:
    """A query for one root field with all that can be reached from it.

    Each field is asked for at the nearest place of every kind: places are of one kind where the last two fields are the
    same, and for one movie the last three, so that what is like it is asked for whole. Further back nothing is compiled
    by.
    """
    assert schema.query_type is not None
    return _printed_ways(schema, ((schema.query_type.name, name),), seen_by=3 if name == "movie" else 2)


def _printed_ways(schema: GraphQLSchema, root: Way, seen_by: int) -> str:
    below: dict[Way, list[Way]] = {}
    asked, waiting = {root}, deque([root])
    while waiting:
        way = waiting.popleft()
        below[way] = []
        for kind in _objects(schema, _field(schema, way)):
            for each in kind.fields:
                further = (*way, (kind.name, each))
                if further[-seen_by:] not in asked:
                    asked.add(further[-seen_by:])
                    below[way].append(further)
                    waiting.append(further)
    return "{ " + _printed_field(schema, root, below) + " }"


def _field(schema: GraphQLSchema, way: Way) -> GraphQLField:
    kind, name = way[-1]
    found = schema.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    definition: GraphQLField = found.fields[name]
    return definition


def _objects(schema: GraphQLSchema, definition: GraphQLField) -> Sequence[GraphQLObjectType]:
    """What a field may be, where that has fields of its own."""
    kind = get_named_type(definition.type)
    if isinstance(kind, GraphQLInterfaceType):
        return schema.get_possible_types(kind)
    return [kind] if isinstance(kind, GraphQLObjectType) else []


def _printed_field(schema: GraphQLSchema, way: Way, below: Mapping[Way, Sequence[Way]]) -> str:
    definition, (_, name) = _field(schema, way), way[-1]
    required = any(
        is_non_null_type(argument.type) and argument.default_value is Undefined
        for argument in definition.args.values()
    )
    head = f"{name}({REQUIRED[name]})" if required else name
    kinds = _objects(schema, definition)
    if not kinds:
        return head
    parts = []
    for kind in kinds:
        inner = [
            _printed_field(schema, further, below) for further in below[way] if further[-1][0] == kind.name
        ]
        parts.append(f"... on {kind.name} {{ {' '.join(['__typename', *inner])} }}")
    return f"{head} {{ {' '.join(parts)} }}"
