"""The plain drive: recorded bars through the same core as the daemon's, over the simulated venue, row by row.

One round of the timeline is one tick time T: the symbols that have a bar opening at T get its first tick (gaps, stops
and swap; deals are told), then the bars that this tick shows as closed are told, longest timeframe first, and what is
decided on them is executed at that tick; only then do the bars that opened at T have a high and a low.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Literal

import msgspec

from backtests.equity import Curve, Point, curve_of
from backtests.passage import Passage
from backtests.reel import FOREVER, Closed, Reel
from brokers.costs import Costs
from brokers.facts import Accepted, BarClosed, BarPhase, DataEnded, HistoryTold, LinkUp, Reconciled
from brokers.latch import Command
from brokers.venue import Venue
from brokers.within import Within
from market.bars import Bars
from market.types import Account, Deal
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
    Reply,
    SetLevel,
    Submit,
    WakeAt,
)
from runtime.core.warming import bars_wanted, is_warming
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from runtime.requests import request_of

_WHEN = itemgetter(0, 1)
_ENDS = attrgetter("ends")


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a drive."""

    decisions: Sequence[Decision]
    deals: list[Deal]
    outcomes: list[Outcome]
    equity: Curve
    """At every told bar."""
    bars: int
    balance: float
    orders: int
    ambiguous: int
    """Bars that reached both stop and target of a position; counted as stopped."""
    resolved: int = 0
    """And of which something told what came first."""
    apart: int = 0
    """Bars in which something stood, and of which what should tell that would make other bars."""
    within: Mapping[str, str] = {}
    """Of a symbol, what told the way of prices within its bars, in words."""
    played: Literal["plain", "compiled", "compiled, row by row"] = "plain"
    """By which drive, row by row where the strategy is asked in Python; what came of it is the same by each."""
    why: str = ""
    """Why it was the plain one."""


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
        within: Mapping[str, Within] | None = None,
    ) -> None:
        """Trade from the first tick at or after `start` (UTC ms); `warmup` bars before it are folded in only.

        within: of a symbol, what tells the way of prices within its bars.
        """
        self.core, self.books, self.tapes, self.start, self.warmup = core, books, tapes, start, warmup
        plan = core.plan
        symbols = {name: s for name, s in plan.symbols.items() if any(key[0] == name for key in tapes)}
        self.venue = Venue(
            symbols,
            costs,
            currency=plan.currency,
            balance=balance,
            leverage=plan.leverage,
            at=start,
            hedging=plan.hedging,
            zone=plan.zone,
        )
        self.costs, self.ended = costs, False
        self.passage = Passage(self.venue, within or {}, costs)
        books.within = self.passage.within
        self.decisions: list[Decision] = []
        self.decided = True
        self.outcomes: list[Outcome] = []
        self.equity: list[Point] = []
        self.bars = 0
        self.orders = 0
        reels = [Reel(tapes[key], start) for key in core.feeds if key in tapes]
        self.told_order = sorted(reels, key=lambda reel: -reel.frame)
        self.paths = [min((r for r in reels if r.symbol == name), key=lambda r: r.frame) for name in symbols]
        opening = min(reel.opening for reel in reels)
        for reel in reels:  # what has closed at the very first tick: a tape's last bar only if its next has opened
            reel.told = reel.next if reel.opening == opening else max(0, reel.next - 1)

    # --- time -------------------------------------------------------------------------------------------------------

    def run(self, progress: Callable[[int], None] | None = None, *, decided: bool = True) -> Drive:
        """Play everything from start to end; `decided`: tell the decisions, too."""
        self.decided = decided
        self.come_up()
        self._warm_up()
        for at in self._times():
            self._play_before(at)
            opened = [reel for reel in self.paths if reel.opening == at]
            for reel in opened:
                self._first_tick(reel, at)
            self._news()
            self._tell_closed(at, opened)
            if progress is not None:
                progress(self.bars)
        self._play_before(FOREVER)
        self._end()
        return Drive(
            decisions=self.decisions, deals=self.venue.deals, outcomes=self.outcomes, equity=curve_of(self.equity),
            bars=self.bars, balance=self.venue.balance, orders=self.orders, ambiguous=self.venue.ambiguous,
            resolved=self.passage.resolved, apart=self.passage.apart,
            within={symbol: way.said for symbol, way in self.passage.within.items()},
        )  # fmt: skip

    def _times(self) -> Iterator[int]:
        if len(self.paths) == 1:
            return iter(self.paths[0].tape.time[self.paths[0].next :])
        return iter(sorted({t for reel in self.paths for t in reel.tape.time[reel.next :]}))

    def _first_tick(self, reel: Reel, at: int) -> None:
        i = reel.open()
        self.venue.open_bar(reel.symbol, at, reel.tape.open[i], reel.tape.spread[i])

    def _play_before(self, at: int) -> None:
        """Give the bars that end before a moment their high, low and close, in the order in which they end.

        Where more is told of them, they go their way, and orders arrive on it.
        """
        if self.passage.within:
            for request in self.passage.until(at, self.paths):
                self._news()
                quote, answer = self.venue.quote(request.symbol), self.venue.send(request)
                told = isinstance(answer, Accepted)
                self._handle(msgspec.structs.replace(answer, bid=quote[0], ask=quote[1]) if told else answer)
            return
        for reel in sorted([reel for reel in self.paths if reel.ends < at], key=_ENDS):
            tape, i, end = reel.tape, reel.next - 1, reel.ends
            reel.ends = FOREVER
            self.venue.play_bar(reel.symbol, end, tape.high[i], tape.low[i], tape.close[i])

    def _tell_closed(self, at: int, opened: list[Reel]) -> None:
        """Tell the bars that a first tick at `at` shows as closed."""
        symbols = {reel.symbol for reel in opened}
        closed: list[Closed] = []
        for reel in self.told_order:
            if reel.symbol in symbols:
                # its own next bar has opened; a bar of another timeframe is over when its time is
                closed += reel.closed(at if reel in opened else at - reel.frame + 1)
        self._tell(closed, at)

    def _tell(self, closed: list[Closed], at: int) -> None:
        """Tell bars as a daemon does: what closed first the first, of those that closed together the longest."""
        for _, _, reel, i in sorted(closed, key=_WHEN):
            self._tell_bar(reel, i, at, "live")

    def _end(self) -> None:
        """Tell that the data is over: the closing quote is the last tick; what is open is left there."""
        self._news()
        at, self.ended = self.venue.at, True
        self._handle(DataEnded(at=at))
        self._tell([closed for reel in self.told_order for closed in reel.closed(FOREVER)], at)
        self._news()

    # --- facts ------------------------------------------------------------------------------------------------------

    def come_up(self) -> None:
        """Come up as a daemon does: run, latch, link, reconcile."""
        at = self.start
        plan = self.core.plan
        balance = self.venue.balance
        account = Account(
            login=0, server="backtest", currency=plan.currency, leverage=plan.leverage, hedging=plan.hedging, demo=True,
            trade_allowed=True, balance=balance, equity=balance,
        )  # fmt: skip
        self.venue.news()
        self._handle(RunStarted(at=at, run=1))
        command = Command(id="backtest", level="run", who="backtest", why="recorded bars", wall=0, path="daemon")
        self._handle(LevelChanged(at=at, command=command, generation=1))
        self.account = account
        self._handle(LinkUp(at=at, account=account))

    def _warm_up(self) -> None:
        """Fold in the history there is."""
        for reel in self.told_order:
            bars = bars_wanted(self.core.feeds, self.core.made, (reel.symbol, reel.tape.timeframe), self.warmup)
            for i in range(max(0, reel.told - bars), reel.told):
                self._tell_bar(reel, i, reel.tape.time[i] + reel.frame, "warm")
        if is_warming(self.core.ledger):
            self._handle(HistoryTold(at=self.start))

    def _tell_bar(self, reel: Reel, index: int, at: int, phase: BarPhase) -> None:
        bar = reel.tape.bar(index)
        if phase == "warm":
            self._handle(BarClosed(at=at, bar=bar, bid=bar.close, ask=bar.close, phase="warm"))
            return
        bid, ask = self.venue.quote(reel.symbol)
        self._handle(BarClosed(at=at, bar=bar, bid=bid, ask=ask))
        self.bars += 1
        self.equity.append((at, self.core.decider.equity()))

    def _handle(self, fact: AnyFact) -> None:
        """Tell one fact, do all that is asked for, and all that is asked for because of that."""
        queue: list[AnyInstruction] = list(self._take(fact).instructions)
        if not queue:
            return
        for wish in queue:  # grows while it is walked
            done = self._perform(wish)
            queue += self._take(done).instructions if done is not None else ()
        self._news()

    def _take(self, fact: AnyFact) -> Step:
        step = self.core.handle(fact)
        if self.decided:
            self.decisions += step.decisions
        self.outcomes += self.books.observe(fact, step)
        return step

    def _news(self) -> None:
        for fact in self.venue.news():
            self._handle(fact)

    def _perform(self, wish: AnyInstruction) -> AnyFact | None:
        """Return what came of a wish; None where it is an order on its way."""
        at = self.venue.at
        match wish:
            case Submit() | ClosePosition() | ModifyStop() | Cancel():
                self.orders += isinstance(wish, Submit | ClosePosition)
                request = request_of(wish)
                return None if not self.ended and self.passage.takes(request) else self.venue.send(request)
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
            case Alert() | Reply():
                return Alerted(at=at, id=wish.id)
