"""Shadow books: the same strategy without one of its gates, or all, in a book of its own, made from live facts alone.

A shadow is a whole core with one strategy and a gate left out, trading on a simulated venue of its own; so a signal
vetoed on twenty bars in a row makes one trade, stopped and left by the very same code. It reads the live core's
features, obeys the live levels, and sizes by the live account's equity: where the gate vetoed nothing, live and shadow
trades are the same, but for what other strategies of the account take. Its fills are the venue model's, and are marked
as such: the gate's value is realised minus shadow.
"""

from collections.abc import Mapping, Sequence

import msgspec

from msgspec.structs import replace

from brokers.costs import Costs
from brokers.facts import BarClosed, BarRevised, ClockDoubted, DataEnded, HistoryGrown, LinkUp, Reconciled, SymbolSeen
from brokers.latch import Command
from brokers.venue import Venue
from brokers.within import Within
from market.types import Account, Bar
from runtime.core.core import Core
from runtime.core.decision import Decision, Step
from runtime.core.facts import (
    Alerted,
    AnyFact,
    HoldLifted,
    LevelChanged,
    ModelActivated,
    RunStarted,
    SpecAcknowledged,
    StrategyAnswered,
)
from runtime.core.forgetting import outlive
from runtime.core.instructions import Alert, Cancel, ClosePosition, ModifyStop, Reconcile, Reply, SetLevel, Submit
from runtime.core.plan import Plan, StrategyPlan
from runtime.follow import Follower, Told
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.kept_out import Gate
from runtime.outcomes.outcome import Outcome
from runtime.outcomes.without import without
from runtime.requests import request_of
from strategies.window import WindowStrategy


class ShadowSnapshot(msgspec.Struct, frozen=True):
    """A shadow at rest."""

    core: bytes
    venue: bytes
    book: OutcomeBook
    opened: dict[str, Told]
    strategy: str = ""
    gate: Gate = "regime"


class Shadow:
    """One strategy's book without a gate."""

    __slots__ = ("book", "core", "decided", "follower", "gate", "of", "spread", "venue")

    def __init__(
        self, plan: Plan, of: StrategyPlan, gate: Gate, host: Core, costs: Mapping[str, Costs], balance: float,
        within: Mapping[str, Within],
    ) -> None:  # fmt: skip
        """Open a book like the live one, for one strategy only."""
        self.of, self.gate, self.decided = of, gate, ""
        self.core = Core(without(plan, of, gate), host)
        symbols = {of.symbol: plan.symbols[of.symbol]}
        self.venue = Venue(
            symbols, costs, currency=plan.currency, balance=balance, leverage=plan.leverage, at=0, hedging=plan.hedging,
            zone=plan.zone,
        )  # fmt: skip
        self.venue.news()
        self.book = OutcomeBook("shadow", gate)
        self.spread = costs.get(of.symbol, Costs()).spread
        scales = {of.symbol: plan.symbols[of.symbol].scale}
        self.follower = Follower(self.venue, {of.symbol: of.timeframe}, scales, within)
        self._begin(balance, plan, host)
        if isinstance(of.strategy, WindowStrategy):  # what its host has been told so far it knows, too
            home = next(lane for lane in host.lanes if lane.number == of.number)
            self.core.lanes[0].runner.restore(home.runner.snapshot())
        self.core.ledger.acknowledged.update(host.ledger.acknowledged)
        self.core.decider.renew()
        self._respecify()

    def _begin(self, balance: float, plan: Plan, host: Core) -> None:
        account = Account(
            login=0, server="shadow", currency=plan.currency, leverage=plan.leverage, hedging=plan.hedging, demo=True,
            trade_allowed=True, balance=balance, equity=balance,
        )  # fmt: skip
        last = self.venue.deals[-1].ticket
        self.core.handle(RunStarted(at=0, run=0))
        command = Command(
            id="shadow", level=host.ledger.level, who="shadow", why="as the live account", wall=0, path="daemon"
        )
        if "SWITCH" not in host.ledger.holds:
            self.core.handle(LevelChanged(at=0, command=command, generation=host.ledger.generation))
            self.core.ledger.scopes = dict(host.ledger.scopes)
        self.core.handle(LinkUp(at=0, account=account))
        self.core.handle(Reconciled(at=0, account=account, positions=(), orders=(), last_deal=last))

    def observe(self, fact: AnyFact, decided: Sequence[Decision] = ()) -> list[Outcome]:
        """Follow one live fact, and what was decided on it; return what it closed in the shadow.

        A trade of the shadow's is known by what the live core has decided on the same bar: that says what kept it out.
        """
        self.decided = next((d.id for d in decided if d.strategy == self.of.name), "")
        if isinstance(
            fact,
            LevelChanged | DataEnded | SymbolSeen | SpecAcknowledged | ModelActivated | StrategyAnswered | HoldLifted,
        ):
            done = self._tell(fact)
            if isinstance(fact, SpecAcknowledged):
                self._respecify()
            return done
        if isinstance(fact, HistoryGrown) or (isinstance(fact, ClockDoubted) and not fact.problem):
            self._forget(later=isinstance(fact, ClockDoubted))
        if isinstance(fact, BarRevised):
            self._revised(fact.bar)
        return self._bar(fact) if isinstance(fact, BarClosed) else []

    def _revised(self, bar: Bar) -> None:
        """Have strategies that keep bars know it as it is told now; its host has folded it in anew."""
        for lane in self.core.lanes_of.get((bar.symbol, bar.timeframe), ()):
            lane.runner.told_anew(bar)

    def _forget(self, *, later: bool) -> None:
        """Have what its host has forgotten told anew, to no strategy and no exit; `later`: it was of later than now."""
        host = self.core.decider.host
        lived = {lane.number: lane.lived for lane in host.lanes} if host else {}
        for lane in self.core.lanes:
            if not self.core.feeds[lane.plan.symbol, lane.plan.timeframe].bars:
                outlive(lane, lived[lane.number])
                if later:
                    self.follower.forget(lane.plan.symbol)

    def _respecify(self) -> None:
        """Have the venue trade by the contracts that a person took."""
        for symbol in self.core.ledger.acknowledged.values():
            self.follower.respecify(symbol)

    def _bar(self, fact: BarClosed) -> list[Outcome]:
        done: list[Outcome] = []
        unsure = self.venue.ambiguous
        if self.follower.market(fact, ended=self.core.ledger.ended):
            done += self._news()
            if self.venue.ambiguous > unsure:
                done = [replace(outcome, unclear=outcome.exit_reason == "stop") for outcome in done]
            self.book.bar(fact.bar, self.spread, self.follower.scales[fact.bar.symbol])
        return done + self._tell(fact)

    def _tell(self, fact: AnyFact) -> list[Outcome]:
        """Tell the shadow's core, and work what it asks for until nothing moves."""
        queue = [self.core.handle(fact)]
        done: list[Outcome] = []
        while queue:
            step = queue.pop(0)
            for decision in step.decisions:
                self.book.decided(decision, self.decided)
            queue += self._perform(step)
            done += self._news() if step.instructions else []
        return done

    def _perform(self, step: Step) -> list[Step]:
        steps = []
        for wish in step.instructions:
            match wish:
                case Submit() | ClosePosition() | ModifyStop() | Cancel():
                    steps.append(self.core.handle(self.venue.send(request_of(wish))))
                case Alert() | Reply():
                    steps.append(self.core.handle(Alerted(at=self.venue.at, id=wish.id)))
                case Reconcile() | SetLevel() | _:
                    pass  # a simulated book is never in doubt, and its level is the live one
        return steps

    def _news(self) -> list[Outcome]:
        done = []
        for fact in self.venue.news():
            self.core.handle(fact)
            if (deal := getattr(fact, "deal", None)) is not None:
                outcome = self.book.deal(deal)
                if outcome is not None:
                    done.append(outcome)
        self.venue.keep(1)  # all are heard, and at rest the whole venue is written down
        return done

    def snapshot(self) -> ShadowSnapshot:
        """Return all that moves."""
        return ShadowSnapshot(
            self.core.snapshot(), self.venue.snapshot(), self.book, self.follower.opened, self.of.name, self.gate
        )

    def restore(self, snapshot: ShadowSnapshot) -> None:
        """Become the shadow that made this snapshot."""
        self.core.restore(snapshot.core)
        self.venue = self.follower.venue = Venue.restore(snapshot.venue)
        self.venue.live_by(self.core.plan.zone)
        self.book, self.follower.opened = snapshot.book, snapshot.opened
        self._respecify()
