"""The genres that people chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.genres import FavoriteGenresChosen
from events.log import Recorded
from projections.registry import Projection, Row, register
from projections.spec import erased


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    last: dict[object, Row] = {}
    gone = erased(log)
    for event in sorted(log, key=lambda event: event.position):
        fact = event.fact
        if isinstance(fact, FavoriteGenresChosen) and fact.user_id not in gone:
            last[fact.user_id] = fact.user_id, fact.genre_ids, event.occurred_at, event.position
    return last.values()


favorite_genres = register(
    Projection(
        name="favorite_genres",
        version=1,
        kind="state",
        inline=True,
        handles=(FavoriteGenresChosen,),
        columns={
            "user_id": "uuid not null",
            "genre_ids": "uuid[] not null",
            "chosen_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id",),
        rows="""
        select distinct on (user_id) user_id,
               array(select id::uuid from jsonb_array_elements_text(data->'genre_ids') with ordinality as g (id, n)
                      order by n),
               occurred_at, position
          from batch
         where type = 'favorite_genres_chosen'
         order by user_id, position desc""",
        proof="""
        select user_id, coalesce((select array_agg(g.value::uuid order by g.ordinality)
                                    from jsonb_array_elements_text(x.data->'genre_ids') with ordinality as g), '{}'),
               occurred_at, position
          from (select *, row_number() over (partition by user_id order by position desc) as n
                  from batch where type = 'favorite_genres_chosen') x
         where n = 1""",
        spec=_spec,
    )
)
