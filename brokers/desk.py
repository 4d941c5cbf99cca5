"""The desk of the simulated venue: works a request at the current quote and answers as MetaTrader would.

Refusals carry its return codes (`brokers/refusals.py`); 10006 where a fill or kill order cannot be filled whole, 10019
without money, 10021 without quotes.
"""

from typing import assert_never

from msgspec.structs import replace

from brokers.book import KINDS, Book, Holding, Resting
from brokers.closeby import close_by
from brokers.facts import Accepted, Answer, Rejected
from brokers.fillrules import Refusal, filled, filling_of
from brokers.fills import AT_MARKET
from brokers.holdings import is_whole, leave, lots
from brokers.ledger import Ledger, end, take_ticket
from brokers.netting import carried, execute
from brokers.refusals import close_refusal, entry_refusal, modify_refusal, order_frozen, stop_refusal
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from brokers.slips import market_price
from brokers.valuation import convertible
from market.money import to_grid
from market.types import Order


def work(a: Ledger, request: AnyRequest) -> Answer:
    """Execute, place or refuse one request."""
    book = a.books.get(request.symbol)
    if book is None:
        return _refuse(a, request, (10013, f"unknown symbol {request.symbol}"))
    if book.bid == 0.0:
        return _refuse(a, request, (10021, f"no quotes of {request.symbol} yet"))
    if not convertible(a.books, book):
        return _refuse(a, request, (10021, f"no quotes yet to convert the money of {request.symbol}"))
    done = _done(a, book, request)
    return done if isinstance(done, Accepted) else _refuse(a, request, done)


def _refuse(a: Ledger, request: AnyRequest, why: Refusal) -> Rejected:
    code, reason = why
    return Rejected(at=a.at, id=request.id, code=code, reason=reason)


def _done(a: Ledger, book: Book, request: AnyRequest) -> Accepted | Refusal:
    match request:
        case EntryRequest():
            return _market(a, book, request) if request.kind == "market" else _place(a, book, request)
        case CloseRequest() | StopRequest():
            p = next((p for p in book.positions if p.ticket == request.position), None)
            if p is None:
                return 10036, f"position {request.position} is closed"
            return _close(a, book, p, request) if isinstance(request, CloseRequest) else _guard(a, book, p, request)
        case CancelRequest() | ModifyRequest():
            r = next((r for r in book.orders if r.order.ticket == request.order), None)
            if r is None:
                return 10035, f"order {request.order} does not rest here"
            return _cancel(a, book, r, request) if isinstance(request, CancelRequest) else _modify(a, book, r, request)
        case CloseByRequest():
            return close_by(a, book, request)
        case _:
            assert_never(request)


def _market(a: Ledger, book: Book, request: EntryRequest) -> Accepted | Refusal:
    refusal = entry_refusal(a, book, request)
    if refusal is not None:
        return refusal
    order = _order(a, book, request, market_price(a, book, request.side))
    volume = filled(book, order.volume, order.filling)
    if volume == 0.0:
        return 10006, f"no {order.volume} lots at {order.price}"
    if not carried(a, book, request.side, volume, order.price):
        return 10019, f"no money for {request.volume} {request.symbol} at {order.price}"
    take_ticket(a)
    deal, _ = execute(a, book, order, order.price, volume)
    left = lots(order.volume - volume)
    if left > 0.0 and order.filling == "return":
        book.orders.append(Resting(order=replace(order, volume=left, filled=volume), code=AT_MARKET))
    return Accepted(at=a.at, id=request.id, order=order.ticket, deal=deal.ticket, volume=volume, price=order.price)


def _place(a: Ledger, book: Book, request: EntryRequest) -> Accepted | Refusal:
    refusal = entry_refusal(a, book, request)
    if refusal is not None:
        return refusal
    order = _order(a, book, request, _on_grid(book, request.price))
    take_ticket(a)
    book.orders.append(Resting(order=order, code=KINDS[request.kind]))
    return Accepted(at=a.at, id=request.id, order=order.ticket, volume=order.volume, price=order.price)


def _order(a: Ledger, book: Book, request: EntryRequest, price: float) -> Order:
    """Return the order a request asks for, under the next ticket, which it does not take."""
    s = book.symbol
    return Order(
        ticket=a.ticket, at=a.at, symbol=request.symbol, side=request.side, kind=request.kind,
        volume=s.lots(request.volume), price=price, limit=_on_grid(book, request.limit),
        stop=_on_grid(book, request.stop), target=_on_grid(book, request.target), expiry=request.expiry,
        magic=request.magic, comment=request.comment,
        filling=filling_of(s, request.kind, request.filling) or "return",
    )  # fmt: skip


def _on_grid(book: Book, price: float) -> float:
    """Return `Symbol.price` of a price that may be 0.0, not set, with the symbol's numbers looked up once."""
    return to_grid(price, book.scale, book.tick) if price else 0.0


def _close(a: Ledger, book: Book, p: Holding, request: CloseRequest) -> Accepted | Refusal:
    refusal = close_refusal(book, p, request)
    if refusal is not None:
        return refusal
    wanted = p.volume if is_whole(p, request.volume) else book.symbol.lots(request.volume)
    volume = filled(book, wanted, filling_of(book.symbol, "market", None) or "ioc")
    if volume == 0.0:
        return 10006, f"no {wanted} lots to close"
    price = market_price(a, book, -p.side)
    deal = leave(a, book, p, price, "expert", request.comment, volume, request.magic)
    return Accepted(at=a.at, id=request.id, order=deal.order, deal=deal.ticket, volume=deal.volume, price=price)


def _guard(a: Ledger, book: Book, p: Holding, request: StopRequest) -> Accepted | Refusal:
    refusal = stop_refusal(book, p, request)
    if refusal is not None:
        return refusal
    p.stop, p.target = _on_grid(book, request.stop), _on_grid(book, request.target)
    return Accepted(at=a.at, id=request.id)


def _modify(a: Ledger, book: Book, r: Resting, request: ModifyRequest) -> Accepted | Refusal:
    refusal = modify_refusal(a, book, r, request)
    if refusal is not None:
        return refusal
    r.order = replace(
        r.order, price=_on_grid(book, request.price), limit=_on_grid(book, request.limit),
        stop=_on_grid(book, request.stop), target=_on_grid(book, request.target), expiry=request.expiry,
    )  # fmt: skip
    return Accepted(at=a.at, id=request.id, order=r.order.ticket)


def _cancel(a: Ledger, book: Book, r: Resting, request: CancelRequest) -> Accepted | Refusal:
    refusal = order_frozen(book, r)
    if refusal is not None:
        return refusal
    end(a, book, r, "cancelled")
    return Accepted(at=a.at, id=request.id, order=request.order)
