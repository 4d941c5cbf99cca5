"""The venue's books: one mutable record per symbol, position and resting order, and what can be said of each alone.

Inside the venue these records change in place, which keeps a quiet bar cheap; at the edges they become the frozen
words of `market/types.py`.
"""

import msgspec

from brokers.commission import Commission
from brokers.fills import DIRECT, INVERSE, LIMIT, STOP_ENTRY, STOP_LIMIT, profit
from brokers.swap import SwapPolicy
from market.types import Order, OrderKind, Position, Side, Symbol

DAY = 86_400_000

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
    if symbol.calc == "forex" and symbol.currency_base == currency:
        return INVERSE
    return None


def book_of(
    symbol: Symbol, currency: str, spread: float, slippage: float, commission: Commission, swap: SwapPolicy | None
) -> Book | None:
    """Return the empty book of a symbol, or None where its profits cannot be converted."""
    mode = mode_of(symbol, currency)
    if mode is None:
        return None
    return Book(
        symbol=symbol,
        mode=mode,
        scale=symbol.scale,
        tick=symbol.tick_points,
        contract=symbol.contract_size,
        value=symbol.contract_size / symbol.scale,
        usual_spread=spread,
        slippage=slippage,
        commission=commission,
        swap=swap,
    )


def floating_profit(book: Book, p: Holding) -> float:
    """Return what closing at the quote would make, without swap and costs, to the cent."""
    return profit(book.mode, p.side, p.price, book.bid if p.side > 0 else book.ask, p.volume, book.contract)


def position(book: Book, p: Holding) -> Position:
    """Return a position as the venue shows it."""
    return Position(
        ticket=p.ticket,
        identifier=p.identifier,
        at=p.at,
        symbol=book.symbol.name,
        side=p.side,
        volume=p.volume,
        price=p.price,
        stop=p.stop,
        target=p.target,
        swap=p.swap,
        profit=floating_profit(book, p),
        magic=p.magic,
        comment=p.comment,
    )
