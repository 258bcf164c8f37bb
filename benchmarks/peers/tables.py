"""What the peers write to: an event log and read tables like ours, in a schema of their own."""

from __future__ import annotations

from benchmarks.catalogue import MOVIES, PEOPLE, movie_sql, person_sql
from benchmarks.postgres import Database

# The same columns, indexes and rows; plain tables, without the log's partitions and triggers.
_TABLES = """
create schema peer;
create sequence peer.position;
create table peer.events (like public.events including all);
alter table peer.events alter column position set default nextval('peer.position');
insert into peer.events select * from public.events;
select setval('peer.position', (select max(position) from peer.events));
create table peer.ratings (like read.ratings including all);
insert into peer.ratings select * from read.ratings;
create table peer.viewing_states (like read.viewing_states including all);
insert into peer.viewing_states select * from read.viewing_states;
create table peer.history (like read.history including all);
insert into peer.history select * from read.history;
grant usage on schema peer to projectionist_app;
grant usage on sequence peer.position to projectionist_app;
grant select, insert, update on all tables in schema peer to projectionist_app"""


def make(db: Database) -> None:
    """Make the tables, of what the database holds now."""
    with db.owner() as owner:
        owner.execute(_TABLES)
        owner.execute("vacuum analyze")
    db.settle()


RATE = f"""\\set person random(1, {PEOPLE})
\\set movie random(1, {MOVIES})
\\set half_stars random(1, 10)
with movie as (select id from movies where id = {movie_sql(":movie::integer")}),
event as (
  insert into peer.events (event_id, type, user_id, movie_id, data, correlation_id)
  select uuidv7(), 'movie_rated', {person_sql(":person::integer")}, id,
         jsonb_build_object('half_stars', :half_stars::smallint), uuidv7() from movie
  returning position, event_id, type, user_id, movie_id, occurred_at
),
rating as (
  insert into peer.ratings (user_id, movie_id, reaction_position, half_stars, stars_position, starred_at, rated_at, position)
  select user_id, movie_id, 0, :half_stars::smallint, position, occurred_at, occurred_at, position from event
  on conflict (user_id, movie_id) do update set half_stars = excluded.half_stars,
    stars_position = excluded.stars_position, starred_at = excluded.starred_at, rated_at = excluded.rated_at,
    position = excluded.position
),
state as (
  insert into peer.viewing_states (user_id, movie_id, status, status_position, watch_count, watch_position,
                                   viewed_position, last_interaction_at, position)
  select user_id, movie_id, 'SEEN', position, 0, 0, 0, occurred_at, position from event
  on conflict (user_id, movie_id) do update set status = excluded.status, status_position = excluded.status_position,
    last_interaction_at = excluded.last_interaction_at, position = excluded.position
),
history as (
  insert into peer.history (user_id, position, movie_id, event_id, type, occurred_at)
  select user_id, position, movie_id, event_id, type, occurred_at from event
)
select position, occurred_at from event;
"""
"""A rating as one statement for `pgbench`: the event, and every table that our server folds it into."""
