"""What an account has at stake: every position and entry, ours and foreign, with its value, currencies and loss.

What is foreign on a symbol that is not configured has no contract here: such positions count by the margin the broker
says they take, times the account's leverage; such orders count as nothing until they are filled.
"""

from collections.abc import Iterator
from typing import NamedTuple

from brokers.fills import lot_value
from market.types import Order, Position
from runtime.core.accounting import Accounting
from runtime.core.contract import Contract
from runtime.core.orders import OPEN, OrderRecord
from runtime.core.positions import LOT_DUST, add_lots
from runtime.core.state import Lane, Ledger


class Stake(NamedTuple):
    """A position, or an entry that may become one."""

    symbol: str
    side: int
    volume: float
    price: float
    """It was opened at, or waits for; 0.0: at the market."""
    stop: float
    """0.0: none."""
    rests: bool
    """It is not filled yet, and may never be."""
    strategy: int = 0
    """Number of ours, 0: it is foreign."""


def stakes(ledger: Ledger, lanes: list[Lane]) -> Iterator[Stake]:
    """Yield all that is open, rests, is on its way, in doubt or missing, ours and foreign."""
    for lane in lanes:
        if (t := lane.trade) is not None:
            yield Stake(t.symbol, t.side, t.volume, t.entry, t.stop, rests=False, strategy=lane.number)
    homes = {lane.number: lane for lane in lanes}
    for order in ledger.orders.values():
        left = _left(order, homes[order.strategy]) if order.verb == "entry" else 0.0
        if left > LOT_DUST:
            yield Stake(order.symbol, order.side, left, order.price, order.stop, rests=True, strategy=order.strategy)
    for p in ledger.foreign:
        yield _foreign(p)
    for o in ledger.foreign_orders:
        yield _foreign(o)


def _foreign(other: Position | Order) -> Stake:
    rests = isinstance(other, Order)
    return Stake(other.symbol, other.side, other.volume, other.price, other.stop, rests=rests)


def _left(order: OrderRecord, lane: Lane) -> float:
    """Return the lots of an entry that may still be filled; of one answered as done those that no deal told yet."""
    if order.state not in OPEN and not (order.state == "FILLED" and lane.order == order.id):
        return 0.0
    held = lane.trade.volume if lane.trade is not None and lane.trade.magic == order.magic else 0.0
    return add_lots(order.volume, 0.0 - held)


class Valued:
    """The stakes of an account in its money, by the quotes that were told last."""

    __slots__ = ("account", "all", "unknown", "unstopped")

    def __init__(self, account: Accounting, unstopped: float) -> None:
        """Look once at all of them; `unstopped`: how far away a stop counts that is not there, as a share of price."""
        self.account, self.unstopped = account, unstopped
        found = list(stakes(account.ledger, account.lanes))
        self.all = [s for s in found if s.symbol in account.contracts]
        self.unknown = self._unknown() if len(self.all) < len(found) else 0.0
        """Value of foreign positions on symbols that are not configured."""

    def _unknown(self) -> float:
        account = self.account
        known = sum(
            account.margin(p.symbol, p.volume, p.price) for p in account.ledger.foreign if p.symbol in account.contracts
        )
        return max(0.0, account.ledger.foreign_margin - known) * account.plan.leverage

    def value(self, stake: Stake) -> float:
        """Return what its lots are worth, as a positive number."""
        c, price = self._priced(stake)
        return stake.volume * lot_value(c.mode, c.contract, price)

    def loss(self, stake: Stake) -> float:
        """Return what is lost from now on if its stop is hit, costs not counted; 0.0 where the quote has passed it.

        It is paid at the rate of the stop, as a size reckons it.
        """
        if not stake.stop > 0.0:
            return self.unstopped * self.value(stake)
        c, price = self._priced(stake)
        lost = (price - stake.stop) * stake.side
        return lost * stake.volume * c.contract * c.rate(stake.stop) if lost > 0.0 else 0.0

    def _priced(self, stake: Stake) -> tuple[Contract, float]:
        """Return its contract, and the price it would be left at now; of what rests the one it waits for."""
        bid, ask = self.account.ledger.quotes.get(stake.symbol, (stake.price, stake.price))
        price = stake.price if stake.rests and stake.price > 0.0 else bid if stake.side > 0 else ask
        return self.account.contracts[stake.symbol], price

    def exposed(self, currency: str) -> tuple[float, float]:
        """Return the least and the most net value in a currency that may come of it, whatever of what rests is filled.

        A long position has its base currency and owes its profit currency; one whose currencies are the same has none.
        """
        low = high = 0.0
        for stake in self.all:
            value = stake.side * self.in_currency(stake, currency)
            low += value if value < 0.0 or not stake.rests else 0.0
            high += value if value > 0.0 or not stake.rests else 0.0
        return low - self.unknown, high + self.unknown

    def in_currency(self, stake: Stake, currency: str) -> float:
        """Return what a long stake of this size would have in a currency, account money."""
        symbol = self.account.contracts[stake.symbol].symbol
        has = (symbol.currency_base == currency) - (symbol.currency_profit == currency)
        return has * self.value(stake) if has else 0.0
