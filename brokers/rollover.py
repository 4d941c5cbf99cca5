"""What midnight does at the simulated venue: the swap of every night is charged to the positions that stand over it."""

from brokers.book import Book, Holding
from brokers.ledger import Ledger
from brokers.swap import SwapInterest, SwapMoney, SwapPolicy, night, night_money
from market.money import cents

_THURSDAY = 3  # 1970-01-01, counting from Monday = 0


def roll(a: Ledger, book: Book, day: int) -> None:
    """Pass to `day` and charge every night on the way to the positions, at the last quote before them."""
    if book.swap is not None:
        for p in book.positions:
            for evening in range(book.day, day):
                factor = book.swap.factor(book.symbol, (evening + _THURSDAY) % 7)
                p.swap = cents(p.swap + _night(a, book, book.swap, p, factor))
    book.day = day


def _night(a: Ledger, book: Book, policy: SwapPolicy, p: Holding, factor: float) -> float:
    """Return what one night adds to a position's swap, in account money."""
    quote = book.bid if p.side > 0 else book.ask
    price = p.price if isinstance(policy, SwapInterest) and policy.on == "open" else quote
    money = night_money(policy, p.side, factor, p.volume, (book.contract, book.value), price)
    currency = _currency(a, book, policy)
    if currency == a.currency:
        return cents(money)
    return night(book.mode, money * quote if currency == book.symbol.currency_base else money, quote)


def _currency(a: Ledger, book: Book, policy: SwapPolicy) -> str:
    """Return the currency that a policy reckons in."""
    if not isinstance(policy, SwapMoney):
        return book.symbol.currency_profit
    if policy.currency == "deposit":
        return a.currency
    return book.symbol.currency_base if policy.currency == "base" else book.symbol.margin_currency
