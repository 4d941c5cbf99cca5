"""The numbers of one symbol that every decision needs, and what its broker allows in it now."""

from brokers.book import mode_of, unconverted, units_of
from brokers.fills import unit_rate
from brokers.limits import Limits
from market.money import to_grid
from market.types import BUY, SELL, Order, Position, Side, Symbol, TradeMode
from runtime.core.positions import add_lots
from runtime.core.risk import limits_of
from runtime.core.state import Lane, Ledger

SIDES: dict[TradeMode, tuple[Side, ...]] = {
    "full": (BUY, SELL),
    "long_only": (BUY,),
    "short_only": (SELL,),
    "close_only": (),
    "disabled": (),
}
"""In which directions a symbol may be entered."""


class Contract:
    """One symbol as it is sized, and as it may be traded."""

    __slots__ = ("bounds", "contract", "leverage", "limits", "mode", "scale", "symbol", "tick", "trade_mode")

    def __init__(self, symbol: Symbol, currency: str, leverage: int, bounds: Limits) -> None:
        """Refuse a symbol whose profit cannot be turned into account money yet."""
        mode = mode_of(symbol, currency)
        if mode is None:
            msg = f"{symbol.name}: {unconverted(symbol, currency)}"
            raise ValueError(msg)
        self.symbol, self.mode, self.leverage = symbol, mode, float(leverage)
        self.contract, self.scale, self.tick = units_of(symbol, currency), symbol.scale, symbol.tick_points
        self.bounds = bounds
        self.see(symbol)

    def see(self, told: Symbol) -> None:
        """Take over what the broker allows now; it is sized as before."""
        self.trade_mode = told.trade_mode
        self.limits = limits_of(self.bounds, told.volume_limit)

    def forbids(self, side: Side) -> tuple[str, ...]:
        """Return why the symbol may not be entered in this direction; nothing where it may."""
        return () if side in SIDES[self.trade_mode] else (f"trade mode {self.trade_mode}",)

    def price(self, x: float) -> float:
        """Return the price nearest to x that can be quoted: `Symbol.price` with its numbers looked up once."""
        return to_grid(x, self.scale, self.tick)

    def rate(self, price: float) -> float:
        """Return account money for one unit of profit currency at a price."""
        return unit_rate(self.mode, price)


def lots_towards(ledger: Ledger, lanes: list[Lane], symbol: str, side: Side) -> float:
    """Return the lots the account has on one side of a symbol already: open and resting, ours and foreign."""
    total = 0.0
    for lane in lanes:
        trade, order = lane.trade, ledger.orders.get(lane.order)
        if trade is not None and (trade.symbol, trade.side) == (symbol, side):
            total = add_lots(total, trade.volume)
        elif trade is None and order is not None and (order.symbol, order.side) == (symbol, side):
            total = add_lots(total, order.volume)
    others: tuple[Position | Order, ...] = (*ledger.foreign, *ledger.foreign_orders)
    for other in others:
        if (other.symbol, other.side) == (symbol, side):
            total = add_lots(total, other.volume)
    return total
