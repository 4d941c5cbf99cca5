"""The second line of a daemon to the bus, on which it tells how it stands: commands never wait for what goes over it.

A thread, a connection and a last will of its own. One telling is under way at a time and nothing is queued: what could
not be sent in time is dropped, and the next one tells how it stands then.
"""

import asyncio
import contextlib

from typing import Any

from runtime.bus.hooks import Hooks
from runtime.bus.port import BusError, CommandBus, Line, Message, Terms, Topics
from runtime.bus.telemetry import Kind, Telling, said_of, signed
from runtime.bus.threaded import Threaded
from runtime.clock import Clock
from runtime.operator.signing import Signer

EVERY_S = 1.0
"""So often it is looked what there is to tell; of each kind no more than one is told in that time."""
AGAIN_S = 30.0
"""So long after it was told a kind is told again, though nothing has changed."""
END_S = 0.5


class Teller(Threaded):
    """Tells how one account stands."""

    def __init__(self, bus: CommandBus, account: str, signer: Signer, daemon: Hooks, clock: Clock) -> None:
        """Be ready to begin."""
        super().__init__("telemetry", bus, clock)
        self.account, self.signer, self.daemon = account, signer, daemon
        self.topics = Topics(account)
        self.every_s = EVERY_S
        self.sequence = 0

    async def _connected(self) -> None:
        terms = Terms(client=f"{self.topics.root}/telemetry", listen=(), will=self._alive(alive=False))
        async with self.bus.connect(terms) as line:
            self.log.info("telemetry", connected=True)
            self.why = ""
            try:
                await line.publish(self._alive(alive=True))
                await self._tell_on(line)
            finally:
                with contextlib.suppress(BusError, TimeoutError):
                    await asyncio.wait_for(line.publish(self._alive(alive=False)), END_S)

    async def _tell_on(self, line: Line) -> None:
        """Tell what has changed, again and again."""
        before: dict[Kind, tuple[dict[str, Any], float]] = {}
        while True:
            now = self.clock.elapsed()
            for kind, told in said_of(self.daemon.status(), self.daemon.bars()).items():
                last, at = before.get(kind, (None, 0.0))
                if told != last or now - at >= AGAIN_S:
                    await line.publish(self._message(kind, told))
                    before[kind] = told, now
            await asyncio.sleep(self.every_s)

    def _alive(self, *, alive: bool) -> Message:
        return self._message("line", {"alive": alive})

    def _message(self, kind: Kind, told: dict[str, Any]) -> Message:
        self.sequence += 1
        telling = Telling(
            account=self.account, kind=kind, sequence=self.sequence, issued=self.clock.wall_ms(), told=told
        )  # fmt: skip
        return Message(self.topics.told(kind), signed(telling, self.signer), retain=True, qos=0)
