"""The fields that inputs of mutations have in common."""

from typing import Any

import strawberry
from strawberry import UNSET


def idempotency_key() -> Any:
    """Declare the field by which a mutation that is sent again is done once: `str | None`."""
    return strawberry.field(
        default=UNSET,
        description="Sent again with the same key, the request is answered as the first time and nothing is recorded.",
    )


def source() -> Any:
    """Declare the field that says where the person was: `EventSource | None`."""
    return strawberry.field(default=UNSET, description="Where the person was; WEB when left out.")
