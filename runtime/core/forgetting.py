"""What is forgotten, and history read anew: what a wrong clock has told of later than now, and a part of history."""

from collections.abc import Mapping

from brokers.facts import HistoryGrown
from runtime.core.decide import Decider
from runtime.core.feeds import Feed, FeedKey
from runtime.core.gates import forget_read
from runtime.core.made import MadeFeed
from runtime.core.state import Lane
from runtime.core.warming import WARMING


def forget_ahead(decider: Decider, feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], at: int) -> None:
    """Forget feeds that were told bars of later than now, what is made of them, and what was read of them.

    No bar would be folded in that is not later than those. History is told anew, as to a core that is born; people
    know, since until then nothing is decided there. `at`: now, by a clock that is right, UTC milliseconds.
    """
    ahead = [key for key, feed in feeds.items() if feed.last_time + feed.timeframe_ms > at]
    for symbol, frame in ahead:
        told = "a wrong clock told bars of later than now: they are forgotten, and history is read anew"
        decider.desk.alert("note", f"{symbol} {frame}: {told}")
    _forget(decider, feeds, made, ahead, at)


def forget_short(
    decider: Decider, feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], fact: HistoryGrown
) -> None:
    """Forget a feed of which a terminal that was still loading told a part: it is told all that there is, anew.

    Until then nobody could enter, so nobody need know: whoever was told what was missing sees the hold go.
    """
    key = fact.symbol, fact.timeframe
    if key in feeds:
        _forget(decider, feeds, made, [key], feeds[key].last_time)


def _forget(
    decider: Decider, feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed], keys: list[FeedKey], until: int
) -> None:
    """Forget feeds, what is made of them, and what was read of them; strategies have lived through all until then."""
    for key in keys:
        feeds[key].forget()
        decider.ledger.holds[f"WARMING:{key[0]}"] = WARMING
    for longer in made.values():
        if longer.key in keys:
            longer.forget()
    for reading in decider.readings.values():
        if keys and not reading.feed.bars:
            reading.forget()
            for lane in decider.lanes:
                if lane.plan.regime == reading.name:
                    forget_read(lane)
                    decider.shut_out(lane)
    for lane in decider.lanes:
        if (lane.plan.symbol, lane.plan.timeframe) in keys:
            outlive(lane, until)


def outlive(lane: Lane, at: int) -> None:
    """Have a strategy and its exit remember that they have lived through all that there was before a moment.

    They were told it with the times of the wrong clock; history is told anew to features and filters, and to those who
    keep bars, alone.
    """
    lane.runner.forget()
    lane.lived = max(lane.lived, at)
    if lane.trade is not None:
        lane.trade.lived = max(lane.trade.lived, at)
