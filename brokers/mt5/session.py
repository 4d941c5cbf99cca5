"""A session: the daemon's end of one worker process, with a deadline on every call.

Facts come out, requests go in; an order in flight when a deadline passes or the worker dies is in doubt, and the
worker is killed. What the frames say is believed only if they come from the account and terminal configured.
"""

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
import time

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from brokers.limits import Limits
from brokers.mt5.frames import (
    LENGTH,
    LONGEST_FRAME,
    AnyAsk,
    AnyTell,
    Connect,
    Connected,
    History,
    Look,
    Looked,
    Lost,
    Past,
    Poll,
    Polled,
    Send,
    Sent,
    Tell,
    decode_tell,
    framed,
)
from brokers.port import Answer, AnyRequest, InDoubt, Rejected
from market.types import Bar

T = TypeVar("T", bound=Tell)
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]

NO_CONNECTION = -10004
"""The package's code for it."""


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
    call_timeout_s: float = 5.0
    start_timeout_s: float = 30.0

    def __repr__(self) -> str:
        """Name the terminal; never the password."""
        return f"Terms({self.kind}, {self.login} on {self.server} at {self.path})"


class LinkLostError(Exception):
    """The terminal is out of reach; `crashed` says that our own worker died or hung."""

    def __init__(self, reason: str, *, crashed: bool, fatal: bool = False) -> None:
        """Say why; `fatal`: trying again cannot help."""
        super().__init__(reason)
        self.crashed, self.fatal = crashed, fatal


class WrongTerminalError(Exception):
    """A frame came from another account or terminal than configured."""

    def __init__(self, expected: str, found: str) -> None:
        """Name both."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found = expected, found


class Session:
    """One worker process and the line to it."""

    def __init__(self, terms: Terms) -> None:
        """Begin without a worker."""
        self.terms = terms
        self.process: subprocess.Popen[bytes] | None = None
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None
        self.lockstep = False
        self.loss: LinkLostError | WrongTerminalError | None = None

    @property
    def pid(self) -> int:
        """The worker's process id, 0 without one."""
        return self.process.pid if self.process is not None else 0

    async def start(self) -> Connected:
        """Spawn a worker, let it dial back, connect the terminal and check who answers."""
        self.loss = None
        await self._spawn()
        terms = self.terms
        ask = Connect(
            path=terms.path, login=terms.login, password=terms.password, server=terms.server, zone=terms.zone,
            symbols=terms.symbols, limits=terms.limits, latch=terms.latch, timeout_ms=int(terms.start_timeout_s * 1000),
        )  # fmt: skip
        told = await self.call(ask, Connected, terms.start_timeout_s)
        self.lockstep = told.lockstep
        return told

    async def _spawn(self) -> None:
        """Spawn from the main thread: on Linux the worker dies with the thread that made it."""
        token = secrets.token_hex(32).encode()
        arrived: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            shown = await reader.read(len(token))
            if secrets.compare_digest(shown, token) and not arrived.done():
                arrived.set_result((reader, writer))
            else:
                writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            self.process = self._popen(port)
            assert self.process.stdin is not None  # noqa: S101 - asked for above
            self.process.stdin.write(token)
            self.process.stdin.flush()
            self.reader, self.writer = await self._dialled(arrived)
        except OSError as error:
            raise await self._lost(f"no worker can be started: {error}", crashed=True) from None
        finally:
            server.close()

    async def _dialled(self, arrived: asyncio.Future[Ends]) -> Ends:
        """Wait until the worker has dialled back, and no longer than it lives."""
        deadline = time.monotonic() + self.terms.start_timeout_s
        while not (await asyncio.wait({arrived}, timeout=0.05))[0]:
            code = self.process.poll() if self.process is not None else None
            if code is not None:
                raise await self._lost(f"the worker ended with {code} before it dialled back", crashed=True)
            if time.monotonic() > deadline:
                raise await self._lost("the worker did not dial back", crashed=True)
        return arrived.result()

    def _popen(self, port: int) -> subprocess.Popen[bytes]:
        program = [self.terms.python or sys.executable, "-m", "brokers.mt5.worker"]
        options = ["--port", str(port), "--kind", self.terms.kind, "--parent", str(os.getpid())]
        home = str(Path(__file__).parents[2])
        env = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in (home, os.environ.get("PYTHONPATH", "")) if p))
        return subprocess.Popen([*program, *options], stdin=subprocess.PIPE, env=env)

    # --- calls ------------------------------------------------------------------------------------------------------

    async def call(self, ask: AnyAsk, kind: type[T], deadline_s: float = 0.0) -> T:
        """Ask once and return the reply; LinkLostError or WrongTerminalError otherwise, and no worker is left."""
        if self.writer is None or self.reader is None:
            raise self.loss or LinkLostError("no worker", crashed=True)
        try:
            async with asyncio.timeout(deadline_s or self.terms.call_timeout_s):
                self.writer.write(framed(ask))
                (size,) = LENGTH.unpack(await self.reader.readexactly(LENGTH.size))
                told = decode_tell(await self.reader.readexactly(min(size, LONGEST_FRAME)))
        except TimeoutError:
            raise await self._lost(f"{type(ask).__name__} got no answer in time", crashed=True) from None
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            raise await self._lost(f"the worker died: {error}", crashed=True) from None
        if isinstance(told, Lost):
            raise await self._lost(told.reason, crashed=False, fatal=told.fatal)
        await self._check(told)
        if not isinstance(told, kind):
            raise await self._lost(f"{type(told).__name__} instead of {kind.__name__}", crashed=True)
        return told

    async def _check(self, told: AnyTell) -> None:
        """Believe a frame only from the account and terminal configured; kill the worker of any other."""
        who, terms = told.who, self.terms
        if who is None or (who.login, who.server, who.path) != (terms.login, terms.server, terms.path):
            await self.stop()
            found = f"{who.login} on {who.server} at {who.path}" if who else "nobody"
            self.loss = WrongTerminalError(f"{terms.login} on {terms.server} at {terms.path}", found)
            raise self.loss

    async def _lost(self, reason: str, *, crashed: bool, fatal: bool = False) -> LinkLostError:
        """Leave no worker, and remember why: whoever asks next is told."""
        await self.stop()
        self.loss = LinkLostError(reason, crashed=crashed, fatal=fatal)
        return self.loss

    async def stop(self) -> None:
        """Kill the worker: it keeps nothing that must be saved."""
        if self.writer is not None:
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()
        self.reader = self.writer = None
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdin is not None:
                with contextlib.suppress(OSError):
                    self.process.stdin.close()
            self.process = None

    # --- what the daemon does with it -------------------------------------------------------------------------------

    async def poll(self, ask: Poll) -> Polled:
        """Ask what is new."""
        return await self.call(ask, Polled)

    async def news(self, last_deal: int, last_deal_at: int, watch: Iterable[int]) -> Polled:
        """Ask for deals and ended orders only."""
        return await self.call(
            Poll(feeds=(), last_deal=last_deal, last_deal_at=last_deal_at, watch=tuple(watch)), Polled
        )

    async def past(self, symbol: str, timeframe: str, count: int) -> tuple[Bar, ...]:
        """Ask for the last closed bars."""
        told = await self.call(Past(symbol=symbol, timeframe=timeframe, count=count), History)
        return told.bars

    async def look(self, last_deal: int, last_deal_at: int, watch: Iterable[int]) -> Looked:
        """Ask for all the venue holds."""
        return await self.call(Look(last_deal=last_deal, last_deal_at=last_deal_at, watch=tuple(watch)), Looked)

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Send one request once; whatever goes wrong on the way leaves it in doubt.

        A worker that says its terminal is lost has not sent: it looks before it sends, and not after.
        """
        if self.writer is None:
            return Rejected(at=at, id=request.id, code=NO_CONNECTION, reason="no terminal: nothing was sent")
        try:
            return (await self.call(Send(request=request), Sent)).answer
        except LinkLostError as error:
            if not error.crashed:
                return Rejected(at=at, id=request.id, code=NO_CONNECTION, reason=f"nothing was sent: {error}")
            return InDoubt(at=at, id=request.id, code=0, reason=str(error))
        except WrongTerminalError as error:
            return InDoubt(at=at, id=request.id, code=0, reason=str(error))
