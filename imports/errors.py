"""What a command about an import may be refused with."""

from __future__ import annotations

from typing import ClassVar

from events.errors import Rejected


class UnknownImport(Rejected):
    """There is no such import of yours, or its preview has expired. Upload the file again."""

    code: ClassVar[str] = "UNKNOWN_IMPORT"
    path = ("importId",)


class ImportUndone(Rejected):
    """This import was undone. Upload the file again to import it."""

    code: ClassVar[str] = "IMPORT_UNDONE"
    path = ("importId",)


class NotImported(Rejected):
    """This import is not confirmed, so there is nothing to undo."""

    code: ClassVar[str] = "NOT_IMPORTED"
    path = ("importId",)
