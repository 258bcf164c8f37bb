"""`python -m benchmarks [part …] [--quick]`: the usual parts, or those that are named."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable

from benchmarks import (
    append,
    folds,
    queries,
    recommendations,
    recommender,
    sustained,
    uncompiled,
    wall,
)
from benchmarks.large import asking, seeding
from benchmarks.large.volumes import LEAST_SCALE
from benchmarks.peers import bench as peers
from benchmarks.report import Report

PARTS: dict[str, Callable[..., Report]] = {
    "append": append.run,
    "folds": folds.run,
    "queries": queries.run,
    "recommender": recommender.run,
    "recommendations": recommendations.run,
    "uncompiled": uncompiled.run,
    "peers": peers.run,
    "sustained": sustained.run,
    "wall": wall.run,
    "seed": seeding.run,
    "large": asking.run,
}
_SCALED = frozenset(("seed", "large"))
_USUAL = ("append", "folds", "queries", "uncompiled", "recommender", "recommendations")
"""What runs when nothing is named: all that needs no packages of others, and no patience."""


def main() -> int:
    """Run what was asked for; return 1 when a target was missed (a quick run only tells)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure beside peers, in one run."
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help=f"{', '.join(PARTS)}; those with peers, seed and large excepted, when none is named",
    )
    parser.add_argument("--quick", action="store_true", help="short and small: does it run at all")
    parser.add_argument(
        "--s3", action="store_true", help="of seed: the volumes of design S3, which are all there are"
    )
    parser.add_argument(
        "--scale", type=float, help=f"of seed and large: a share of a year's volumes, {LEAST_SCALE} to 1"
    )
    given = parser.parse_args()
    if given.scale is not None and not LEAST_SCALE <= given.scale <= 1:
        parser.error(f"--scale is {LEAST_SCALE} to 1")
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    # servers must not stay behind when something ends us
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missed = False
    for name in given.parts or _USUAL:
        sized = {"scale": given.scale} if name in _SCALED else {}
        report = PARTS[name](quick=given.quick, **sized)
        report.publish()
        missed |= any(not target.is_met for target in report.targets)
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    sys.exit(main())
