"""Manifests of trusted documents, as the tools of Apollo and Relay write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.settings import Settings

_FORMAT = "apollo-persisted-query-manifest"


class BadManifest(Exception):
    """A file is no manifest; the message says what is wrong with it."""


@dataclass(frozen=True)
class Trusted:
    """A document of a manifest; Relay's says neither name nor type."""

    id: str
    body: str
    name: str | None = None
    type: str | None = None


def load(path: Path) -> list[Trusted]:
    """Return the documents of a manifest. Raises BadManifest, and OSError where there is no such file."""
    try:
        given = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadManifest(f"{path} is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise BadManifest(f"{path} is not a JSON object.")
    if "format" not in given:
        return [_trusted(path, {"id": key, "body": body}) for key, body in given.items()]
    if (
        given["format"] != _FORMAT
        or given.get("version") != 1
        or not isinstance(given.get("operations"), list)
    ):
        raise BadManifest(f'{path} is not of "format": "{_FORMAT}", "version": 1, with "operations".')
    return [_trusted(path, one) for one in given["operations"]]


def texts_of(settings: Settings) -> Mapping[str, str]:
    """Return the documents of the operator's manifest by their ids; none where it is switched off."""
    if settings.trusted_documents is None or settings.trusted_documents_mode == "off":
        return {}
    texts: dict[str, str] = {}
    for one in load(settings.trusted_documents):
        if texts.setdefault(one.id, one.body) != one.body:
            raise BadManifest(f"{settings.trusted_documents} has two documents of the id {one.id}.")
    return texts


def _trusted(path: Path, given: Any) -> Trusted:
    match given:
        case {"id": str(key), "body": str(body)}:
            name, kind = given.get("name"), given.get("type")
            if isinstance(name, str | None) and isinstance(kind, str | None):
                return Trusted(key, body, name, kind)
    raise BadManifest(f"{path} has an operation without `id` and `body`, or with parts that are no texts.")
