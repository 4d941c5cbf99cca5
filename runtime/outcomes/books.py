"""All the books of one account: the live one and shadows of each gated strategy, folded beside the core."""

from collections.abc import Iterator, Mapping

import msgspec

from brokers.costs import Costs
from brokers.facts import Accepted, BarClosed, DealMade, Reconciled
from brokers.limits import stop_loss
from brokers.within import Within
from market.money import cents
from market.types import Bar, Deal
from runtime.core.balance import BALANCE_TAKEN
from runtime.core.core import Core
from runtime.core.decision import Step
from runtime.core.facts import AnyFact, BalanceTaken, TradeWrittenOff
from runtime.core.hands import ADOPTED
from runtime.core.instructions import ClosePosition, Reply
from runtime.core.writeoff import WRITTEN_OFF
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.outcome import Outcome
from runtime.outcomes.shadow import Shadow, ShadowSnapshot
from runtime.outcomes.tally import Tally
from runtime.outcomes.without import gates_of


class BooksSnapshot(msgspec.Struct, frozen=True):
    """The books at rest."""

    live: OutcomeBook
    shadows: list[ShadowSnapshot]
    tally: Tally = msgspec.field(default_factory=Tally)


class Books:
    """Follows every fact the core was told and every step it made; says which trades came to an end."""

    __slots__ = ("_waiting", "core", "costs", "every", "live", "shadows", "tally", "within")

    def __init__(
        self, core: Core, costs: Mapping[str, Costs], *, shadows: bool = True, every: bool = True
    ) -> None:  # fmt: skip
        """Begin empty; the shadows open with the account's first known balance.

        every: keep a book without each gate, and one without all; else one without the regime gate alone.
        """
        self.core, self.costs = core, costs
        self.within: Mapping[str, Within] = {}
        """Of a symbol, what tells the way of prices within its bars, of recorded ones alone: for the shadows."""
        self.live = OutcomeBook("live")
        self.tally = Tally()
        self.shadows: list[Shadow] = []
        self._waiting, self.every = shadows, every

    def observe(self, fact: AnyFact, step: Step) -> tuple[Outcome, ...]:
        """Fold one fact and the step it led to; return the outcomes of trades it closed."""
        if not self.core.fresh:
            return ()
        outcome = self._told(fact, step)
        done = [] if outcome is None else [outcome]
        if step.decisions or step.instructions:
            self._stepped(step)
        self._reckon(done)
        for shadow in self.shadows:
            done += shadow.observe(fact, step.decisions)
        return tuple(done)

    def _told(self, fact: AnyFact, step: Step) -> Outcome | None:
        """Take one fact into the live book."""
        match fact:
            case BarClosed() if fact.phase != "warm":  # history that is told anew was lived through
                self._bar(fact.bar)
            case DealMade():
                return self._deal(fact.deal)
            case Accepted() if fact.ask > 0.0:
                self.live.sent(fact.id, (fact.bid, fact.ask))
            case TradeWrittenOff() if was_done(step):
                self.tally.moved(WRITTEN_OFF, self.core.ledger.taken)
                return self.live.written_off(fact.position, self.core.ledger.at)
            case BalanceTaken() if was_done(step):
                self.tally.moved(BALANCE_TAKEN, self.core.ledger.taken)
            case Reconciled():
                self._tags()
            case _:  # no other fact tells a trade anything
                pass
        return None

    def _bar(self, bar: Bar) -> None:
        if self.live.held and (contract := self.core.decider.contracts.get(bar.symbol)) is not None:
            self.live.bar(bar, self.costs.get(bar.symbol, Costs()).spread, contract.symbol.scale)

    def _deal(self, deal: Deal) -> Outcome | None:
        ledger = self.core.ledger
        outcome = self.live.deal(deal, early=any(e.deal.ticket == deal.ticket for e in ledger.early))
        if self.tally.known and deal.position not in ledger.written:  # its money is in the balance already
            self.tally.deal(deal, self.live.took)
        return outcome

    def _stepped(self, step: Step) -> None:
        """Take into the live book what was decided and asked for."""
        for decision in step.decisions:
            self.live.decided(decision)
        for wish in step.instructions:
            if isinstance(wish, ClosePosition) and (quote := self.core.ledger.quotes.get(wish.symbol)) is not None:
                self.live.leaving(wish.magic, wish.id, quote)
        if any(isinstance(wish, Reply) for wish in step.instructions):
            self._adopted()

    def _reckon(self, closed: list[Outcome]) -> None:
        """Tally what was closed, and begin to as soon as the balance is known: so do the shadows."""
        ledger = self.core.ledger
        for outcome in closed if self.tally.known else ():
            self.tally.closed(outcome)
        if ledger.known and not ledger.counting:
            if not self.tally.known:
                self.tally.begin(ledger.balance, self.live.standing())
            if self._waiting:
                self._open_shadows(ledger.balance)

    @property
    def unexplained(self) -> float:
        """Money of the balance that neither trades nor the ledger explain: 0.0, or something was counted wrongly."""
        if not self.tally.known:
            return 0.0
        return cents(self.core.ledger.balance - self.tally.sum(self.live.standing()))

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
            Shadow(plan, s, gate, self.core, self.costs, balance, self.within)
            for s in plan.strategies
            for gate in gates_of(plan, s)
            if self.every or gate == "regime"
        ]

    def snapshot(self) -> bytes:
        """Return all that moves, as bytes."""
        return msgspec.msgpack.encode(BooksSnapshot(self.live, [s.snapshot() for s in self.shadows], self.tally))

    def restore(self, raw: bytes) -> None:
        """Become the books that made this snapshot."""
        snapshot = msgspec.msgpack.decode(raw, type=BooksSnapshot)
        self.live, self.tally = snapshot.live, snapshot.tally
        if snapshot.shadows:
            self._open_shadows(self.core.ledger.balance)
            at_rest = {(rest.strategy or name, rest.gate): rest for rest, name in self._named(snapshot.shadows)}
            for shadow in self.shadows:
                if (rest := at_rest.get((shadow.of.name, shadow.gate))) is not None:
                    shadow.restore(rest)

    def _named(self, rests: list[ShadowSnapshot]) -> Iterator[tuple[ShadowSnapshot, str]]:
        """Yield shadows at rest with whose they are by their order, as it was while none but regimes were left out."""
        names = [s.name for s in self.core.plan.strategies if "regime" in gates_of(self.core.plan, s)]
        return zip(rests, [*names, *[""] * len(rests)], strict=False)


def was_done(step: Step) -> bool:
    """Say whether what a person asked for was done in a step."""
    return any(isinstance(wish, Reply) and wish.ok for wish in step.instructions)
