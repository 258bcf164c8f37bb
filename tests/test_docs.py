"""The pages say what is: everything they name exists, and everything that must be named is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields as dataclass_fields
from typing import Any, cast

import pytest
import typer
from graphql import parse, validate
from typer.core import TyperGroup

import app.documents
import app.hosts  # noqa: F401 the refusals of both are looked for
import projections  # noqa: F401 registers them all
import schema
from accounts.people import Role
from app.cli import commands
from app.metrics import Metrics
from app.settings import Settings
from events.facts import kinds
from events.log import COLUMNS, Source
from projections.registry import projections as registered
from resolvers.errors import Refused
from schema.errors import CODES
from tests.test_house import ROOT

PAGES = {
    str(path.relative_to(ROOT)): path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}
EVERYTHING = "\n".join(PAGES.values())
CLIENTS, ANALYSTS, OPERATORS = (PAGES[f"docs/{name}.md"] for name in ("clients", "analysts", "operators"))


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def spans(page: str) -> list[str]:
    """What stands in backticks outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL))


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table below this head, cells as they are written."""
    _, found, after = page.partition(f"\n| {head}")
    assert found, f"there is no table {head!r}"
    rows = re.match(r".*\n\|[-|]+\|\n((?:\|.*\n)*)", after)
    assert rows is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1].splitlines()]


def words(cell: str) -> list[str]:
    """What a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def variables() -> dict[str, Any]:
    """The environment variables of the settings, with their defaults."""
    named = Settings.model_fields.items()
    return {
        str(field.validation_alias or f"PROJECTIONIST_{name.upper()}"): field.default for name, field in named
    }


def all_commands(command: Any, path: str = "projectionist") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from all_commands(inner, f"{path} {name}")
    else:
        yield path, command


def command_lines() -> set[str]:
    """What the pages tell to type, and name in passing, without comments and variables before it."""
    lines = [line for page in PAGES.values() for block in blocks(page, "sh") for line in block.splitlines()]
    said = [*lines, *(span for page in PAGES.values() for span in spans(page))]
    found = (re.search(r"(?:^|[ /])projectionist( [a-z-].*)$", line.partition("  #")[0]) for line in said)
    return {f"projectionist{match[1].rstrip()}" for match in found if match}


def test_every_setting_is_described_with_its_default_and_no_other() -> None:
    rows = {words(row[0])[0]: row[1] for row in table(OPERATORS, "variable")}
    assert set(rows) == set(variables())
    for name, default in variables().items():
        said = words(rows[name])
        if said and default is not None:
            assert said == [str(default).lower() if isinstance(default, bool) else str(default)], name
    named = set(re.findall(r"\b(?:PROJECTIONIST_[A-Z_]+|DATABASE_[A-Z_]*URL|REDIS_URL)\b", EVERYTHING))
    assert named == set(variables())


def test_every_command_is_documented() -> None:
    lines = command_lines()
    for path, command in all_commands(typer.main.get_command(commands)):
        assert any(line == path or line.startswith(f"{path} ") for line in lines), f"{path} is in no page"
        assert command.help, path


def test_every_documented_command_line_exists() -> None:
    known = dict(all_commands(typer.main.get_command(commands)))
    for line in command_lines() - {"projectionist --help"}:
        path = next((path for path in known if line == path or line.startswith(f"{path} ")), None)
        assert path, line
        given = {option for option in shlex.split(line) if re.match(r"--?[a-z]", option)}
        options = {
            name for parameter in known[path].params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert given <= options | {"--help"}, line


def test_every_refusal_is_in_the_table_of_payload_errors() -> None:
    rows = table(CLIENTS, "payload `errors[].code`")
    assert {words(row[0])[0]: row[1] for row in rows} == CODES


def extension_codes() -> set[str]:
    """Every code that an entry of the response's `errors` may carry."""
    waiting, found = [Refused], set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in vars(kind) and not kind.__module__.startswith("tests."):
            found.add(kind.code)
    for name in ("app/graphql_http.py", "app/graphql_ws.py", "app/reading.py", "resolvers/documents.py"):
        found |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', (ROOT / name).read_text()))
    return found


def test_every_error_code_of_a_response_is_in_the_other_table() -> None:
    rows = table(CLIENTS, "`extensions.code`")
    assert {code for row in rows for code in words(row[0])} == extension_codes()


def test_every_type_of_event_is_described_with_its_data() -> None:
    rows = {words(row[0])[0]: row[2] for row in table(ANALYSTS, "type |")}
    assert set(rows) == set(kinds())
    for name, kind in kinds().items():
        data = {f.name for f in dataclass_fields(cast(Any, kind))} - {"user_id", "movie_id"}
        assert set(words(rows[name])) == data, name


def test_every_column_of_the_log_is_described() -> None:
    rows = table(ANALYSTS, "column")
    assert {name for row in rows for name in words(row[0])} == {*COLUMNS.split(", "), "secret", "xid"}
    assert set(words(next(row[1] for row in rows if "`source`" in row[0]))) == set(Source)


def test_every_read_table_is_described_with_its_columns() -> None:
    rows = {words(row[0])[0]: row for row in table(ANALYSTS, "table")}
    assert set(rows) == set(registered())
    assert {words(row[0])[0] for row in table(PAGES["docs/architecture.md"], "table")} == set(registered())
    for name, projection in registered().items():
        unsaid = {"user_id", "movie_id", *projection.key, *projection.groups, "position"}
        said = set(words(rows[name][2])) - {"win"}
        assert said | unsaid == set(projection.columns) | unsaid, name


def test_every_metric_is_described() -> None:
    rows = table(OPERATORS, "metric")
    families = Metrics().registry.collect()
    assert {words(row[0])[0] for row in rows} == {f.name + "_total" * (f.type == "counter") for f in families}


def test_every_role_is_named() -> None:
    assert {f"`{role}`" for role in Role if f"`{role}`" not in OPERATORS} == set()


def test_every_make_target_is_named_and_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = [
        line
        for page in PAGES.values()
        for line in [*spans(page), *"\n".join(blocks(page, "sh")).splitlines()]
    ]
    assert {match[1] for line in said if (match := re.match(r"make ([a-z-]+)", line))} == targets


@pytest.mark.parametrize("page", sorted(PAGES))
def test_graphql_of_the_pages_is_valid(page: str) -> None:
    built = schema.build().graphql
    for document in blocks(PAGES[page], "graphql"):
        assert validate(built, parse(document)) == [], document
    for answer in blocks(PAGES[page], "json"):
        assert set(json.loads(answer)) <= {"data", "errors"}
    for template in re.findall(r"gql`(.*?)`", PAGES[page], re.DOTALL):
        assert validate(built, parse(template)) == [], template


@pytest.mark.parametrize("page", sorted(PAGES))
def test_links_and_paths_lead_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)\s]+)\)", PAGES[page])
    assert [
        link for link in links if "://" not in link and not (folder / link.partition("#")[0]).exists()
    ] == []
    paths = [
        match[0]
        for span in spans(PAGES[page])
        if (match := re.match(r"[a-z_]+/[\w/]+\.(py|sql|graphql)\b", span))
    ]
    assert [path for path in paths if not (ROOT / path).exists()] == []


CAPABILITIES = [
    *range(1, 14),
    *range(20, 32),
    *range(40, 55),
    *range(60, 66),
    *range(70, 74),
    *(80, 81, 82, 85),
    *range(90, 94),
    *range(100, 115),
]


def test_every_capability_is_in_the_table_and_named_by_each_of_its_tests() -> None:
    rows = table(PAGES["docs/sources.md"], "K |")
    assert [int(row[0]) for row in rows] == CAPABILITIES
    for number, (*_, code, test) in zip(CAPABILITIES, rows, strict=True):
        assert words(code) != [] != words(test), number
        named = re.compile(rf"def test_(\w+_)?k{number}_")
        assert [path for path in words(code) if not (ROOT / path).exists()] == [], number
        assert [path for path in words(test) if not named.search((ROOT / path).read_text())] == [], number


def test_contributing_fits_one_screen() -> None:
    assert len(PAGES["CONTRIBUTING.md"].splitlines()) <= 40
