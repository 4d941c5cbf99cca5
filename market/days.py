"""Days made of shorter bars: their prices and moves folded, and told once nothing more can belong to them.

Brokers' daily bars end at their servers' midnight, which differs from one broker to the next; a day made of shorter
bars ends where one says. Which day a bar belongs to is for the caller to say: clocks are not known here.
"""

import msgspec

from market.feature import log_ratio
from market.kernel import State, kernel
from market.types import Bar

DAY = "D1"

# State of a day under way, flat.
OPEN, HIGH, LOW, CLOSE, VOLUME, SPREAD = 0, 1, 2, 3, 4, 5
SIZE = 6

# State of what goes on within it, flat.
VARIANCE, PARTS, LAST = 0, 1, 2
MOVES = 3


@kernel
def day_begin(s: State, o: float, h: float, l: float, c: float, volume: float, spread: float) -> None:
    """Begin a day with its first bar; the day's spread is that bar's."""
    s[OPEN] = o
    s[HIGH] = h
    s[LOW] = l
    s[CLOSE] = c
    s[VOLUME] = volume
    s[SPREAD] = spread


@kernel
def day_step(s: State, h: float, l: float, c: float, volume: float) -> None:
    """Fold a further bar into the day."""
    if h > s[HIGH]:
        s[HIGH] = h
    if l < s[LOW]:
        s[LOW] = l
    s[CLOSE] = c
    s[VOLUME] = s[VOLUME] + volume


@kernel
def moves_begin(s: State, o: float) -> None:
    """Begin a day that has not moved yet, at the open of its first bar: the way there from the day before is no part.

    That way may be a weekend long, and its length is another day by day: it is not of the kind of the others.
    """
    s[VARIANCE] = 0.0
    s[PARTS] = 0.0
    s[LAST] = o


@kernel
def moves_step(s: State, c: float) -> None:
    """Add the squared log return of a bar of the day, from the last close that was told: over a gap, too."""
    move = log_ratio(c, s[LAST])
    s[VARIANCE] = s[VARIANCE] + move * move
    s[PARTS] = s[PARTS] + 1.0
    s[LAST] = c


class DayFold(msgspec.Struct):
    """The day that is under way in one stream of bars; it is its own state at rest."""

    opened: int = -1
    """When it began, UTC milliseconds; -1: no bar was seen yet."""
    whole: bool = False
    """Whether it was seen from its beginning: half a day is told to nobody."""
    told: bool = False
    """Whether it was told already: whatever still comes of it is too late."""
    prices: list[float] = msgspec.field(default_factory=lambda: [0.0] * SIZE)
    moves: list[float] = msgspec.field(default_factory=lambda: [0.0] * MOVES)

    def fold(self, bar: Bar, opened: int, *, last: bool) -> tuple[Bar, ...]:
        """Fold a bar of the day that began at `opened` (UTC ms); return the days that are over with it, at most two.

        last: nothing more can belong to that day, so that it is over with this bar; else it is over with the first bar
        of another day.
        """
        done: tuple[Bar, ...] = ()
        if opened != self.opened:
            done = self._end(bar.symbol)
            self.whole = self.opened >= 0 or bar.time == opened
            self.opened, self.told = opened, False
            day_begin(self.prices, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.spread)
            moves_begin(self.moves, bar.open)
            moves_step(self.moves, bar.close)
        elif not self.told:
            day_step(self.prices, bar.high, bar.low, bar.close, bar.volume)
            moves_step(self.moves, bar.close)
        return done + self._end(bar.symbol) if last else done

    def _end(self, symbol: str) -> tuple[Bar, ...]:
        if self.told or not self.whole:
            return ()
        self.told = True
        p, m = self.prices, self.moves
        prices = p[OPEN], p[HIGH], p[LOW], p[CLOSE]
        return (Bar(symbol, DAY, self.opened, *prices, p[VOLUME], p[SPREAD], m[VARIANCE], m[PARTS]),)
