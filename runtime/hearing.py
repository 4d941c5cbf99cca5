"""What a poll of the terminal amounts to: bars and revisions, what may be traded, silent feeds, the server's clock.

It remembers what was told, so that each thing is told once.
"""

from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

from brokers.facts import BarClosed, BarRevised, DataEnded, FeedBroken, SymbolSeen, TradingAllowed, TradingForbidden
from brokers.hours import Hours
from brokers.mt5.frames import Closed, Connected, FeedCursor, Polled
from market.bars import price_problem
from market.types import DAY_MS, TIMEFRAMES, Bar, Symbol
from runtime.clock import Clock
from runtime.core.facts import AnyFact
from runtime.core.feeds import Feed, FeedKey
from runtime.core.state import Ledger
from runtime.quotes import ClockWatch, Silence, doubted


class Ears(msgspec.Struct, frozen=True, kw_only=True):
    """How closely a terminal is listened to, and how long its silence is borne."""

    max_age_ms: int
    """A bar told later than so long after it closed was missed."""
    reread: int = 3
    """Closed bars that are read again and again."""
    stale_s: float = 120.0
    page_after_s: float = 300.0
    """So long without a terminal, in an open market, calls a person."""
    agreeing_s: float = 60.0
    """For so long every new quote must say the same of the server's clock."""
    zone: str = "UTC"


class Hearing:
    """Turns what is polled into facts, in the order in which they are to be taken."""

    def __init__(self, ledger: Ledger, clock: Clock, hours: Mapping[str, Hours], ears: Ears) -> None:
        """Begin having heard nothing."""
        self.ledger, self.clock, self.ears = ledger, clock, ears
        self.silence = Silence(hours, ears.stale_s)
        self.watch = ClockWatch(ears.zone, ears.agreeing_s)
        self.told: dict[FeedKey, int] = {}
        self.known: dict[FeedKey, deque[Bar]] = {}
        self.symbols: dict[str, tuple[Symbol, int]] = {}
        self.forbidden = ""
        self.live = True
        self.righted = False
        """Whether the server's clock has just been found right again."""

    def linked(self, told: Connected) -> None:
        """Begin with a new link: what the last one left open does not count; in lock-step, quotes may stand still."""
        self.live = not told.lockstep
        self.forbidden = told.forbidden
        self.silence.linked(self.clock.elapsed())

    def recall(self, feeds: Mapping[FeedKey, Feed]) -> None:
        """Have the bars of the last run read again: one may have been revised while nobody listened."""
        for feed in feeds.values():
            for bar in feed.known:
                self.remember(bar)

    def forgotten(self, feeds: Mapping[FeedKey, Feed]) -> list[FeedKey]:
        """Return the feeds that have forgotten what a wrong clock told, just after it was right, and forget it too."""
        if not self.righted:
            return []
        self.righted = False
        keys = [key for key, feed in feeds.items() if not feed.bars]
        for key in keys:
            self.told.pop(key, None)
            self.known.pop(key, None)
        return keys

    def cursors(self, feeds: Mapping[FeedKey, Feed]) -> tuple[FeedCursor, ...]:
        """Return where each feed stands: a broken bar is told once, and not asked for again."""
        return tuple(
            FeedCursor(*key, max(feed.last_time, self.told.get(key, 0)), tuple(self.known.get(key, ())))
            for key, feed in feeds.items()
        )

    def contracts(self, symbols: tuple[Symbol, ...], at: int) -> Iterator[SymbolSeen]:
        """Yield contracts that are new, that have changed but for the value of a tick, or that were told a day ago."""
        for symbol in symbols:
            old, told = self.symbols.get(symbol.name, (None, 0))
            if old is None or at - told >= DAY_MS or _lasting(old) != _lasting(symbol):
                self.symbols[symbol.name] = symbol, at
                yield SymbolSeen(at=at, symbol=symbol)

    def facts(self, told: Polled) -> Iterator[AnyFact]:
        """Yield all that a poll tells, but for deals and ended orders, which are heard before."""
        now, at = self.clock.elapsed(), told.at
        moved = bool(told.moved or told.revised)  # with the clock: these bars were told before, by their right times
        if told.forbidden != self.forbidden:
            self.forbidden = told.forbidden
            yield TradingForbidden(at=at, reason=told.forbidden) if told.forbidden else TradingAllowed(at=at)
        if self.live:
            yield from self.silence.fresh(told.ticks, told.late, now)
            verdict = self.watch.verdict(told.ticks, self.clock.wall_ms(), now)
            if verdict is None and self.watch.off and told.bars and not moved:
                verdict = self.watch.contradiction()  # a bar is to be decided: what may be wrong is not entered upon
            self.righted = verdict == "" and "CONTRACT" in self.ledger.holds
            yield from doubted(verdict, self.ledger.holds.get("CONTRACT", ""), at)
        if told.ended and not self.ledger.ended:
            yield DataEnded(at=at)  # before the last bars: on them all is left that is open
        if not (moved and self.live and (self.watch.off or self.righted)):
            yield from self._bars(told)
        if self.live:
            yield from self.silence.grown_stale(now)

    def _bars(self, told: Polled) -> Iterator[AnyFact]:
        """Yield what has changed of bars told before, and the bars that closed since."""
        for bar in told.revised:
            self.remember(bar)
            yield revision(bar, told.at)
        for closed in told.bars:
            self.told[closed.bar.symbol, closed.bar.timeframe] = closed.bar.time
        yield from facts_of(told.bars, told.at, self.ears.max_age_ms)
        for closed in told.bars:
            self.remember(closed.bar)

    def remember(self, bar: Bar) -> None:
        """Have a bar read again; one that is told anew takes the place of what was told before."""
        known = self.known.setdefault((bar.symbol, bar.timeframe), deque(maxlen=self.ears.reread))
        for place, old in enumerate(known):
            if old.time == bar.time:
                known[place] = bar
                return
        known.append(bar)


def _lasting(symbol: Symbol) -> Symbol:
    """Return a contract without what moves with the market."""
    return msgspec.structs.replace(symbol, tick_value=0.0)


def revision(bar: Bar, at: int) -> BarRevised | FeedBroken:
    """Return the fact that a bar is told anew; what cannot be one is no other bar, but a broken feed."""
    return broken(bar, at) or BarRevised(at=at, bar=bar)


def history(bar: Bar) -> BarClosed | FeedBroken:
    """Return the fact that a bar has been, as it was told when it closed; what cannot be one is folded in nowhere."""
    closed = bar.time + TIMEFRAMES[bar.timeframe] * 1000
    return broken(bar, closed) or BarClosed(at=closed, bar=bar, bid=bar.close, ask=bar.close, phase="warm")


def broken(bar: Bar, at: int) -> FeedBroken | None:
    """Return the fact that something cannot be a bar; None where it can."""
    problem = price_problem(bar.open, bar.high, bar.low, bar.close)
    return FeedBroken(at=at, symbol=bar.symbol, problem=f"bar {bar.time}: {problem}") if problem else None


def facts_of(bars: tuple[Closed, ...], at: int, max_age_ms: int) -> Iterator[BarClosed | FeedBroken]:
    """Yield told bars as facts, in the order in which they would have been told, the longest timeframe first.

    The newest bar of a feed is live while the tick that showed it is fresh; older ones closed while we were away. A bar
    that cannot be one is not told as a bar, but as a broken feed. Where only the quote cannot be one, the bar is told
    as missed, at its close: nothing can be done by it, and features that never heard of it would be others for good.
    """
    newest = {(c.bar.symbol, c.bar.timeframe): c.bar.time for c in bars}
    for closed in sorted(bars, key=_when):
        bar = closed.bar
        problem = price_problem(bar.open, bar.high, bar.low, bar.close)
        if problem or not 0.0 < closed.bid <= closed.ask:
            if not problem:
                yield BarClosed(at=at, bar=bar, bid=bar.close, ask=bar.close, phase="missed")
            quote = f"bar {bar.time}: {problem or f'quote {closed.bid}/{closed.ask}'}"
            yield FeedBroken(at=at, symbol=bar.symbol, problem=quote)
            continue
        last = newest[bar.symbol, bar.timeframe] == bar.time
        fresh = last and (closed.next_open == 0 or at - closed.next_open <= max_age_ms)
        yield BarClosed(at=at, bar=bar, bid=closed.bid, ask=closed.ask, phase="live" if fresh else "missed")


def _when(closed: Closed) -> tuple[int, int, int]:
    """Return a bar's place: when the next one opened and so showed it closed; of those shown together, when it ended.

    Where the server's clock was put forward within a bar, it ends with the next one's opening, before its whole length.
    """
    length = TIMEFRAMES[closed.bar.timeframe] * 1000
    ended = closed.bar.time + length
    shown = closed.next_open or ended
    return shown, min(shown, ended), -length
