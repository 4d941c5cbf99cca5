"""Regimes whose bars are made of shorter ones: they fold as those close, and are read when they are over."""

from collections.abc import Iterable, Mapping

import msgspec

from brokers.hours import Hours
from brokers.made import MadeRule, fold_made
from market.made import MadeFold
from market.types import Bar
from runtime.core.feeds import Feed, FeedKey, FeedSnapshot, feed_snapshot, restore_feed
from runtime.core.plan import RegimePlan
from runtime.core.readings import RegimeReading


class MadeFeed:
    """A regime's own bars, made of those of another feed: what has closed with the last of them."""

    __slots__ = ("closed_with", "feed", "fold", "hours", "key", "rule")

    def __init__(self, symbol: str, rule: MadeRule, hours: Hours | None) -> None:
        """Begin before the first bar."""
        self.key: FeedKey = (symbol, rule.made_of)
        self.rule, self.hours = rule, hours
        self.feed = Feed((symbol, rule.timeframe))
        self.fold = MadeFold()
        self.closed_with = -1
        """Opening time of the shorter bar with which the last one closed."""

    def take(self, bar: Bar) -> tuple[Bar, ...]:
        """Fold one closed bar; return the longer ones that are over with it."""
        made = fold_made(self.fold, self.rule, bar, self.hours)
        if made:
            self.closed_with = bar.time
        return made


def made_feeds(regimes: Iterable[RegimePlan], hours: Mapping[str, Hours]) -> dict[str, MadeFeed]:
    """Return the feeds that regimes make of shorter bars, by the name of the regime."""
    return {r.name: MadeFeed(r.symbol, r.made, hours.get(r.symbol)) for r in regimes if r.made is not None}


def fold_shorter(feeds: Mapping[str, MadeFeed], key: FeedKey, bar: Bar, readings: Mapping[str, RegimeReading]) -> None:
    """Fold one closed bar into those that it is a part of, and what is over with it into their regimes."""
    for name, made in feeds.items():
        if made.key == key:
            for whole in made.take(bar):
                made.feed.fold(whole)
                readings[name].fold()


def closed_with(feeds: Mapping[str, MadeFeed], key: FeedKey, bar: Bar) -> list[str]:
    """Return the names of the regimes whose last bar closed with a shorter one."""
    return [name for name, made in feeds.items() if made.key == key and made.closed_with == bar.time]


class MadeSnapshot(msgspec.Struct, frozen=True):
    """A made feed at rest."""

    feed: FeedSnapshot
    fold: MadeFold
    closed_with: int


def made_snapshot(made: MadeFeed) -> MadeSnapshot:
    """Return all that moves in a made feed."""
    return MadeSnapshot(feed_snapshot(made.feed), made.fold, made.closed_with)


def restore_made(made: MadeFeed, snapshot: MadeSnapshot) -> None:
    """Put a made feed back where it was."""
    restore_feed(made.feed, snapshot.feed)
    made.fold, made.closed_with = snapshot.fold, snapshot.closed_with
