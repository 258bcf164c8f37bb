"""Queries that are answered in parts: the first, then each deferred fragment as soon as it was read.

Apollo's clients know two forms of it: `deferSpec=20220824` tells parts apart by their paths and labels,
`incrementalSpec=v0.2` announces each with an id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from typing import Any

import orjson

from app.negotiation import DEFER, INCREMENTAL
from resolvers.answers import Answer
from resolvers.parts import Part
from resolvers.selection import Path

Form = Callable[[int, Part, Answer, Mapping[int, Part]], dict[str, Any]]
"""Makes the body of a part that has come: its number, itself, its answer, and the parts that can begin because of it."""


class InParts:
    """A response of which the first part has come; `begun` are the parts that follow it, by their numbers."""

    def __init__(self, parts: Sequence[Part], first: Answer, form: Form) -> None:
        self._parts, self._first, self._form = parts, first, form
        self._shown_in = {part.shown_in for part in parts if part.path}
        self._read: dict[int, Any] = {}
        self.begun = self._begun_by(0, first)

    async def bodies(self, run: Callable[[Part], Coroutine[Any, Any, Answer]]) -> AsyncGenerator[bytes, None]:
        """Yield the bodies as they come; parts that still run are cancelled when nobody takes any more."""
        coming: dict[asyncio.Task[Answer], int] = {}

        def begin(parts: Mapping[int, Part]) -> None:
            coming.update({asyncio.create_task(run(part)): number for number, part in parts.items()})

        try:
            begin(self.begun)
            yield self._body(0, self._first, self.begun, has_next=True)
            while coming:
                done, _ = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=coming.__getitem__):
                    number, answer = coming.pop(task), task.result()
                    begun = self._begun_by(number, answer)
                    begin(begun)
                    yield self._body(number, answer, begun, has_next=bool(coming))
        finally:
            for task in coming:
                task.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    def _begun_by(self, number: int, answer: Answer) -> dict[int, Part]:
        """Return the parts that lie within one that has come, where the object that they are about is there."""
        if _below(answer.data, self._parts[number].path) == b"null":
            return {}
        if number in self._shown_in:
            self._read[number] = orjson.loads(answer.data or b"null")
        return {
            other: part
            for other, part in enumerate(self._parts)
            if part.within == number and (not part.path or _has_object(self._read[part.shown_in], part.path))
        }

    def _body(self, number: int, answer: Answer, begun: Mapping[int, Part], *, has_next: bool) -> bytes:
        return orjson.dumps({**self._form(number, self._parts[number], answer, begun), "hasNext": has_next})


def _by_path(_: int, part: Part, answer: Answer, __: Mapping[int, Part]) -> dict[str, Any]:
    said = _said(part, answer)
    return said if part.within is None else {"incremental": [said | _place(part)]}


def _by_id(number: int, part: Part, answer: Answer, begun: Mapping[int, Part]) -> dict[str, Any]:
    pending = [{"id": str(other), **_place(within)} for other, within in begun.items()]
    announced = {"pending": pending} if pending else {}
    said, own = _said(part, answer), {"id": str(number)}
    if part.within is None:
        return said | announced
    if _below(answer.data, part.path) == b"null":
        return {"completed": [own | {"errors": answer.errors}]}
    return announced | {"incremental": [own | said], "completed": [own]}


FORMS: Mapping[str, Form] = {DEFER: _by_path, INCREMENTAL: _by_id}
"""By the media type that asks for it."""


def _said(part: Part, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"data": orjson.Fragment(_below(answer.data, part.path))}
    if answer.errors:
        said["errors"] = answer.errors
    if answer.extensions:
        said["extensions"] = orjson.Fragment(answer.extensions)
    return said


def _place(part: Part) -> dict[str, Any]:
    return {"path": part.path} if part.label is None else {"path": part.path, "label": part.label}


def _below(data: bytes | None, path: Path) -> bytes:
    """Return the JSON of what stands at a path that is all that `data` has, null where it ends before."""
    text = data or b"null"
    for key in path:
        if text == b"null":
            break
        text = text.removeprefix(b'{"%s":' % key.encode())[:-1]
    return text


def _has_object(data: Any, path: Path) -> bool:
    for key in path:
        if data is None:
            return False
        data = data[key]
    return data is not None
