"""A connection that breaks between the decision and the append: the lock is gone, so the decision is void."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from database.connect import session_conninfo
from database.errors import DatabaseUnavailable
from database.pipeline import Lane
from events.handle import Handler
from events.pair import Pair, PairEvent
from events.ratings import rate_movie
from events.window import Command
from projections.registry import fold_inline
from tests.events.writing import Conn


class Proxy:
    """Stands before PostgreSQL and can cut a connection right behind its next answer."""

    def __init__(self, conninfo: str) -> None:
        self._server = conninfo_to_dict(conninfo)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.conninfo = make_conninfo(
            conninfo,
            host="127.0.0.1",
            port=self._listener.getsockname()[1],
            sslmode="disable",
            gssencmode="disable",
        )
        self.cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._server.get("host") or "localhost"), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _pass_on(self, client: socket.socket) -> None:
        with client, self._connect() as server, suppress(OSError):
            other = {client: server, server: client}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(1 << 16)
                    other[source].sendall(data)
                    if not data:
                        return
                    if source is server and self.cut.is_set():
                        self.cut.clear()
                        return


@pytest.fixture
def proxy(conninfo: str) -> Iterator[Proxy]:
    proxy = Proxy(conninfo)
    yield proxy
    proxy.close()


async def test_a_decision_is_void_when_its_lock_is_lost(proxy: Proxy, connection: Conn) -> None:
    lane = Lane(session_conninfo(proxy.conninfo), wait_s=20)
    await lane.open()
    handler = Handler([lane], fold_inline)
    user = uuid4()

    def rating(movie: UUID) -> Command:
        def decide(pair: Pair, _: object) -> Sequence[PairEvent]:
            return rate_movie(pair, 7)

        return Command(user_id=user, movie_id=movie, decide=decide)

    assert len(await handler.handle(rating(uuid4()))) == 1
    for _ in range(10):
        session = lane.session
        proxy.cut.set()
        with pytest.raises(DatabaseUnavailable):
            await handler.handle(rating(uuid4()))
        assert len(await handler.handle(rating(uuid4()))) == 1
        assert lane.session == session + 1
    await lane.close()
    assert connection.execute("select count(*) from events").fetchone() == (11,)


def test_the_proxy_passes_everything_on(proxy: Proxy) -> None:
    with psycopg.connect(proxy.conninfo) as conn:
        assert conn.execute("select repeat('x', 1000000)").fetchone() == ("x" * 1_000_000,)
