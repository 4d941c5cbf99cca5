"""Why the simulated venue's desk does not take a request; codes are MetaTrader's.

10004 requote, 10013 invalid request, 10014 volume, 10015 price, 10016 stops, 10017 contract over, 10022 expiration,
10025 no changes, 10029 frozen, 10030 filling, 10038 more than the position has; and those of `brokers/fillrules.py`.
"""

from brokers.book import KINDS, Book, Holding, Resting
from brokers.fillrules import Refusal, filling_of, kind_refusal, limit_refusal, mode_refusal
from brokers.fills import LIMIT, STOP_ENTRY, frozen, on_grid, stops_fit, trigger_fits, volume_fits
from brokers.holdings import is_whole
from brokers.ledger import Ledger
from brokers.requests import CloseRequest, EntryRequest, ModifyRequest, StopRequest
from market.types import OrderKind, Side


def entry_refusal(a: Ledger, book: Book, request: EntryRequest) -> Refusal | None:
    """Return why an entry cannot be taken, money apart."""
    s, market = book.symbol, request.kind == "market"
    if book.over:
        return 10017, f"the contract of {s.name} is over"
    if not volume_fits(request.volume, s.volume_min, s.volume_max, s.volume_step):
        return 10014, f"invalid volume {request.volume}"
    if filling_of(s, request.kind, request.filling) is None:
        return 10030, f"filling {request.filling} is not offered"
    return (
        mode_refusal(a, book, request.side, request.volume)
        or kind_refusal(s, request.kind, request.stop, request.target, request.expiry)
        or limit_refusal(a, book, request.side, request.volume, rests=not market)
        or (_requote(book, request) if market else None)
        or _placing(a, book, request.side, request.kind, request)
    )


def modify_refusal(a: Ledger, book: Book, r: Resting, request: ModifyRequest) -> Refusal | None:
    """Return why a resting order cannot be moved so."""
    o, s = r.order, book.symbol
    asked = (request.price, request.limit, request.stop, request.target, request.expiry)
    if asked == (o.price, o.limit, o.stop, o.target, o.expiry):
        return 10025, "no changes"
    return (
        order_frozen(book, r)
        or kind_refusal(s, o.kind, request.stop, request.target, request.expiry)
        or _placing(a, book, o.side, o.kind, request)
    )


def order_frozen(book: Book, r: Resting) -> Refusal | None:
    """Return why a resting order is not touched now: the quote is too near to its trigger."""
    quote = book.ask if r.order.side > 0 else book.bid
    if frozen(quote, r.order.price, book.symbol.freeze_level, book.scale):
        return 10029, f"order {r.order.ticket} is frozen: {quote} is near {r.order.price}"
    return None


def position_frozen(book: Book, p: Holding) -> Refusal | None:
    """Return why a position is not touched now: the quote is too near to its stop or target."""
    if not book.symbol.freeze_level:
        return None
    quote = book.bid if p.side > 0 else book.ask
    for level in (p.stop, p.target):
        if frozen(quote, level, book.symbol.freeze_level, book.scale):
            return 10029, f"position {p.ticket} is frozen: {quote} is near {level}"
    return None


def close_refusal(book: Book, p: Holding, request: CloseRequest) -> Refusal | None:
    """Return why a position cannot be closed."""
    s, rest = book.symbol, p.volume - request.volume
    if p.side != request.side:
        return 10013, f"position {request.position} is of the other side"
    if s.trade_mode == "disabled":
        return 10017, "trading is disabled"
    refusal = position_frozen(book, p) or _requote(book, request)
    if refusal is not None or is_whole(p, request.volume):
        return refusal
    if rest < 0.0:
        return 10038, f"{request.volume} is more than the {p.volume} of position {p.ticket}"
    if rest < s.volume_min - 1e-9 or not volume_fits(request.volume, s.volume_min, s.volume_max, s.volume_step):
        return 10014, f"invalid volume {request.volume} of {p.volume}"
    return None


def stop_refusal(book: Book, p: Holding, request: StopRequest) -> Refusal | None:
    """Return why a position's stop and target cannot be set so."""
    if p.stop == request.stop and p.target == request.target:
        return 10025, "no changes"
    price = book.bid if p.side > 0 else book.ask
    return (
        kind_refusal(book.symbol, "market", request.stop, request.target, 0)
        or position_frozen(book, p)
        or _stops(book, p.side, price, request.stop, request.target)
    )


def _off_grid(book: Book, *prices: float) -> bool:
    for price in prices:  # noqa: SIM110 - a generator costs more than what it asks, and this is asked with every request
        if price != 0.0 and not on_grid(price, book.scale, book.tick):
            return True
    return False


def _requote(book: Book, request: EntryRequest | CloseRequest) -> Refusal | None:
    """Return why a price is no longer to be had: where the venue promises one, it may differ by the deviation."""
    if book.symbol.execution not in {"request", "instant"}:
        return None
    buys = (request.side > 0) == isinstance(request, EntryRequest)
    quote = book.ask if buys else book.bid
    if request.price == 0.0:
        return 10015, "this execution wants a price"
    if not abs(request.price - quote) * book.scale <= request.deviation + 0.001:
        return 10004, f"requote: {quote}, not {request.price}"
    return None


def _placing(
    a: Ledger, book: Book, side: Side, kind: OrderKind, request: EntryRequest | ModifyRequest
) -> Refusal | None:
    """Return why prices, expiry and stops of an order do not fit the quote."""
    price = book.bid if side > 0 else book.ask
    if kind != "market":
        price = request.price if kind != "stop_limit" else request.limit
        quote = book.ask if side > 0 else book.bid
        if not _triggers_fit(book, side, kind, request, quote):
            return 10015, f"invalid price {request.price} for a {kind} order, quote {quote}"
        if 0 < request.expiry <= a.at:
            return 10022, f"invalid expiration {request.expiry}"
    return _stops(book, side, price, request.stop, request.target)


def _triggers_fit(book: Book, side: Side, kind: OrderKind, request: EntryRequest | ModifyRequest, quote: float) -> bool:
    level = book.symbol.stops_level
    if _off_grid(book, request.price, request.limit):
        return False
    if kind != "stop_limit":
        return trigger_fits(KINDS[kind], side, request.price, quote, level, book.scale)
    waits = trigger_fits(STOP_ENTRY, side, request.price, quote, level, book.scale)
    return waits and request.limit > 0.0 and trigger_fits(LIMIT, side, request.limit, request.price, level, book.scale)


def _stops(book: Book, side: Side, price: float, stop: float, target: float) -> Refusal | None:
    """Return why a stop and target cannot guard a position of `side` that would leave at `price` now."""
    if _off_grid(book, stop, target) or not stops_fit(side, price, stop, target, book.symbol.stops_level, book.scale):
        return 10016, f"invalid stops {stop} and {target} at {price}"
    return None
