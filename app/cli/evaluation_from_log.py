"""`projectionist recsys evaluate --from-log`: how good the algorithms are by what people did with their slates."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

from app.cli.console import answer, answer_json, answer_table, say
from app.cli.database import connected
from app.cli.models import models_folder
from app.cli.progress import progress_shown

if TYPE_CHECKING:
    from recsys.evaluation.from_log import FromLog
    from recsys.evaluation.offpolicy import Estimates, Interval


def evaluate_from_log(
    *, begin: int | None, end: int | None, model_id: UUID | None, days: int, as_json: bool
) -> None:
    """Answer with the estimates, as JSON or as a table for each outcome."""
    from recsys.evaluation.from_log import evaluate_log

    with connected() as conn, models_folder() as store, progress_shown() as progress:
        found = evaluate_log(
            conn, store, begin=begin, end=end, model_id=model_id, days=days, progress=progress
        )
    if found.learnt:
        say(
            f"{found.learnt:,} of these slates are older than the model's training, which may have learnt what came of"
            " them: its figures are too good. Without --from they are left out."
        )
    if as_json:
        answer_json(asdict(found))
    else:
        _print(found)


def _print(found: FromLog) -> None:
    answer(
        f"{found.slates:,} slates of {found.people:,} people at positions {found.begin:,} to {found.end:,}, with"
        f" {found.places:,} places; the model is {found.model_id}."
    )
    totals = {
        "clicks": f"{found.clicks:,} clicks",
        "likes": f"{found.likes:,} likes within {found.days:,} days of being shown",
    }
    for outcome, total in totals.items():
        answer(f"\n{total}; a slate brings:")
        columns = ("policy", "IPS", "SNIPS", "DR", "bounds", "without support", "effective places")
        answer_table(columns, [_row(line) for line in found.lines if line.outcome == outcome])
    answer(
        "\nIn brackets: 95 % confidence. Where a policy has places without support, only the bounds hold whatever"
        " would happen there."
    )


def _row(line: Estimates) -> tuple[object, ...]:
    return (
        line.policy,
        _said(line.ips),
        _said(line.snips),
        _said(line.dr),
        f"{line.at_least:.4f} to {line.at_most:.4f}",
        _said(line.without_support, is_share=True),
        round(line.effective),
    )


def _said(figure: Interval, *, is_share: bool = False) -> str:
    def one(value: float) -> str:
        return f"{100 * value:.1f} %" if is_share else f"{value:.4f}"

    if figure.value is None:
        return "none"
    if figure.low is None or figure.high is None:
        return one(figure.value)
    return f"{one(figure.value)} ({one(figure.low)} to {one(figure.high)})"
