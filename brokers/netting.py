"""What an executed order does at the simulated venue: a position of its own, or a change of the symbol's one position.

Netting as MetaTrader 5 documents it: a deal of the position's side adds to it at the average price, an opposite one
takes away from it, ends it or turns it round. Stop and target are those of the order that last added or turned; one
that only takes away leaves them, and one without them deletes them.
"""

from brokers.book import Book, Holding
from brokers.holdings import affordable, enter, grow, is_whole, leave, lots, turn
from brokers.ledger import Ledger
from market.types import Deal, Order, Side


def execute(a: Ledger, book: Book, order: Order, price: float, volume: float) -> tuple[Deal, Holding | None]:
    """Fill `volume` lots of an order at a price; returns the deal, and the position where one stands now."""
    if a.hedging or not book.positions:
        return enter(a, book, order, price, volume)
    p = book.positions[0]
    if p.side == order.side:
        p.stop, p.target = order.stop, order.target
        return grow(a, book, p, order, price, volume), p
    if is_whole(p, volume):
        return leave(a, book, p, price, "expert", order.comment, p.volume, order.magic, order=order.ticket), None
    if volume < p.volume:
        return leave(a, book, p, price, "expert", order.comment, volume, order.magic, order=order.ticket), p
    return turn(a, book, p, order, price, volume), p


def opens(a: Ledger, book: Book, side: Side, volume: float) -> float:
    """Return how many lots of an execution would open something; what only closes needs no margin."""
    if a.hedging or not book.positions or book.positions[0].side == side:
        return volume
    return max(0.0, lots(volume - book.positions[0].volume))


def carried(a: Ledger, book: Book, side: Side, volume: float, price: float) -> bool:
    """Tell whether the account can carry an execution: its free margin, and what a netted position sets free."""
    opened = opens(a, book, side, volume)
    if opened == volume:
        return affordable(a, book, side, volume, price)
    return opened == 0.0 or affordable(a, book, side, opened, price, freed=book.positions[0].margin)
