"""What an order may be at a symbol of the simulated venue, and how much of it fills: modes, masks, fillings and limits.

Codes are MetaTrader's: 10017 trade disabled, 10022 expiration, 10030 filling, 10033 number of resting orders, 10034
volume in one direction, 10035 order type, 10042 to 10044 long only, short only, close only.
"""

from functools import cache

from brokers.book import Book
from brokers.holdings import lots
from brokers.ledger import Ledger
from brokers.netting import opens
from market.money import lots_down
from market.types import BUY, SELL, Execution, Filling, OrderKind, Side, Symbol, TradeMode

Refusal = tuple[int, str]
"""A return code and its reason."""

_DUST = 1e-9
_KINDS: dict[OrderKind, int] = {"market": 1, "limit": 2, "stop": 4, "stop_limit": 8}
_STOP, _TARGET = 16, 32
_CLOSED: dict[TradeMode, dict[Side, Refusal]] = {
    "disabled": dict.fromkeys((BUY, SELL), (10017, "trading is disabled")),
    "close_only": dict.fromkeys((BUY, SELL), (10044, "only closing is allowed")),
    "long_only": {SELL: (10042, "only long positions are allowed")},
    "short_only": {BUY: (10043, "only short positions are allowed")},
}
_GOOD_TILL_CANCELLED, _TIMED = 1, 2 | 4 | 8


def mode_refusal(a: Ledger, book: Book, side: Side, volume: float) -> Refusal | None:
    """Return why an entry may not be made in the symbol's trade mode; what only closes a netted position may."""
    mode = book.symbol.trade_mode
    if mode == "full":
        return None
    refusal = _CLOSED[mode].get(side)
    if mode != "disabled" and refusal is not None and opens(a, book, side, volume) == 0.0:
        return None
    return refusal


def kind_refusal(symbol: Symbol, kind: OrderKind, stop: float, target: float, expiry: int) -> Refusal | None:
    """Return why an order of this kind, or what hangs on it, is not offered."""
    mask = symbol.order_mask
    if not mask & _KINDS[kind]:
        return 10035, f"{kind} orders are not offered"
    if (stop and not mask & _STOP) or (target and not mask & _TARGET):
        return 10016, "a stop or a target is not offered"
    if kind != "market" and not symbol.expiration_mask & (_TIMED if expiry else _GOOD_TILL_CANCELLED):
        return 10022, "such a lifetime is not offered"
    return None


def limit_refusal(a: Ledger, book: Book, side: Side, volume: float, *, rests: bool) -> Refusal | None:
    """Return why another order is too much: resting orders of the account, or lots of the symbol in one direction."""
    if rests and 0 < a.limit_orders <= sum(len(b.orders) for b in a.books.values()):
        return 10033, f"{a.limit_orders} orders rest already"
    limit = book.symbol.volume_limit
    if limit > 0.0 and lots(_one_way(book, side) + opens(a, book, side, volume)) > limit:
        return 10034, f"more than {limit:g} lots in one direction"
    return None


def _one_way(book: Book, side: Side) -> float:
    standing = sum(p.volume for p in book.positions if p.side == side)
    return standing + sum(r.order.volume for r in book.orders if r.order.side == side)


# --- fillings -------------------------------------------------------------------------------------------------------


def fillings(symbol: Symbol, kind: OrderKind) -> tuple[Filling, ...]:
    """Return how an order of a kind may be filled, the usual way first.

    Request and instant execution allow everything, market execution what the symbol's mask names, exchange execution
    that and `return`; a resting order may always let its rest stand.
    """
    return _offered(symbol.execution, symbol.fillings, kind)


@cache
def _offered(execution: Execution, mask: tuple[Filling, ...], kind: OrderKind) -> tuple[Filling, ...]:
    named: tuple[Filling, ...] = tuple(f for f in mask if f != "return")
    if execution in {"request", "instant"}:
        named = ("fok", "ioc", "return")
    elif execution == "exchange":
        named = (*named, "return")
    return named if kind == "market" else ("return", *(f for f in named if f != "return"))


def filling_of(symbol: Symbol, kind: OrderKind, asked: Filling | None) -> Filling | None:
    """Return how an order is filled, the usual way where nothing is asked; None where it is not offered."""
    offered = _offered(symbol.execution, symbol.fillings, kind)
    if asked is None:
        return offered[0] if offered else None
    return asked if asked in offered else None


def filled(book: Book, volume: float, filling: Filling) -> float:
    """Return how many lots of an order the quote gives: all, what there is, or nothing where it must be all."""
    if book.depth <= 0.0 or volume <= book.depth + _DUST:
        return volume
    return 0.0 if filling == "fok" else lots_down(book.depth, book.symbol.volume_step)
