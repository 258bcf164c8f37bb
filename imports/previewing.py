"""The preview of an upload: what would become of each thing that it says, kept until the person confirms it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from database.acting import act_for
from database.ids import uuid7
from events.decided import histories
from events.pair import Pair
from imports.deciding import Decision, Outcome, decide
from imports.matching import Match, match
from imports.reading import read_export
from imports.told import Film, Told, films_of

Conn = psycopg.Connection[tuple[Any, ...]]

GOOD_FOR = timedelta(days=1)
"""How long a preview can be confirmed."""

# One preview a person: a new upload takes its place.
_FORGET = "delete from imports where user_id = %s and status = 'PREVIEW'"
_EXPIRED = "delete from imports where status = 'PREVIEW' and expires_at < now()"
_KEEP = """
insert into imports (id, user_id, service, entries, skipped, expires_at)
values (%(id)s, %(user_id)s, %(service)s, %(entries)s, %(skipped)s, now() + %(good_for)s)"""
_COLUMNS = """import_id, number, user_id, kind, title, release_year, imdb_id, tmdb_id, movie_id, candidates,
  half_stars, scale, reaction, watched_on, said_at, key, outcome, held_half_stars, held_reaction, leaves_watchlist"""
# COPY writes into no table that has row-level security
_STAGE = (
    f"create temp table staged_entries on commit drop as select {_COLUMNS} from import_entries with no data"
)
_COPY = f"copy staged_entries ({_COLUMNS}) from stdin (format binary)"
_PUT = f"insert into import_entries ({_COLUMNS}) select {_COLUMNS} from staged_entries"
_COPY_TYPES = (
    *("uuid", "int4", "uuid", "text", "text", "int2", "text", "int4", "uuid", "uuid[]"),
    *("int2", "text", "text", "date", "timestamptz", "text", "text", "int2", "text", "bool"),
)
_KNOWN = "select key from import_entries where user_id = %s and is_recorded and key = any (%s)"


def preview(conn: Conn, user_id: UUID, name: str, body: bytes, most_stubs: int) -> UUID:
    """Read an upload (a file's name and bytes) and keep what would become of it; return the import's id.

    `most_stubs` movies at most may be made of ids that the catalogue lacks. `conn` is in no transaction.
    Raises BadExport.
    """
    latest = last_day()
    export = read_export(name, body, latest)
    told = export.settled()
    films = films_of(told)
    import_id = uuid7()
    with conn.transaction(), conn.cursor() as cursor:
        act_for(conn, user_id)
        matches = dict(zip(films, match(conn, films), strict=True))
        pairs = _pairs(conn, user_id, matches, _stubs(films, matches, most_stubs))
        known = known_keys(conn, user_id, [one.key for one in told])
        cursor.execute(_FORGET, (user_id,))
        cursor.execute(
            _KEEP,
            {
                "id": import_id,
                "user_id": user_id,
                "service": export.service,
                "entries": len(told),
                "skipped": Jsonb({what: count for what, count in export.skipped.items() if count}),
                "good_for": GOOD_FOR,
            },
        )
        cursor.execute(_STAGE)
        with cursor.copy(_COPY) as copy:
            copy.set_types(_COPY_TYPES)
            for number, (one, decision) in enumerate(_decisions(told, matches, pairs, known, latest), 1):
                copy.write_row((import_id, number, user_id, *_row(one, matches[one.film], decision)))
        cursor.execute(_PUT)
    return import_id


def last_day() -> date:
    """Return the last day that is not in the future somewhere on earth."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def known_keys(conn: Conn, user_id: UUID, keys: Sequence[str]) -> set[str]:
    """Return the records that an import of the person has recorded, and that was not undone."""
    return {key for (key,) in conn.execute(_KNOWN, (user_id, list(keys)))}


def forget_expired(conn: Conn) -> None:
    """Drop the previews that nobody confirmed in time."""
    conn.execute(_EXPIRED)


def _stubs(films: Sequence[Film], matches: dict[Film, Match], most: int) -> set[Film]:
    """Return the movies that would be made: those that are not in the catalogue and have an id."""
    unknown = (film for film in films if matches[film] == Match() and (film.imdb_id or film.tmdb_id))
    return {film for film, _ in zip(unknown, range(most), strict=False)}


def _pairs(
    conn: Conn, user_id: UUID, matches: dict[Film, Match], stubs: Collection[Film]
) -> dict[Film | UUID, Pair]:
    """Return where the person stands towards each movie: by its id, or as the export names it where it has none."""
    movie_ids = {found.movie_id for found in matches.values() if found.movie_id}
    history = histories(conn, user_id, movie_ids)
    pairs: dict[Film | UUID, Pair] = {
        movie_id: Pair(user_id, movie_id).when(event.fact for event in history.get(movie_id, ()))
        for movie_id in movie_ids
    }
    return pairs | {film: Pair(user_id, uuid7()) for film in stubs}


def _decisions(
    told: Sequence[Told],
    matches: dict[Film, Match],
    pairs: dict[Film | UUID, Pair],
    known: Collection[str],
    latest: date,
) -> Iterator[tuple[Told, Decision]]:
    """Decide one after the other, each on what those before it would leave."""
    for one in told:
        found = matches[one.film]
        place = found.movie_id or one.film
        if found.candidates:
            yield one, Decision(Outcome.AMBIGUOUS)
        elif place not in pairs:
            yield one, Decision(Outcome.UNMATCHED)
        elif one.key in known:
            yield one, Decision(Outcome.HERE)
        else:
            decision = decide(pairs[place], one, latest, uuid7())
            if decision.outcome is Outcome.NEW:
                pairs[place] = pairs[place].when(decision.facts)
            yield one, decision


def _row(one: Told, found: Match, decision: Decision) -> tuple[Any, ...]:
    film = one.film
    return (
        *(
            one.kind,
            film.title,
            film.year,
            film.imdb_id,
            film.tmdb_id,
            found.movie_id,
            list(found.candidates),
        ),
        *(one.half_stars, one.scale, one.reaction, one.watched_on, one.at, one.key, decision.outcome),
        *(decision.held_half_stars, decision.held_reaction, decision.leaves_watchlist),
    )
