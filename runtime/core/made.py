"""Regimes whose bars are made of shorter ones: they fold as those close, and are read when they are over."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from brokers.hours import Hours
from brokers.made import MadeRule, fold_made
from market.made import MadeFold
from market.types import Bar
from runtime.core.feeds import KNOWN, Feed, FeedKey, FeedSnapshot, feed_snapshot, restore_feed
from runtime.core.plan import RegimePlan


class MadeBefore(NamedTuple):
    """What a made feed was before it was told a shorter bar."""

    fold: MadeFold
    closed_with: int
    bars: int
    """Longer ones by then."""


class MadeFeed:
    """A regime's own bars, made of those of another feed: what has closed with the last of them."""

    __slots__ = ("before", "closed_with", "feed", "fold", "hours", "key", "rule")

    def __init__(self, symbol: str, rule: MadeRule, hours: Hours | None) -> None:
        """Begin before the first bar."""
        self.key: FeedKey = (symbol, rule.made_of)
        self.rule, self.hours = rule, hours
        self.feed = Feed((symbol, rule.timeframe))
        self.fold = MadeFold()
        self.closed_with = -1
        """Opening time of the shorter bar with which the last one closed."""
        self.before: deque[MadeBefore] = deque(maxlen=KNOWN)
        """What it was before each of the last shorter bars."""

    def forget(self) -> None:
        """Be as before the first bar."""
        self.feed.forget()
        self.fold, self.closed_with = MadeFold(), -1
        self.before.clear()

    def take(self, bar: Bar) -> tuple[Bar, ...]:
        """Fold one closed bar; return the longer ones that are over with it."""
        self.before.append(MadeBefore(self.fold.copied(), self.closed_with, self.feed.bars))
        made = fold_made(self.fold, self.rule, bar, self.hours)
        if made:
            self.closed_with = bar.time
        return made

    def over_with(self, bars: int) -> int:
        """Return how many longer bars were over with the last shorter ones."""
        return self.feed.bars - self.before[-bars].bars if bars else 0

    def take_back(self, bars: int) -> None:
        """Be what it was before the last shorter bars, so many of those that are known."""
        self.feed.take_back(self.over_with(bars))
        for _ in range(bars):
            self.fold, self.closed_with, _ = self.before.pop()


def made_feeds(regimes: Iterable[RegimePlan], hours: Mapping[str, Hours]) -> dict[str, MadeFeed]:
    """Return the feeds that regimes make of shorter bars, by the name of the regime."""
    return {r.name: MadeFeed(r.symbol, r.made, hours.get(r.symbol)) for r in regimes if r.made is not None}


def closed_with(feeds: Mapping[str, MadeFeed], key: FeedKey, bar: Bar) -> list[str]:
    """Return the names of the regimes whose last bar closed with a shorter one."""
    return [name for name, made in feeds.items() if made.key == key and made.closed_with == bar.time]


class MadeSnapshot(msgspec.Struct, frozen=True):
    """A made feed at rest."""

    feed: FeedSnapshot
    fold: MadeFold
    closed_with: int
    before: tuple[MadeBefore, ...] = ()


def made_snapshot(made: MadeFeed) -> MadeSnapshot:
    """Return all that moves in a made feed."""
    return MadeSnapshot(feed_snapshot(made.feed), made.fold, made.closed_with, tuple(made.before))


def restore_made(made: MadeFeed, snapshot: MadeSnapshot) -> None:
    """Put a made feed back where it was."""
    restore_feed(made.feed, snapshot.feed)
    made.fold, made.closed_with = snapshot.fold, snapshot.closed_with
    made.before = deque(snapshot.before, maxlen=KNOWN)
