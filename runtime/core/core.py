"""The core: one fact in, one step out; no clock, no network, no disk, no surprise.

`Core.handle` is the only door. Each kind of fact has one method; what an order's life or a permission means stands in
`orders.py` and `permissions.py` as tables; how a bar is decided stands in `decide.py`.
"""

from brokers.facts import (
    Accepted,
    BarClosed,
    BarRevised,
    ClockDoubted,
    DataEnded,
    DealMade,
    FeedBroken,
    FeedFresh,
    FeedStale,
    HistoryGrown,
    HistoryTold,
    InDoubt,
    LinkDown,
    LinkUp,
    OrderGone,
    Reconciled,
    Refused,
    Rejected,
    SymbolSeen,
    TradingAllowed,
    TradingForbidden,
    WorthSeen,
    WrongTerminal,
)
from runtime.core.adopt import adoption_answered
from runtime.core.answers import answered
from runtime.core.asleep import asleep, awake
from runtime.core.birth import lane_of
from runtime.core.bus import bus_told
from runtime.core.deals import take_deal
from runtime.core.decide import Decider
from runtime.core.decision import NO_STEP, Decision, Step
from runtime.core.desk import OrderDesk
from runtime.core.facts import (
    Alerted,
    AnyFact,
    BusHeard,
    BusSilent,
    CommandJudged,
    LevelChanged,
    RunStarted,
    StrategyAnswered,
    TimerFired,
)
from runtime.core.folds import Folds
from runtime.core.forgetting import forget_ahead, forget_short
from runtime.core.gates import tell_run
from runtime.core.levels import stand_at, take_back
from runtime.core.link import UNSETTLED, link_up, lost, run_started, trading_forbidden, wrong
from runtime.core.people import do_asked
from runtime.core.plan import Plan
from runtime.core.reconcile import reconcile
from runtime.core.specs import broken, clock_told, feed_told, revised, symbol_seen
from runtime.core.state import Ledger
from runtime.core.timers import timer_fired
from runtime.core.warming import WARMING, history_told, warmed
from runtime.core.watch import watch, watch_between


class Core(Folds):
    """Everything that is decided for one account."""

    __slots__ = ("decider", "desk", "fresh", "lanes", "lanes_of", "ledger", "plan")

    def __init__(self, plan: Plan, host: "Core | None" = None) -> None:
        """Be born knowing nothing: SWITCH, LINK, UNRECONCILED and WARMING are in place, each lifted by a fact only.

        A guest (a shadow book's core) reads the features and regimes its host has folded already; it folds none itself.
        """
        super().__init__(plan, host)
        self.plan = plan
        self.fresh = True
        """Whether the last fact was news; a bar or deal that is told twice is none."""
        self.lanes = [lane_of(plan, strategy, self.feeds) for strategy in plan.strategies]
        self.lanes_of = {
            key: [lane for lane in self.lanes if (lane.plan.symbol, lane.plan.timeframe) == key] for key in self.feeds
        }
        self.ledger = Ledger(holds={"SWITCH": "the latch is not read yet", "LINK": "no terminal yet"})
        self.ledger.holds["UNRECONCILED"] = "the venue was not looked at yet"
        for symbol in dict.fromkeys(key[0] for key in self.feeds):  # in the plan's order, whatever the hash seed
            self.ledger.holds[f"WARMING:{symbol}"] = WARMING
        self.desk = OrderDesk(self.ledger, self.lanes, plan.settle_s)
        self.decider = Decider(plan, self.ledger, self.lanes, self.desk, self.readings)
        self.decider.host = host.decider if host else None

    # --- the door ---------------------------------------------------------------------------------------------------

    def handle(self, fact: AnyFact) -> Step:  # noqa: C901, PLR0912, PLR0915 - one line for each kind of fact
        """Take one fact in; return the decisions made and all that is asked for."""
        ledger = self.ledger
        ledger.at, self.fresh = max(ledger.at, fact.at), True
        decisions: tuple[Decision, ...] = ()
        match fact:
            case BarClosed():
                decisions = self._bar(fact)
            case Accepted():
                self.desk.accepted(fact)
                adoption_answered(self.decider, fact)
                self._shut_out()
            case DealMade():
                self.fresh = take_deal(self.desk, fact) != "known"
            case Rejected() | Refused():
                self.desk.refused(fact)
                adoption_answered(self.decider, fact)
            case InDoubt():
                self.desk.doubted(fact)
                adoption_answered(self.decider, fact)
            case OrderGone():
                self.desk.gone(fact)
            case Reconciled():
                reconcile(self.decider, fact)
                self._shut_out()
            case StrategyAnswered():
                answered(self.lanes, fact)
            case LevelChanged():
                stand_at(ledger, fact)
            case TimerFired():
                timer_fired(ledger, self.desk, fact)
            case RunStarted():
                run_started(ledger, self.desk, fact)
                tell_run(self.plan, self.desk, self.readings)
            case LinkUp():
                link_up(self.decider, fact)
            case LinkDown():
                lost(ledger, self.desk, fact)
            case WrongTerminal():
                wrong(ledger, self.desk, fact)
            case TradingForbidden():
                trading_forbidden(ledger, self.desk, fact)
            case TradingAllowed():
                ledger.holds.pop("SESSION", None)
            case SymbolSeen():
                symbol_seen(self.decider, fact)
            case BarRevised():
                self._revised(fact)
            case HistoryTold():
                history_told(ledger, self.desk, self.feeds, self.made, self.plan.hours, fact)
            case HistoryGrown():
                forget_short(self.decider, self.feeds, self.made, fact)
            case FeedBroken():
                broken(ledger, self.desk, fact)
            case ClockDoubted():
                if clock_told(ledger, self.desk, fact):
                    forget_ahead(self.decider, self.feeds, self.made, fact.at)
            case WorthSeen():
                watch_between(self.decider, fact)
            case FeedStale() | FeedFresh():
                feed_told(ledger, self.desk, fact)
            case DataEnded():
                ledger.ended = True
                ledger.holds["ENDED"] = "recorded data is over"
            case BusSilent() | BusHeard() | CommandJudged():
                bus_told(ledger, self.desk, fact)
            case Alerted():
                return NO_STEP
            case _:  # what people ask for: each kind has its line there
                do_asked(self.decider, fact)
                self.plan = self.decider.plan
        if ledger.level != "run" or ledger.scopes or ledger.leaving:
            take_back(self.decider, fact)
        return self._step(decisions)

    def _shut_out(self) -> None:
        """Take back what has come to rest behind a gate that shut meanwhile: it was on its way, or in doubt."""
        for lane in self.lanes:
            self.decider.shut_out(lane)

    def _step(self, decisions: tuple[Decision, ...]) -> Step:
        if not self.desk.out:
            return Step(decisions) if decisions else NO_STEP
        step = Step(decisions, tuple(self.desk.out))
        self.desk.out.clear()
        return step

    # --- bars -------------------------------------------------------------------------------------------------------

    def _bar(self, fact: BarClosed) -> tuple[Decision, ...]:
        bar = fact.bar
        key = (bar.symbol, bar.timeframe)
        feed = self.feeds.get(key)
        if feed is None or not (self.guest or self.folded(feed, bar)):
            self.fresh = False
            return ()
        if fact.phase != "warm":
            self.ledger.quotes[bar.symbol] = (fact.bid, fact.ask)
            self.decider.new_day(fact.at)
            watch(self.decider, fact)
        if self.ledger.holds:
            self._lift(bar.symbol)
        for reading in self.moved_by(key, bar):
            self.decider.read(reading, live=fact.phase == "live")
        decisions = []
        now = self.decider.exposure(bar.symbol) if fact.phase != "warm" else None
        if now is not None:
            self.decider.see_loss(now.equity)
        for lane in self.lanes_of[key]:
            self.decider.mind_silence(lane, feed, fact.at)
            made = self.decider.decide(lane, feed, fact, now)
            if made is not None:
                decisions.append(made)
                now = self.decider.exposure(bar.symbol) if made.instruction else now
        return tuple(decisions)

    def _revised(self, fact: BarRevised) -> None:
        """Fold the bar in as it is told now, and hold its symbol."""
        key = (fact.bar.symbol, fact.bar.timeframe)
        feed = self.feeds.get(key)
        changed = None if feed is None else self.folded_anew(feed, fact.bar)
        for reading in changed or ():
            self.decider.restate(reading)
        for lane in self.lanes_of.get(key, ()):
            lane.runner.told_anew(fact.bar)
        revised(self.ledger, self.desk, fact, anew=feed is None or changed is not None)

    def _lift(self, symbol: str) -> None:
        """Lift the holds that a bar can lift."""
        self.ledger.holds.pop(f"CONTRACT:{symbol}", None)  # it passed its checks
        warmed(self.ledger, self.feeds, self.made, symbol)

    # --- rest -------------------------------------------------------------------------------------------------------

    @property
    def unsettled(self) -> bool:
        """Something is on its way, in doubt or missing, or not counted yet: recorded time must not move on."""
        return (
            self.ledger.counting
            or any(order.state in UNSETTLED for order in self.ledger.orders.values())
            or any(key.startswith("MISSING:") for key in self.ledger.holds)
        )

    def snapshot(self) -> bytes:
        """Return all that moves, as bytes; equal bytes mean equal cores."""
        return asleep(self.ledger, self.lanes, *self.own())

    def restore(self, raw: bytes) -> None:
        """Become the core that made this snapshot; the plan must be the same."""
        awake(raw, self.ledger, self.lanes, *self.own())
        self.decider.renew()
        for reading in self.readings:
            self.plan = self.decider.plan = self.plan.read_by(reading.name, reading.model)
            reading.ends = self.plan.of(reading.name).ends
