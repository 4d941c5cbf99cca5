"""What moving prices do to the books of the simulated venue: fills, stops, targets, expiries and the margin call."""

from brokers.book import Book, Holding, Resting
from brokers.fills import AMBIGUOUS, NOTHING, STOP_ENTRY, TARGET, shift, slipped, touched, touched_after, triggered
from brokers.holdings import leave
from brokers.ledger import Ledger, end, level, worst
from brokers.netting import carried, execute

Path = tuple[float, float, float]
"""High, low and close of one side's prices."""


def market_price(book: Book, side: int) -> float:
    """Return what an execution of `side` gets now, slippage included."""
    return slipped(book.ask if side > 0 else book.bid, side, book.slippage, book.scale)


def jump(a: Ledger, book: Book) -> None:
    """Drop what has expired and fill at the quote what it has reached or passed; a gap is not given back."""
    for p in tuple(book.positions):
        _leave_at_quote(a, book, p)
    for r in tuple(book.orders):
        quote = book.ask if r.order.side > 0 else book.bid
        if 0 < r.order.expiry <= a.at:
            end(a, book, r, "expired")
        elif triggered(r.code, r.order.side, r.order.price, quote, quote):
            new = _fill(a, book, r, quote)
            if new is not None:
                _leave_at_quote(a, book, new)


def play(a: Ledger, book: Book, high: float, low: float, close: float) -> None:
    """Fill at their levels what a bar's path after its open reached: positions first, then resting orders."""
    for p in tuple(book.positions):
        top, bottom = (high, low) if p.side > 0 else (_ask(book, high), _ask(book, low))
        _leave_at_level(a, book, p, touched(p.side, p.stop, p.target, top, bottom))
    if book.orders:
        _play_orders(a, book, (high, low, close), (_ask(book, high), _ask(book, low), _ask(book, close)))


def _ask(book: Book, bid: float) -> float:
    return shift(bid, book.spread, book.scale)


def _play_orders(a: Ledger, book: Book, bids: Path, asks: Path) -> None:
    for r in tuple(book.orders):
        side = r.order.side
        top, bottom, _ = asks if side > 0 else bids
        if triggered(r.code, side, r.order.price, top, bottom):
            new = _fill(a, book, r, r.order.price)
            if new is not None:
                after = bids if side > 0 else asks
                _leave_at_level(a, book, new, touched_after(r.code, side, new.stop, new.target, *after))


def call_margin(a: Ledger) -> None:
    """Close the position that loses most, at the market, until the margin level is whole again."""
    while a.margin > 0.0:
        now = level(a)
        if now >= a.stop_out:
            return
        book, p = worst(a)
        leave(a, book, p, market_price(book, -p.side), "stop_out", f"so {now:.2%}", p.volume, p.magic)


def _fill(a: Ledger, book: Book, r: Resting, price: float) -> Holding | None:
    if r.code == STOP_ENTRY:
        price = slipped(price, r.order.side, book.slippage, book.scale)
    if not carried(a, book, r.order.side, r.order.volume, price):
        end(a, book, r, "rejected")
        return None
    _, p = execute(a, book, r.order, price, r.order.volume)
    end(a, book, r, "filled")
    return p


def _leave_at_quote(a: Ledger, book: Book, p: Holding) -> None:
    quote = book.bid if p.side > 0 else book.ask
    hit = touched(p.side, p.stop, p.target, quote, quote)
    if hit != NOTHING:
        _leave(a, book, p, hit, quote)


def _leave_at_level(a: Ledger, book: Book, p: Holding, hit: float) -> None:
    if hit != NOTHING:
        _leave(a, book, p, hit, p.target if hit == TARGET else p.stop)


def _leave(a: Ledger, book: Book, p: Holding, hit: float, price: float) -> None:
    digits = book.symbol.digits
    if hit == TARGET:
        leave(a, book, p, price, "target", f"tp {p.target:.{digits}f}", p.volume, p.magic)
        return
    if hit == AMBIGUOUS:
        a.ambiguous += 1
    price = slipped(price, -p.side, book.slippage, book.scale)
    leave(a, book, p, price, "stop", f"sl {p.stop:.{digits}f}", p.volume, p.magic)
