"""What a person said about movies up to this moment: one statement over tables that appends fold: never late."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from events.pair import Reaction, Status
from projections.newest import index
from recsys.scoring import History
from recsys.weights import REACTIONS, is_disliked, is_positive, weigh

_FIELDS = ("movie", "reaction", "half_stars", "favorite", "watched", "listed", "dismissed")

# The order is that of the newest opinion that holds, else of the watchlist, else of anything, as in `reading.py`.
_OPINION = """
greatest(case when r.reaction is not null then r.reaction_position end,
         case when r.half_stars is not null then r.stars_position end, case when f.is_active then f.position end)"""
TOLD = f"""
select concat(string_agg(concat_ws(',', database_id, reaction, half_stars, favorite, watched, listed, dismissed), ','
                         order by said), ';',
              (select string_agg(g.database_id::text, ',') from favorite_genres f
                 join genres g on g.id = any (f.genre_ids) where f.user_id = {{user}}))
  from (select m.database_id, coalesce({index(tuple(Reaction), "r.reaction")}, 0) as reaction,
               coalesce(r.half_stars, 0) as half_stars, coalesce(f.is_active, false)::integer as favorite,
               (s.watch_count > 0 or s.status is not distinct from '{Status.SEEN}')::integer as watched,
               coalesce(w.is_active, false)::integer as listed,
               coalesce(s.status = '{Status.NOT_INTERESTED}', false)::integer as dismissed,
               coalesce({_OPINION}, case when w.is_active then w.position end, s.position) as said
          from viewing_states s
          join movies m on m.id = s.movie_id
          left join ratings r on r.user_id = s.user_id and r.movie_id = s.movie_id
          left join favorites f on f.user_id = s.user_id and f.movie_id = s.movie_id
          left join watchlist w on w.user_id = s.user_id and w.movie_id = s.movie_id
         where s.user_id = {{user}}) as told"""
"""Given who it is about, the statement whose one value `history` and `chosen_genres` take."""


def history(told: bytes, movies: int) -> History:
    """Return the history of a person, as far as it is about movies below this `database_id`.

    Known are movies of which more was said than that they are on the watchlist, or were looked at.
    """
    pairs, _, _ = told.partition(b";")
    numbers = np.fromstring(pairs, np.int64, sep=",") if pairs else np.zeros(0, np.int64)
    rows = numbers.reshape(-1, len(_FIELDS))
    return of_pairs(dict(zip(_FIELDS, rows[rows[:, 0] < movies].T, strict=True)))


def of_pairs(said: Mapping[str, NDArray[np.int64]]) -> History:
    """Return the history of a person of whom this holds, a movie a row in the order of the actions.

    Beside `movie` there is `reaction`, the place of it in `Reaction` from 1; 0 stands for none, there and in the others.
    """
    weight = weigh(
        reaction=np.array([np.nan, *(REACTIONS[reaction] for reaction in Reaction)])[said["reaction"]],
        half_stars=said["half_stars"],
        favorite=said["favorite"],
        watched=said["watched"],
        listed=said["listed"],
        dismissed=said["dismissed"],
        viewed=np.zeros_like(said["movie"]),
    )
    known = said["reaction"] + said["half_stars"] + said["favorite"] + said["watched"] + said["dismissed"] > 0
    movie, liked = said["movie"].astype(np.int32), is_positive(weight)
    return History(
        liked=movie[liked],
        weights=weight[liked],
        disliked=movie[is_disliked(weight)],
        known=movie[known],
    )


def chosen_genres(told: bytes) -> list[int]:
    """Return the genres that the person chose, by their `database_id`."""
    _, _, genres = told.partition(b";")
    return [int(each) for each in genres.split(b",") if each]
