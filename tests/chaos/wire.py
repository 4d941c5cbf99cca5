"""The daemon's end of the message broker: the house's own listener without its thread, over an adapter's line."""

import asyncio

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from runtime.bus.ear import Wanted
from runtime.bus.hooks import Loosened
from runtime.bus.listener import Listener, Rest
from runtime.bus.port import Arrived, BusError, Line, Message, Terms
from runtime.clock import Clock
from runtime.operator.control import LOOSEN_S, awaited
from tests.chaos.virtual import EPOCH_MS

CONFIRMED_S = 2.0
"""How long a message may wait for the broker's word, as `runtime/bus/mqtt.py` has it."""


class Wall(Clock):
    """What people's clocks show, and that of the thread which hears them: it goes on evenly, unlike recorded time."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world = world

    def wall_ms(self) -> int:
        """Return the moment."""
        return EPOCH_MS + int(self.world.loop.now * 1000)

    def elapsed(self) -> float:
        """Return virtual seconds."""
        return float(self.world.loop.now)


class Unhurried(Rest):
    """Takes no rest: virtual time is not used up."""

    def take(self) -> None:
        """Go on."""


class QuietListener(Listener):
    """The daemon's listener, without a thread of its own."""

    resting = Unhurried
    wrong: list[str]
    """Where bugs are told."""

    def begin(self) -> None:
        """Listen from now on."""
        loop = asyncio.get_running_loop()
        self.tasks = [loop.create_task(work) for work in (self._connected_for_ever(), *self._beside())]
        for task in self.tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.wrong.append(f"a bug: who hears the bus ended: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Be gone, in the middle of whatever it does."""
        for task in (*self.tasks, *self.hands):
            task.cancel()

    async def _loosened(self, line: Line, wanted: Wanted, answer: Loosened) -> None:
        """Wait in this loop, since there is no thread to wait in."""
        await asyncio.wait([asyncio.wrap_future(answer)], timeout=LOOSEN_S)
        await self._say(line, self.ear.loosened(wanted, awaited(answer, "its level is unchanged", 0.0)))


class Wire:
    """A daemon's line to the broker, until it is cut."""

    def __init__(self, bus: Any, house: Any) -> None:  # noqa: ANN401 - a Bus and a House
        self.bus, self.house = bus, house
        self.coming: asyncio.Queue[Arrived | None] = asyncio.Queue()
        self.cut = False

    def bring(self, arrived: Arrived) -> None:
        """Bring a message to the daemon, if anything is brought now."""
        if not self.cut and not self.house.dead and not self.bus.silent:
            if arrived.topic == self.bus.topics.state:
                self.bus.brought = self.bus.world.loop.now
            self.coming.put_nowait(arrived)

    async def arriving(self) -> AsyncIterator[Arrived]:
        """Yield what comes, until the line is cut."""
        while (arrived := await self.coming.get()) is not None and not self.cut:
            yield arrived
        raise BusError("the line was cut")

    def acknowledge(self, arrived: Arrived) -> None:
        """Forget a message."""
        if not self.house.dead:
            self.bus.kept.pop(arrived.token[0], None)

    async def publish(self, message: Message) -> None:
        """Take a message from the daemon."""
        bus = self.bus
        if bus.silent:
            await asyncio.sleep(CONFIRMED_S)
        await asyncio.sleep(bus.world.story.line_s)
        if self.cut or self.house.dead or bus.silent:
            raise BusError("the broker does not confirm it")
        bus.published(message)


class Dialled:
    """The broker as one daemon's process connects to it."""

    def __init__(self, bus: Any, house: Any) -> None:  # noqa: ANN401 - a Bus and a House
        self.bus, self.house = bus, house

    @asynccontextmanager
    async def connect(self, _terms: Terms) -> AsyncIterator[Line]:
        """Open a line."""
        await asyncio.sleep(self.bus.world.story.line_s)
        if self.bus.silent or self.bus.world.loop.now < self.bus.lost_until:
            await asyncio.sleep(CONFIRMED_S / 4)
            raise BusError("nobody answers")
        yield self.bus.opened(self.house)
