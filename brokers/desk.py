"""The desk of the simulated venue: works a request at the current quote and answers as MetaTrader would.

Refusals carry its return codes: 10013 invalid request, 10014 volume, 10015 price, 10016 stops, 10019 no money, 10021 no
quotes, 10022 expiration, 10025 no changes, 10035 no such order, 10036 position closed.
"""

from typing import assert_never

from brokers.book import KINDS, Book, Holding, Resting
from brokers.closeby import Refusal, close_by
from brokers.fills import on_grid, stops_fit, trigger_fits, volume_fits
from brokers.holdings import is_whole, leave
from brokers.ledger import Ledger, end, take_ticket
from brokers.matching import market_price
from brokers.netting import carried, execute
from brokers.port import (
    Accepted,
    Answer,
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    Rejected,
    StopRequest,
)
from market.types import Order, Side


def work(a: Ledger, request: AnyRequest) -> Answer:
    """Execute, place or refuse one request."""
    book = a.books.get(request.symbol)
    if book is None:
        return _refuse(a, request, (10013, f"unknown symbol {request.symbol}"))
    if book.bid == 0.0:
        return _refuse(a, request, (10021, f"no quotes of {request.symbol} yet"))
    match request:
        case EntryRequest():
            return _enter(a, book, request)
        case CloseRequest() | StopRequest():
            p = next((p for p in book.positions if p.ticket == request.position), None)
            if p is None:
                return _refuse(a, request, (10036, f"position {request.position} is closed"))
            return _close(a, book, p, request) if isinstance(request, CloseRequest) else _guard(a, book, p, request)
        case CancelRequest():
            return _cancel(a, book, request)
        case CloseByRequest():
            done = close_by(a, book, request)
            return done if isinstance(done, Accepted) else _refuse(a, request, done)
        case ModifyRequest():
            return _refuse(a, request, (10013, "not offered by this venue yet"))
        case _:
            assert_never(request)


def _refuse(a: Ledger, request: AnyRequest, why: Refusal) -> Rejected:
    code, reason = why
    return Rejected(at=a.at, id=request.id, code=code, reason=reason)


# --- what is done ---------------------------------------------------------------------------------------------------


def _enter(a: Ledger, book: Book, request: EntryRequest) -> Answer:
    refusal = _entry_refusal(book, request, a.at)
    if refusal is not None:
        return _refuse(a, request, refusal)
    market = request.kind == "market"
    price = market_price(book, request.side) if market else book.symbol.price(request.price)
    if market and not carried(a, book, request.side, request.volume, price):
        return _refuse(a, request, (10019, f"no money for {request.volume} {request.symbol} at {price}"))
    order = _order(book, request, take_ticket(a), a.at, price)
    deal = 0
    if market:
        deal = execute(a, book, order, price, order.volume)[0].ticket
    else:
        book.orders.append(Resting(order=order, code=KINDS[request.kind]))
    return Accepted(at=a.at, id=request.id, order=order.ticket, deal=deal, volume=order.volume, price=price)


def _order(book: Book, request: EntryRequest, ticket: int, at: int, price: float) -> Order:
    return Order(
        ticket=ticket,
        at=at,
        symbol=request.symbol,
        side=request.side,
        kind=request.kind,
        volume=book.symbol.lots(request.volume),
        price=price,
        stop=book.symbol.price(request.stop),
        target=book.symbol.price(request.target),
        expiry=request.expiry,
        magic=request.magic,
        comment=request.comment,
    )


def _close(a: Ledger, book: Book, p: Holding, request: CloseRequest) -> Answer:
    refusal = _close_refusal(book, p, request)
    if refusal is not None:
        return _refuse(a, request, refusal)
    price = market_price(book, -p.side)
    volume = p.volume if is_whole(p, request.volume) else book.symbol.lots(request.volume)
    deal = leave(a, book, p, price, "expert", request.comment, volume, request.magic)
    return Accepted(at=a.at, id=request.id, order=deal.order, deal=deal.ticket, volume=deal.volume, price=price)


def _guard(a: Ledger, book: Book, p: Holding, request: StopRequest) -> Answer:
    refusal = _stop_refusal(book, p, request)
    if refusal is not None:
        return _refuse(a, request, refusal)
    p.stop, p.target = book.symbol.price(request.stop), book.symbol.price(request.target)
    return Accepted(at=a.at, id=request.id)


def _cancel(a: Ledger, book: Book, request: CancelRequest) -> Answer:
    for resting in book.orders:
        if resting.order.ticket == request.order:
            end(a, book, resting, "cancelled")
            return Accepted(at=a.at, id=request.id, order=request.order)
    return _refuse(a, request, (10035, f"order {request.order} does not rest here"))


# --- what is refused ------------------------------------------------------------------------------------------------


def _off_grid(book: Book, *prices: float) -> bool:
    return not all(on_grid(price, book.scale, book.tick) for price in prices)


def _entry_refusal(book: Book, request: EntryRequest, at: int) -> Refusal | None:
    """Return why an entry cannot be taken, money apart."""
    s, side = book.symbol, request.side
    price = book.bid if side > 0 else book.ask
    if not volume_fits(request.volume, s.volume_min, s.volume_max, s.volume_step):
        return 10014, f"invalid volume {request.volume}"
    if request.kind != "market":
        quote = book.ask if side > 0 else book.bid
        price = request.price
        code = KINDS[request.kind]
        if _off_grid(book, price) or not trigger_fits(code, side, price, quote, s.stops_level, book.scale):
            return 10015, f"invalid price {price} for a {request.kind} order, quote {quote}"
        if 0 < request.expiry <= at:
            return 10022, f"invalid expiration {request.expiry}"
    return _stops_refusal(book, side, price, request.stop, request.target)


def _stops_refusal(book: Book, side: Side, price: float, stop: float, target: float) -> Refusal | None:
    """Return why a stop and target cannot guard a position of `side` that would leave at `price` now."""
    if _off_grid(book, stop, target) or not stops_fit(side, price, stop, target, book.symbol.stops_level, book.scale):
        return 10016, f"invalid stops {stop} and {target} at {price}"
    return None


def _close_refusal(book: Book, p: Holding, request: CloseRequest) -> Refusal | None:
    """Return why a position cannot be closed."""
    if p.side != request.side:
        return 10013, f"position {request.position} is of the other side"
    s, rest = book.symbol, p.volume - request.volume
    if is_whole(p, request.volume):
        return None
    if rest < s.volume_min - 1e-9 or not volume_fits(request.volume, s.volume_min, s.volume_max, s.volume_step):
        return 10014, f"invalid volume {request.volume} of {p.volume}"
    return None


def _stop_refusal(book: Book, p: Holding, request: StopRequest) -> Refusal | None:
    """Return why a position's stop and target cannot be set so."""
    if p.stop == request.stop and p.target == request.target:
        return 10025, "no changes"
    price = book.bid if p.side > 0 else book.ask
    return _stops_refusal(book, p.side, price, request.stop, request.target)
