"""Bars that a regime reads beside those of the strategies: which they are, and when each of them is told.

The plain drive tells a bar of a feed of its own at the first tick of the symbol that comes once it has closed, in one
line with the strategies' own bar: what closed first the first, of those that closed together the longest.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy.typing import NDArray

from backtests.engine_columns import SHUT, WARMING
from backtests.engine_hearing import AFTER, BEFORE, WITH
from backtests.engine_made import made_of
from backtests.engine_place import Beside, Place, dues_of, shut_at
from backtests.equity import Curve
from backtests.reel import Reel
from market.types import TIMEFRAMES
from runtime.core.core import Core
from runtime.core.warming import bars_wanted

Array = NDArray[Any]


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


def itself(place: Place) -> Beside:
    """Return the strategies' own bars as those that a regime reads."""
    columns = {name: np.asarray(getattr(place.tape, name))[place.begin :] for name in COLUMNS}
    rows = np.arange(place.begin, len(place.tape))
    when = np.full(len(rows), WITH)
    return Beside(columns, place.tape.frame, rows, when, rows - place.begin, place.first - place.begin, rows)


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
            elif regime.made is None and place.hours is not None:
                self._own(regime.name)

    def _own(self, regime: str) -> None:
        """Hear the strategies' own bars as others, where by the calendar some of them are missing for too long."""
        ages = {lane.gate.max_age for lane in self.core.lanes if lane.plan.regime == regime}
        own, (_, shown) = itself(self.place), self.place.clock
        if any(np.isfinite(dues_of(own, self.place.hours, shown, age + 1)).any() for age in ages):
            self.of[regime] = own

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
        shut = shut_at(place)
        if not until and not shut.any():
            return np.zeros(0, np.int8), short
        barred = np.zeros(len(place.tape), np.int8)
        barred[:until] = WARMING
        barred[shut] += SHUT
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
