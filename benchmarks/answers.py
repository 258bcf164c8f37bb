"""Whether two servers say the same."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def comparable(value: Any) -> Any:
    """Return an answer without what servers may say differently: how moments are written, and cursors."""
    if isinstance(value, dict):
        return {
            key: bool(inner) if key.lower().endswith("cursor") else comparable(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, str) and _MOMENT.match(value):
        return datetime.fromisoformat(value)
    return value


def first_difference(mine: Any, theirs: Any, path: str = "data") -> str:
    """Return where two answers that are not equal first differ, and how."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in {**mine, **theirs}:
            if mine.get(key) != theirs.get(key):
                return first_difference(mine.get(key), theirs.get(key), f"{path}.{key}")
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a != b:
                return first_difference(a, b, f"{path}[{index}]")
    return f"{path}: {str(mine)[:300]} is not {str(theirs)[:300]}"
