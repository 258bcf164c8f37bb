"""What an event is: a frozen dataclass with a stored name, a version, and a way up from every older version."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import (
    Any,
    ClassVar,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

Data = dict[str, Any]
Values = Mapping[str, int | float | str | bool | list[float] | None]
"""Numbers and words of the program's own by name, such as the settings of a model: never what a person wrote."""
Upcast = Callable[[Data], Data]

_ENVELOPE = ("user_id", "movie_id")


class Event:
    """Base of every fact: `user_id` and `movie_id` go to columns of the log, all other fields to `data`.

    A fact that is about no person, or no movie, says `user_id = None`, or `movie_id = None`.
    """

    type: ClassVar[str]
    version: ClassVar[int]
    user_id: UUID | None
    movie_id: UUID | None

    def data(self) -> Data:
        """Return the fields that are stored as JSON: ids, numbers, enum names and ISO dates only."""
        codecs = _KINDS[self.type].codecs
        return {name: codec.dump(getattr(self, name)) for name, codec in codecs.items()}


class UnknownEvent(Exception):
    """The log holds a type or a version that this program does not know: it is older than the log's writer."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Codec:
    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    cls: type[Event]
    codecs: Mapping[str, _Codec]
    upcasts: Mapping[int, Upcast]


_KINDS: dict[str, _Kind] = {}
_E = TypeVar("_E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(
    name: str, *, version: int = 1, upcasts: Mapping[int, Upcast] | None = None
) -> Callable[[type[_E]], type[_E]]:
    """Register a fact under its stored name, for ever; the class may be renamed.

    `upcasts[n]` turns the data of version n into that of version n + 1; each version below `version` needs one.
    Raises TypeError when a name is used twice, an upcast is missing, or a field has a type that cannot be stored.
    """
    steps = dict(upcasts or {})

    def register(cls: type[_E]) -> type[_E]:
        made = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)
        if name in _KINDS:
            raise TypeError(f"two events are stored as {name!r}")
        if sorted(steps) != list(range(1, version)):
            raise TypeError(f"{name!r} version {version} needs one upcast for each version below it")
        made.type, made.version = name, version
        hints = get_type_hints(made)
        codecs = {
            f.name: _codec(hints[f.name])
            for f in dataclasses.fields(cast(Any, made))
            if f.name not in _ENVELOPE
        }
        _KINDS[name] = _Kind(made, codecs, steps)
        return made

    return register


def _codec(hint: Any) -> _Codec:
    if hint == Values:
        return _Codec(dict, dict)
    if get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,):
        item = _codec(get_args(hint)[0])
        return _Codec(
            lambda values: [item.dump(value) for value in values],
            lambda values: tuple(item.load(value) for value in values),
        )
    if get_origin(hint) in (Union, type(int | None)):
        (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
        codec = _codec(inner)
        return _Codec(
            lambda value: None if value is None else codec.dump(value),
            lambda value: None if value is None else codec.load(value),
        )
    if hint in (int, float, str, bool):
        return _Codec(lambda value: value, lambda value: value)
    if hint is date:
        return _Codec(date.isoformat, date.fromisoformat)
    if hint is UUID:
        return _Codec(str, UUID)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _Codec(lambda value: value.value, hint)
    raise TypeError(f"an event cannot hold a {hint!r}: ids, numbers, enums, dates and tuples of them")


def decode(name: str, version: int, user_id: UUID | None, movie_id: UUID | None, data: Data) -> Event:
    """Return the fact of one row of the log in its newest shape.

    Raises UnknownEvent for a name or version that this program does not know.
    """
    kind = _KINDS.get(name)
    if kind is None or not 1 <= version <= kind.cls.version:
        raise UnknownEvent(f"{name} version {version}")
    for step in range(version, kind.cls.version):
        data = kind.upcasts[step](data)
    fields = {field: codec.load(data.get(field)) for field, codec in kind.codecs.items()}
    names = {f.name for f in dataclasses.fields(cast(Any, kind.cls))}
    if "user_id" in names:
        fields["user_id"] = user_id
    if "movie_id" in names:
        fields["movie_id"] = movie_id
    return cast(Callable[..., Event], kind.cls)(**fields)


def kinds() -> Mapping[str, type[Event]]:
    """Return every registered fact by its stored name."""
    return {name: kind.cls for name, kind in _KINDS.items()}
