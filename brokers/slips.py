"""By how much executions of the simulated venue miss their price: a constant against us, and draws that go both ways.

Draws are given as numbers, never made here: the same account meets the same draws, whichever drive runs it. A draw is
taken by the account's seed and the number of deals made so far, so that a refused request takes none.
"""

from brokers.book import Book
from brokers.fills import slipped
from brokers.ledger import Ledger


def market_price(a: Ledger, book: Book, side: int) -> float:
    """Return what an execution of `side` gets now, slippage included."""
    return missed(a, book, book.ask if side > 0 else book.bid, side)


def missed(a: Ledger, book: Book, price: float, side: int) -> float:
    """Return what an execution of `side` gets that aims at a price."""
    points = book.slippage + draw(a, book) if book.slips else book.slippage
    return slipped(price, side, points, book.scale)


def missed_target(a: Ledger, book: Book, price: float, side: int) -> float:
    """Return what a target's execution gets: the constant slippage spares it, draws do not."""
    return slipped(price, side, draw(a, book), book.scale) if book.slips else price


def draw(a: Ledger, book: Book) -> float:
    """Return the points of the next deal's draw, positive against us."""
    return book.slips[(a.seed + a.dropped + len(a.deals)) % len(book.slips)] if book.slips else 0.0
