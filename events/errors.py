"""What a command may be refused with."""

from __future__ import annotations

import inspect
from typing import ClassVar


class Rejected(Exception):
    """A rule of the domain refuses the command; the class's docstring is what the person reads."""

    code: ClassVar[str]
    path: tuple[str, ...] = ()

    def __init__(self, message: str | None = None, *, path: tuple[str, ...] | None = None) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or self.code)
        if path is not None:
            self.path = path
        super().__init__(self.message)


class Conflict(Exception):
    """Other writers changed the same thing three times in a row; nothing was recorded, so try again."""
