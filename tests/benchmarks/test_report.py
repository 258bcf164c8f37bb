"""Where a run's report goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.report import Report, Section


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with the markers of one part, in place of docs/performance.md."""
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- peers: begin -->\nold\n<!-- peers: end -->\nafter\n")
    monkeypatch.setattr(report, "_PAGE", page)
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    return page


def made(*, quick: bool) -> Report:
    """A report with a table, a target that was missed, and a picture."""
    found = Report("peers", {"cpu": "2 cores"}, quick, [Section("Rates", ("", "rate"), [("Home", "7")])])
    found.at_least("Home", 2, 1)
    found.pictures["peers.svg"] = "<svg/>"
    return found


def test_a_whole_run_is_put_between_its_markers_with_its_picture(page: Path) -> None:
    made(quick=False).publish()
    text = page.read_text()
    assert text.startswith("before\n<!-- peers: begin -->\n_2 cores_\n\n![peers](peers.svg)\n")
    assert "| Home | 7 |" in text
    assert "- MISSED  Home: 1.00 (wanted >= 2)\n" in text
    assert text.endswith("<!-- peers: end -->\nafter\n")
    assert "old" not in text
    assert (page.parent / "peers.svg").read_text() == "<svg/>"


def test_a_quick_run_leaves_the_page_alone(page: Path) -> None:
    before = page.read_text()
    made(quick=True).publish()
    assert page.read_text() == before
    assert not (page.parent / "peers.svg").exists()
    assert (page.parent / "results" / "peers.svg").exists()
