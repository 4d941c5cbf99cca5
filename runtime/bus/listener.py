"""The thread in which a daemon hears commands over the bus, and tells that it lives.

What the broker does reaches the daemon as facts only, and a halt falls while the daemon's own loop is busy.
"""

import asyncio
import contextlib
import time

from collections import deque
from collections.abc import Coroutine
from typing import Any

import msgspec

from brokers.latch import Level
from runtime.bus.ear import Ear, Reply, Wanted
from runtime.bus.hooks import Hooks, Loosened
from runtime.bus.port import Arrived, BusError, CommandBus, Line, Message, Terms, Topics
from runtime.bus.threaded import Threaded
from runtime.clock import Clock
from runtime.core.facts import BusHeard, BusSilent
from runtime.operator import latch
from runtime.operator.control import awaited

KEPT_S = 86_400
"""For so long the broker keeps commands for a daemon that is away."""
LONGEST_BEAT_S = 5.0
SHARE = 0.2
"""Of a processor: so much of it this thread takes at most while it is flooded."""
BURST_S = 0.05
"""So much work it may do at once, before it has to rest for it."""
LONGEST_REST_S = 0.05


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a daemon signs of itself, again and again."""

    account: str
    alive: bool
    level: Level
    generation: int
    beat: int
    issued: int


class Rest:
    """Leaves the processor to the rest of the process: blocks this thread where it has used more than its share."""

    def __init__(self) -> None:
        """Begin to count."""
        self.used, self.at = time.thread_time(), time.monotonic()
        self.credit = BURST_S

    def take(self) -> None:
        """Rest, where so much was done since the last rest that this is due."""
        used, at = time.thread_time(), time.monotonic()
        self.credit = min(BURST_S, self.credit + SHARE * (at - self.at)) - (used - self.used)
        self.used, self.at = used, at
        if self.credit < 0.0:
            time.sleep(min(-self.credit / SHARE, LONGEST_REST_S))


class Listener(Threaded):
    """Hears the bus for one account."""

    resting: type[Rest] = Rest

    def __init__(self, bus: CommandBus, ear: Ear, silent_s: float, daemon: Hooks, clock: Clock) -> None:
        """Be ready to begin; after `silent_s` without a heartbeat of ours coming back, the bus is silent."""
        super().__init__("bus", bus, clock)
        self.ear, self.silent_s, self.daemon = ear, silent_s, daemon
        self.topics = Topics(ear.account)
        self.beat_s = min(LONGEST_BEAT_S, silent_s / 4)
        self.silent = False
        self.beats = 0
        self.beaten: deque[bytes] = deque(maxlen=8)
        """The last heartbeats, as they were sent."""
        self.last = clock.elapsed()
        self.rest = self.resting()
        self.hands: set[asyncio.Task[None]] = set()

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        return [self._watch()]

    def _broken(self) -> None:
        self._tell_silent("the thread that hears it ended by a bug: see the log")

    # --- the line ---------------------------------------------------------------------------------------------------

    async def _connected(self) -> None:
        listen = (self.topics.command, self.topics.desired, self.topics.state)
        terms = Terms(client=f"{self.topics.root}/daemon", listen=listen, kept_s=KEPT_S, will=self._state(alive=False))
        async with self.bus.connect(terms) as line:
            self.log.info("bus", connected=True)
            self.why = ""
            beating = asyncio.create_task(self._beat(line))
            try:
                self.rest = self.resting()
                async for arrived in line.arriving():
                    await self._arrived(line, arrived)
                    self.rest.take()
            finally:
                beating.cancel()
                with contextlib.suppress(BusError, TimeoutError):
                    await asyncio.wait_for(line.publish(self._state(alive=False)), 0.5)

    async def _arrived(self, line: Line, arrived: Arrived) -> None:
        if arrived.topic == self.topics.state:
            self._echo(arrived.payload)
        elif arrived.payload:  # an empty one takes a kept one back
            await self._command(line, arrived.payload, desired=arrived.topic == self.topics.desired)
        line.acknowledge(arrived)

    async def _command(self, line: Line, payload: bytes, *, desired: bool) -> None:
        """Work a command; one that tightens is done before it is acknowledged, one that loosens once at most."""
        heard = self.ear.hear(payload, desired=desired)
        if isinstance(heard, Wanted) and heard.tighten:
            heard = await asyncio.to_thread(self.ear.tighten, heard)
        if isinstance(heard, Wanted):
            self._by_hand(self._loosened(line, heard, self.ear.loosen(heard)))
        elif heard is not None:
            self._by_hand(self._say(line, heard))

    async def _loosened(self, line: Line, wanted: Wanted, answer: Loosened) -> None:
        said = await asyncio.to_thread(awaited, answer, "its level is unchanged")
        await self._say(line, self.ear.loosened(wanted, said))

    async def _say(self, line: Line, reply: Reply) -> None:
        """Answer; where the line is lost, the sender asks again."""
        with contextlib.suppress(BusError):
            await line.publish(Message(self.topics.answer(reply.kid), reply.payload, expires_s=60))

    def _by_hand(self, work: Any) -> None:  # noqa: ANN401 - a coroutine
        """Go on with something while more is heard."""
        task = asyncio.create_task(work)
        self.hands.add(task)
        task.add_done_callback(self.hands.discard)

    # --- the heartbeat ----------------------------------------------------------------------------------------------

    async def _beat(self, line: Line) -> None:
        """Tell how we are; that it comes back to us is how we know that the bus carries anything."""
        while True:
            self.beats += 1
            message = self._state(alive=True)
            self.beaten.append(message.payload)
            with contextlib.suppress(BusError):  # whoever listens notices that the line is lost, too
                await line.publish(message)
            await asyncio.sleep(self.beat_s)

    def _state(self, *, alive: bool) -> Message:
        stands = latch.read(self.ear.folder)
        state = State(
            account=self.ear.account, alive=alive, level=stands.level, generation=stands.generation, beat=self.beats,
            issued=self.clock.wall_ms(),
        )  # fmt: skip
        return Message(self.topics.state, self.ear.signer.sign(msgspec.json.encode(state)), retain=True)

    def _echo(self, payload: bytes) -> None:
        """Note that a heartbeat has come back: what another line or an earlier one sent says nothing."""
        if payload not in self.beaten:
            return
        self.last = self.clock.elapsed()
        if self.silent:
            self.silent = False
            self.daemon.tell(BusHeard(at=self.daemon.at()))

    async def _watch(self) -> None:
        """Notice silence."""
        while True:
            await asyncio.sleep(self.beat_s / 4)
            quiet = self.clock.elapsed() - self.last
            if quiet > self.silent_s and not self.silent:
                self._tell_silent(f"no heartbeat has come back for {quiet:.0f} s{self.why and f': {self.why}'}")

    def _tell_silent(self, problem: str) -> None:
        self.silent = True
        self.daemon.tell(BusSilent(at=self.daemon.at(), problem=problem))
