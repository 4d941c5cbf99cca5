"""The clock of recorded time: at each step bars are played, then the next ones opened; all in the server's wall clock.

The clock stands at the opening tick of its bars until someone says that this tick is done. Bars of several symbols
share one timeline; a symbol without a bar at some moment keeps its last one as the current one. Of a symbol whose ticks
are recorded every tick is a moment.
"""

from collections.abc import Iterator, Mapping

from brokers.mt5.lookalike.series import Series


class Replay:
    """Where the clock stands: `at`, after `index` of `total` moments; `ended` when the last bars were played."""

    __slots__ = ("at", "ended", "index", "series", "times")

    def __init__(self, series: Mapping[str, Series]) -> None:
        """Stand at the first moment of which a series has a bar to come; nothing is open yet."""
        self.series = series
        self.times = sorted({time for s in series.values() for time in s.moments})
        self.index = 0
        self.at = self.times[0]
        self.ended = False

    @property
    def total(self) -> int:
        """Moments in the whole replay."""
        return len(self.times)

    @property
    def step(self) -> int:
        """Milliseconds from this moment to the next."""
        after = self.index + 1
        return self.times[after] - self.at if after < self.total else min(s.step for s in self.series.values())

    def begin(self) -> Iterator[Series]:
        """Open the bars of the first moment; yields each series that moved."""
        return self._open()

    def go_on(self) -> Iterator[Series]:
        """Play the bars of this moment and open those of the next; yields each series that moved, when it moved.

        At the end of the data nothing opens, and the clock stands at the last bars' last millisecond.
        """
        after = self.index + 1
        last = after == self.total
        horizon = None if last else self.times[after]
        due = [s for s in self.series.values() if not s.played and (horizon is None or s.end < horizon)]
        for series in sorted(due, key=lambda s: s.end):
            series.play()
            yield series
        if horizon is None:
            self.at, self.ended = max(s.at for s in self.series.values()), True
            return
        self.index, self.at = after, horizon
        yield from self._open()

    def _open(self) -> Iterator[Series]:
        for series in self.series.values():
            while series.come(self.at):
                yield series
