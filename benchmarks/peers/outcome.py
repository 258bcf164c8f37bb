"""What the bench of the peers comes to: ratios, figures, targets, a picture."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.measure import Sample
from benchmarks.peers.questions import ASGI, CACHED, OURS, PEERS, ROWS, VARIANTS
from benchmarks.queries import CONNECTIONS
from benchmarks.report import Report, Section, count, ms, times
from recsys.evaluation.bars import bars

LIMIT, UNPREPARED = "pgbench", "pgbench unprepared"
"""With statements prepared once a connection, and parsed and planned each time, as pgbench does unless it is told."""

Key = tuple[str, str, int]
"""The document, who answers, and over how many connections."""
Found = Mapping[Key, Sample]

# In the order of CONNECTIONS: how many times the fastest peer's rate, and pgbench's.
_OVER_PEERS = {
    "Movie": (2.1, 4.7, 5.8),
    "Movies": (2.3, 2.7, 4.3),
    "Home": (1.7, 3.3, 4.9),
    "Ratings": (1.6, 2.7, 2.7),
    "Rate": (1.9, 3.0, 3.9),
}
_OVER_LIMIT = {
    "Movie": (None, 0.75, 1.4),
    "Movies": (None, 0.9, 1.6),
    "Home": (None, 1.05, 1.5),
    "Ratings": (None, 0.65, 1.4),
    "Rate": (None, 0.85, 2.0),
}
_CACHED_OVER_PEERS = {"Movies": 6.4, "Home": 5.8, "Ratings": 5.8}
"""At 16 connections."""
_ASGI_OVER_OURS = 0.6
_SLOWEST_P99 = 0.5
"""At 16 connections, of the fastest peer's."""
_MEMORY_MB = 110


def report(about: dict[str, str], quick: bool, found: Found, memory: Mapping[str, float]) -> Report:
    """Return tables, targets and the picture; `memory` is in MB, by server."""
    made = Report("peers", about, quick)
    made.sections = [_ratios(found), *(_figures(found, n) for n in CONNECTIONS), _memory(memory)]
    _targets(made, found, memory)
    panels = {
        f"{title}, {n} connection{'s' if n > 1 else ''}": {
            who: found[name, who, n].rate for who in (*VARIANTS, *PEERS, LIMIT)
        }
        for name, title in ROWS.items()
        for n in CONNECTIONS
    }
    made.pictures["peers.svg"] = bars("Requests a second", panels, columns=len(CONNECTIONS), first=OURS)
    made.raw = {f"{name}, {who}, {n}": sample.told() for (name, who, n), sample in found.items()}
    made.raw["memory_mb"] = {server: round(mb, 1) for server, mb in memory.items()}
    return made


def _fastest(found: Found, name: str, connections: int) -> str:
    return max(PEERS, key=lambda peer: found[name, peer, connections].rate)


def _over(found: Found, name: str, connections: int, other: str, ours: str = OURS) -> float:
    return found[name, ours, connections].rate / found[name, other, connections].rate


def _ratios(found: Found) -> Section:
    section = Section(
        "How many times the requests a second of the fastest peer, and of pgbench",
        (
            "",
            *(f"÷ fastest peer, {n}" for n in CONNECTIONS),
            *(f"movies cached, {n}" for n in CONNECTIONS[1:]),
            *(f"÷ {who}, {n}" for who in (LIMIT, UNPREPARED) for n in CONNECTIONS[1:]),
            "the fastest peer",
        ),
        note="The numbers are those of connections. pgbench runs the statement that the document compiles to, of the rating"
        " one that inserts the event and writes what our server folds it into: prepared once a connection, and parsed and"
        " planned each time, as it does unless it is told.",
    )
    for name, title in ROWS.items():
        fastest = {n: _fastest(found, name, n) for n in CONNECTIONS}
        section.rows.append(
            (
                title,
                *(times(_over(found, name, n, fastest[n])) for n in CONNECTIONS),
                *(times(_over(found, name, n, fastest[n], CACHED)) for n in CONNECTIONS[1:]),
                *(times(_over(found, name, n, who)) for who in (LIMIT, UNPREPARED) for n in CONNECTIONS[1:]),
                ", ".join(dict.fromkeys(fastest.values())),
            )
        )
    return section


def _figures(found: Found, connections: int) -> Section:
    section = Section(
        f"Over {connections} connection{'s' if connections > 1 else ''}",
        ("", "requests/s", "p50 ms", "p99 ms", "server µs", "PG µs"),
        note="µs are CPU microseconds a request, of the server and of PostgreSQL.",
    )
    for name, title in ROWS.items():
        for who in (*VARIANTS, *PEERS, LIMIT, UNPREPARED):
            sample = found[name, who, connections]
            server = sample.cpu_us.get("server")
            section.rows.append(
                (
                    *(f"{title}: {who}", count(sample.rate), ms(sample.p50_ms), ms(sample.p99_ms)),
                    *("" if server is None else count(server), count(sample.cpu_us["PostgreSQL"])),
                )
            )
    return section


def _memory(memory: Mapping[str, float]) -> Section:
    section = Section("Resident memory after all that", ("", "MB"))
    section.rows += [(server, count(mb)) for server, mb in memory.items()]
    return section


def _targets(made: Report, found: Found, memory: Mapping[str, float]) -> None:
    for name, title in ROWS.items():
        for at, n in enumerate(CONNECTIONS):
            peer = _fastest(found, name, n)
            ratio = _over(found, name, n, peer)
            made.at_least(f"{title} at {n} ÷ the fastest peer ({peer})", _OVER_PEERS[name][at], ratio)
            wanted = _OVER_LIMIT[name][at]
            if wanted is not None:
                for who in (LIMIT, UNPREPARED):
                    made.at_least(f"{title} at {n} ÷ {who}", wanted, _over(found, name, n, who))
            made.at_least(f"{title} at {n}, plain ASGI", _ASGI_OVER_OURS, _over(found, name, n, OURS, ASGI))
        peer = _fastest(found, name, 16)
        if name in _CACHED_OVER_PEERS:
            ratio = _over(found, name, 16, peer, CACHED)
            made.at_least(
                f"{title} at 16, movies cached, ÷ the fastest peer", _CACHED_OVER_PEERS[name], ratio
            )
        p99 = found[name, OURS, 16].p99_ms / found[name, peer, 16].p99_ms
        made.at_most(f"{title}, p99 at 16 ÷ the fastest peer's ({peer})", _SLOWEST_P99, p99)
    made.at_most("resident memory, MB", _MEMORY_MB, memory[OURS])
