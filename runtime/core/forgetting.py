"""What a wrong clock has told of later than now: it is forgotten once the clock is right, and history read instead."""

from collections.abc import Mapping

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
    ahead = {key: feed for key, feed in feeds.items() if feed.last_time + feed.timeframe_ms > at}
    for (symbol, frame), feed in ahead.items():
        feed.forget()
        decider.ledger.holds[f"WARMING:{symbol}"] = WARMING
        told = "a wrong clock told bars of later than now: they are forgotten, and history is read anew"
        decider.desk.alert("page", f"{symbol} {frame}: {told}")
    for longer in made.values():
        if longer.key in ahead:
            longer.forget()
    for reading in decider.readings.values():
        if ahead and not reading.feed.bars:
            reading.forget()
            for lane in decider.lanes:
                if lane.plan.regime == reading.name:
                    forget_read(lane)
                    decider.shut_out(lane)
    for lane in decider.lanes:
        if (lane.plan.symbol, lane.plan.timeframe) in ahead:
            outlive(lane, at)


def outlive(lane: Lane, at: int) -> None:
    """Have a strategy and its exit remember that they have lived through all that there was before a moment.

    They were told it with the times of the wrong clock; history is told anew to features and filters, and to those who
    keep bars, alone.
    """
    lane.runner.forget()
    lane.lived = max(lane.lived, at)
    if lane.trade is not None:
        lane.trade.lived = max(lane.trade.lived, at)
