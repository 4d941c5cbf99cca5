"""Bars made of shorter ones: their prices and moves folded, and told once nothing more can belong to them.

Brokers' daily bars end at their servers' midnight, which differs from one broker to the next; a day made of shorter
bars ends where one says. And what goes on within a bar, be it a day or a quarter of an hour, only they can tell. Which
longer bar a shorter one belongs to is for the caller to say: clocks are not known here.
"""

import msgspec

from market.feature import log_ratio
from market.kernel import State, kernel
from market.types import Bar

DAY = "D1"

# State of a longer bar under way, flat.
OPEN, HIGH, LOW, CLOSE, VOLUME, SPREAD = 0, 1, 2, 3, 4, 5
SIZE = 6

# State of what goes on within it, flat.
VARIANCE, PARTS, LAST = 0, 1, 2
MOVES = 3


@kernel
def made_begin(s: State, o: float, h: float, l: float, c: float, volume: float, spread: float) -> None:
    """Begin a longer bar with its first one; its spread is that one's."""
    s[OPEN] = o
    s[HIGH] = h
    s[LOW] = l
    s[CLOSE] = c
    s[VOLUME] = volume
    s[SPREAD] = spread


@kernel
def made_step(s: State, h: float, l: float, c: float, volume: float) -> None:
    """Fold a further bar into the longer one."""
    if h > s[HIGH]:
        s[HIGH] = h
    if l < s[LOW]:
        s[LOW] = l
    s[CLOSE] = c
    s[VOLUME] = s[VOLUME] + volume


@kernel
def moves_begin(s: State, o: float) -> None:
    """Begin a longer bar that has not moved yet, at the open of its first one: the way there from before is no part.

    That way may be a weekend long, and its length is another each time: it is not of the kind of the others.
    """
    s[VARIANCE] = 0.0
    s[PARTS] = 0.0
    s[LAST] = o


@kernel
def moves_step(s: State, c: float) -> None:
    """Add the squared log return of a bar of the longer one, from the last close that was told: over a gap, too."""
    move = log_ratio(c, s[LAST])
    s[VARIANCE] = s[VARIANCE] + move * move
    s[PARTS] = s[PARTS] + 1.0
    s[LAST] = c


class MadeFold(msgspec.Struct):
    """The longer bar that is under way in one stream of bars; it is its own state at rest."""

    opened: int = -1
    """When it began, UTC milliseconds; -1: no bar was seen yet."""
    whole: bool = False
    """Whether it was seen from its beginning: half a bar is told to nobody."""
    told: bool = False
    """Whether it was told already: whatever still comes of it is too late."""
    prices: list[float] = msgspec.field(default_factory=lambda: [0.0] * SIZE)
    moves: list[float] = msgspec.field(default_factory=lambda: [0.0] * MOVES)

    def copied(self) -> "MadeFold":
        """Return the same, to be gone back to."""
        return MadeFold(self.opened, self.whole, self.told, list(self.prices), list(self.moves))

    def fold(self, bar: Bar, timeframe: str, opened: int, *, last: bool) -> tuple[Bar, ...]:
        """Fold a bar of the longer one that began at `opened` (UTC ms); return what is over with it, at most two.

        last: nothing more can belong to the longer bar, so that it is over with this one; else it is over with the
        first bar of another.
        """
        done: tuple[Bar, ...] = ()
        if opened != self.opened:
            done = self._end(bar.symbol, timeframe)
            self.whole = self.opened >= 0 or bar.time == opened
            self.opened, self.told = opened, False
            made_begin(self.prices, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.spread)
            moves_begin(self.moves, bar.open)
            moves_step(self.moves, bar.close)
        elif not self.told:
            made_step(self.prices, bar.high, bar.low, bar.close, bar.volume)
            moves_step(self.moves, bar.close)
        return done + self._end(bar.symbol, timeframe) if last else done

    def _end(self, symbol: str, timeframe: str) -> tuple[Bar, ...]:
        if self.told or not self.whole:
            return ()
        self.told = True
        p, m = self.prices, self.moves
        prices = p[OPEN], p[HIGH], p[LOW], p[CLOSE]
        return (Bar(symbol, timeframe, self.opened, *prices, p[VOLUME], p[SPREAD], m[VARIANCE], m[PARTS]),)
