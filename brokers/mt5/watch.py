"""What a worker sees go by: when its daemon was heard last, and since when each price stands still."""

import time

from collections.abc import Callable


def elapsed() -> float:
    """Return seconds that only rise, and that go on while the machine sleeps where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Watch:
    """Elapsed time of one worker, seconds."""

    def __init__(self, now: Callable[[], float] = elapsed) -> None:
        """Begin having heard the daemon just now."""
        self._now = now
        self._idle = now()
        self._moved: dict[str, tuple[int, float]] = {}
        self.silent_s = 0.0
        """The longest that the daemon was silent since it was told of the market last: the lease it decided under."""

    def asked(self, *, anew: bool = False) -> None:
        """Note that the daemon asks something; what it waits for our answer is no silence.

        anew: what it decides after the answer, it decides on that; what was decided before a silence stays so, however
        often the daemon is heard again.
        """
        self.silent_s = 0.0 if anew else max(self.silent_s, self._now() - self._idle)

    def answered(self) -> None:
        """Note that it has its answer: from now on it is silent."""
        self._idle = self._now()

    def saw(self, symbol: str, at: int) -> None:
        """Note the moment of a symbol's price, as its server tells it."""
        if self._moved.get(symbol, (0, 0.0))[0] != at:
            self._moved[symbol] = at, self._now()

    def still_s(self, symbol: str) -> float:
        """Return since when the price seen last has been the newest one."""
        return self._now() - self._moved[symbol][1] if symbol in self._moved else 0.0

    def newest(self) -> int:
        """Return the newest moment that any price told, 0: none was seen."""
        return max((at for at, _ in self._moved.values()), default=0)

    def age_s(self, symbol: str, at: int) -> float:
        """Return how old a price read this moment is: behind the newest one, or standing still under our eyes."""
        self.saw(symbol, at)
        return max((self.newest() - at) / 1000, self.still_s(symbol))
