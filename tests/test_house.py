"""The rules of the house that are not a linter's."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {".py", ".sql", ".graphql", ".md", ".toml", ".js", ".ts", ".tsx"}


def sources() -> list[Path]:
    """Every text of ours, relative to the root; what is hidden or installed is not ours."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.suffix in SOURCES and path.is_file())
    return [
        path
        for path in found
        if not any(part.startswith(".") or part == "node_modules" for part in path.parts)
    ]


def lock() -> dict[str, str]:
    """What requirements.lock says of each distribution, by normalised name."""
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    return {re.split(r"[=\[]", entry, maxsplit=1)[0].lower().replace("_", "-"): entry for entry in entries}


def test_no_installed_distribution_provides_one_of_our_folders() -> None:
    ours = {folder.parent.name for folder in ROOT.glob("*/__init__.py")}
    assert "events" in ours
    taken = {
        (name, distribution.name)
        for distribution in distributions()
        if distribution.name != "projectionist"
        for file in distribution.files or ()
        if (name := file.parts[0].removesuffix(".py")) in ours
    }
    assert taken == set()


def test_no_file_is_over_300_lines() -> None:
    long = {
        str(path): lines
        for path in sources()
        if path.suffix in {".py", ".sql"} and path.parts[0] != "tests"
        if (lines := len((ROOT / path).read_text().splitlines())) > 300
    }
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    word = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert [str(path) for path in sources() if word.search((ROOT / path).read_text())] == []


def test_every_entry_of_the_lock_has_hashes_and_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert [name for name, entry in lock().items() if "--hash=sha256:" not in entry] == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {match[0].lower() for need in asked if (match := re.match(r"[\w-]+", need))}
    assert names - set(lock()) == set()
