"""What people are shown and sent: slates with clicks, and messages with how far each came and the texts still kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.keys import Keys
from accounts.sealed_columns import NOTIFICATION
from benchmarks.catalogue import device_sql, movie_sql, person, person_sql
from benchmarks.large.people import batches
from benchmarks.postgres import Conn
from events.notifications import NotificationKind
from notifications.content import Content, Item
from notifications.sending import KEPT, LEASE

SLATES = 6
"""Of each person in a year."""
PLACES = 20
"""Movies of a slate: the known ones more often, none twice."""
MESSAGES = 20
"""To each person in a year."""

_MANY = f"(k + floor((%(movies)s - {PLACES}) * power((k + random()) / {PLACES}, 3))::bigint)"
_SCATTERED = f"{_MANY} * 1999 %% %(movies)s + 1"
# without a model the server shows what is trending, and says so
_SLATES = f"""
with shown as materialized (
  select n, %(low)s::timestamptz + (%(high)s::timestamptz - %(low)s) * random() as at, uuidv7() as slate_id,
         array(select {movie_sql(_SCATTERED)} from generate_series(0, {PLACES - 1}) k
                where n is not null order by random()) as movies
    from generate_series(1, %(people)s) n cross join generate_series(1, {SLATES}) again
   where random() < %(share)s
), served as (
  insert into events (event_id, type, schema_version, user_id, data, source, occurred_at, correlation_id)
  select slate_id, 'recommendations_served', 1, {person_sql("n")},
         jsonb_build_object('slate_id', slate_id, 'algorithm', 'TRENDING', 'model_id', null, 'first_rank', 1,
                            'movie_ids', to_jsonb(movies),
                            'scores', (select jsonb_agg(round(1 - k / 40.0, 6)) from generate_series(1, {PLACES}) k),
                            'propensities', (select jsonb_agg(1.0) from generate_series(1, {PLACES}) k)),
         'system', at, slate_id
    from shown order by at
  returning user_id, data, occurred_at
)
insert into events (event_id, type, schema_version, user_id, movie_id, data, occurred_at, correlation_id)
select uuidv7(), 'recommendation_clicked', 1, user_id,
       (data->'movie_ids'->>(floor(power(random(), 2) * {PLACES})::integer))::uuid,
       jsonb_build_object('slate_id', data->'slate_id'), occurred_at + interval '40 s', uuidv7()
  from served where random() < 0.6"""

# a message a person has of twenty in 52 weeks, in other weeks than the others: three digests, then an alert
_MESSAGES = f"""
create temp table told_messages on commit drop as
select uuidv7() as id, n, {person_sql("n")} as user_id, kind, channel,
       case when kind = 'WEEKLY_DIGEST' then monday else monday + 2 end as period,
       case when channel = 'PUSH' then {device_sql("n")} end as device_id,
       array(select {movie_sql(_SCATTERED.replace(str(PLACES), "6"))} from generate_series(0, 5) k
              where n is not null order by random()) as movies,
       monday + case when kind = 'WEEKLY_DIGEST' then 0 else 2 end + time '09:00' + interval '5 min' * random() as at,
       n %% 2 = 0 as opens, n %% 5 < 2 as clicks, random() as fate
  from (select n, date_trunc('week', %(first)s::timestamptz)::date + 7 * week as monday,
               case when j %% 4 < 3 then 'WEEKLY_DIGEST' else 'RECOMMENDATIONS' end as kind,
               case when j %% 4 = 3 and n %% 10 < 3 then 'PUSH' else 'EMAIL' end as channel
          from generate_series(1, %(people)s) n cross join generate_series(0, {MESSAGES - 1}) j
         cross join lateral (select floor((j + mod(n * 7919, 100) / 100.0) * 52 / {MESSAGES})::integer as week) w) m
 where monday >= %(low)s::date and monday < %(high)s::date"""
_ENVELOPE = """
insert into events (event_id, type, schema_version, user_id, data, source, occurred_at, correlation_id)"""
_QUEUED = f"""{_ENVELOPE}
select e, 'notification_queued', 1, user_id,
       jsonb_build_object('notification_id', id, 'kind', kind, 'channel', channel, 'period', period,
                          'device_id', device_id, 'movie_ids', to_jsonb(movies)),
       'system', at, e
  from (select *, uuidv7() as e from told_messages) m order by at"""
_MOVES = f"""{_ENVELOPE}
select e, type, 1, user_id, data, 'system', later, e
  from (select *, uuidv7() as e from (
    select user_id, 'notification_sent' as type, jsonb_build_object('notification_id', id, 'attempt', 1) as data,
           at + interval '20 s' as later from told_messages where fate >= 0.01
    union all
    select user_id, 'notification_failed', jsonb_build_object('notification_id', id, 'reason', 'REFUSED'),
           at + interval '20 s' from told_messages where fate < 0.01
    union all
    select user_id, 'notification_delivered', jsonb_build_object('notification_id', id),
           at + interval '30 s' from told_messages where fate >= 0.4
    union all
    select user_id, 'notification_opened', jsonb_build_object('notification_id', id),
           at + interval '2 h' from told_messages where fate >= 0.5 and opens
    union all
    select user_id, 'notification_clicked', jsonb_build_object('notification_id', id, 'clicked_movie_id', movies[1]),
           at + interval '3 h' from told_messages where fate >= 0.8 and clicks) moved) m
 order by later"""

_TEXTS = """
select q.event_id, q.user_id, q.data->>'kind', q.data->>'channel', (q.data->>'period')::date,
       (q.data->>'device_id')::uuid, (q.data->>'notification_id')::uuid, q.occurred_at,
       (select jsonb_agg(jsonb_build_array(m.id, m.title, m.release_year) order by i.n)
          from jsonb_array_elements_text(q.data->'movie_ids') with ordinality as i (id, n)
          join movies m on m.id = i.id::uuid)
  from events q
 where q.user_id = any (%s) and q.type = 'notification_queued' and q.occurred_at > %s"""
_OUTBOX = """
copy outbox (id, user_id, kind, channel, period, device_id, movie_ids, content_sealed, attempts, next_attempt_at, queued_at,
             finished_at) from stdin (format binary)"""
_TYPES = "uuid uuid text text date uuid uuid[] bytea int2 timestamptz timestamptz timestamptz"
_WHY = "Because you liked what is like it"


def show_slates(conn: Conn, span: dict[str, Any]) -> int:
    """Append what people were shown from `low` to `high`, a `share` of the year, and what they opened of it."""
    return conn.execute(_SLATES, span).rowcount


def send(conn: Conn, span: dict[str, Any]) -> int:
    """Append the messages of the weeks that begin from `low` to `high`; return how many there were."""
    with conn.transaction():
        count = conn.execute(_MESSAGES, span).rowcount
        conn.execute(_QUEUED)
        conn.execute(_MOVES)
    return count


def keep_texts(conn: Conn, keys: Keys, people: int, now: datetime, advance: Callable[[int], None]) -> None:
    """Put the texts of the messages that are not forgotten yet into the outbox, sealed."""
    for numbers in batches(people):
        data_keys = keys.fetch(conn, [person(n) for n in numbers])
        rows = conn.execute(_TEXTS, (list(data_keys), now - KEPT)).fetchall()
        with conn.cursor() as cursor, cursor.copy(_OUTBOX) as copy:
            copy.set_types(_TYPES.split())
            for _, user_id, kind, channel, period, device_id, message_id, at, movies in rows:
                items = [Item(UUID(movie_id), title, year, _WHY) for movie_id, title, year in movies]
                sealed = data_keys[user_id].seal(NOTIFICATION, Content(NotificationKind(kind), items).text())
                ids = [item.movie_id for item in items]
                sent = at + timedelta(seconds=20)
                copy.write_row(
                    (
                        message_id,
                        user_id,
                        kind,
                        channel,
                        period,
                        device_id,
                        ids,
                        sealed,
                        1,
                        at + LEASE,
                        at,
                        sent,
                    )
                )
        advance(len(numbers))
