"""What moving prices do to the books of the simulated venue: fills, stops, targets, expiries and the margin call."""

from msgspec.structs import replace

from brokers.book import Book, Holding, Resting
from brokers.fillrules import filled
from brokers.fills import (
    AMBIGUOUS,
    AT_MARKET,
    LIMIT,
    NOTHING,
    STOP_LIMIT,
    TARGET,
    shift,
    touched,
    touched_after,
    triggered,
)
from brokers.holdings import leave, lots
from brokers.ledger import Ledger, end
from brokers.netting import carried, execute
from brokers.slips import missed, missed_target

Path = tuple[float, float, float]
"""High, low and close of one side's prices."""


def jump(a: Ledger, book: Book) -> None:
    """Drop what has expired and fill at the quote what it has reached or passed; a gap is not given back."""
    for p in tuple(book.positions):
        quote = book.bid if p.side > 0 else book.ask
        hit = touched(p.side, p.stop, p.target, quote, quote)
        if hit != NOTHING:
            _leave(a, book, p, hit, quote)
    for r in tuple(book.orders):
        quote = book.ask if r.order.side > 0 else book.bid
        if 0 < r.order.expiry <= a.at:
            end(a, book, r, "expired")
        elif triggered(r.code, r.order.side, r.order.price, quote, quote):
            _set_off(a, book, r, quote)


def _set_off(a: Ledger, book: Book, r: Resting, quote: float) -> None:
    """Fill an order that a quote has triggered, or place its limit order, which the same quote may fill."""
    if r.code == STOP_LIMIT:
        _place_limit(r)
        if not triggered(r.code, r.order.side, r.order.price, quote, quote):
            return
    new = _fill(a, book, r, quote)
    if new is not None:
        _leave_at_quote(a, book, new)


def _place_limit(r: Resting) -> None:
    """Turn a stop limit order that was triggered into its limit order: the same ticket, at the limit."""
    r.order, r.code = replace(r.order, kind="limit", price=r.order.limit, limit=0.0), LIMIT


def play(a: Ledger, book: Book, high: float, low: float, close: float) -> None:
    """Fill at their levels what a bar's path after its open reached: positions first, then resting orders."""
    for p in tuple(book.positions):
        top, bottom = (high, low) if p.side > 0 else (_ask(book, high), _ask(book, low))
        hit = touched(p.side, p.stop, p.target, top, bottom)
        if hit != NOTHING:
            _leave_at_level(a, book, p, hit)
    if book.orders:
        _play_orders(a, book, (high, low, close), (_ask(book, high), _ask(book, low), _ask(book, close)))


def _ask(book: Book, bid: float) -> float:
    return shift(bid, book.spread, book.scale)


def _play_orders(a: Ledger, book: Book, bids: Path, asks: Path) -> None:
    for r in tuple(book.orders):
        side = r.order.side
        path = asks if side > 0 else bids
        if r.code == AT_MARKET or not triggered(r.code, side, r.order.price, path[0], path[1]):
            continue
        if r.code == STOP_LIMIT:  # the limit stands after the trigger: only the close tells that it was reached
            _place_limit(r)
            if not triggered(LIMIT, side, r.order.price, path[2], path[2]):
                continue
        code = r.code
        new = _fill(a, book, r, r.order.price)
        if new is not None:
            after = bids if side > 0 else asks
            _leave_at_level(a, book, new, touched_after(code, side, new.stop, new.target, *after))


def unsure(book: Book, high: float, low: float, close: float) -> int:
    """Return of how many positions, open or to be opened, a bar by itself does not tell whether the stop came first."""
    bids, asks = (high, low, close), (_ask(book, high), _ask(book, low), _ask(book, close))
    count = 0
    for p in book.positions:
        count += touched(p.side, p.stop, p.target, *(bids if p.side > 0 else asks)[:2]) == AMBIGUOUS
    for r in book.orders:
        o, path, after = r.order, *((asks, bids) if r.order.side > 0 else (bids, asks))
        if r.code != AT_MARKET and triggered(r.code, o.side, o.price, path[0], path[1]):
            code = LIMIT if r.code == STOP_LIMIT else r.code
            count += touched_after(code, o.side, o.stop, o.target, *after) == AMBIGUOUS
    return count


def _fill(a: Ledger, book: Book, r: Resting, price: float) -> Holding | None:
    order = r.order
    if r.code != LIMIT:
        price = missed(a, book, price, order.side)
    volume = filled(book, order.volume, order.filling)
    if volume == 0.0 or not carried(a, book, order.side, volume, price):
        end(a, book, r, "rejected")
        return None
    _, p = execute(a, book, order, price, volume)
    settle(a, book, r, volume)
    return p


def settle(a: Ledger, book: Book, r: Resting, volume: float) -> None:
    """Note that some lots of an order are filled: what is left of it stands or is dropped."""
    left = lots(r.order.volume - volume)
    if left > 0.0 and r.order.filling == "return":
        r.order = replace(r.order, volume=left, filled=lots(r.order.filled + volume))
        r.code = LIMIT if r.code == LIMIT else AT_MARKET
        return
    end(a, book, r, "filled" if left == 0.0 else "cancelled")


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
        price = missed_target(a, book, price, -p.side)
        leave(a, book, p, price, "target", f"tp {p.target:.{digits}f}", p.volume, p.magic)
        return
    if hit == AMBIGUOUS:
        a.ambiguous += 1
    price = missed(a, book, price, -p.side)
    leave(a, book, p, price, "stop", f"sl {p.stop:.{digits}f}", p.volume, p.magic)
