"""Bars that a regime reads beside those of the strategies: which they are, and when each of them is told.

The plain drive tells a bar of a feed of its own at the first tick of the symbol that comes once it has closed, in one
line with the strategies' own bar: what closed first the first, of those that closed together the longest.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.engine_columns import WARMING
from backtests.engine_hearing import AFTER, BEFORE, WITH
from backtests.engine_made import made_of
from backtests.equity import Curve
from backtests.reel import Reel
from market.bars import Bars
from market.types import TIMEFRAMES
from runtime.core.core import Core
from runtime.core.warming import bars_wanted

Array = NDArray[Any]


class Place(NamedTuple):
    """Where the strategies' bars stand as a drive begins."""

    tape: Bars
    begin: int
    """The first of the warm-up."""
    first: int
    """The first that is decided."""
    opens: int
    """The first that opens."""


class Beside(NamedTuple):
    """Bars of a feed of its own, or of those that a tape makes up, oldest first, (m,) each but the times they are told.

    Told are n of them, in order: of bars that are over together the last alone is heard.
    """

    columns: dict[str, Array]
    """time, open, high, low, close, volume and spread; of what is made variance and parts, too."""
    frame: int
    """Length of one, ms."""
    rows: Array
    """(n,) with which of the strategies' bars each is told."""
    when: Array
    """(n,) before that is decided, after it, or as a part of it (`engine_hearing`)."""
    bars: Array
    """(n,) which of them it is."""
    live: int
    """How many of those told are history."""
    ats: Array
    """(n,) when, UTC ms; of history nobody asks."""


def place_of(core: Core, reels: Sequence[Reel], tape: Bars, warmup: int) -> Place:
    """Return where the bars of a tape stand, which is one of the drive's reels."""
    reel = next(reel for reel in reels if reel.tape is tape)
    wanted = bars_wanted(core.feeds, core.made, (tape.symbol, tape.timeframe), warmup)
    return Place(tape, max(0, reel.told - wanted), reel.told, reel.next)


def told_apart(core: Core, reel: Reel, place: Place, warmup: int) -> Beside:
    """Return the bars of a feed of its own."""
    tape, own = reel.tape, np.asarray(place.tape.time)
    since = max(0, reel.told - bars_wanted(core.feeds, core.made, (tape.symbol, tape.timeframe), warmup))
    columns = {name: np.asarray(getattr(tape, name))[since:] for name in COLUMNS}
    history, frame = reel.told - since, place.tape.frame
    closed = columns["time"][history:] + tape.frame
    ticks = np.searchsorted(own[place.opens :], closed) + place.opens
    ended = ticks == len(own)
    rows = np.maximum(ticks - 1, place.first)
    ats = np.where(ended, own[-1] + frame - 1, own[np.minimum(ticks, len(own) - 1)])
    when = np.where((ticks - 1 < place.first) | (closed <= own[rows] + frame), BEFORE, AFTER)
    warm = np.full(history, place.begin)
    return Beside(
        columns, tape.frame, np.concatenate((warm, rows)), np.concatenate((np.full(history, WITH), when)),
        np.arange(len(columns["time"])), history, np.concatenate((warm, ats)),
    )  # fmt: skip


def made_beside(core: Core, name: str, place: Place) -> Beside:
    """Return the bars that a regime's are made of those of the strategies."""
    made = core.made[name]
    found = made_of(place.tape, place.begin, made.rule, made.hours)
    rows, again = np.unique(found.over[::-1], return_index=True)
    columns = dict(zip(MADE, found.columns, strict=True)) | {"time": found.time}
    return Beside(
        columns, TIMEFRAMES[made.rule.timeframe] * 1000, rows, np.full(len(rows), WITH), len(found.over) - 1 - again,
        int((rows < place.first).sum()), rows,
    )  # fmt: skip


COLUMNS = ("time", "open", "high", "low", "close", "volume", "spread")
MADE = ("open", "high", "low", "close", "volume", "spread", "variance", "parts")


class AllBeside:
    """All the bars that are told beside those of the strategies, and what comes of them whatever a strategy does."""

    def __init__(self, core: Core, reels: Sequence[Reel], place: Place, warmup: int) -> None:
        """Look at a drive's reels as it begins: that of the strategies stands at `place`."""
        self.core, self.place = core, place
        self.apart = {
            (reel.symbol, reel.tape.timeframe): told_apart(core, reel, place, warmup)
            for reel in reels
            if reel.tape is not place.tape
        }
        self.made = {name: made_beside(core, name, place) for name in core.made}
        self.of: dict[str, Beside] = dict(self.made)
        """By the name of the regime that reads them."""
        for regime in core.plan.regimes:
            if regime.made is None and (regime.symbol, regime.timeframe) in self.apart:
                self.of[regime.name] = self.apart[regime.symbol, regime.timeframe]

    @property
    def told(self) -> int:
        """How many of them are told by themselves once trading has begun."""
        return sum(len(b.bars) - b.live for b in self.apart.values())

    def barred(self) -> tuple[Array, bool]:
        """Return what holds entries back, bar by bar, and whether history is too short for some features.

        Nobody enters until the features of all feeds of a symbol are warm.
        """
        place, core = self.place, self.core
        own = core.feeds[place.tape.symbol, place.tape.timeframe].warm_after
        short = place.first - place.begin < own
        until = 0
        feeds = [(b, core.feeds[key].warm_after) for key, b in self.apart.items()]
        for beside, needs in [*feeds, *((b, core.made[name].feed.warm_after) for name, b in self.made.items())]:
            there = np.flatnonzero(beside.bars >= needs - 1)
            n = int(there[0]) if len(there) else len(beside.bars)
            if n >= beside.live:
                short = True
                after = n < len(beside.bars) and beside.when[n] == AFTER
                until = max(until, int(beside.rows[n]) + after if n < len(beside.bars) else len(place.tape))
        if not until:
            return np.zeros(0, np.int8), short
        barred = np.zeros(len(place.tape), np.int8)
        barred[:until] = WARMING
        return barred, short

    def with_points(self, curve: Curve, before: Array) -> Curve:
        """Return a curve with a point for each of them that was told live: money as it stood then.

        before: money as each of the strategies' bars was decided.
        """
        told = list(self.apart.values())
        rows = np.concatenate([b.rows[b.live :] for b in told] or [np.zeros(0, np.int64)]) - self.place.first
        if not len(rows):
            return curve
        after = np.concatenate([b.when[b.live :] == AFTER for b in told])
        ats = np.concatenate([b.ats[b.live :] for b in told])
        order = np.lexsort((ats, after, rows))
        rows, after, ats = rows[order], after[order], ats[order]
        money = np.where(after, curve.money[rows], before[rows])
        return Curve(np.insert(curve.at, rows + after, ats), np.insert(curve.money, rows + after, money))
