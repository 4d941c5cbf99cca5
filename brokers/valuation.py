"""What positions of the simulated venue are worth in the account's money, whatever currency their profit is in."""

from collections.abc import Mapping

from brokers.book import Book, Holding
from brokers.conversion import converted, converted_cents, rate
from brokers.fills import CROSS, DIRECT, floating, lot_value, profit
from market.types import Position

Books = Mapping[str, Book]


def earned(books: Books, book: Book, side: float, opened: float, closed: float, volume: float) -> float:
    """Return the profit of closing so many lots at a price, to the cent."""
    if book.mode == CROSS:
        money = floating(DIRECT, side, opened, closed, volume, book.contract)
        return converted_cents(money, *rates(books, book))
    return profit(book.mode, side, opened, closed, volume, book.contract)


def floating_profit(books: Books, book: Book, p: Holding) -> float:
    """Return what closing at the quote would make, without swap and costs, to the cent."""
    return earned(books, book, p.side, p.price, book.bid if p.side > 0 else book.ask, p.volume)


def rough_cross(books: Books, book: Book, p: Holding) -> float:
    """Return what closing at the quote would make, converted and not rounded: quick, for the margin level."""
    price = book.bid if p.side > 0 else book.ask
    return converted(floating(DIRECT, p.side, p.price, price, p.volume, book.contract), *rates(books, book))


def rates(books: Books, book: Book) -> tuple[float, float]:
    """Return account money for one unit of profit currency, where it is a gain and where it is a loss."""
    return rate(books, book.route, gain=True), rate(books, book.route, gain=False)


def worth_of_lot(books: Books, book: Book, price: float) -> float:
    """Return what a lot is worth at a price, in account money."""
    if book.mode == CROSS:
        return book.contract * price * rate(books, book.route, gain=True)
    return lot_value(book.mode, book.contract, price)


def convertible(books: Books, book: Book) -> bool:
    """Tell whether every pair that a symbol's money passes through has a quote."""
    if not book.route and not book.margin_route:
        return True
    return all(books[leg.symbol].bid > 0.0 for leg in (*book.route, *book.margin_route))


def position(books: Books, book: Book, p: Holding) -> Position:
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
        profit=floating_profit(books, book, p),
        magic=p.magic,
        comment=p.comment,
    )
