"""A server's clock that is wrong for a while, and what a house that can know of it must not do.

All times that the terminal tells are so many hours ahead or behind, those of what is long past as well; this machine's
clock is right: it shows the moment that the recording has come to. A process can know once two of its rounds were told
quotes of two times, and the later one contradicts this machine's clock; what it asks for between two rounds, to hear of
a deal, does not count. From then on until a round is told a right quote again nothing new may be entered.
"""

from typing import Any

from brokers.mt5.frames import Polled
from tests.chaos.door import Asked, verb_of
from tests.chaos.story import Strike

HOURS = (1.0, 2.0, -1.0, -2.0, 5.5, -3.0)
"""What a clock may be ahead."""
QUARTER_MS = 900_000


class Dial:
    """What the terminal's clock shows, and what the process that reads it could know."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world = world
        self.until, self.shift_s = -1.0, 0
        self.house: Any = None
        self.newest = 0
        self.known = False
        """The process that runs was told enough to know that the clock is wrong."""
        self.complaints: list[str] = []

    @property
    def ahead_s(self) -> int:
        """Return by how many seconds the terminal's times are ahead now."""
        return self.shift_s if self.world.loop.now < self.until else 0

    def put(self, strike: Strike) -> None:
        """Put the clock wrong, for half a bar to some bars."""
        self.shift_s = int(HOURS[strike.pick % len(HOURS)] * 3600)
        self.until = self.world.loop.now + (0.5 + 2.0 * strike.seconds) * self.world.story.bar_s

    def calm(self) -> None:
        """Put the clock right."""
        self.until = -1.0

    def heard(self, told: Polled, house: Any) -> None:  # noqa: ANN401 - a House
        """Note what a process has been told: its first quote may be an old one, and says nothing."""
        if house is not self.house:
            self.house, self.newest, self.known = house, 0, False
        newest = max(told.ticks.values(), default=0)
        if 0 < self.newest != newest:
            self.known = abs(newest - self.world.clock.wall_ms()) > QUARTER_MS / 2
        self.newest = newest

    def asked(self, asked: Asked) -> None:
        """Look at a trade request that has come to the door."""
        if self.known and self.house is self.world.house and verb_of(asked) == "entry":
            when = f"at {self.world.loop.now:.4f}, by a clock known as wrong"
            self.complaints.append(f"clock: instruction {asked.instruction} entered {when}")
