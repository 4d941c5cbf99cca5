"""Where the bars of a compiled drive stand as it begins, and what a calendar says of when they are told."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.dials import dials, runs
from backtests.engine_hearing import AFTER
from backtests.reel import Reel
from brokers.hours import Hours
from market.bars import Bars
from market.calendar import closes, sessions
from market.types import DAY_MS
from runtime.core.core import Core
from runtime.core.gates import HOUR_MS
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
    hours: Hours | None
    """When their symbol is traded; None: it never shuts."""

    @property
    def clock(self) -> tuple[Array, Array]:
        """(n,) when each is told, UTC ms, and what the server's clock shows then; the same where nobody asks for that.

        Most plans ask for neither.
        """
        ats = times_told(self.tape, self.begin, self.first)
        return ats, ats if self.hours is None else dials(self.hours.zone, ats)


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
    begin, hours = max(0, reel.told - wanted), core.plan.hours.get(tape.symbol)
    return Place(tape, begin, reel.told, reel.next, hours)


def times_told(tape: Bars, begin: int, first: int) -> Array:
    """Return when each bar of a tape is told, UTC ms: with the next one, in the warm-up when it has closed."""
    times, frame = np.asarray(tape.time), tape.frame
    told: Array = np.append(times[1:], times[-1] + frame - 1)
    told[begin:first] = times[begin:first] + frame
    return told


def shut_at(place: Place) -> Array:
    """Return whether no session is on as each bar is decided, as `Hours.opens_within` says."""
    if place.hours is None:
        return np.zeros(len(place.tape), np.bool_)
    ats, shown = place.clock
    days, within = np.divmod(shown, DAY_MS)
    shut = np.ones(len(ats), np.bool_)
    for begin, end in runs(days):
        for since, until in sessions(place.hours.calendar, int(days[begin])):
            shut[begin:end] &= (within[begin:end] < since) | (within[begin:end] >= until)
    frame = place.tape.frame
    for n in np.flatnonzero(shut & (shown % min(frame, DAY_MS) == 0)).tolist():
        shut[n] = not place.hours.opens_within(int(ats[n]), frame)
    return shut


def dues_of(beside: Beside, hours: Hours | None, shown: Array, missing: int) -> Array:
    """Return (m,) when, on the server's clock, so many bars after each one should have closed by the calendar.

    Never, where the next one comes long before, or where there is no calendar. shown: what that clock shows as each of
    the strategies' bars is told.
    """
    found = np.full(len(beside.columns["time"]), np.inf)
    if hours is None or not len(beside.bars):
        return found
    since = beside.rows + (beside.when == AFTER)
    until = np.append(since[1:], len(shown)) - 1
    opened = dials(hours.zone, beside.columns["time"][beside.bars])
    late = shown[np.maximum(until, 0)] + HOUR_MS - opened >= (missing + 1) * beside.frame
    for n in np.flatnonzero(late & (until >= since)).tolist():
        due = islice(closes(hours.calendar, int(opened[n]), beside.frame), missing, None)  # `Hours.bars_missed`
        found[beside.bars[n]] = next(due, np.inf)
    return found
