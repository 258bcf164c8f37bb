"""The glue between Strawberry and the mapping: a field is declared once, with where its value comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from resolvers.mapping import Column, Mapped, Source, Sources
from resolvers.plain import resolve
from resolvers.rendering import sql_literal

_KEY = "projectionist"
_SIZE = re.compile(r"/(w[0-9]+|original)\Z")
"""What an address of images ends with where each size has a folder of its own."""


class _Plain(FieldExtension):
    """Strawberry's own execution of a mapped field: what the compiler does, one field at a time."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        raw = info._raw_info  # noqa: SLF001 - what the executor knows of the field: Strawberry wraps it
        # as this server has it: addresses of images are a setting
        mapped = info.context.sources.get((raw.parent_type.name, raw.field_name), self.mapped)
        return await resolve(mapped, source, info.context, raw, arguments)


def column(sql: str, description: str, *, role: str | None = None, name: str | None = None) -> Any:
    """Declare a field whose value is an SQL expression over its row."""
    return strawberry.field(description=description, name=name, metadata={_KEY: Mapped(Column(sql), role)})


def mapped(
    source: Source,
    description: str,
    *,
    role: str | None = None,
    name: str | None = None,
    max_age_s: int = 0,
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a field by its signature: its arguments and type are the function's, its value comes from `source`."""
    where = Mapped(source, role, max_age_s)

    def declare(signature: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=signature,
            name=name,
            description=description,
            metadata={_KEY: where},
            extensions=[_Plain(where)],
        )

    return declare


def sources_of(schema: Any, *, poster_base_url: str) -> Sources:
    """Return the mapping of every declared field of a schema, by type and field name."""
    posters = sql_literal(poster_base_url)
    images = sql_literal(_SIZE.sub("", poster_base_url))
    found: dict[tuple[str, str], Mapped] = {}
    for name, kind in schema.type_map.items():
        for field_name, field in getattr(kind, "fields", {}).items():
            definition = (field.extensions or {}).get("strawberry-definition")
            declared = getattr(definition, "metadata", {}).get(_KEY)
            if declared is not None:
                if isinstance(declared.source, Column):
                    declared = replace(declared, source=_with_images(declared.source, posters, images))
                found[name, field_name] = declared
    return found


def _with_images(column: Column, posters: str, images: str) -> Column:
    def named(sql: str) -> str:
        return sql.replace("{posters}", posters).replace("{images}", images)

    given = {name: replace(chosen, sql=named(chosen.sql)) for name, chosen in column.given.items()}
    return Column(named(column.sql), given)


def connection(name: str, edge: type, node: type, description: str, **more: tuple[Any, Any]) -> Any:
    """Return a Relay connection type of these edges; `more` are its own fields: the type and the declaration of each."""
    fields: dict[str, Any] = {
        "__annotations__": {
            "edges": list[edge],
            "nodes": list[node | None],
            "page_info": PageInfo,
            "total_count": int,
            **{field: kind for field, (kind, _) in more.items()},
        },
        "edges": strawberry.field(
            description="The page's items, each with what belongs to its place in the list."
        ),
        "nodes": strawberry.field(description="The page's items alone."),
        "page_info": strawberry.field(description="What lies before and after the page."),
        "total_count": strawberry.field(description="How many items the whole list has, at this moment."),
        "__module__": __name__,
        **{field: declared for field, (_, declared) in more.items()},
    }
    return strawberry.type(description=description, name=f"{name}Connection")(
        type(f"{name}Connection", (), fields)
    )


@strawberry.type(description="What lies before and after a page.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="The first item's cursor, null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last item's cursor, null on an empty page.")
