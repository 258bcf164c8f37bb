"""Pickled data frames of several versions of pandas are read; whatever else a pickle may be is refused, and not run."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog.pickled import read_frame
from catalog.rows import UnreadableRelease

FRAMES = Path(__file__).parent / "frames"
"""Written by pandas 1.5.3, 2.2.3 and 3.1.1, with several protocols."""

WHOLE: dict[str, list[Any]] = {
    "tconst": ["tt0113277", "tt0211915", "tt0000009"],
    "primaryTitle": ["Heat", "Amélie", None],
    "startYear": [1995, 2001, 2010],
    "averageRating": [8.3, None, 2.0],
    "isAdult": [False, False, True],
    "released": [datetime(1995, 12, 15), datetime(2001, 4, 25), None],  # noqa: DTZ001
    "genres": [["Action", "Crime"], ["Comedy"], []],
    "votes": [1, 2, 3],
}


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*-p?.pkl")), ids=lambda path: path.stem)
def test_k31_a_plain_data_frame_is_read(path: Path) -> None:
    assert read_frame(path) == WHOLE


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*-index.pkl")), ids=lambda path: path.stem)
def test_an_index_with_a_name_is_a_column(path: Path) -> None:
    assert read_frame(path) == {name: [values[2], values[0]] for name, values in WHOLE.items()}


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*-category.pkl")), ids=lambda path: path.stem)
def test_other_kinds_of_columns_are_refused_by_name(path: Path) -> None:
    with pytest.raises(UnreadableRelease, match="Categor"):
        read_frame(path)


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def hostile(tmp_path: Path) -> dict[str, bytes]:
    """Pickles that would do something."""
    mark = tmp_path / "mark"
    shell = f"touch {mark}"
    frame = next(FRAMES.glob("*3*-p2.pkl")).read_bytes()
    return {
        "shell": pickle.dumps(Calls(os.system, shell)),
        "process": pickle.dumps(Calls(subprocess.getoutput, shell)),
        "code": pickle.dumps(Calls(eval, f"open({str(mark)!r}, 'w')")),
        "file": pickle.dumps(Calls(open, str(mark), "w")),
        "attribute": pickle.dumps(Calls(getattr, Path, "touch")),
        "in a list": pickle.dumps([1, {"a": Calls(os.system, shell)}]),
        "old": b"cos\nsystem\n(S'" + shell.encode() + b"'\ntR.",
        "an instance": b"(S'" + shell.encode() + b"'\nios\nsystem\n.",
        "by way of a frame": frame.replace(
            b"cpandas StringDtype\n", b"cpandas.io.common StringDtype\n"
        ).replace(b"cpandas\nStringDtype\n", b"cos\nsystem\n"),
        "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__class__\x93.",
        "an extension": b"\x80\x02\x82\x01.",
        "a persistent id": b"Pname\n.",
        "state of a kind": b"cnumpy\ndtype\n}(S'args'\nI1\nstb.",
    }


@pytest.mark.parametrize("name", hostile(Path()))
def test_a_pickle_that_would_do_something_is_refused_and_does_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "films.pkl"
    path.write_bytes(hostile(tmp_path)[name])
    with pytest.raises(UnreadableRelease, match="no plain data frame"):
        read_frame(path)
    assert [each.name for each in tmp_path.iterdir()] == ["films.pkl"]


@pytest.mark.parametrize(
    "value", [b"", b"no pickle", pickle.dumps([1, 2]), pickle.dumps({"a": [1]}), pickle.dumps(np.arange(3))]
)
def test_what_is_no_data_frame_is_refused(tmp_path: Path, value: bytes) -> None:
    path = tmp_path / "films.pkl"
    path.write_bytes(value)
    with pytest.raises(UnreadableRelease, match=r"films\.pkl is no plain data frame"):
        read_frame(path)


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*-p5.pkl")), ids=lambda path: path.stem)
def test_a_frame_that_is_cut_or_bent_anywhere_is_read_or_refused(tmp_path: Path, path: Path) -> None:
    whole, bent = path.read_bytes(), tmp_path / "films.pkl"
    for at in range(0, len(whole), 9):
        for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :]):
            bent.write_bytes(broken)
            try:
                read_frame(bent)
            except UnreadableRelease:
                continue
