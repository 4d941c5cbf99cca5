"""All the books of one account: the live one and a shadow for each gated strategy, folded beside the core."""

from collections.abc import Mapping

import msgspec

from brokers.costs import Costs
from brokers.facts import BarClosed, DealMade, Reconciled
from brokers.limits import stop_loss
from brokers.within import Within
from market.types import Bar
from runtime.core.core import Core
from runtime.core.decision import Step
from runtime.core.facts import AnyFact, TradeWrittenOff
from runtime.core.hands import ADOPTED
from runtime.core.instructions import Reply
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.outcome import Outcome
from runtime.outcomes.shadow import Shadow, ShadowSnapshot


class BooksSnapshot(msgspec.Struct, frozen=True):
    """The books at rest."""

    live: OutcomeBook
    shadows: list[ShadowSnapshot]


class Books:
    """Follows every fact the core was told and every step it made; says which trades came to an end."""

    __slots__ = ("_waiting", "core", "costs", "live", "shadows", "within")

    def __init__(self, core: Core, costs: Mapping[str, Costs], *, shadows: bool = True) -> None:
        """Begin empty; the shadows open with the account's first known balance."""
        self.core, self.costs = core, costs
        self.within: Mapping[str, Within] = {}
        """Of a symbol, what tells the way of prices within its bars, of recorded ones alone: for the shadows."""
        self.live = OutcomeBook("live")
        self.shadows: list[Shadow] = []
        self._waiting = shadows

    def observe(self, fact: AnyFact, step: Step) -> tuple[Outcome, ...]:
        """Fold one fact and the step it led to; return the outcomes of trades it closed."""
        done: list[Outcome] = []
        if not self.core.fresh:
            return ()
        if isinstance(fact, BarClosed) and fact.phase != "warm":  # history that is told anew was lived through
            self._bar(fact.bar)
        elif isinstance(fact, DealMade):
            early = any(e.deal.ticket == fact.deal.ticket for e in self.core.ledger.early)
            outcome = self.live.deal(fact.deal, early=early)
            done += [outcome] if outcome else []
        elif isinstance(fact, TradeWrittenOff) and any(isinstance(w, Reply) and w.ok for w in step.instructions):
            outcome = self.live.written_off(fact.position, self.core.ledger.at)
            done += [outcome] if outcome else []
        elif isinstance(fact, Reconciled):
            self._tags()
        for decision in step.decisions:
            self.live.decided(decision)
        if any(isinstance(wish, Reply) for wish in step.instructions):
            self._adopted()
        if self._waiting and self.core.ledger.known and not self.core.ledger.counting:
            self._open_shadows(self.core.ledger.balance)
        for shadow in self.shadows:
            done += shadow.observe(fact)
        return tuple(done)

    def _bar(self, bar: Bar) -> None:
        if self.live.held and (contract := self.core.decider.contracts.get(bar.symbol)) is not None:
            self.live.bar(bar, self.costs.get(bar.symbol, Costs()).spread, contract.symbol.scale)

    def _adopted(self) -> None:
        """Open the book of a trade that was taken over."""
        decider = self.core.decider
        for lane in self.core.lanes:
            trade = lane.trade
            if trade is not None and ADOPTED in trade.tag and trade.position not in self.live.held:
                contract = decider.contracts[trade.symbol]
                rate = contract.rate(trade.entry)
                risk = stop_loss(trade.volume, contract.contract, trade.entry, trade.stop, rate)
                self.live.adopted(trade, lane.plan.timeframe, lane.name, risk)

    def _tags(self) -> None:
        """Take over which trades people had a hand in: a stop moved by hand makes no deal."""
        for lane in self.core.lanes:
            if lane.trade is not None and lane.trade.tag and lane.trade.position in self.live.held:
                self.live.held[lane.trade.position].tag = lane.trade.tag

    def _open_shadows(self, balance: float) -> None:
        plan = self.core.plan
        self._waiting = False
        self.shadows = [
            Shadow(plan, s, self.core, self.costs, balance, self.within)
            for s in plan.strategies
            if s.gate and s.gate.mode != "off"
        ]

    def snapshot(self) -> bytes:
        """Return all that moves, as bytes."""
        return msgspec.msgpack.encode(BooksSnapshot(self.live, [s.snapshot() for s in self.shadows]))

    def restore(self, raw: bytes) -> None:
        """Become the books that made this snapshot."""
        snapshot = msgspec.msgpack.decode(raw, type=BooksSnapshot)
        self.live = snapshot.live
        if snapshot.shadows:
            self._open_shadows(0.0)
            for shadow, rest in zip(self.shadows, snapshot.shadows, strict=True):
                shadow.restore(rest)
