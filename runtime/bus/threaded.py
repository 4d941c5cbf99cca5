"""A thread in which a line to the bus is held open for ever: it reconnects, and the daemon does not wait for it.

A thread with an event loop of its own: what the broker does (dies, freezes, floods us) reaches nobody else, and on
Windows this loop may be of the kind that aiomqtt needs.
"""

import asyncio
import contextlib
import random
import threading

from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from runtime.bus.port import BusError, CommandBus, unheard
from runtime.clock import Clock

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
END_S = 2.0


class Threaded:
    """Holds a line open; what is done with it is said by who is made of this."""

    def __init__(self, name: str, bus: CommandBus, clock: Clock) -> None:
        """Be ready to begin."""
        self.name, self.bus, self.clock = name, bus, clock
        self.log = structlog.get_logger()
        self.jitter: Callable[[], float] = random.Random().random  # noqa: S311 - jitter
        """Spreads tries, in [0, 1)."""
        self.why = ""
        """Why there is no line; empty while there is one."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ended: asyncio.Event | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def begin(self) -> None:
        """Hold it open from now on."""
        self.thread.start()

    def close(self) -> None:
        """End; a broker that does not answer is not waited for."""
        if self.loop is not None and self.ended is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended by itself
                self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(timeout=END_S)

    async def _connected(self) -> None:
        """Open the line and use it until it is lost, which raises BusError."""
        raise NotImplementedError

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        """Return what else goes on in this thread, whether there is a line or not."""
        return []

    def _broken(self) -> None:
        """Hear that this thread ends by a bug."""

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._live())
        except Exception:  # a bug of this thread must not end the daemon
            self.log.exception(self.name)
            self._broken()

    async def _live(self) -> None:
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        self.loop.set_exception_handler(unheard)
        tasks = [asyncio.create_task(work) for work in (self._connected_for_ever(), *self._beside())]
        ending = asyncio.create_task(self.ended.wait())
        await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    async def _connected_for_ever(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            started = self.clock.elapsed()
            try:
                await self._connected()
            except BusError as error:
                if str(error) != self.why:
                    self.log.warning(self.name, problem=str(error))
                self.why = str(error)
            if self.clock.elapsed() - started > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            await asyncio.sleep(pause * (0.5 + self.jitter() / 2))
            pause = min(2 * pause, LONGEST_PAUSE_S)
