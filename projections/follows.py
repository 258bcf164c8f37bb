"""Who follows whom, and who asks to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from events.follows import FOLLOW_EVENTS, Follow, FollowEvent, people_of
from events.log import Recorded
from projections.registry import Projection, Row, register
from projections.spec import erased


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    histories: defaultdict[tuple[UUID, UUID], list[Recorded]] = defaultdict(list)
    for event in sorted(log, key=lambda event: event.position):
        if isinstance(event.fact, FollowEvent) and not gone & set(people_of(event.fact)):
            histories[people_of(event.fact)].append(event)
    for people, history in histories.items():
        last, status = history[-1], Follow(*people).when(event.fact for event in history).status
        yield *people, status, last.occurred_at, last.position


follows = register(
    Projection(
        name="follows",
        version=1,
        kind="state",
        inline=True,
        handles=FOLLOW_EVENTS,
        columns={
            "user_id": "uuid not null",
            "followee_id": "uuid not null",
            "status": "text",
            "since": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "followee_id"),
        shown="opens_person(user_id) or opens_person(followee_id)",
        people=("user_id", "followee_id"),
        writable="may_follow(user_id, followee_id, status)",
        indexes=(
            "(followee_id, status, position desc) include (user_id) where status is not null",
            "(user_id, status, position desc) include (followee_id) where status is not null",
        ),
        rows="""
        select distinct on (follower, followee) follower, followee, status, since, position
          from (select user_id as follower, (data->>'followee_id')::uuid as followee,
                       case when type = 'user_unfollowed' then null
                            when (data->>'is_accepted')::boolean then 'FOLLOWING' else 'REQUESTED' end as status,
                       occurred_at as since, position
                  from batch where type in ('user_followed', 'user_unfollowed')
                 union all
                select (data->>'follower_id')::uuid, user_id,
                       case type when 'follower_accepted' then 'FOLLOWING'
                                 when 'follower_restored' then data->>'status' end, occurred_at, position
                  from batch where type in ('follower_accepted', 'follower_removed', 'follower_restored')) said
         order by follower, followee, position desc""",
        proof="""
        select pair[1], pair[2], status, occurred_at, position
          from (select *, max(position) over (partition by pair) as newest
                  from (select array[coalesce((data->>'follower_id')::uuid, user_id),
                                     case when data ? 'follower_id' then user_id else (data->>'followee_id')::uuid end]
                                 as pair,
                               case type when 'user_followed' then
                                           case data->>'is_accepted' when 'true' then 'FOLLOWING' else 'REQUESTED' end
                                         when 'follower_accepted' then 'FOLLOWING'
                                         when 'follower_restored' then data->>'status' end as status,
                               occurred_at, position
                          from batch where type like 'follower\\_%%' or type like 'user\\_%%followed') said) x
         where position = newest""",
        spec=_spec,
    )
)
