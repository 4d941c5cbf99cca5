"""What the calendar does at the simulated venue: nights are charged to what stands over them, and contracts end."""

from collections.abc import Mapping

from brokers.book import Book, Holding
from brokers.conversion import converted_cents
from brokers.fills import CROSS
from brokers.holdings import leave
from brokers.ledger import NEVER, Ledger, end
from brokers.mt5.zone import to_server
from brokers.swap import SwapInterest, SwapMoney, SwapPolicy, night, night_money
from brokers.valuation import rates
from market.money import cents
from market.types import DAY_MS


def day_of(a: Ledger, at: int) -> int:
    """Return the day since 1970 on which a moment is by the server's clock."""
    return (at if a.zone == "UTC" else to_server(a.zone, at)) // DAY_MS


def roll(a: Ledger, book: Book, day: int) -> None:
    """Pass to `day` and charge every night on the way to the positions, at the last quote before them."""
    if book.swap is not None:
        for p in book.positions:
            for evening in range(book.day, day):
                factor = book.swap.factor(book.symbol, evening)
                p.swap = cents(p.swap + _night(a, book, book.swap, p, factor))
    book.day = day


def expire(a: Ledger, at: int) -> None:
    """End the contracts whose time has come by `at`: orders are taken off, positions closed at the last quote.

    Brokers differ in what they call it; here it is a rollover. Trading them is refused from then on.
    """
    running = [book for book in a.books.values() if book.symbol.expires_at and not book.over]
    for book in sorted(running, key=_end):
        if _end(book) <= at:
            a.at = max(a.at, _end(book))
            _expire(a, book)
    a.ends = next_end(a.books)


def _expire(a: Ledger, book: Book) -> None:
    if book.positions:
        roll(a, book, day_of(a, a.at))
    for r in tuple(book.orders):
        end(a, book, r, "cancelled")
    for p in tuple(book.positions):
        price = book.bid if p.side > 0 else book.ask
        leave(a, book, p, price, "rollover", "contract expired", p.volume, p.magic)
    book.over = True


def next_end(books: Mapping[str, Book]) -> int:
    """Return when the next contract ends, or NEVER."""
    return min((_end(book) for book in books.values() if book.symbol.expires_at and not book.over), default=NEVER)


def _end(book: Book) -> int:
    return book.symbol.expires_at


def _night(a: Ledger, book: Book, policy: SwapPolicy, p: Holding, factor: float) -> float:
    """Return what one night adds to a position's swap, in account money."""
    quote = book.bid if p.side > 0 else book.ask
    price = p.price if isinstance(policy, SwapInterest) and policy.on == "open" else quote
    money = night_money(policy, p.side, factor, p.volume, (book.contract, book.value), price)
    currency = _currency(a, book, policy)
    if currency == a.currency:
        return cents(money)
    if currency == book.symbol.currency_base:
        money = money * quote
    return converted_cents(money, *rates(a.books, book)) if book.mode == CROSS else night(book.mode, money, quote)


def _currency(a: Ledger, book: Book, policy: SwapPolicy) -> str:
    """Return the currency that a policy reckons in."""
    if not isinstance(policy, SwapMoney):
        return book.symbol.currency_profit
    if policy.currency == "deposit":
        return a.currency
    return book.symbol.currency_base if policy.currency == "base" else book.symbol.margin_currency
