import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.wheels import WheelUnavailable, fetch

WHEEL = "movie_posters-1.0-py3-none-any.whl"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the whole of the package registry, with one wheel in it."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("movie_posters/static/a.txt", "first")
        wheel.writestr("movie_posters/static/b.txt", "second")
        wheel.writestr("movie_posters/code.py", "")
        wheel.writestr(
            "movie_posters-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: movie-posters\nVersion: 1.0\n",
        )
        wheel.writestr(
            "movie_posters-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("movie_posters-1.0.dist-info/RECORD", "")
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
    }.items():
        monkeypatch.setenv(name, value)
    return folder


def test_members_are_unpacked_once_and_kept(registry: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256((registry / WHEEL).read_bytes()).hexdigest()
    folder = fetch("movie-posters", "1.0", sha256, "movie_posters/static/*", tmp_path / "cache")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"a.txt": "first", "b.txt": "second"}
    assert list((tmp_path / "cache").iterdir()) == [folder]
    (registry / WHEEL).unlink()
    assert fetch("movie-posters", "1.0", sha256, "movie_posters/static/*", tmp_path / "cache") == folder


def test_another_wheel_under_the_same_name_is_refused(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(WheelUnavailable, match="HASHES"):
        fetch("movie-posters", "1.0", "0" * 64, "movie_posters/static/*", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_registry_that_has_no_such_wheel_is_said(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(WheelUnavailable, match="is the package registry reachable"):
        fetch("movie-trailers", "1.0", "0" * 64, "*", tmp_path / "cache")


def test_a_wheel_without_the_members_is_said(registry: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256((registry / WHEEL).read_bytes()).hexdigest()
    with pytest.raises(WheelUnavailable, match="holds no file"):
        fetch("movie-posters", "1.0", sha256, "posters/*", tmp_path / "cache")
