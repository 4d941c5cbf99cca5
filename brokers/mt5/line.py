"""The line to a worker: one frame out, one frame back; and how a worker is begun and ended.

A `Dial` makes a `Line`. `spawned` is the real one: a process that dials back over the loopback with a one-time token,
so that no stranger is heard and standard output stays free. What the frames mean, and how long one waits, is the
session's.
"""

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from brokers.limits import Limits
from brokers.mt5 import orphans
from brokers.mt5.begun import begun
from brokers.mt5.frames import LENGTH, LONGEST_FRAME

PIECE = 65_536
"""Bytes read at once."""
LOOK_S = 0.05
"""How often it is asked whether a worker that has not dialled back still lives."""
ORPHAN_S = 2.0
"""A worker dies with its daemon in milliseconds; one that has not after so long is stuck in a call."""
REAP_S = 0.002
REAPED_S = 5.0
"""A killed process is waited for so long; one that the system cannot end by then is left to the locks it holds."""
ENDED_S = ORPHAN_S + 2 * REAPED_S
"""So long the ends of an orphan and of a worker of ours take at most, before another is begun."""


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds after which a verb that has not answered is given up, and its worker killed."""

    connect: float = 30.0
    poll: float = 5.0
    past: float = 20.0
    look: float = 10.0
    send: float = 10.0

    @property
    def longest(self) -> float:
        """The longest of a terminal that is connected, the end of its worker with it."""
        return max(self.poll, self.past, self.look, self.send) + REAPED_S


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Which terminal a session speaks to, and how patiently."""

    kind: str
    path: str
    login: int
    password: str
    server: str
    zone: str
    symbols: dict[str, str]
    limits: Limits
    latch: str
    python: str = ""
    deadlines: Deadlines = Deadlines()
    state: str = ""
    """The account's folder, of whoever holds its daemon lock: workers are written down there, and orphans ended."""
    secrets: frozenset[str] = frozenset()
    """The variables of our environment that hold secrets: a worker is told what it needs by the line."""

    def __repr__(self) -> str:
        """Name the terminal; never the password."""
        return f"Terms({self.kind}, {self.login} on {self.server} at {self.path})"


class Line(Protocol):
    """One worker, and the line to it."""

    @property
    def pid(self) -> int:
        """The worker's process id."""
        ...

    async def ask(self, frame: bytes) -> bytes:
        """Send one frame and return the body of the one that answers; OSError or EOFError when the worker is gone."""
        ...

    async def close(self) -> None:
        """Kill the worker: none is left, and it kept nothing that must be saved."""
        ...


Dial = Callable[[Terms], Awaitable[Line]]
"""Begins a worker and returns the line to it; OSError where none comes."""


class Frames(asyncio.BufferedProtocol):
    """A connection on which somebody dialled back: a stranger until the token is shown, then one frame at a time.

    Written on asyncio's lowest floor: a poll goes through here, and streams cost as much again as the line itself.
    """

    def __init__(self, token: bytes, arrived: asyncio.Future["Frames"], lost: Callable[[], None]) -> None:
        """Expect a token; `lost` is called when a worker is gone that was not closed by us."""
        self.token, self.arrived, self.lost = token, arrived, lost
        self.transport: asyncio.Transport | None = None
        self.known = False
        self.piece = memoryview(bytearray(PIECE))
        self.buffer = bytearray()
        self.answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server of ours makes no others
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the room for the next piece: one that is made anew each time costs more than reading it."""
        del sizehint
        return self.piece

    def buffer_updated(self, nbytes: int) -> None:
        """Take in what came: the token first, then frames."""
        self.buffer += self.piece[:nbytes]
        if self.known:
            self._whole()
        elif len(self.buffer) >= len(self.token):
            self._greet(bytes(self.buffer[: len(self.token)]))

    def _greet(self, shown: bytes) -> None:
        if not secrets.compare_digest(shown, self.token) or self.arrived.done():
            self.close()
            return
        del self.buffer[: len(self.token)]
        self.known = True
        self.arrived.set_result(self)
        self._whole()

    def _whole(self) -> None:
        """Hand over the frame that is awaited, once all of it is there."""
        if self.answer is None or self.answer.done() or len(self.buffer) < LENGTH.size:
            return
        (size,) = LENGTH.unpack_from(self.buffer)
        end = LENGTH.size + size
        if size > LONGEST_FRAME:
            self.answer.set_exception(ConnectionError(f"a frame of {size} bytes is none of ours"))
        elif len(self.buffer) >= end:
            self.answer.set_result(bytes(self.buffer[LENGTH.size : end]))
            del self.buffer[:end]

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits that nothing will come."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error or EOFError("the line ended"))
        if self.known and self.transport is not None:
            self.transport = None
            self.lost()

    async def ask(self, frame: bytes) -> bytes:
        """Send one frame and return the body of the one that answers."""
        if self.transport is None:
            raise ConnectionError("the line is closed")
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(frame)
        self._whole()
        return await self.answer

    def close(self) -> None:
        """Let the connection go."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()


class Spawned:
    """A worker process of ours, and the connection on which it dialled back."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Own a process that has not dialled back yet."""
        self.process = process
        self.frames: Frames | None = None

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self.process.pid

    async def ask(self, frame: bytes) -> bytes:
        """Send one frame and return the body of the one that answers."""
        if self.frames is None:
            raise ConnectionError("the line is closed")
        return await self.frames.ask(frame)

    async def dialled(self, arrived: asyncio.Future[Frames], patience_s: float) -> None:
        """Wait until the worker has dialled back, and no longer than it lives; OSError where it does not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while not (await asyncio.wait({arrived}, timeout=LOOK_S))[0]:
            code = self.process.poll()
            if code is not None:
                raise ConnectionError(f"the worker ended with {code} before it dialled back")
            if loop.time() > deadline:
                raise ConnectionError("the worker did not dial back")
        self.frames = arrived.result()

    async def close(self) -> None:
        """Kill the process; wait for it without keeping the loop from its other work."""
        self.process.kill()
        if self.frames is not None:
            self.frames.close()
        self.frames = None
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        for _ in range(int(REAPED_S / REAP_S)):
            if self.process.poll() is not None:
                return
            await asyncio.sleep(REAP_S)


def nobody() -> None:
    """Tell nobody that a worker is gone: whoever asks it next finds out."""


async def spawned(terms: Terms, lost: Callable[[], None] = nobody) -> Line:
    """Spawn a worker for a terminal, the account's last one being gone; OSError where none comes.

    `lost` is called as soon as it is gone by itself.
    """
    folder = Path(terms.state) if terms.state else None
    if folder is not None:
        await swept(folder)
    program = [terms.python or sys.executable, "-m", "brokers.mt5.process", "--kind", terms.kind]
    program += ["--parent", str(os.getpid()), "--port"]
    return await dialled_back(program, terms.deadlines.connect, folder, lost, terms.secrets)


async def swept(folder: Path, patience_s: float = ORPHAN_S) -> None:
    """Wait for an orphan of a dead daemon to go by itself, and then end it; OSError where it does not even then."""
    for _ in range(int(patience_s / LOOK_S)):
        if not orphans.orphan_of(folder):
            return
        await asyncio.sleep(LOOK_S)
    orphans.end(folder)
    for _ in range(int(REAPED_S / LOOK_S)):
        if not orphans.orphan_of(folder):
            return
        await asyncio.sleep(LOOK_S)
    raise ConnectionError(f"worker {orphans.orphan_of(folder)} of a dead daemon cannot be ended")


async def dialled_back(
    program: list[str],
    patience_s: float,
    folder: Path | None = None,
    lost: Callable[[], None] = nobody,
    withheld: Iterable[str] = (),
) -> Line:
    """Begin a program, which is given a port, and let it dial back with its token; OSError where it does not.

    It inherits our environment, but not the variables `withheld`.
    Called from the main thread: on Linux the worker dies with the thread that made it.
    """
    token = secrets.token_hex(32).encode()
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[Frames] = loop.create_future()
    server = await loop.create_server(lambda: Frames(token, arrived, lost), "127.0.0.1", 0)
    try:
        line = Spawned(begun([*program, str(server.sockets[0].getsockname()[1])], token, withheld))
        try:
            _remember(folder, line.pid)
            await line.dialled(arrived, patience_s)
            _remember(folder, line.pid)  # under Wine the command is another one by now
        except BaseException:
            await line.close()
            raise
    finally:
        server.close()
    return line


def _remember(folder: Path | None, pid: int) -> None:
    if folder is not None:
        orphans.remember(folder, pid)
