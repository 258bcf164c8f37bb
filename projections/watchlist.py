"""Movies people want to see, and how soon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.log import Recorded
from events.pair import Priority
from events.watchlist import WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved
from projections.newest import code_of, index, newest, position_of, types
from projections.registry import Projection, Row, register
from projections.spec import pairs

_HANDLES = (WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved)
_URGENT = (WatchlistItemAdded, WatchlistItemPrioritized)
_PRIORITIES = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
_URGENCY = {priority: urgency for urgency, priority in enumerate(_PRIORITIES, 1)}


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, _HANDLES):
        entered = [e for e in events if isinstance(e.fact, WatchlistItemAdded | WatchlistItemRemoved)][-1]
        urgent = [e for e in events if isinstance(e.fact, WatchlistItemAdded | WatchlistItemPrioritized)][-1]
        assert isinstance(urgent.fact, WatchlistItemAdded | WatchlistItemPrioritized)
        yield (
            pair.user_id,
            pair.movie_id,
            pair.priority is not None,
            entered.occurred_at,
            _URGENCY[urgent.fact.priority],
            urgent.position,
            entered.position,
        )


watchlist = register(
    Projection(
        name="watchlist",
        version=2,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "is_active": "boolean",
            "added_at": "timestamptz",
            "urgency": "smallint check (urgency between 1 and 3)",
            "urgency_position": "bigint not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        indexes=(
            "(user_id, position desc) include (movie_id, added_at, urgency) where is_active",
            "(user_id, urgency desc, position desc) include (movie_id, added_at) where is_active",
            # the newest of everybody, as programs of design S3 ask
            "((added_at at time zone 'UTC')) where is_active",
        ),
        groups={"urgency_position": ("urgency",), "position": ("is_active", "added_at")},
        rows=f"""
        select user_id, movie_id, entered[3] = 1, to_timestamp(entered[2]),
               {code_of("urgent")}, {position_of("urgent")}, coalesce(entered[1], 0)
          from (select user_id, movie_id,
                       max(array[position, date_part('epoch', occurred_at), (type = '{WatchlistItemAdded.type}')::integer])
                         filter (where type in ({types(WatchlistItemAdded, WatchlistItemRemoved)})) as entered,
                       {newest(index(_PRIORITIES, "data->>'priority'"), _URGENT)} as urgent
                  from batch where type in ({types(*_HANDLES)})
                 group by user_id, movie_id) as pair""",
        proof="""
        select e.user_id, e.movie_id, e.type = 'watchlist_item_added', e.occurred_at,
               (case u.data->>'priority' when 'HIGH' then 3 when 'MEDIUM' then 2 else 1 end)::smallint,
               u.position, e.position
          from (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where type in ('watchlist_item_added', 'watchlist_item_removed')) e
          join (select *, row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where type in ('watchlist_item_added', 'watchlist_item_prioritized')) u
            on u.user_id = e.user_id and u.movie_id = e.movie_id
         where e.n = 1 and u.n = 1""",
        spec=_spec,
    )
)
