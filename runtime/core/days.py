"""Regimes whose days are made of shorter bars: the days fold as those bars close, and are read when they are over."""

from collections.abc import Iterable, Mapping

import msgspec

from brokers.dayrule import DayRule, fold_day
from brokers.hours import Hours
from market.days import DAY, DayFold
from market.types import Bar
from runtime.core.feeds import Feed, FeedKey, FeedSnapshot, RegimeReading, feed_snapshot, restore_feed
from runtime.core.plan import RegimePlan


class DayFeed:
    """A regime's days, made of the bars of another feed: what has closed with the last of them."""

    __slots__ = ("closed_with", "feed", "fold", "hours", "key", "rule")

    def __init__(self, symbol: str, rule: DayRule, hours: Hours | None) -> None:
        """Begin before the first bar."""
        self.key: FeedKey = (symbol, rule.made_of)
        self.rule, self.hours = rule, hours
        self.feed = Feed((symbol, DAY))
        self.fold = DayFold()
        self.closed_with = -1
        """Opening time of the bar with which the last day closed."""

    def take(self, bar: Bar) -> tuple[Bar, ...]:
        """Fold one closed bar; return the days that are over with it."""
        days = fold_day(self.fold, self.rule, bar, self.hours)
        if days:
            self.closed_with = bar.time
        return days


def days_of(regimes: Iterable[RegimePlan], hours: Mapping[str, Hours]) -> dict[str, DayFeed]:
    """Return the day feeds that regimes ask for, by the name of the regime."""
    return {r.name: DayFeed(r.symbol, r.day, hours.get(r.symbol)) for r in regimes if r.day is not None}


def fold_days(days: Mapping[str, DayFeed], key: FeedKey, bar: Bar, readings: Mapping[str, RegimeReading]) -> None:
    """Fold one closed bar into the days it belongs to, and the days that are over with it into their regimes."""
    for name, made in days.items():
        if made.key == key:
            for day in made.take(bar):
                made.feed.fold(day)
                readings[name].fold()


def closed_with(days: Mapping[str, DayFeed], key: FeedKey, bar: Bar) -> list[str]:
    """Return the names of the regimes whose last day closed with a bar."""
    return [name for name, made in days.items() if made.key == key and made.closed_with == bar.time]


class DaySnapshot(msgspec.Struct, frozen=True):
    """A day feed at rest."""

    feed: FeedSnapshot
    fold: DayFold
    closed_with: int


def day_snapshot(day: DayFeed) -> DaySnapshot:
    """Return all that moves in a day feed."""
    return DaySnapshot(feed_snapshot(day.feed), day.fold, day.closed_with)


def restore_day(day: DayFeed, snapshot: DaySnapshot) -> None:
    """Put a day feed back where it was."""
    restore_feed(day.feed, snapshot.feed)
    day.fold, day.closed_with = snapshot.fold, snapshot.closed_with
