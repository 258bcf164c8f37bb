"""What people think of movies: the reaction and the stars, two independent axes of one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.pair import Reaction
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from projections.newest import dated, index, types, value
from projections.registry import Projection, Row, register
from projections.spec import pairs

_REACTION = (MovieReacted, ReactionCleared)
_STARS = (MovieRated, RatingCleared)
_REACTIONS = tuple(Reaction)
_REACTED = "data->>'reaction'"


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, (*_REACTION, *_STARS)):
        reacted = [e for e in events if isinstance(e.fact, _REACTION)]
        starred = [e for e in events if isinstance(e.fact, _STARS)]
        last = events[-1]
        yield (
            pair.user_id,
            pair.movie_id,
            pair.reaction,
            reacted[-1].position if reacted else 0,
            reacted[-1].occurred_at if reacted else None,
            pair.half_stars,
            starred[-1].position if starred else 0,
            starred[-1].occurred_at if starred else None,
            last.occurred_at,
            last.position,
        )


ratings = register(
    Projection(
        name="ratings",
        version=2,
        kind="state",
        inline=True,
        handles=(*_REACTION, *_STARS),
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "reaction": "text check (reaction in ('DISLIKE', 'OK', 'LIKE', 'SUPER_LIKE'))",
            "reaction_position": "bigint not null",
            "reacted_at": "timestamptz",
            "half_stars": "smallint check (half_stars between 1 and 10)",
            "stars_position": "bigint not null",
            "starred_at": "timestamptz",
            "rated_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        shown="follows_person(user_id) and shows_person(user_id)",
        indexes=(
            "(user_id, position desc) where reaction is not null or half_stars is not null",
            # the newest of everybody, as programs of design S3 ask
            "((reacted_at at time zone 'UTC')) where reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE')",
            "((starred_at at time zone 'UTC')) where half_stars is not null",
        ),
        groups={
            "reaction_position": ("reaction", "reacted_at"),
            "stars_position": ("half_stars", "starred_at"),
            "position": ("rated_at",),
        },
        rows=f"""
        select user_id, movie_id,
               {value(_REACTIONS, "reacted[3]::integer")}, coalesce(reacted[1], 0), to_timestamp(reacted[2]),
               starred[3], coalesce(starred[1], 0), to_timestamp(starred[2]),
               to_timestamp((greatest(reacted, starred))[2]), (greatest(reacted, starred))[1]
          from (select user_id, movie_id,
                       {dated(_REACTION, index(_REACTIONS, _REACTED))} as reacted,
                       {dated(_STARS, "(data->>'half_stars')::bigint")} as starred
                  from batch where type in ({types(*_REACTION, *_STARS)})
                 group by user_id, movie_id) as pair""",
        proof="""
        select coalesce(r.user_id, s.user_id), coalesce(r.movie_id, s.movie_id),
               r.data->>'reaction', coalesce(r.position, 0), r.occurred_at,
               (s.data->>'half_stars')::smallint, coalesce(s.position, 0), s.occurred_at,
               case when r.position > s.position or s.position is null then r.occurred_at else s.occurred_at end,
               greatest(r.position, s.position)
          from (select * from (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                                 from batch where type in ('movie_reacted', 'reaction_cleared')) x where n = 1) r
          full join (select * from (select *, row_number() over (partition by user_id, movie_id order by position desc)
                                         as n
                                      from batch where type in ('movie_rated', 'rating_cleared')) y where n = 1) s
            on r.user_id = s.user_id and r.movie_id = s.movie_id""",
        spec=_spec,
    )
)
