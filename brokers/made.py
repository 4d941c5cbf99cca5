"""Which bars shorter ones make up, and when such a bar is over: days by the rule of a clock, hours and their parts."""

from typing import NamedTuple

from brokers.hours import Hours
from brokers.mt5.zone import to_server, to_utc
from market.bars import Bars, made_bars
from market.made import DAY, MadeFold
from market.types import DAY_MS, TIMEFRAMES, Bar


class DayRule(NamedTuple):
    """Which shorter bars make up a day, and by which clock it ends."""

    zone: str
    """The rule of a clock (`brokers/mt5/zone.py`) at whose midnight the day ends."""
    made_of: str
    """Timeframe of the shorter bars."""

    @property
    def timeframe(self) -> str:
        """The timeframe that is made."""
        return DAY

    @property
    def said(self) -> str:
        """The same in words.

        >>> DayRule("New York close", "M15").said
        'M15, days by New York close'
        """
        return f"{self.made_of}, days by {self.zone}"

    def span(self, at: int) -> tuple[int, int]:
        """Return when the day of a moment begins and when it ends, UTC milliseconds."""
        day = to_server(self.zone, at) // DAY_MS
        return to_utc(self.zone, day * DAY_MS), to_utc(self.zone, (day + 1) * DAY_MS)


class FrameRule(NamedTuple):
    """Which shorter bars make up an hour, or a part of one: every clock begins those at the same moment."""

    timeframe: str
    """The timeframe that is made, up to H1: longer bars begin by their server's midnight."""
    made_of: str
    """Timeframe of the shorter bars."""

    @property
    def said(self) -> str:
        """The same in words, the timeframe that is made being known."""
        return self.made_of

    def span(self, at: int) -> tuple[int, int]:
        """Return when the bar of a moment begins and when it ends, UTC milliseconds."""
        length = TIMEFRAMES[self.timeframe] * 1000
        opened = at // length * length
        return opened, opened + length


MadeRule = DayRule | FrameRule
"""How the bars of a regime are made of shorter ones."""


def said_of(rule: MadeRule | None) -> str:
    """Return in words how bars are made; empty: they are told as they are."""
    return rule.said if rule else ""


def fold_made(fold: MadeFold, rule: MadeRule, bar: Bar, hours: Hours | None) -> tuple[Bar, ...]:
    """Fold a bar into the longer one in which it opened; return those that are over with it.

    A longer bar is over with the bar that ends at its end, with the last bar of its sessions where a calendar says so,
    or else with the first bar of the next: never before.
    """
    opened, ends = rule.span(bar.time)
    closed = bar.time + TIMEFRAMES[rule.made_of] * 1000
    last = closed >= ends or (hours is not None and hours.open_ms(closed, ends) == 0)
    return fold.fold(bar, rule.timeframe, opened, last=last)


def longer_of(bars: Bars, rule: MadeRule, hours: Hours | None) -> Bars:
    """Return the longer bars that recorded ones make up, as a core that is told them has them."""
    fold = MadeFold()
    made = (whole for bar in bars for whole in fold_made(fold, rule, bar, hours))
    return made_bars(bars.symbol, rule.timeframe, made, rule.said)
