"""What a run found, as Markdown with a picture, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from recsys.config import Config
from recsys.evaluation.bars import bars
from recsys.evaluation.metrics import Estimate
from recsys.evaluation.run import Row
from recsys.evaluation.targets import Runs, Target, targets

_PICTURE = "evaluation.svg"


def write(runs: Runs, config: Config, folder: Path) -> list[Target]:
    """Write evaluation.md, .json and .svg into the folder, which is made, and return the targets."""
    folder.mkdir(parents=True, exist_ok=True)
    found = targets(runs)
    (folder / "evaluation.md").write_text(markdown(runs, found))
    (folder / "evaluation.json").write_bytes(
        orjson.dumps(_plain(runs, found, config), option=orjson.OPT_INDENT_2)
    )
    (folder / _PICTURE).write_text(_picture(runs))
    return found


def markdown(runs: Runs, found: Sequence[Target]) -> str:
    """Return the tables, and the targets below them."""
    parts = [f"![NDCG@10 by model]({_PICTURE})\n"]
    for name, rows in runs.items():
        protocols = dict.fromkeys(row.protocol for row in rows)
        parts += [
            _table(f"{name}, {each}", [row for row in rows if row.protocol == each]) for each in protocols
        ]
    parts.append("**Targets**\n\n| target | wanted | reached | |\n|---|--:|--:|---|")
    for each in found:
        reached = f"{each.reached:.3f}{_error(each.error)}"
        parts.append(f"| {each.what} | {each.wanted:.3f} | {reached} | {each.verdict} |")
    return "\n".join(parts) + "\n"


def _table(title: str, rows: Sequence[Row]) -> str:
    names = list(rows[0].estimates)
    head = ["model", *names, "fit s", "score s"]
    lines = [
        [
            row.model,
            *(_said(row.estimates[name]) for name in names),
            _seconds(row.fit_s),
            _seconds(row.score_s),
        ]
        for row in rows
    ]
    table = [head, ["---", *("--:" for _ in head[1:])], *lines]
    cases = f"{len(rows[0].ndcg):,} cases; ± is one standard error"
    return f"**{title}** ({cases})\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in table) + "\n"


def _said(estimate: Estimate) -> str:
    return f"{estimate.mean:.4f}{_error(estimate.error or None)}"


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.4f}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def _picture(runs: Runs) -> str:
    panels = {
        f"{name}: {protocol}": {row.model: float(row.ndcg.mean()) for row in rows if row.protocol == protocol}
        for name, rows in runs.items()
        for protocol in ("leave-last-out", "stream")
    }
    return bars("NDCG@10", panels, columns=2, first="BLEND", digits=3, label=230)


def _plain(runs: Runs, found: Sequence[Target], config: Config) -> dict[str, Any]:
    return {
        "config": asdict(config),
        "targets": [{**asdict(each), "is_met": each.is_met} for each in found],
        "runs": {
            name: [
                {
                    "protocol": row.protocol,
                    "model": row.model,
                    "cases": len(row.ndcg),
                    "metrics": {key: asdict(estimate) for key, estimate in row.estimates.items()},
                    "fit_s": row.fit_s,
                    "score_s": row.score_s,
                }
                for row in rows
            ]
            for name, rows in runs.items()
        },
    }
