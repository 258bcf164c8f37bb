"""The files of a data set in a folder or a zip, read as streams and never unpacked."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NoReturn

from catalog.rows import BadRow, UnreadableRelease, printable

LINE_LIMIT = 65_536
"""Bytes of one line that are kept; a longer line cannot be a row, and would be read into memory whole."""

_RECORD_LINES = 8
_BROKEN = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file; `member` is set when it lies in the zip at `path`. `size` is in bytes, unpacked where it is in a zip."""

    name: str
    path: Path
    size: int
    member: zipfile.ZipInfo | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The bytes as a buffered stream, unpacked."""
        if self.member is None and self.name.lower().endswith(".gz"):
            with gzip.open(self.path) as unpacked, io.BufferedReader(unpacked, 1 << 18) as stream:
                yield stream
            return
        if self.member is None:
            with self.path.open("rb") as stream:
                yield stream
            return
        with (
            zipfile.ZipFile(self.path) as archive,
            archive.open(self.member) as packed,
            io.BufferedReader(packed, 1 << 18) as stream,  # type: ignore[type-var]
        ):
            yield stream

    def head(self, size: int = 65_536) -> bytes:
        """The first bytes, or fewer when the file is shorter."""
        try:
            with self.opened() as stream:
                return stream.read(size)
        except _BROKEN as error:
            _refuse(self, 0, error)

    def count_lines(self) -> int:
        """How many lines there are, the last one with or without its end."""
        count, part = 0, b"\n"
        try:
            with self.opened() as stream:
                for part in iter(lambda: stream.read(1 << 18), b""):
                    count += part.count(b"\n")
        except _BROKEN as error:
            _refuse(self, count, error)
        return count + (not part.endswith(b"\n"))

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each line that is not blank, without line end and byte order mark.

        A line that is too long is cut to `LINE_LIMIT` + 1 bytes; UnreadableRelease if the stream breaks.
        """
        number = 0
        try:
            with self.opened() as stream:
                while line := stream.readline(LINE_LIMIT + 1):
                    number += 1
                    if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                        _skip_line(stream)
                    if number == 1:
                        line = line.removeprefix(b"\xef\xbb\xbf")
                    if line := line.rstrip(b"\r\n"):
                        yield number, line
        except _BROKEN as error:
            _refuse(self, number, error)

    def bad(self, line: int, reason: str, text: bytes) -> BadRow:
        """A row of this file that is passed over."""
        return BadRow(self.name, line, reason, printable(text[:1000].decode("utf-8", "backslashreplace")))


@dataclass(frozen=True, slots=True)
class Folder:
    """Files side by side, by name in lower case; files at the root of a zip have the zip's name."""

    name: str
    files: dict[str, DataFile]


def folders(path: Path) -> list[Folder]:
    """Every folder of a zip, or a folder and those directly in it; of a plain file, the folder it lies in."""
    try:
        if path.is_dir():
            inner = sorted(each for each in path.iterdir() if each.is_dir())
            return [_folder(each) for each in (path, *inner)]
        with path.open("rb") as stream:
            zipped = stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        return _zip_folders(path) if zipped else [_folder(path.parent)]
    except zipfile.BadZipFile as error:
        raise UnreadableRelease(f"{path.name} is not a whole zip file; fetch it again.") from error
    except OSError as error:
        raise UnreadableRelease(f"Cannot read {path}: {error.strerror or error}.") from error


def csv_records(file: DataFile, encoding: str) -> Iterator[tuple[int, bytes, list[str]] | BadRow]:
    """Number of the first line, bytes and fields of each CSV record; a quoted field may span a few lines.

    Where quotes do not close, only the line that opens them is given up: reading goes on with the next.
    """
    lines = file.lines()
    window = deque(islice(lines, _RECORD_LINES))
    width = 0
    while window:
        number, first = window[0]
        taken, record, fields = _first_record([line for _, line in window], encoding, width)
        if fields:
            width = width or len(fields)
            yield number, record, fields
        else:
            yield file.bad(number, fault(first, encoding) or "broken quotes", first)
        for _ in range(taken):
            window.popleft()
        window.extend(islice(lines, taken))


def fault(line: bytes, encoding: str) -> str | None:
    """What is wrong with the bytes of a line, if anything."""
    if len(line) > LINE_LIMIT:
        return f"longer than {LINE_LIMIT:,} bytes"
    if b"\0" in line:
        return "a NUL byte"
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return f"bytes that are not {encoding}"
    return None


def _first_record(lines: list[bytes], encoding: str, width: int) -> tuple[int, bytes, list[str]]:
    """How many lines the first record takes, its bytes and its fields; no fields if it is broken."""
    record = b""
    for taken, line in enumerate(lines, 1):
        record = record + b"\n" + line if record else line
        fields = _csv_fields(record, encoding)
        if fields and (taken == 1 or len(fields) == width):
            return taken, record, fields
        if b'"' not in record:
            break
    return 1, lines[0], []


def _csv_fields(record: bytes, encoding: str) -> list[str]:
    """The fields, or none where the bytes or the quotes are broken."""
    if fault(record, encoding):
        return []
    try:
        rows = list(csv.reader(io.StringIO(record.decode(encoding), newline=""), strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def _skip_line(stream: BinaryIO) -> None:
    while (part := stream.readline(LINE_LIMIT)) and not part.endswith(b"\n"):
        pass


def _folder(path: Path) -> Folder:
    found = (each for each in sorted(path.iterdir()) if each.is_file())
    files = {each.name.lower(): DataFile(each.name, each, each.stat().st_size) for each in found}
    return Folder(path.resolve().name, files)


def _zip_folders(path: Path) -> list[Folder]:
    found: dict[PurePosixPath, dict[str, DataFile]] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                inside = PurePosixPath(member.filename)
                file = DataFile(inside.name, path, member.file_size, member)
                found.setdefault(inside.parent, {})[inside.name.lower()] = file
    return [Folder(parent.name or path.stem, files) for parent, files in sorted(found.items())]


def _refuse(file: DataFile, line: int, error: Exception) -> NoReturn:
    where = f"{file.path.name}: {file.name}" if file.member else file.name
    raise UnreadableRelease(f"{where} cannot be read past line {line:,}: {error}.") from error
