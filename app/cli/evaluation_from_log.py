"""`projectionist recsys evaluate --from-log`: how good the algorithms are by what people did with their slates."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

from app.cli.console import answer, answer_json, answer_table, say
from app.cli.models import models_folder
from app.cli.progress import progress_shown
from app.cli.replica import reading

if TYPE_CHECKING:
    from recsys.evaluation.from_log import FromLog
    from recsys.evaluation.offpolicy import Estimates, Interval


def evaluate_from_log(
    *, begin: int | None, end: int | None, model_id: UUID | None, days: int, as_json: bool
) -> None:
    """Answer with the estimates, as JSON or as a table for each outcome."""
    from recsys.evaluation.from_log import evaluate_log

    with reading() as source, models_folder() as store, progress_shown() as progress:
        found = evaluate_log(
            source, store, begin=begin, end=end, model_id=model_id, days=days, progress=progress
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
    from recsys.evaluation.offpolicy import LEAST_EFFECTIVE, MOST_UNSUPPORTED

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
        columns = ("policy", "IPS", "SNIPS", "DR", "bounds", "no support", "effective")
        answer_table(columns, [_row(line) for line in found.lines if line.outcome == outcome])
    answer(
        "\nIn brackets: 95 % confidence. No support: the share of a policy's places that chance never gave to it; the"
        " bounds hold whatever\nwould happen there. Effective: how many of the places its weights are worth."
    )
    answer(
        f"?: less than {LEAST_EFFECTIVE} effective places, or more than {MOST_UNSUPPORTED:.0%} without support: trust only"
        " the bounds."
    )


def _row(line: Estimates) -> tuple[object, ...]:
    return (
        line.policy if line.is_supported else f"{line.policy} ?",
        _said(line.ips),
        _said(line.snips),
        _said(line.dr),
        f"{line.at_least:.3f} to {line.at_most:.3f}",
        f"{100 * (line.without_support.value or 0):.1f} %",
        round(line.effective),
    )


def _said(figure: Interval) -> str:
    if figure.value is None:
        return "none"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
