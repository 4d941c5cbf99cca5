"""The process boundary in one process: a worker called where it is, that dies, hangs and is slow all the same."""

import asyncio
import itertools
import os

from typing import Any

from brokers.mt5 import lookalike
from brokers.mt5.frames import LENGTH, AnyAsk, AnyTell, Look, Looked, Poll, Polled, Send, decode_ask, encode
from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.client import LINE
from brokers.mt5.lookalike.wire import HEADER, Wire, frame, read_call
from brokers.mt5.watch import Watch
from brokers.word import SENDING_AT, WORD_FILE
from tests.chaos.door import Cut
from tests.chaos.points import Blocked, Killed, WorkerKilled

PIDS = itertools.count(100)


class Pipe:
    """What the package holds in place of a socket: a call is worked while it is sent."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world = world
        self.reply = b""

    def sendall(self, data: bytes, /) -> None:
        """Take one call to the trade server."""
        verb, arguments = read_call(data[HEADER:])
        if verb == "hello":
            if self.world.broker.down:
                raise OSError("the terminal is down")
            self.world.broker.broken = False
            self.reply = frame((1, "", True))
            return
        if self.world.broker.broken:
            raise OSError("the pipe is broken")
        try:
            self.reply = frame(self.world.broker.call(verb, arguments))
        except Cut as cut:
            if not cut.sent:
                raise OSError("the pipe broke") from None
            self.reply = b""

    def recv(self, _size: int, /) -> bytes:
        """Return the whole reply; nothing where the pipe broke before it came."""
        reply, self.reply = self.reply, b""
        return reply

    def close(self) -> None:
        """Let go."""


class InProcess:
    """A worker's process, as far as its daemon can tell."""

    def __init__(self, world: Any, house: Any) -> None:  # noqa: ANN401 - a World and a House
        self.world, self.house = world, house
        self.pid = next(PIDS)
        self.dead = False
        self.gone: asyncio.Future[bytes] = world.loop.create_future()
        LINE.dial = self._pipe
        self.worker = world.variant.worker(lookalike, control, 0.0)
        self.worker.reader.elapsed = world.loop.time
        self.worker.watch = Watch(world.loop.time)
        self.told: AnyTell | None = None

    def _pipe(self, _path: str) -> tuple[Wire, str]:
        return Pipe(self.world), ""

    async def ask(self, request: bytes) -> bytes:
        """Have the worker answer one frame, if it lives."""
        world, ask = self.world, decode_ask(request[LENGTH.size :])
        if isinstance(ask, Send):
            world.hook("frame: before it leaves")
        self._alive()
        body = self._work(ask)
        if body is None:
            return await self.gone
        slow, world.slow_s = world.slow_s, 0.0
        await asyncio.sleep(world.story.line_s + slow)
        self._alive()
        if isinstance(ask, Send | Look):
            world.hook("frame: reply arrived" if isinstance(ask, Send) else "look: arrived")
        self._alive()
        if isinstance(ask, Poll) and ask.feeds and isinstance(self.told, Polled):
            world.dial.heard(self.told, self.house)
        return body

    def _alive(self) -> None:
        if self.house.dead:
            raise Killed
        if self.dead:
            raise ConnectionError("the worker's process is gone")

    def _work(self, ask: AnyAsk) -> bytes | None:
        """Return the worker's answer; None where it hangs."""
        world = self.world
        world.asking, world.sending, world.marked = ask, ask.request.id if isinstance(ask, Send) else 0, False
        world.in_worker = True
        try:
            told = self.told = self.worker.answer(ask)
            if world.fresh:
                world.fresh = False
                world.hook("deal: shown")
            if isinstance(ask, Send):
                world.hook("worker: has the reply")
            elif isinstance(told, Looked):
                world.looked(told)
        except Blocked:
            self._leave_mark()
            return None
        except WorkerKilled:
            self._leave_mark()
            self.die()
        finally:
            world.in_worker = False
        self._alive()
        return encode(told)

    def _leave_mark(self) -> None:
        """Put the mark back that a dead process would have left: ours unwinds its stack, a dead one does not."""
        path = self.world.state / WORD_FILE
        if self.world.marked and path.exists():
            with path.open("r+b", buffering=0) as word:
                os.pwrite(word.fileno(), self.world.sending.to_bytes(8, "little"), SENDING_AT)

    def die(self) -> None:
        """Be gone; whoever waits is told."""
        if not self.dead:
            self.dead = True
            self.worker.close()
            LINE.close()
            if not self.gone.done():
                self.gone.set_exception(ConnectionError("the worker's process is gone"))
                self.gone.exception()

    async def close(self) -> None:
        """Be killed by the session."""
        self.die()
