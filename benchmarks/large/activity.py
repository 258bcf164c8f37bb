"""What people and visitors do that is no event: by month, with what is personal of it for as long as it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from benchmarks.catalogue import movie_sql, person_sql
from benchmarks.postgres import Conn

ACTIVITY_EVENTS = frozenset(
    ("movie_viewed", "recommendation_clicked", "movie_rated", "movie_favorited", "watchlist_item_added")
)
"""What of the log is activity, as the view `activity.log` has it."""

# the months that went by would have been made as those to come are
_MONTH = """
do $$ declare parent text; begin
  foreach parent in array array['actions', 'details'] loop
    if to_regclass(format('activity.%I', parent || '_{name}')) is null then
      execute format('create table activity.%I partition of activity.%I for values from (%L) to (%L)',
                     parent || '_{name}', parent, timestamptz '{low}', timestamptz '{low}' + interval '1 month');
    end if;
  end loop;
end $$"""

_ACTIONS = f"""
insert into activity.actions (id, occurred_at, action, session_id, user_id, movie_id, source)
select uuidv7(at - clock_timestamp()), at, action,
       md5(n || ' ' || is_visitor || ' ' || at::date)::uuid,
       case when not is_visitor then {person_sql("n")} end,
       case when action <> 'MOVIE_SEARCH' then {movie_sql("m")} end,
       case when action like 'EMAIL%%' then 'email' when action = 'PUSH_CLICK' then 'push'
            when n %% 3 = 0 then 'mobile' else 'web' end
  from (select at, is_visitor, 1 + floor(%(people)s * power(who, 2))::bigint * 1999 %% %(people)s as n,
               1 + floor(%(movies)s * power(what, 3))::bigint * 1999 %% %(movies)s as m,
               case when is_visitor then case when kind < 0.6 then 'MOVIE_VIEW' else 'MOVIE_SEARCH' end
                    when kind < 0.7 then 'MOVIE_SEARCH' when kind < 0.85 then 'EMAIL_OPEN'
                    when kind < 0.94 then 'EMAIL_CLICK' else 'PUSH_CLICK' end as action
          from (select %(low)s::timestamptz + (%(high)s::timestamptz - %(low)s) * random() as at,
                       random() < 0.2 as is_visitor, random() as who, random() as what, random() as kind
                  from generate_series(1, %(actions)s)) drawn
         order by at) acted"""
# the server says it a few seconds after they did, together with whatever else came in them
_VISITORS = """
insert into events (event_id, type, schema_version, movie_id, data, source, occurred_at, correlation_id)
select e, 'movie_viewed_by_visitors', 1, movie_id, jsonb_build_object('views', n), 'system', at, e
  from (select uuidv7() as e, movie_id, count(*) as n, max(occurred_at) as at from activity.actions
         where action = 'MOVIE_VIEW' and user_id is null and movie_id is not null
           and occurred_at >= %(low)s and occurred_at < %(high)s
         group by movie_id, date_bin('10 s', occurred_at, 'epoch')) seen
 order by at"""

_AGENTS = """array['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148']"""
_DETAILS = f"""
insert into activity.details (activity_id, occurred_at, user_id, phrase, address, user_agent, referrer)
select id, occurred_at, user_id,
       case when action = 'MOVIE_SEARCH' then (array['silver river', 'last train', 'moon', 'winter game'])[1 + h %% 4] end,
       ('10.' || h %% 200 || '.' || h / 200 %% 250 || '.0/24')::cidr, ({_AGENTS})[1 + h %% 3],
       case when h %% 3 = 0 then 'https://search.example/?q=films' end
  from (select *, abs(hashint8(abs(hashtext(id::text)))) / 2 as h from activity.log where occurred_at > %(since)s) acted"""


def make_month(conn: Conn, low: datetime) -> None:
    """Have the partitions of a month that began before this one."""
    conn.execute(_MONTH.format(name=f"{low:%Y_%m}", low=f"{low:%Y-%m}-01 00:00Z").encode())


def act(conn: Conn, span: dict[str, Any]) -> None:
    """Let people and visitors do `actions` from `low` to `high`, and the log know what visitors opened."""
    conn.execute(_ACTIONS, span)
    conn.execute(_VISITORS, span)


def keep_details(conn: Conn, since: datetime) -> int:
    """Write what is personal of what was done since then; return of how many actions."""
    return conn.execute(_DETAILS, {"since": since}).rowcount
