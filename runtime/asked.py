"""What strategies in processes of their own are to be asked about a bar that closes: the rows, the position, its age.

A pure look at a core and its books; nothing is changed by it. Where the live core stands when the bar is told is known:
whatever became of its position was told before. A shadow book's venue plays the bar only when it is told it, so its
strategy is asked for each position that it may have by then.
"""

from collections.abc import Iterator

import msgspec

from market.types import Bar
from runtime.core.core import Core
from runtime.core.state import Lane
from runtime.outcomes.books import Books
from strategies.adapter import AskedRunner
from strategies.beside import Columns
from strategies.exits import HELD


class Question(msgspec.Struct, frozen=True, tag=True):
    """What one strategy wants of one bar, had it this position."""

    strategy: str
    symbol: str
    timeframe: str
    position: int
    held: int
    columns: Columns
    """The rows, the bar that closes the last of them."""
    features: dict[str, float]
    """As they are once that bar is folded in."""
    others: dict[str, Columns] = {}
    """The rows of other feeds that it is shown."""

    @property
    def bar_time(self) -> int:
        """When the bar opened."""
        return int(self.columns["time"][-1])


def questions(core: Core, books: Books, bar: Bar) -> tuple[Question, ...]:
    """Return all that has to be answered before a bar is told; nothing of one that is known already."""
    feed = core.feeds.get((bar.symbol, bar.timeframe))
    if feed is None or bar.time <= feed.last_time:
        return ()
    asked: dict[tuple[str, int, int], Question] = {}
    for one, exact in ((core, True), *((shadow.core, False) for shadow in books.shadows)):
        for lane in one.lanes_of[feed.key]:
            if isinstance(lane.runner, AskedRunner) and (rows := lane.runner.shown(bar)) is not None:
                features = dict(zip(lane.runner.refs, feed.peek(bar, lane.picks), strict=True))
                others = lane.runner.shown_beside(bar)
                if others is None or any(x != x for x in features.values()):
                    continue
                for position, held in dict.fromkeys(_stands(lane, exact=exact)):
                    question = Question(lane.name, bar.symbol, bar.timeframe, position, held, rows, features, others)
                    asked.setdefault((lane.name, position, held), question)
    return tuple(asked.values())


def _stands(lane: Lane, *, exact: bool) -> Iterator[tuple[int, int]]:
    """Yield the positions that a strategy may have when the bar is decided, and how long it will have had them."""
    if lane.trade is not None:
        yield lane.trade.side, int(lane.trade.exit[HELD]) + 1
    if lane.trade is None or not exact:
        yield 0, 0
    if lane.order and not exact:
        yield from ((1, 1), (-1, 1))
