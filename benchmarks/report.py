"""What a run found: on the terminal, as JSON beside this file, and as tables in docs/performance.md."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.postgres import Conn

RESULTS = Path(__file__).with_name("results")
_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

console = Console(highlight=False)
console.width = max(console.width, 150)


@dataclass
class Section:
    """A table: its heading, its columns and rows, and what it has to reach."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    note: str = ""

    def show(self) -> None:
        """Print it."""
        table = Table(
            title=self.title, caption=self.note or None, title_justify="left", caption_justify="left"
        )
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """Return it for the documentation."""
        align = ["---", *("--:" for _ in self.columns[1:])]
        lines = [self.columns, align, *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"**{self.title}**\n\n{table}\n" + (f"\n{self.note}\n" if self.note else "")


@dataclass(frozen=True)
class Target:
    """Something that a run has to reach, and what it reached."""

    what: str
    wanted: str
    reached: float
    is_met: bool

    def line(self) -> str:
        """Return it as a line for people."""
        return (
            f"{'met   ' if self.is_met else 'MISSED'}  {self.what}: {self.reached:.2f} (wanted {self.wanted})"
        )


@dataclass
class Report:
    """Everything that one part found; `pictures` are SVG texts by file name, `raw` is for programs."""

    part: str
    facts: dict[str, str]
    quick: bool
    sections: list[Section] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def at_least(self, what: str, wanted: float, reached: float) -> None:
        """Note a ratio that has to be at least so great."""
        self.targets.append(Target(what, f">= {wanted:g}", reached, reached >= wanted))

    def at_most(self, what: str, wanted: float, reached: float) -> None:
        """Note a ratio that may be at most so great."""
        self.targets.append(Target(what, f"<= {wanted:g}", reached, reached <= wanted))

    def publish(self) -> None:
        """Print it and keep it; a quick run is not worth a place in the documentation."""
        for section in self.sections:
            section.show()
        for target in self.targets:
            console.print(target.line())
        RESULTS.mkdir(exist_ok=True)
        kept = {
            "part": self.part,
            "facts": self.facts,
            "quick": self.quick,
            "targets": [vars(t) for t in self.targets],
            "results": self.raw,
        }
        (RESULTS / f"{self.part}.json").write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        for name, picture in self.pictures.items():
            ((RESULTS if self.quick else _PAGE.parent) / name).write_text(picture)
        if not self.quick:
            _into_page(self.part, self._markdown())

    def _markdown(self) -> str:
        machine = ", ".join(f"{value}" for value in self.facts.values())
        targets = "".join(f"- {target.line()}\n" for target in self.targets)
        tables = "\n".join(section.markdown() for section in self.sections)
        pictures = "".join(f"![{self.part}]({name})\n\n" for name in self.pictures)
        return f"_{machine}_\n\n{pictures}{tables}\n{targets}"


def _into_page(part: str, text: str) -> None:
    """Put the tables between the part's markers in the page, where it has them."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    page = _PAGE.read_text() if _PAGE.exists() else ""
    if begin in page and end in page:
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        _PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page))


def facts(conn: Conn) -> dict[str, str]:
    """Return what a reader needs to know of the machine and the programs."""
    row = conn.execute(
        "select current_setting('server_version'), current_setting('shared_buffers')"
    ).fetchone()
    assert row is not None
    postgresql = f"PostgreSQL {row[0].split(' ')[0]} with shared_buffers {row[1]}"
    return {**machine(), "postgresql": postgresql}


def machine() -> dict[str, str]:
    """Return the same where no database takes part."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "cpu": f"{psutil.cpu_count()} cores of {_cpu_name()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": f"Python {platform.python_version()}",
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def times(value: float) -> str:
    """Return a ratio for people."""
    return f"{value:.2f} ×" if value < 10 else f"{value:.0f} ×"


def count(value: float) -> str:
    """Return a number of things for people."""
    return f"{value:,.0f}"


def ms(value: float) -> str:
    """Return milliseconds for people."""
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
