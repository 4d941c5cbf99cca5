"""The venue's books: one mutable record per symbol, position and resting order, and what can be said of each alone.

Inside the venue these records change in place, which keeps a quiet bar cheap; at the edges they become the frozen
words of `market/types.py`.
"""

from collections.abc import Mapping

import msgspec

from brokers.commission import Commission
from brokers.conversion import Route, route_of
from brokers.fills import CROSS, DIRECT, INVERSE, LIMIT, STOP_ENTRY, STOP_LIMIT
from brokers.swap import SwapPolicy
from market.types import Order, OrderKind, Side, Symbol

KINDS: dict[OrderKind, float] = {"limit": LIMIT, "stop": STOP_ENTRY, "stop_limit": STOP_LIMIT}


class Holding(msgspec.Struct):
    """An open position."""

    ticket: int
    at: int
    side: Side
    volume: float
    price: float
    stop: float
    target: float
    magic: int
    comment: str
    margin: float
    swap: float = 0.0
    identifier: int = 0
    """The ticket it was opened under, where a turn has given it another."""

    @property
    def ident(self) -> int:
        """What its deals name."""
        return self.identifier or self.ticket


class Resting(msgspec.Struct):
    """A resting order; `code` is its kind as the kernels number it."""

    order: Order
    code: float


class Book(msgspec.Struct, kw_only=True):
    """One symbol: its contract, its costs in points and money, its last quote and what is open in it."""

    symbol: Symbol
    mode: float
    scale: float
    tick: float
    contract: float
    value: float
    usual_spread: float
    slippage: float
    commission: Commission
    swap: SwapPolicy | None
    route: Route = ()
    """Pairs by which its profit becomes account money, where neither of its own currencies is the account's."""
    margin_route: Route = ()
    slips: tuple[float, ...] = ()
    depth: float = 0.0
    """Most lots that one quote fills; 0.0: any."""
    bid: float = 0.0
    ask: float = 0.0
    spread: float = 0.0
    day: int = -1
    over: bool = False
    """The contract has ended."""
    positions: list[Holding] = []
    orders: list[Resting] = []


def mode_of(symbol: Symbol, currency: str) -> float | None:
    """Return how profits of a symbol become the account's money, or None where that takes another symbol's price."""
    if symbol.currency_profit == currency:
        return DIRECT
    if symbol.calc.startswith("forex") and symbol.currency_base == currency:
        return INVERSE
    return None


def unconverted(symbol: Symbol, currency: str) -> str:
    """Return why a symbol's profit cannot be reckoned in account money by its own price; empty where it can.

    The venue converts at other pairs' quotes; whoever decides has no quote of theirs with each bar yet.
    """
    if mode_of(symbol, currency) is not None:
        return ""
    return f"profit in {symbol.currency_profit} cannot be converted to {currency} yet"


def units_of(symbol: Symbol, currency: str) -> float:
    """Return what one of price is worth on a lot, in profit currency: futures are reckoned by ticks."""
    if symbol.calc == "futures" and symbol.tick_value > 0.0 and symbol.currency_profit == currency:
        return symbol.tick_value / symbol.tick_size
    return symbol.contract_size


def book_of(
    symbol: Symbol,
    currency: str,
    spread: float,
    slippage: float,
    commission: Commission,
    swap: SwapPolicy | None,
    symbols: Mapping[str, Symbol],
) -> Book | None:
    """Return the empty book of a symbol, or None where no route of pairs converts its profit and margin."""
    mode = mode_of(symbol, currency)
    route = route_of(symbols, symbol.currency_profit, currency) if mode is None else ()
    named = symbol.margin_initial > 0.0 or symbol.calc == "futures"
    crossed = mode is None and symbol.calc.startswith("forex")
    margin_route = route_of(symbols, symbol.margin_currency, currency) if named or crossed else ()
    if route is None or margin_route is None:
        return None
    units = units_of(symbol, currency)
    return Book(
        symbol=symbol,
        mode=CROSS if mode is None else mode,
        scale=symbol.scale,
        tick=symbol.tick_points,
        contract=units,
        value=units / symbol.scale,
        usual_spread=spread,
        slippage=slippage,
        commission=commission,
        swap=swap,
        route=route,
        margin_route=margin_route,
    )
