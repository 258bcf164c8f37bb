"""Zips that nobody exported."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from imports import archive
from imports.archive import FILE_MOST, MEMBERS_MOST, files_of
from imports.told import BadExport
from tests.imports.exports import packed


def test_files_that_can_be_read_are_and_others_are_not() -> None:
    files = {
        "a.csv": b"1",
        "b/c.JSON": b"2",
        "d.exe": b"3",
        "__MACOSX/._a.csv": b"4",
        "e.zip": packed({"f.csv": b"5"}),
    }
    assert files_of("x.zip", packed(files)) == {"a.csv": b"1", "b/c.JSON": b"2"}


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "..\\a.csv", "C:\\a.csv", "a/..", "a\0b.csv"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    body = packed({"ratings.csv": b"1", "x" * len(name): b"2"}).replace(b"x" * len(name), name.encode())
    with pytest.raises(BadExport, match="names"):
        files_of("x.zip", body)


def test_a_name_that_is_there_twice_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writing:
        writing.writestr("ratings.csv", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            writing.writestr("ratings.csv", b"2")
    with pytest.raises(BadExport, match="names"):
        files_of("x.zip", made.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_no_service_uses_are_refused(method: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as writing:
        writing.writestr("ratings.csv", b"1" * 1000)
    with pytest.raises(BadExport):
        files_of("x.zip", made.getvalue())


def test_encrypted_files_are_refused() -> None:
    body = bytearray(packed({"ratings.csv": b"1"}))
    body[6] |= 1
    at = body.rfind(b"PK\x01\x02")
    body[at + 8] |= 1
    with pytest.raises(BadExport):
        files_of("x.zip", bytes(body))


def test_a_file_as_large_as_one_may_be_is_read_and_one_larger_is_not() -> None:
    assert len(files_of("x.zip", packed({"a.csv": bytes(FILE_MOST)}))["a.csv"]) == FILE_MOST
    with pytest.raises(BadExport, match="unpacks"):
        files_of("x.zip", packed({"a.csv": bytes(FILE_MOST + 1)}))


def test_all_files_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "UNPACKED_MOST", 100)
    files = {f"{n}.csv": bytes(25) for n in range(4)}
    assert len(files_of("x.zip", packed(files))) == 4
    with pytest.raises(BadExport, match="unpacks"):
        files_of("x.zip", packed({**files, "more.csv": b"1"}))


def test_a_zip_that_lies_about_lengths_is_read_no_further() -> None:
    body = bytearray(packed({"a.csv": bytes(FILE_MOST + 1)}))
    at = body.rfind(b"PK\x01\x02")
    body[at + 24 : at + 28] = struct.pack("<L", 10)  # the unpacked length that it claims
    with pytest.raises(BadExport):
        files_of("x.zip", bytes(body))


def test_as_many_files_as_a_zip_may_have() -> None:
    def many(count: int) -> bytes:
        return packed({f"{n}.csv": b"" for n in range(count)})

    assert len(files_of("x.zip", many(MEMBERS_MOST))) == MEMBERS_MOST
    with pytest.raises(BadExport, match="unpacks"):
        files_of("x.zip", many(MEMBERS_MOST + 1))


def test_a_list_of_files_is_not_read_where_it_is_long() -> None:
    body = bytearray(packed({f"{n:0100}.csv": b"" for n in range(MEMBERS_MOST * 2)}))
    at = body.rfind(b"PK\x05\x06")
    body[at + 8 : at + 12] = struct.pack("<2H", 1, 1)  # the number that it claims
    with pytest.raises(BadExport, match="unpacks"):
        files_of("x.zip", bytes(body))


@pytest.mark.parametrize("cut", [4, 30, 60, 100, -1, -10, -22])
def test_a_zip_that_was_cut_is_refused(cut: int) -> None:
    with pytest.raises(BadExport):
        files_of("x.zip", packed({"ratings.csv": b"Date,Name" * 20})[:cut])


def test_a_damaged_file_is_refused() -> None:
    body = bytearray(packed({"ratings.csv": bytes(range(256)) * 20}))
    body[60] ^= 0xFF
    with pytest.raises(BadExport):
        files_of("x.zip", bytes(body))


@pytest.mark.parametrize(
    ("name", "kept"), [("", "upload"), ("a/../b.csv", "b.csv"), ("..\\c.csv", "c.csv"), ("..", "..")]
)
def test_a_name_is_only_a_name(name: str, kept: str) -> None:
    assert list(files_of(name, b"Date")) == [kept]
