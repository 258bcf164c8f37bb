"""From the bytes of an upload to what they say, whichever service they are from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from imports import imdb, letterboxd, trakt
from imports.archive import files_of
from imports.told import BadExport, Export

TOLD_MOST = 50_000
"""Things that one export may say."""


class _Service(Protocol):
    def recognises(self, files: Mapping[str, bytes]) -> bool: ...

    def read(self, files: Mapping[str, bytes], latest: date) -> Export: ...


_SERVICES: tuple[_Service, ...] = (letterboxd, imdb, trakt)


def read_export(name: str, body: bytes, latest: date) -> Export:
    """Return what an export says; `latest` is the last day that is not in the future. Raises BadExport."""
    files = files_of(name, body)
    service = next((each for each in _SERVICES if each.recognises(files)), None)
    if service is None:
        raise BadExport(
            "This is no export that can be read: upload a Letterboxd zip, an IMDb CSV or Trakt JSON."
        )
    export = service.read(files, latest)
    if len(export.told) > TOLD_MOST:
        raise BadExport(f"This says more than {TOLD_MOST:,} things. Upload its files one by one.")
    if not export.told and not export.skipped.total():
        raise BadExport("This export is empty, or its files have other names than they came with.")
    return export
