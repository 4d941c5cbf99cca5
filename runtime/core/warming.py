"""How much history has to be told before features and regimes say something, and what is said where there is less."""

from collections.abc import Mapping
from typing import NamedTuple

from brokers.facts import HistoryTold
from brokers.hours import Hours
from market.barorder import utc
from runtime.core.desk import OrderDesk
from runtime.core.feeds import Feed, FeedKey
from runtime.core.made import MadeFeed
from runtime.core.readings import SETTLED
from runtime.core.state import Ledger

WARMING = "features have not seen enough bars"


class Short(NamedTuple):
    """A feed that has not seen as many bars as its features need."""

    ready: int
    """When it will have, UTC milliseconds; 0: its market never opens again."""
    said: str


def bars_wanted(feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], key: FeedKey, least: int) -> int:
    """Return how many bars of history a feed has to be told, `least` of them at least.

    As many as its features need; where longer bars are made of them, as many as make up those that their features need
    and those by which a filter settles. The first longer bar is half, and told to nobody.
    """
    feed = feeds[key]
    longer = [
        (m.feed.warm_after + SETTLED + 1) * (m.feed.timeframe_ms // feed.timeframe_ms)
        for m in made.values()
        if m.key == key
    ]
    return max(least, feed.warm_after, *longer)


def is_warming(ledger: Ledger) -> bool:
    """Say whether the features of some symbol have not seen as many bars as they need."""
    return any(hold.startswith("WARMING:") for hold in ledger.holds)


def is_short(feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], key: FeedKey) -> bool:
    """Say whether a feed has not seen as many bars as its features need, or those of what is made of it."""
    return not (feeds[key].warm and all(m.feed.warm for m in made.values() if m.key == key))


def warmed(ledger: Ledger, feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], symbol: str) -> None:
    """Lift a symbol's hold once none of its feeds is short."""
    if f"WARMING:{symbol}" in ledger.holds and not any(is_short(feeds, made, k) for k in feeds if k[0] == symbol):
        del ledger.holds[f"WARMING:{symbol}"]


def history_told(
    ledger: Ledger,
    desk: OrderDesk,
    feeds: Mapping[FeedKey, Feed],
    made: Mapping[str, MadeFeed],
    hours: Mapping[str, Hours],
    fact: HistoryTold,
) -> None:
    """Say of each symbol that is not warm, though all history there is was told, what is missing and until when."""
    named = [(" ".join(key), feed) for key, feed in feeds.items()]
    named += [(f"{m.key[0]} {m.rule.timeframe} made of {m.rule.said}", m.feed) for m in made.values()]
    for symbol in dict.fromkeys(key[0] for key in feeds):
        short = [_short(name, f, hours.get(symbol), fact.at) for name, f in named if f.key[0] == symbol and not f.warm]
        if short and f"WARMING:{symbol}" in ledger.holds:
            said = max(short, key=lambda one: (one.ready == 0, one.ready)).said
            ledger.holds[f"WARMING:{symbol}"] = said
            desk.alert("note", f"{said}; until then nothing of {symbol} is entered upon")


def _short(name: str, feed: Feed, hours: Hours | None, at: int) -> Short:
    missing, last, length = feed.warm_after - feed.bars, feed.last_time or at, feed.timeframe_ms
    ready = last + (missing + 1) * length if hours is None else hours.closes_after(last, length, missing) or 0
    when = f"ready on {utc(ready)} at the earliest" if ready else "its calendar has none of them"
    has = f"history tells {feed.bars} of the {feed.warm_after} bars that its features need, and lacks {missing}"
    return Short(ready, f"{name}: {has}: {when}")
