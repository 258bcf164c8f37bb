"""Pickled data frames, read without pandas and without running anything that a pickle names.

A pickle may name any function and call it. Here each name that a plain data frame needs stands for an empty record that
keeps what it was called with; any other name ends the reading. The columns are then made of the records by numpy.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from catalog.rows import UnreadableRelease

_PANDAS = {
    "pandas": ("DataFrame", "Index", "RangeIndex", "StringDtype"),
    "pandas.core.frame": ("DataFrame",),
    "pandas.core.internals.managers": ("BlockManager",),
    "pandas._libs.internals": ("_unpickle_block",),
    "pandas._libs.arrays": ("__pyx_unpickle_NDArrayBacked",),
    "pandas.arrays": ("DatetimeArray", "StringArray"),
    "pandas.core.arrays.datetimes": ("DatetimeArray",),
    "pandas.core.arrays.string_": ("StringArray", "StringDtype"),
    "pandas.core.indexes.base": ("Index", "_new_Index"),
    "pandas.core.indexes.range": ("RangeIndex",),
    "numpy": ("ndarray", "dtype"),
    "numpy.core.multiarray": ("_reconstruct",),
    "numpy._core.multiarray": ("_reconstruct",),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "builtins": ("slice",),
    "__builtin__": ("slice",),
    "_codecs": ("encode",),
}
_NUMBERS = frozenset("biufM")
_PLAIN = (str, bytes, bool, int, float, type(None))


class _Record:
    """What a name was called with; what is called is never more than this."""

    __slots__ = ("args", "state")

    def __init__(self, *args: Any) -> None:
        self.args, self.state = args, None

    def __setstate__(self, state: Any) -> None:
        self.state = state


_KINDS: Mapping[str, type[_Record]] = {
    name: type(name, (_Record,), {"__slots__": ()}) for names in _PANDAS.values() for name in names
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _PANDAS.get(module, ()):
            raise _Refused(f"it names {module}.{name}"[:100])
        return _KINDS[name]


class _Refused(Exception):
    """Why a pickle is no plain data frame."""


def read_frame(path: Path) -> dict[str, list[Any]]:
    """The columns of a pickled data frame by name, an index that has a name among them.

    Values are texts, numbers, booleans, times (datetime64), None, and lists of these. Raises UnreadableRelease for any
    other pickle.
    """
    with path.open("rb") as file:
        try:
            return _columns(_loaded(file))
        except _Refused as refused:
            reason = str(refused)
        except Exception:  # a broken or hostile pickle may end in any of them
            reason = "it is broken, or of a version that is not known"
    raise UnreadableRelease(
        f"{path.name} is no plain data frame: {reason}. Save columns of texts, numbers, times and lists alone, "
        "uncompressed, or write Parquet where it was made."
    )


def _loaded(file: BinaryIO) -> Any:
    return _Unpickler(file).load()


def _columns(frame: Any) -> dict[str, list[Any]]:
    if not _is(frame, "DataFrame") or not isinstance(frame.state, dict):
        raise _Refused("it is not a data frame")
    manager: Any = frame.state.get("_mgr")
    if not _is(manager, "BlockManager"):
        raise _Refused("its columns are not where they should be")
    blocks, (names, index) = manager.args[:2]
    labels = [str(label) for label in _index(names)]
    columns: dict[int, list[Any]] = {}
    for block in blocks:
        values, placement, _ = block.args
        for place, column in zip(_places(placement), _two_dimensional(values), strict=True):
            columns[place] = _plain(column)
    found = dict(zip(labels, (columns[place] for place in range(len(labels))), strict=True))
    if len(found) != len(labels):
        raise _Refused("two columns have the same name")
    name = index.args[1].get("name") if _is(index, "_new_Index") else None
    return ({str(name): _plain(_index(index))} if name is not None else {}) | found


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _KINDS[kind])


def _places(placement: Any) -> Iterable[int]:
    if _is(placement, "slice"):
        start, stop, step = placement.args
        return range(start, stop, step or 1)
    return [int(place) for place in _array(placement)]


def _two_dimensional(values: Any) -> Sequence[Any]:
    """The columns of a block; arrays of pandas' own are one column."""
    array = _array(values)
    return [array] if array.ndim == 1 else list(array)


def _index(index: Any) -> Sequence[Any]:
    if not _is(index, "_new_Index"):
        raise _Refused("an index of a kind that is not known")
    told = index.args[1]
    if "data" in told:
        return _array(told["data"]).tolist()  # type: ignore[no-any-return]
    return range(told["start"], told["stop"], told["step"])


def _array(value: Any) -> Any:
    if _is(value, "__pyx_unpickle_NDArrayBacked"):
        return _array(
            next(part for part in value.state if _is(part, "_reconstruct") or _is(part, "_frombuffer"))
        )
    if _is(value, "_frombuffer"):
        data, dtype, shape, order = value.args
        return _made(data, _dtype(dtype), shape, order)
    if _is(value, "_reconstruct"):
        _, shape, dtype, is_fortran, data = value.state
        return _made(data, _dtype(dtype), shape, "F" if is_fortran else "C")
    raise _Refused("an array of a kind that is not known")


def _dtype(record: Any) -> np.dtype[Any]:
    """A dtype of its name and byte order alone: what else a pickle says of one could point anywhere in memory."""
    if not _is(record, "dtype"):
        raise _Refused("an array of a kind that is not known")
    name = str(record.args[0])
    if name == "O8":
        return np.dtype(object)
    order = record.state[1] if record.state else "="
    unit = f"[{_bytes(record.state[-1][1][0]).decode()}]" if name == "M8" else ""
    dtype = np.dtype(f"{order if order in '<>' else '='}{name}{unit}")
    if dtype.kind not in _NUMBERS:
        raise _Refused(f"an array of {name[:20]}")
    return dtype


def _made(data: Any, dtype: np.dtype[Any], shape: Any, order: str) -> Any:
    if dtype.hasobject:
        if not isinstance(data, list):
            raise _Refused("a list that is none")
        flat = np.empty(len(data), dtype=object)
        for place, each in enumerate(data):
            flat[place] = each
        return flat.reshape(shape, order=order)  # type: ignore[call-overload]
    return np.frombuffer(_bytes(data), dtype).reshape(shape, order=order)  # type: ignore[call-overload]


def _bytes(data: Any) -> bytes:
    """Bytes; protocol 2 writes them as texts."""
    return str(data.args[0]).encode("latin1") if _is(data, "encode") else bytes(data)


def _plain(column: Any) -> list[Any]:
    """The values as Python has them; NaN and NaT are None."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return [None if np.isnat(each) else each.astype("datetime64[us]").item() for each in column]
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    return [_value(each) for each in values]


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    if _is(value, "_reconstruct") or _is(value, "_frombuffer"):
        return _plain(_array(value))
    if isinstance(value, float) and np.isnan(value):
        return None
    if type(value) not in _PLAIN:
        raise _Refused("a value that is no text, number, time or list")
    return value
