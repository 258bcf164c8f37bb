"""The interfaces that many types share."""

from __future__ import annotations

from typing import Any

import strawberry


class Plain:
    """Tells Strawberry's own execution which type a row is of."""

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        """Whether a value is a row of this type."""
        definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
        return bool(getattr(value, "type_", None) == definition.name)


@strawberry.interface(description="An object that can be fetched again by its global id.")
class Node(Plain):
    id: strawberry.ID = strawberry.field(description="The global id: opaque, stable, unique across types.")
