"""A TCP proxy before a server, which can do to its clients what networks do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum, auto

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Reach = Callable[[], Awaitable[Streams]]
"""Opens a connection to the server behind."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a socket send RST instead of FIN."""


class Fault(Enum):
    """What happens to connections while it lasts."""

    CUT = auto()
    """They are reset, again and again; new ones are taken."""
    REFUSE = auto()
    """They are reset, and nobody listens."""
    SWALLOW = auto()
    """They stand, and new ones too, but nothing comes through ever again, not even that a side has closed."""
    STALL = auto()
    """Nothing comes through until it is over, then everything does."""
    SLOW = auto()
    """Everything comes through, late."""


class Proxy:
    """Listens at `port` of 127.0.0.1 and passes on what comes, as far as the fault of the moment lets it."""

    CUT_EVERY_S = 0.2

    def __init__(self, reach: Reach, *, delay_s: float = 0.3) -> None:
        self._reach = reach
        self._delay_s = delay_s
        self._fault: Fault | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._passing: dict[asyncio.Task[None], asyncio.Event] = {}
        """Each connection, and whether what it says is swallowed."""
        self._server: asyncio.Server | None = None
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]

    async def __aenter__(self) -> Proxy:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._refuse()
        await self._reset()
        self._place.close()

    @contextlib.asynccontextmanager
    async def suffers(self, fault: Fault) -> AsyncIterator[None]:
        """Have a fault as long as the block lasts."""
        self._fault = fault
        cutting = asyncio.create_task(self._cut()) if fault is Fault.CUT else None
        if fault is Fault.REFUSE:
            await self._refuse()
            await self._reset()
        elif fault is Fault.SWALLOW:
            for swallowed in self._passing.values():
                swallowed.set()
        elif fault is Fault.STALL:
            self._flows.clear()
        try:
            yield
        finally:
            self._fault = None
            self._flows.set()
            if cutting:
                cutting.cancel()
            if fault is Fault.REFUSE:
                await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def _refuse(self) -> None:
        if self._server:
            self._server.close()

    async def _cut(self) -> None:
        while True:
            await self._reset()
            await asyncio.sleep(self.CUT_EVERY_S)

    async def _reset(self) -> None:
        passing = list(self._passing)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        swallowed = self._passing[task] = asyncio.Event()
        if self._fault is Fault.SWALLOW:
            swallowed.set()
        writers = [writer]
        try:
            behind, onward = await self._reach()
            writers.append(onward)
            ended = [
                asyncio.create_task(self._pass(reader, onward, swallowed)),
                asyncio.create_task(self._pass(behind, writer, swallowed)),
            ]
            try:
                await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ended:
                    one.cancel()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            del self._passing[task]
            for each in writers:
                _abort(each)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallowed: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self._fault is Fault.SLOW:
                    await asyncio.sleep(self._delay_s)
                await self._flows.wait()
                if not swallowed.is_set():
                    writer.write(data)
                    await writer.drain()
        await self._flows.wait()
        if swallowed.is_set():
            await asyncio.Event().wait()  # the other side does not hear of the end


def _bound(port: int) -> socket.socket:
    """Return a socket at a port. One that does not listen keeps the port while another of ours may come and go."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _abort(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    if raw.family != socket.AF_UNIX and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
