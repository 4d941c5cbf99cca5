"""The plain drive: recorded bars through the same core as the daemon's, over the simulated venue, row by row.

One round of the timeline is one tick time T: the symbols that have a bar opening at T get its first tick (gaps, stops
and swap; deals are told), then the bars that this tick shows as closed are told, longest timeframe first, and what is
decided on them is executed at that tick; only then do the bars that opened at T have a high and a low.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter

import msgspec

from brokers.latch import Command
from brokers.port import BarClosed, BarPhase, DataEnded, LinkUp, Reconciled
from brokers.venue import Costs, Venue
from market.bars import Bars
from market.types import TIMEFRAMES, Account, Deal
from runtime.core.core import Core
from runtime.core.decision import Decision, Step
from runtime.core.facts import Alerted, AnyFact, LevelChanged, RunStarted, TimerFired
from runtime.core.feeds import FeedKey
from runtime.core.instructions import (
    Alert,
    AnyInstruction,
    Cancel,
    ClosePosition,
    ModifyStop,
    Reconcile,
    SetLevel,
    Submit,
    WakeAt,
)
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from runtime.requests import request_of

Closed = tuple[int, int, FeedKey, int]
"""When a bar closed, minus its length, its tape and its place there."""
_WHEN = itemgetter(0, 1)
FOREVER = 1 << 62


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a drive."""

    decisions: list[Decision]
    deals: list[Deal]
    outcomes: list[Outcome]
    equity: list[tuple[int, float]]
    """(time, equity) at every told bar."""
    bars: int
    balance: float
    orders: int
    ambiguous: int
    """Bars that reached both stop and target of a position; counted as stopped."""


class PlainDrive:
    """Recorded time: it moves only when everything that was asked for is settled."""

    def __init__(
        self,
        core: Core,
        books: Books,
        tapes: Mapping[FeedKey, Bars],
        costs: Mapping[str, Costs],
        *,
        balance: float,
        start: int,
        warmup: int,
    ) -> None:
        """Trade from the first tick at or after `start` (UTC ms); `warmup` bars before it are folded in only."""
        self.core, self.books, self.tapes, self.start, self.warmup = core, books, tapes, start, warmup
        plan = core.plan
        symbols = {name: s for name, s in plan.symbols.items() if any(key[0] == name for key in tapes)}
        self.venue = Venue(symbols, costs, currency=plan.currency, balance=balance, leverage=plan.leverage, at=start)
        self.costs = costs
        self.decisions: list[Decision] = []
        self.outcomes: list[Outcome] = []
        self.equity: list[tuple[int, float]] = []
        self.bars = 0
        self.orders = 0
        feeds = list(core.feeds)
        self.told_order = sorted(tapes, key=lambda key: (-TIMEFRAMES[key[1]], feeds.index(key)))
        finest = {name: min((k for k in tapes if k[0] == name), key=lambda k: TIMEFRAMES[k[1]]) for name in symbols}
        self.paths = [finest[name] for name in plan.symbols if name in finest]
        self.next = {key: bisect_left(tape.time, start) for key, tape in tapes.items()}
        self.told = {key: self._history(key) for key in tapes}
        self.open: dict[FeedKey, int] = {}
        """Bars without high and low yet, and the last millisecond of each."""

    # --- time -------------------------------------------------------------------------------------------------------

    def run(self, progress: Callable[[int], None] | None = None) -> Drive:
        """Play everything from start to end."""
        self._begin()
        for at in self._times():
            self._play_before(at)
            for key in (opened := [k for k in self.paths if self._opens(k, at)]):
                self._first_tick(key, at)
            self._news()
            self._tell_closed(at, opened)
            if progress is not None:
                progress(self.bars)
        self._play_before(FOREVER)
        self._end()
        return Drive(
            decisions=self.decisions, deals=self.venue.deals, outcomes=self.outcomes, equity=self.equity,
            bars=self.bars, balance=self.venue.balance, orders=self.orders, ambiguous=self.venue.ambiguous,
        )  # fmt: skip

    def _times(self) -> Iterator[int]:
        if len(self.paths) == 1:
            tape = self.tapes[self.paths[0]]
            return iter(tape.time[self.next[self.paths[0]] :])
        return iter(sorted({t for key in self.paths for t in self.tapes[key].time[self.next[key] :]}))

    def _opens(self, key: FeedKey, at: int) -> bool:
        i, tape = self.next[key], self.tapes[key]
        return i < len(tape) and tape.time[i] == at

    def _first_tick(self, key: FeedKey, at: int) -> None:
        tape, i = self.tapes[key], self.next[key]
        self.venue.open_bar(key[0], at, tape.open[i], tape.spread[i])
        self.next[key] = i + 1
        end = at + TIMEFRAMES[key[1]] * 1000
        self.open[key] = (min(end, tape.time[i + 1]) if i + 1 < len(tape) else end) - 1

    def _play_before(self, at: int) -> None:
        """Give the bars that end before a moment their high, low and close, in the order in which they end."""
        due = [key for key in self.paths if key in self.open and self.open[key] < at]
        for key in sorted(due, key=self.open.__getitem__):
            tape, i = self.tapes[key], self.next[key] - 1
            self.venue.play_bar(key[0], self.open.pop(key), tape.high[i], tape.low[i], tape.close[i])

    def _tell_closed(self, at: int, opened: list[FeedKey]) -> None:
        """Tell the bars that a first tick at `at` shows as closed."""
        symbols = {key[0] for key in opened}
        closed: list[Closed] = []
        for key in self.told_order:
            if key[0] in symbols:
                # its own next bar has opened; a bar of another timeframe is over when its time is
                closed += self._closed(key, at if key in opened else at - TIMEFRAMES[key[1]] * 1000 + 1)
        self._tell(closed, at)

    def _closed(self, key: FeedKey, before: int) -> Iterator[Closed]:
        """Yield the bars of one tape that opened before a moment and were not told yet."""
        tape, length = self.tapes[key], TIMEFRAMES[key[1]] * 1000
        while self.told[key] < len(tape) and tape.time[self.told[key]] < before:
            i = self.told[key]
            self.told[key] += 1
            yield tape.time[i] + length, -length, key, i

    def _tell(self, closed: list[Closed], at: int) -> None:
        """Tell bars as a daemon does: what closed first the first, of those that closed together the longest."""
        for _, _, key, i in sorted(closed, key=_WHEN):
            self._tell_bar(key, i, at, "live")

    def _end(self) -> None:
        """Tell that the data is over: the closing quote is the last tick; what is open is left there."""
        self._news()
        at = self.venue.at
        self._handle(DataEnded(at=at))
        self._tell([closed for key in self.told_order for closed in self._closed(key, FOREVER)], at)
        self._news()

    def _history(self, key: FeedKey) -> int:
        """Return how many bars of a tape have closed at the first tick: the last one only if its next has opened."""
        opening = [tape.time[self.next[k]] for k, tape in self.tapes.items() if self.next[k] < len(tape)]
        tape, i = self.tapes[key], self.next[key]
        return i if i < len(tape) and tape.time[i] == min(opening) else max(0, i - 1)

    # --- facts ------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Come up as a daemon does: run, latch, link, contracts seen, warm-up, reconcile."""
        at = self.start
        plan = self.core.plan
        balance = self.venue.balance
        account = Account(
            login=0, server="backtest", currency=plan.currency, leverage=plan.leverage, hedging=True, demo=True,
            trade_allowed=True, balance=balance, equity=balance,
        )  # fmt: skip
        self.venue.news()
        self._handle(RunStarted(at=at, run=1))
        command = Command(id="backtest", level="run", who="backtest", why="recorded bars", wall=0, path="daemon")
        self._handle(LevelChanged(at=at, command=command, generation=1))
        self.account = account
        self._handle(LinkUp(at=at, account=account))
        for key in self.told_order:
            for i in range(max(0, self.told[key] - self.warmup), self.told[key]):
                self._tell_bar(key, i, self.tapes[key].time[i] + TIMEFRAMES[key[1]] * 1000, "warm")

    def _tell_bar(self, key: FeedKey, index: int, at: int, phase: BarPhase) -> None:
        bar = self.tapes[key].bar(index)
        if phase == "warm":
            self._handle(BarClosed(at=at, bar=bar, bid=bar.close, ask=bar.close, phase="warm"))
            return
        bid, ask = self.venue.quote(key[0])
        self._handle(BarClosed(at=at, bar=bar, bid=bid, ask=ask))
        self.bars += 1
        self.equity.append((at, self.core.decider.equity()))

    def _handle(self, fact: AnyFact) -> None:
        """Tell one fact, do all that is asked for, and all that is asked for because of that."""
        queue: list[AnyInstruction] = list(self._take(fact).instructions)
        if not queue:
            return
        for wish in queue:  # grows while it is walked
            queue += self._take(self._perform(wish)).instructions
        self._news()

    def _take(self, fact: AnyFact) -> Step:
        step = self.core.handle(fact)
        self.decisions += step.decisions
        self.outcomes += self.books.observe(fact, step)
        return step

    def _news(self) -> None:
        for fact in self.venue.news():
            self._handle(fact)

    def _perform(self, wish: AnyInstruction) -> AnyFact:
        at = self.venue.at
        match wish:
            case Submit() | ClosePosition() | ModifyStop() | Cancel():
                self.orders += isinstance(wish, Submit | ClosePosition)
                return self.venue.send(request_of(wish))
            case Reconcile():
                last = self.venue.deals[-1].ticket
                return Reconciled(
                    at=at, id=wish.id, account=msgspec.structs.replace(self.account, balance=self.venue.balance),
                    positions=self.venue.positions(), orders=self.venue.orders(), last_deal=last, settled=wish.settled,
                )  # fmt: skip
            case WakeAt():
                return TimerFired(at=at, id=wish.id, key=wish.key)
            case SetLevel():
                command = Command(
                    id=f"core-{wish.id}", level=wish.level, who="core", why=wish.why, wall=0, path="daemon"
                )
                return LevelChanged(at=at, command=command, generation=self.core.ledger.generation + 1, id=wish.id)
            case Alert():
                return Alerted(at=at, id=wish.id)
