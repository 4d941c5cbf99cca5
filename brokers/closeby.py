"""Closing a position of a hedging account against an opposite one: two deals at one price, and no spread.

The price is the opening price of the position that is closed against, so that all the profit stands on the other one's
deal. Where volumes differ the larger one keeps the difference.
"""

from brokers.book import Book
from brokers.facts import Accepted
from brokers.fillrules import Refusal
from brokers.holdings import leave
from brokers.ledger import Ledger, take_ticket
from brokers.requests import CloseByRequest

_CLOSE_BY = 64  # in a symbol's order mask


def close_by(a: Ledger, book: Book, request: CloseByRequest) -> Accepted | Refusal:
    """Close two opposite positions against each other, or say why not."""
    if not a.hedging or not book.symbol.order_mask & _CLOSE_BY:
        return 10035, f"positions of {request.symbol} are not closed by each other here"
    p, by = (next((p for p in book.positions if p.ticket == t), None) for t in (request.position, request.by))
    if p is None or by is None:
        return 10036, f"position {request.position if p is None else request.by} is closed"
    if p.side == by.side:
        return 10013, f"positions {p.ticket} and {by.ticket} are of one side"
    volume, price, order = min(p.volume, by.volume), by.price, take_ticket(a)
    comment = request.comment or f"#{p.ticket} by #{by.ticket}"
    deals = [
        leave(a, book, one, price, "expert", comment, volume, request.magic, order=order, entry="out_by")
        for one in (p, by)
    ]
    return Accepted(at=a.at, id=request.id, order=order, deal=deals[0].ticket, volume=volume, price=price)
