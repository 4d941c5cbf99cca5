"""What an account is worth and carries, by its ledger, and what forbids an act now."""

from collections.abc import Mapping

from brokers.fills import floating, margin
from brokers.latch import Level, concerns
from brokers.mt5.zone import to_server
from market.types import DAY_MS
from runtime.core.contract import Contract
from runtime.core.permissions import Act, blockers
from runtime.core.plan import NoModel, Plan
from runtime.core.risk import REACHED, Exposure, share, worst
from runtime.core.state import Lane, Ledger


class Accounting:
    """Reckons what one core's lanes have made of its account."""

    __slots__ = ("contracts", "host", "lanes", "ledger", "plan")

    def __init__(self, plan: Plan, ledger: Ledger, lanes: list[Lane]) -> None:
        """Share the core's ledger."""
        self.plan, self.ledger, self.lanes = plan, ledger, lanes
        self.host: Accounting | None = None
        """The live account's, in a shadow book: a missed trade has the size it would have had there."""
        self.contracts: dict[str, Contract] = {}
        self.renew()

    def renew(self) -> None:
        """Take the contracts as the ledger has them: acknowledged, else configured; allowed as they were told last."""
        plan, ledger = self.plan, self.ledger
        for name, configured in plan.symbols.items():
            symbol = ledger.acknowledged.get(name, configured)
            contract = self.contracts[name] = Contract(symbol, plan.currency, plan.leverage, plan.limits)
            if name in ledger.told:
                contract.see(ledger.told[name])

    def equity(self, quotes: Mapping[str, tuple[float, float]] | None = None) -> float:
        """Return balance plus what closing everything of ours would add, account money: now, or at other quotes."""
        if self.host is not None:
            return self.host.equity(quotes)
        total, quotes = self.ledger.balance, self.ledger.quotes if quotes is None else quotes
        for lane in self.lanes:
            t = lane.trade
            quote = quotes.get(t.symbol) if t is not None else None
            if t is not None and quote is not None:
                bid, ask = quote
                c = self.contracts[t.symbol]
                total += floating(c.mode, float(t.side), t.entry, bid if t.side > 0 else ask, t.volume, c.contract)
        return total

    def worth(self, quotes: Mapping[str, tuple[float, float]] | None = None) -> float:
        """Return the equity with what a look at the venue shows beyond ours: foreign profits, and swaps that wait."""
        if self.host is not None:
            return self.host.worth(quotes)
        total = self.equity(quotes)
        for p in self.ledger.foreign:
            total += p.profit + p.swap
        for lane in self.lanes:
            if lane.trade is not None:
                total += self.ledger.swaps.get(lane.trade.position, 0.0)
        return total

    def new_day(self, at: int) -> None:
        """Take the day's first equity, against which its loss is measured; days begin at the server's midnight.

        A clock that contradicts its zone begins none, and one that was put right none that has been.
        """
        day = to_server(self.plan.zone, at) // DAY_MS
        if self.ledger.day < 0 or (day > self.ledger.day and "CONTRACT" not in self.ledger.holds):
            self.ledger.day, self.ledger.day_equity = day, self.equity()
            self.ledger.day_size = self.ledger.day_equity

    def see_loss(self, equity: float) -> None:
        """Keep the greatest loss of the day."""
        ledger = self.ledger
        if ledger.lost_day != ledger.day:
            ledger.lost_day, ledger.day_lost = ledger.day, 0.0
        size = ledger.day_size or ledger.day_equity  # a ledger of before did not know it
        ledger.day_lost = worst(ledger.day_lost, share(ledger.day_equity - equity, size))

    def won_back(self, lost: float) -> tuple[str, ...]:
        """Return why there is no entry although less is lost by now than may be: it was more today already."""
        ledger, most = self.ledger, self.plan.limits.max_daily_loss
        reached = ledger.lost_day == ledger.day and ledger.day_lost > most
        return (REACHED,) if reached and lost <= most else ()

    def exposure(self, symbol: str) -> Exposure:
        """Return what the account carries, seen from one symbol's quote."""
        c = self.contracts[symbol]
        ledger = self.ledger
        bid, ask = ledger.quotes[symbol]
        used, count = self.used_margin(), len(ledger.foreign) + len(ledger.foreign_orders)
        count += sum(1 for lane in self.lanes if lane.trade is not None or lane.order)
        size = ledger.day_size or ledger.day_equity  # a ledger of before did not know it
        return Exposure(self.equity(), ledger.day_equity, used, count, bid, ask, c.scale, c.contract, c.rate(bid), size)

    def used_margin(self) -> float:
        """Return the margin that all positions take, ours and foreign, account money."""
        used = self.ledger.foreign_margin
        for lane in self.lanes:
            if lane.trade is not None:
                used += self.margin(lane.trade.symbol, lane.trade.volume, lane.trade.entry)
        return used

    def margin(self, symbol: str, volume: float, price: float) -> float:
        """Return the margin of a position, account money."""
        c = self.contracts[symbol]
        return margin(c.mode, volume, c.contract, price, c.leverage)

    def scopes_of(self, lane: Lane) -> tuple[str, ...]:
        """Return every scope of the latch that a strategy is in: itself, its symbol, and the model before its gate."""
        own = (f"strategy:{lane.name}", f"symbol:{lane.plan.symbol}")
        model = self.plan.of(lane.plan.regime).model if lane.plan.regime else None
        if model is None or isinstance(model, NoModel):
            return own
        return (*own, f"model:{model.name}", f"model:{model.fingerprint}")

    def scopes_of_order(self, ident: int) -> tuple[str, ...] | None:
        """Return every scope that an instruction is in; None: nobody knows whose it is."""
        order = self.ledger.orders.get(ident)
        lane = next((x for x in self.lanes if order is not None and x.number == order.strategy), None)
        return None if lane is None else self.scopes_of(lane)

    def latched(self, lane: Lane) -> dict[str, Level]:
        """Return the level of each latched scope that a strategy is in."""
        if not self.ledger.scopes:
            return {}
        names = self.scopes_of(lane)
        return {scope: one.level for scope, one in self.ledger.scopes.items() if concerns(scope, names)}

    def blocked(self, act: Act, lane: Lane, *, same: bool = True, force: bool = False) -> tuple[str, ...]:
        """Return all that forbids an act of a strategy now."""
        ledger = self.ledger
        if not ledger.holds and ledger.level == "run" and not ledger.scopes:
            return ()
        return blockers(
            act, ledger.level, ledger.holds, lane.plan.symbol, scopes=self.latched(lane), same=same, force=force,
            strategy=lane.name,
        )  # fmt: skip
