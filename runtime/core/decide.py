"""How one strategy decides one closed bar: features, exits, gate, levels and holds, risk; every gate is evaluated."""

from collections.abc import Iterable

from brokers.facts import BarClosed
from config.windows import Act
from market.types import BUY, SELL, OrderKind, Side
from runtime.core.accounting import Accounting
from runtime.core.answers import mind_answer
from runtime.core.contract import lots_towards
from runtime.core.controls import Controls
from runtime.core.decision import Decision
from runtime.core.desk import OrderDesk
from runtime.core.draft import Draft
from runtime.core.feeds import Feed
from runtime.core.flat import flat
from runtime.core.gates import (
    TOLD_FIRST,
    exchange,
    read_gate,
    risk_share,
    silence,
    tell_outlived,
    tell_unlike,
    vetoes,
)
from runtime.core.plan import Plan
from runtime.core.positions import Trade
from runtime.core.readings import RegimeReading
from runtime.core.risk import (
    CHECKS,
    Approved,
    Exposure,
    Intent,
    judge,
    numbers_of,
    standing_numbers,
)
from runtime.core.shutting import GATE_SHUT, carry_out, count_shut, wanted_of
from runtime.core.sizing import Bet, lots_of
from runtime.core.state import Lane, Ledger
from runtime.core.throttle import count_entry
from strategies.adapter import AskedRunner, WindowRunner
from strategies.exits import LEAVE_TIME, STOP, exit_step
from strategies.protocol import EXIT, KINDS, LONG, SHORT, lifetime

NAN = float("nan")
MARKET = 0.0
"""Place of an order at the market among the kinds of a flat want."""
_UNASKED = (NAN,) * (len(CHECKS) - 3)


class Decider(Accounting):
    """Decides bars for every lane of one core."""

    __slots__ = ("controls", "desk", "readings")

    def __init__(
        self, plan: Plan, ledger: Ledger, lanes: list[Lane], desk: OrderDesk, readings: list[RegimeReading]
    ) -> None:
        """Share the core's ledger and desk."""
        super().__init__(plan, ledger, lanes)
        self.desk = desk
        self.readings = {r.name: r for r in readings}
        self.controls = Controls(self)

    def decide(self, lane: Lane, feed: Feed, fact: BarClosed, now: Exposure | None) -> Decision | None:
        """Decide one bar for one strategy; on a warm-up bar, where `now` is None, nothing is decided."""
        bar, trade = fact.bar, lane.trade
        position, held, leave = 0, 0, 0.0
        if trade is not None:
            if fact.phase == "live" or bar.time > trade.lived:
                leave = exit_step(trade.exit, trade.plan, bar.high, bar.low)
                count_shut(lane, trade)
            position, held = trade.side, int(trade.exit[0])
        again = (
            fact.phase != "live" and bar.time <= lane.lived
        )  # missed: this program ended while history was told anew
        if again or (now is None and isinstance(lane.runner, WindowRunner)):
            lane.runner.told_anew(bar)  # a window is all that its function remembers: nobody need ask it
            return None
        values = feed.values
        features = [values[pick] for pick in lane.picks]
        want = lane.runner.step_flat(features, bar, position, held)
        if now is None:
            return None
        if fact.phase == "live" and self.plan.windows is not None:
            self._prepare(lane, feed, fact.at)
        self.ledger.decisions += 1
        draft = Draft(lane, feed, fact, want, tuple(features), position, held)
        draft.numbers = (*standing_numbers(now), *_UNASKED)
        draft.more = self.controls.standing(lane)
        self._class(draft, trade, leave, now)
        limits = self.contracts[lane.plan.symbol].limits + self.controls.limits
        return draft.decision(self.plan, self.ledger, limits, self.readings.get(lane.plan.regime))

    def _prepare(self, lane: Lane, feed: Feed, at: int) -> None:
        """Take back what rests, and close what is to be closed, where a window begins before the next bar closes."""
        for name, act in self._windows(lane, at, at + feed.timeframe_ms - 1):
            flat(self, self.desk, [lane], name, close=act == "flatten")

    def _windows(self, lane: Lane, first: int, last: int) -> Iterable[tuple[str, Act]]:
        windows = self.plan.windows
        return () if windows is None else windows.on(self.contracts[lane.plan.symbol].symbol, first, last)

    def _class(self, draft: Draft, trade: Trade | None, leave: float, now: Exposure) -> None:
        """Do what there is to do, by the first class that fits."""
        if isinstance(draft.lane.runner, AskedRunner) and draft.fact.phase == "live":
            mind_answer(self.ledger, self.desk, draft, told=self.host is None)
        if draft.fact.phase == "missed":
            draft.outcome = "missed"
        elif trade is not None:
            self._in_position(draft, trade, leave, now)
        elif draft.lane.order:
            self._resting(draft)
        elif not draft.feed.warm:
            draft.outcome = "warming"
        elif draft.holds:
            draft.outcome = "held"
        elif draft.want[0] in {LONG, SHORT}:
            self._entry(draft, now)

    def _in_position(self, draft: Draft, trade: Trade, leave: float, now: Exposure) -> None:
        draft.outcome = "in_position"
        self.shut_out(draft.lane)  # an entry that is filled in part
        if trade.closing:
            return
        wanted = wanted_of(draft.lane, trade, self.contracts[trade.symbol], now)
        lots, draft.shut = carry_out(draft.lane, trade, wanted), wanted.said
        stop = trade.stop if trade.exit[STOP] == trade.stop else self.contracts[trade.symbol].price(trade.exit[STOP])
        passed = stop > 0.0 and (now.bid <= stop if trade.side > 0 else now.ask >= stop)
        reason = self._reason(draft.want[0], leave, passed=passed)
        lots = 0.0 if reason else lots
        if reason or lots:
            reason = reason or GATE_SHUT
            draft.holds = self.blocked("exit", draft.lane, same=trade.doubt)
            draft.outcome = "held" if draft.holds else "exit"
            draft.reasons = (reason,)
            if not draft.holds:
                draft.instruction = self.desk.close(trade, reason, lots=lots).id
                self.desk.cancel(draft.lane)  # what still rests of its entry would open it anew
                draft.magic, draft.side, draft.volume = trade.magic, -trade.side, lots or trade.volume
        elif stop > 0.0 and (trade.stop <= 0.0 or (stop - trade.stop) * trade.side > 0.0) and not trade.moving:
            draft.holds = self.blocked("tighten", draft.lane, same=trade.doubt)
            if not draft.holds:
                self.desk.move_stop(trade, stop)

    def _reason(self, action: float, leave: float, *, passed: bool) -> str:
        if self.ledger.ended:
            return "end of data"
        if action == EXIT:
            return "strategy"
        if leave == LEAVE_TIME:
            return "time stop"
        return "stop passed" if passed else ""

    def mind_silence(self, lane: Lane, feed: Feed, at: int) -> None:
        """Look whether the lane's regime has fallen silent, at a bar of its own feed."""
        reading = self.readings.get(lane.plan.regime)
        if reading is not None:
            silence(lane, feed.timeframe_ms, reading, self.plan.hours.get(reading.feed.key[0]), at)

    def read(self, reading: RegimeReading, *, live: bool) -> None:
        """Take a regime's bar into the gates before it; people are told when its feed becomes doubtful."""
        if reading.doubted and self.host is None:
            tell_unlike(self.desk, reading)
        if reading.outlived_now and self.host is None:
            tell_outlived(self.plan, self.desk, reading)
        for lane in self.lanes:
            if lane.plan.regime == reading.name:
                read_gate(lane, reading)
                if live:
                    self.shut_out(lane)

    def restate(self, reading: RegimeReading) -> None:
        """Take into the gates before it what a regime says otherwise, since a bar that it has read was told anew."""
        if reading.doubted:
            tell_unlike(self.desk, reading)
        self.exchange(reading, TOLD_FIRST, anew=True)

    def exchange(self, reading: RegimeReading, shut_by: str, *, anew: bool = False) -> None:
        """Take what a regime says otherwise of its last closed bar into the gates before it."""
        for lane in self.lanes:
            if lane.plan.regime == reading.name:
                exchange(lane, reading, shut_by, anew=anew)
                self.shut_out(lane)

    def shut_out(self, lane: Lane) -> None:
        """Take what rests of a lane back at once where its gate has shut: the next bar of its own may be far."""
        if lane.order and vetoes(lane) and not self.blocked("cancel", lane):
            self.desk.cancel(lane)

    def _resting(self, draft: Draft) -> None:
        draft.outcome = "order_working"
        if self.ledger.ended and not self.blocked("cancel", draft.lane):
            self.desk.cancel(draft.lane)
        self.shut_out(draft.lane)

    def _entry(self, draft: Draft, now: Exposure) -> None:
        """Evaluate every gate of an entry; the first class that fits names the outcome."""
        lane, symbol = draft.lane, draft.fact.bar.symbol
        intent = self._intent(draft, now)
        contract = self.contracts[symbol]
        at_stop = contract.rate(intent.stop)
        draft.fill(intent, now.contract, at_stop)
        if intent.volume > 0.0:
            own = self.margin(symbol, intent.volume, intent.price)
            lots = lots_towards(self.ledger, self.lanes, symbol, intent.side)
            draft.numbers = numbers_of(intent, now, own, lots, at_stop)
            draft.more = self.controls.sized(draft.more, lane, intent, own)
        also = self.won_back(draft.numbers[1]) if intent.volume > 0.0 else ()
        also += contract.forbids(intent.side) + self.controls.broken(draft.more, sized=intent.volume > 0.0)
        verdict = judge(intent, draft.numbers, contract.limits, also)
        draft.holds = self.blocked("entry", lane) + self._shut(draft)
        if not isinstance(verdict, Approved):
            draft.reasons = verdict.reasons
        if vetoes(lane):
            draft.outcome = "vetoed_by_regime"
        elif draft.holds:
            draft.outcome = "held"
        elif not isinstance(verdict, Approved):
            draft.outcome = "refused_by_risk"
        elif self.plan.mode == "observe":
            draft.outcome = "observed"
        else:
            draft.outcome = "traded"
            plan = (draft.want[5], draft.want[6], draft.want[7], draft.risk)
            wish = self.desk.submit(lane, verdict, plan, self.ledger.decisions)
            draft.instruction, draft.magic = wish.id, wish.magic
            if self.plan.controls.throttle is not None:
                count_entry(self.desk, lane.name, self.plan.controls.throttle)

    def _shut(self, draft: Draft) -> tuple[str, ...]:
        """Return what time alone forbids, no fact does: the symbol's calendar, and the named windows."""
        symbol, at, length = draft.fact.bar.symbol, draft.fact.at, draft.feed.timeframe_ms
        hours = self.plan.hours.get(symbol)
        shut = hours is not None and not hours.opens_within(at, length)
        on = {name for name, _ in self._windows(draft.lane, at, at)} if draft.want[1] == MARKET else None
        soon = self._windows(draft.lane, at, at + length - 1)
        named = tuple(f"WINDOW:{name}" for name, act in soon if on is None or name in on or act == "flatten")
        return (f"SESSION:{symbol}", *named) if shut else named

    def _intent(self, draft: Draft, now: Exposure) -> Intent:
        """Dress a flat want as an intent: prices on the grid, size from the distance to the stop."""
        want, bar = draft.want, draft.fact.bar
        c = self.contracts[bar.symbol]
        side: Side = BUY if want[0] > 0.0 else SELL
        kind: OrderKind = KINDS[int(want[1])]
        quote = now.ask if side > 0 else now.bid
        price = c.price(quote if kind == "market" else want[2])
        stop = c.price(price - side * want[3])
        target = c.price(price + side * want[4]) if want[4] > 0.0 else 0.0
        volume = self._lots(draft, now, (side, price, stop, target))
        rests = lifetime(draft.lane.runner.name, want) * draft.feed.timeframe_ms
        expiry = 0 if kind == "market" else draft.fact.at + rests
        return Intent(
            strategy=draft.lane.name, symbol=bar.symbol, side=side, kind=kind, volume=volume, price=price, stop=stop,
            target=target, expiry=expiry,
        )  # fmt: skip

    def _lots(self, draft: Draft, now: Exposure, aims: tuple[float, float, float, float]) -> float:
        """Return the size by the strategy's rule; aims: side, price, stop and target."""
        lane, c = draft.lane, self.contracts[draft.fact.bar.symbol]
        reach = draft.feed.values[lane.range_pick] if lane.range_pick >= 0 else NAN
        bet = Bet(
            now.equity, lane.plan.risk, risk_share(lane), *aims, c.mode, c.contract, now.rate, reach, draft.want[9],
        )  # fmt: skip
        return lots_of(lane.plan.size, bet, c.symbol)
