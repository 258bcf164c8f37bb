"""What is copied from outside services, and how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import class_row

from catalog.rows import Offer

Conn = psycopg.Connection[Any]
Service = Literal["tmdb", "omdb"]

_TARGETS = """
select m.id, m.tmdb_id, m.imdb_id, t.etag, t.movie_id is null or t.due_at <= now() as tmdb_is_due,
       m.imdb_id is not null and (o.movie_id is null or o.due_at <= now()) as omdb_is_due
  from movies m
  left join movie_copies t on t.movie_id = m.id and t.source = 'tmdb'
  left join movie_copies o on o.movie_id = m.id and o.source = 'omdb'
 where m.id = any (%s::uuid[]) order by m.id"""
_COPIED = """
with told as (select * from unnest(%(ids)s::uuid[], %(keys)s::text[], %(etags)s::text[]) as told (id, key, etag))
insert into movie_copies as have (movie_id, source, etag, fetched_at, stale_at)
select m.id, %(source)s, max(copied.etag), now(), now() + make_interval(days => %(days)s)
  from (select id, etag from told
        union select x.movie_id, told.etag from told
          join movie_external_ids x on x.source = %(source)s and x.external_id = told.key) copied
  join movies m on m.id = copied.id and coalesce(m.tmdb_id::text, m.imdb_id) is not null
 group by m.id
on conflict (movie_id, source) do update
  set etag = coalesce(excluded.etag, have.etag), fetched_at = now(), stale_at = excluded.stale_at,
      retry_at = null, failure = null"""
_FAILED = """
insert into movie_copies as have (movie_id, source, stale_at, retry_at, failure)
select id, %(source)s, now(), now() + make_interval(days => %(days)s), %(failure)s from movies where id = %(id)s
on conflict (movie_id, source) do update
  set stale_at = least(have.stale_at, now()), retry_at = excluded.retry_at, failure = excluded.failure"""
_OFFERED = """
with told as (select x.movie_id, o.* from movie_external_ids x
  join unnest(%(keys)s::text[], %(offers)s::jsonb[]) as copied (key, offers)
    on x.source = 'tmdb' and x.external_id = copied.key
 cross join lateral jsonb_to_recordset(copied.offers)
    as o (country text, kind text, provider text, logo_path text, url text)),
removed as (
  delete from movie_offers have
   where have.movie_id in (select movie_id from movie_external_ids where source = 'tmdb' and external_id = any (%(keys)s))
     and not exists (select from told t where (t.movie_id, t.country, t.kind, t.provider)
       = (have.movie_id, have.country, have.kind, have.provider)))
insert into movie_offers as have (movie_id, country, kind, provider, logo_path, url)
select distinct on (movie_id, country, kind, provider) movie_id, country, kind, provider, logo_path, url from told
on conflict (movie_id, country, kind, provider) do update set logo_path = excluded.logo_path, url = excluded.url
where (have.logo_path, have.url) is distinct from (excluded.logo_path, excluded.url)"""
_GENRES = """
update genres g set tmdb_id = told.tmdb_id
  from unnest(%(slugs)s::text[], %(ids)s::integer[]) as told (slug, tmdb_id)
 where g.slug = told.slug and g.tmdb_id is null
   and not exists (select from genres other where other.tmdb_id = told.tmdb_id)"""
_STALE = "select movie_id from movie_copies where source = %s and due_at <= now() order by movie_id"
_STUBS = "select id from movies where title = '' and (tmdb_id is not null or imdb_id is not null) order by id"
_RATEABLE = "select id from movies where imdb_id is not null order by id"


@dataclass(frozen=True, slots=True)
class Target:
    """A movie to fetch, and of which service."""

    id: UUID
    tmdb_id: int | None
    imdb_id: str | None
    etag: str | None
    tmdb_is_due: bool
    omdb_is_due: bool


def targets(conn: Conn, movie_ids: Sequence[UUID]) -> list[Target]:
    """Return the movies with what is due of them."""
    with conn.cursor(row_factory=class_row(Target)) as cursor:
        return cursor.execute(_TARGETS, (list(movie_ids),)).fetchall()


def copied(
    conn: Conn, source: Service, told: Sequence[tuple[UUID, str | None, str | None]], days: int
) -> None:
    """Note that movies are as the service has them now; stale after so many days.

    `told` has a movie, the service's id of it (None where nothing changed), and the ETag.
    """
    ids, keys, etags = zip(*told, strict=True) if told else ((), (), ())
    given = {"source": source, "ids": list(ids), "keys": list(keys), "etags": list(etags), "days": days}
    conn.execute(_COPIED, given)


def failed(conn: Conn, source: Service, movie_id: UUID, failure: str, days: int) -> None:
    """Note why a service did not say anything of a movie; what it said before stays, and is stale."""
    conn.execute(_FAILED, {"source": source, "id": movie_id, "failure": failure, "days": days})


def set_offers(conn: Conn, offers: dict[str, Sequence[Offer]]) -> None:
    """Replace what is known of where movies can be seen, by their TMDb ids."""
    told = [orjson.dumps([asdict(each) for each in some]).decode() for some in offers.values()]
    conn.execute(_OFFERED, {"keys": list(offers), "offers": told})


def set_genre_ids(conn: Conn, ids: dict[str, int]) -> None:
    """Note TMDb's ids of genres, by slug, where they are not known."""
    conn.execute(_GENRES, {"slugs": list(ids), "ids": list(ids.values())})


def stale(conn: Conn, source: Service) -> list[UUID]:
    """Return the movies whose copy is older than it should be."""
    return [row[0] for row in conn.execute(_STALE, (source,))]


def stubs(conn: Conn) -> list[UUID]:
    """Return the movies that have an id and no title."""
    return [row[0] for row in conn.execute(_STUBS)]


def rateable(conn: Conn) -> list[UUID]:
    """Return the movies that OMDb may know."""
    return [row[0] for row in conn.execute(_RATEABLE)]
