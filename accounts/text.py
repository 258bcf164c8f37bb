"""When two texts that people typed are the same."""

from __future__ import annotations

import unicodedata


def normal(text: str) -> str:
    """Return the text in the normal form NFKC, so that every keyboard gives the same one.

    Bound the length first: long runs of combining marks take quadratic time.
    """
    return unicodedata.normalize("NFKC", text)


def folded(text: str) -> str:
    """Return what is equal for two texts that differ in case or in compatible characters only."""
    return normal(normal(text).casefold())
