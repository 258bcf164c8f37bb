"""`python -m benchmarks [part …] [--quick]`: all parts, or some of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import append, folds, queries
from benchmarks.report import Report

PARTS: dict[str, Callable[..., Report]] = {"append": append.run, "folds": folds.run, "queries": queries.run}


def main() -> int:
    """Run what was asked for; return 1 when a target was missed (a quick run only tells)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure beside peers, in one run."
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="part", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="short and small: does it run at all")
    given = parser.parse_args()
    reports = [PARTS[name](quick=given.quick) for name in given.parts or PARTS]
    for report in reports:
        report.publish()
    missed = [target for report in reports for target in report.targets if not target.is_met]
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    sys.exit(main())
