"""When the terminal is asked next: often while a bar is about to close, seldom between, never more seldom than a bound.

A hundred daemons that ask ten times a second cost a core for nothing: a bar of a known length closes at a known time.
The bound is there because deals, a halt and a lost terminal have no such time. Moments are monotonic seconds.
"""

import math

from collections.abc import Callable, Iterable

from brokers.mt5.frames import FeedCursor
from market.types import TIMEFRAMES
from runtime.clock import Clock

LEAD_MS = 500.0
"""So long before a close it is asked often: our idea of the server's clock is late by the time since its last tick."""
LATE_MS = 3000.0
"""So long after it: with the next tick the bar is there, and where none comes nothing closes."""
DECAY = 0.001
"""How fast an estimate of the server's clock is let go, should it have run ahead: seconds a second."""
RUSH_MS = 1000.0
RUSH_S = 10.0
"""After a jump of the server's clock by more than `RUSH_MS` it is asked often for so long: a replay may run fast."""


class Pace:
    """Keeps the times of one daemon's rounds."""

    def __init__(
        self, clock: Clock, often_s: float, seldom_s: float, turned: Callable[[], object] = lambda: None
    ) -> None:
        """Ask every `often_s` seconds around a close, every `seldom_s` between; where that is less, always so often.

        `turned` is called whenever the daemon has come round.
        """
        self._turned = turned
        self.clock, self.often_s, self.seldom_s = clock, often_s, max(often_s, seldom_s)
        self.turned = self.heard = clock.elapsed()
        """When the daemon last came round, and when it last took in a bar."""
        self._ahead = -math.inf
        """Server time less ours, milliseconds, as estimated: no tick is shown before its time."""
        self._looked = 0.0
        self._rush = 0.0

    def turn(self) -> None:
        """Take note that the daemon has come round: it lives."""
        self.turned = self.clock.elapsed()
        self._turned()

    def told(self, at: int, *, bars: bool) -> None:
        """Take note of the server's time of the last tick, UTC milliseconds, and whether bars were told with it."""
        now = self.clock.elapsed()
        if bars:
            self.heard = now
        known = self._ahead - DECAY * 1000.0 * (now - self._looked)
        ahead = at - now * 1000.0
        if ahead > known + RUSH_MS:
            self._rush = now + RUSH_S
        self._ahead, self._looked = max(known, ahead), now

    def wait_s(self, feeds: Iterable[FeedCursor], *, unsettled: bool) -> float:
        """Return seconds until the next round; each feed's cursor is the opening time of its last closed bar."""
        now = self.clock.elapsed()
        if unsettled or now < self._rush:
            return self.often_s
        server = now * 1000.0 + self._ahead
        wait = self.seldom_s
        for feed in feeds:
            until = _close(feed.after, TIMEFRAMES[feed.timeframe] * 1000, server) - LEAD_MS - server
            wait = min(wait, max(self.often_s, until / 1000.0))
        return wait


def _close(opened: int, length: int, server: float) -> float:
    """Return when the bar after the last closed one closes, or closed so lately that it may still be shown."""
    close = opened + 2.0 * length
    late = server - LATE_MS - close
    return close + length * (late // length + 1.0) if opened and late > 0.0 else close
