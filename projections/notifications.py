"""Messages that people were sent, and how far each came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from events.facts import Event
from events.log import Recorded
from events.notifications import (
    NOTIFICATION_EVENTS,
    Notification,
    NotificationClicked,
    NotificationDelivered,
    NotificationEvent,
    NotificationFailed,
    NotificationOpened,
    NotificationQueued,
    NotificationSent,
)
from projections.newest import types
from projections.registry import Projection, Row, register
from projections.spec import erased

_MOVES: Mapping[str, type[Event]] = {
    "sent": NotificationSent,
    "delivered": NotificationDelivered,
    "opened": NotificationOpened,
    "clicked": NotificationClicked,
    "failed": NotificationFailed,
}


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    gone = erased(log)
    histories: defaultdict[tuple[UUID, UUID], list[Recorded]] = defaultdict(list)
    for event in sorted(log, key=lambda event: event.position):
        if isinstance(event.fact, NotificationEvent) and event.fact.user_id not in gone:
            histories[event.fact.user_id, event.fact.notification_id].append(event)
    for key, history in histories.items():
        queued = history[0].fact
        assert isinstance(queued, NotificationQueued)
        at: dict[type[Event], tuple[datetime, int]] = {
            type(event.fact): (event.occurred_at, event.position) for event in history
        }
        last = history[-1]
        yield (
            *key,
            Notification(*key).when(event.fact for event in history).status,
            last.position,
            queued.kind,
            queued.channel,
            queued.period,
            queued.device_id,
            *at[NotificationQueued],
            *(value for move in _MOVES.values() for value in at.get(move, (None, 0))),
            last.fact.reason if isinstance(last.fact, NotificationFailed) else None,
        )


def _of(fact: type[Event], value: str) -> str:
    """Return the one value that a message's only fact of a kind has."""
    return f"min({value}) filter (where type = '{fact.type}')"


def _times(fact: type[Event]) -> str:
    return f"{_of(fact, 'occurred_at')}, coalesce({_of(fact, 'position')}, 0)"


notifications = register(
    Projection(
        name="notifications",
        version=1,
        kind="state",
        inline=True,
        handles=NOTIFICATION_EVENTS,
        columns={
            "user_id": "uuid not null",
            "notification_id": "uuid not null",
            "status": "text not null",
            "position": "bigint not null",
            "kind": "text",
            "channel": "text",
            "period": "date",
            "device_id": "uuid",
            "queued_at": "timestamptz",
            "queued_position": "bigint not null",
            **{
                column: kind
                for move in _MOVES
                for column, kind in ((f"{move}_at", "timestamptz"), (f"{move}_position", "bigint not null"))
            },
            "failure": "text",
        },
        key=("user_id", "notification_id"),
        indexes=("(user_id, queued_position desc)", "(notification_id)"),
        groups={
            "position": ("status",),
            "queued_position": ("kind", "channel", "period", "device_id", "queued_at"),
            **{
                f"{move}_position": (f"{move}_at", *(("failure",) if move == "failed" else ()))
                for move in _MOVES
            },
        },
        rows=f"""
        select user_id, (data->>'notification_id')::uuid,
               upper(split_part((array_agg(type order by position desc))[1], '_', 2)), max(position),
               {_of(NotificationQueued, "data->>'kind'")}, {_of(NotificationQueued, "data->>'channel'")},
               ({_of(NotificationQueued, "data->>'period'")})::date,
               ({_of(NotificationQueued, "data->>'device_id'")})::uuid, {_times(NotificationQueued)},
               {", ".join(_times(move) for move in _MOVES.values())},
               {_of(NotificationFailed, "data->>'reason'")}
          from batch where type in ({types(*NOTIFICATION_EVENTS)})
         group by user_id, data->>'notification_id'""",
        proof="""
        select q.user_id, (q.data->>'notification_id')::uuid,
               case greatest(q.position, s.position, d.position, o.position, c.position, f.position)
                 when f.position then 'FAILED' when c.position then 'CLICKED' when o.position then 'OPENED'
                 when d.position then 'DELIVERED' when s.position then 'SENT' else 'QUEUED' end,
               greatest(q.position, s.position, d.position, o.position, c.position, f.position),
               q.data->>'kind', q.data->>'channel', (q.data->>'period')::date, (q.data->>'device_id')::uuid,
               q.occurred_at, q.position,
               s.occurred_at, coalesce(s.position, 0), d.occurred_at, coalesce(d.position, 0),
               o.occurred_at, coalesce(o.position, 0), c.occurred_at, coalesce(c.position, 0),
               f.occurred_at, coalesce(f.position, 0), f.data->>'reason'
          from batch q
          left join batch s on s.type = 'notification_sent' and s.user_id = q.user_id
                           and s.data->>'notification_id' = q.data->>'notification_id'
          left join batch d on d.type = 'notification_delivered' and d.user_id = q.user_id
                           and d.data->>'notification_id' = q.data->>'notification_id'
          left join batch o on o.type = 'notification_opened' and o.user_id = q.user_id
                           and o.data->>'notification_id' = q.data->>'notification_id'
          left join batch c on c.type = 'notification_clicked' and c.user_id = q.user_id
                           and c.data->>'notification_id' = q.data->>'notification_id'
          left join batch f on f.type = 'notification_failed' and f.user_id = q.user_id
                           and f.data->>'notification_id' = q.data->>'notification_id'
         where q.type = 'notification_queued'""",
        spec=_spec,
    )
)
