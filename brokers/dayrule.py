"""Where a day ends by the rule of a clock, and the bars of days that shorter bars make up."""

from typing import NamedTuple

from brokers.hours import Hours
from brokers.mt5.zone import to_server, to_utc
from market.bars import Bars, made_bars
from market.days import DAY, DayFold
from market.types import DAY_MS, TIMEFRAMES, Bar


class DayRule(NamedTuple):
    """Which shorter bars make up a day, and by which clock it ends."""

    zone: str
    """The rule of a clock (`brokers/mt5/zone.py`) at whose midnight the day ends."""
    made_of: str
    """Timeframe of the shorter bars."""


def fold_day(fold: DayFold, rule: DayRule, bar: Bar, hours: Hours | None) -> tuple[Bar, ...]:
    """Fold a bar into the day in which it opened; return the days that are over with it.

    A day is over with the bar that ends at its end, with the last bar of its sessions where a calendar says so, or else
    with the first bar of another day: never before.
    """
    day = to_server(rule.zone, bar.time) // DAY_MS
    opened, ends = to_utc(rule.zone, day * DAY_MS), to_utc(rule.zone, (day + 1) * DAY_MS)
    closed = bar.time + TIMEFRAMES[rule.made_of] * 1000
    last = closed >= ends or (hours is not None and hours.open_ms(closed, ends) == 0)
    return fold.fold(bar, opened, last=last)


def days_of(bars: Bars, rule: DayRule, hours: Hours | None) -> Bars:
    """Return the days that recorded bars make up, as a core that is told them has them."""
    fold = DayFold()
    return made_bars(bars.symbol, DAY, (day for bar in bars for day in fold_day(fold, rule, bar, hours)))
