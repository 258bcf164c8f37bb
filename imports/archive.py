"""The files of an upload: one file, or those of a zip, read into memory within limits and never written anywhere."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from imports.told import BadExport

UNPACKED_MOST = 64 * 1024 * 1024
"""Bytes of all files of a zip together."""
FILE_MOST = 16 * 1024 * 1024
"""Bytes of one of them."""
MEMBERS_MOST = 2_000
_DIRECTORY_MOST = MEMBERS_MOST * 200
"""Bytes of a zip's list of its files, which is read before they can be counted."""
_READABLE = (".csv", ".json")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_PIECE = 1 << 16
_END = struct.Struct("<4s4H2LH")
_END_MOST = _END.size + 0xFFFF

_UNREADABLE = "This zip cannot be read. Upload it as you got it, or export it again."
_UNSAFE = "This zip has file names that no export has. Upload it as you got it."
_TOO_LARGE = "This zip unpacks to more than an export has. Upload it as you got it."


def files_of(name: str, body: bytes) -> dict[str, bytes]:
    """Return the CSV and JSON files by their path in the zip, or the one file by its name. Raises BadExport."""
    if body[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return {PurePosixPath(name.replace("\\", "/")).name or "upload": body}
    try:
        _require_few(body)
        with zipfile.ZipFile(BytesIO(body)) as archive:
            return _unpacked(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BadExport(_UNREADABLE) from error


def _require_few(body: bytes) -> None:
    """Look at the end of the zip: its list of files is only read where it is short."""
    at = body.rfind(b"PK\x05\x06", max(0, len(body) - _END_MOST))
    if at < 0 or len(body) - at < _END.size:
        raise BadExport(_UNREADABLE)
    *_, members, size, _offset, _comment = _END.unpack_from(body, at)
    if members > MEMBERS_MOST or size > _DIRECTORY_MOST:
        raise BadExport(_TOO_LARGE)


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if any(_is_unsafe(member) for member in members) or len({m.filename for m in members}) < len(members):
        raise BadExport(_UNSAFE)
    files: dict[str, bytes] = {}
    left = UNPACKED_MOST
    for member in members:
        if member.filename.lower().endswith(_READABLE) and not member.filename.startswith("__MACOSX/"):
            files[member.filename] = _read(archive, member, min(left, FILE_MOST))
            left -= len(files[member.filename])
    return files


def _is_unsafe(member: zipfile.ZipInfo) -> bool:
    """Whether the name leads elsewhere, or the form is one that no service writes. Nothing is unpacked to disk anyway."""
    path = PurePosixPath(member.orig_filename)
    odd_name = path.is_absolute() or ".." in path.parts or not {"\\", "\0"}.isdisjoint(member.orig_filename)
    return odd_name or member.compress_type not in _METHODS or bool(member.flag_bits & _ENCRYPTED)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Read what is there, whatever length the zip claims."""
    found = bytearray()
    with archive.open(member) as packed:
        while piece := packed.read(_PIECE):
            found += piece
            if len(found) > most:
                raise BadExport(_TOO_LARGE)
    return bytes(found)
