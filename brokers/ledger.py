"""The account of the simulated venue: its money, its deals and its news.

The ledger is one record of plain values, so that it can be written down and read back whole. Every change of the
balance is a deal, and every deal and every end of a resting order is news.
"""

from datetime import UTC, datetime

import msgspec

from brokers.book import Book, Holding, Resting
from brokers.facts import DealMade, OrderEnd, OrderGone
from brokers.fills import CROSS, floating
from brokers.valuation import floating_profit, rough_cross
from market.money import cents
from market.types import BUY, Deal, Flow

NEVER = 2**62
"""A time that does not come."""


class Ledger(msgspec.Struct, kw_only=True):
    """An account: `at` is its time, `ticket` the next free one, `stop_out` the margin level that closes positions."""

    at: int
    ticket: int
    currency: str
    leverage: int
    stop_out: float
    books: dict[str, Book]
    hedging: bool = True
    """False: one position a symbol, into which every deal is netted."""
    limit_orders: int = 0
    """Most orders that may rest at once; 0: any number."""
    zone: str = "UTC"
    """The rule of the clock at whose midnight nights begin, where the account's own time is UTC."""
    ends: int = NEVER
    """When the next contract ends."""
    visible_after: int = 0
    """Milliseconds after which a deal shows in history, news and balance."""
    seed: int = 0
    """Where in each symbol's draws this account begins."""
    stop_out_money: float | None = None
    """Least equity, in place of the margin level, where the broker reckons so."""
    margin_call: float = 1.0
    """Margin level, or equity, below which the account is called."""
    credit: float = 0.0
    watched: bool = False
    """Something is open."""
    balance: float = 0.0
    margin: float = 0.0
    ambiguous: int = 0
    deals: list[Deal] = []
    """Those made, or the newest of them where older ones are not kept."""
    dropped: int = 0
    """How many were made before them."""
    news: list[DealMade | OrderGone] = []


def equity(a: Ledger) -> float:
    """Return balance, credit, floating profit and accrued swap, to the cent."""
    total = a.balance + a.credit
    for book in a.books.values():
        for p in book.positions:
            total = total + floating_profit(a.books, book, p) + p.swap
    return cents(total)


def take_ticket(a: Ledger) -> int:
    """Return the next ticket; deals and orders share one sequence."""
    a.ticket += 1
    return a.ticket - 1


def record(a: Ledger, deal: Deal) -> Deal:
    """Book a deal: balance, history and news."""
    a.balance = cents(a.balance + deal.money)
    a.deals.append(deal)
    a.news.append(DealMade(at=a.at + a.visible_after, deal=deal))
    return deal


def keep(a: Ledger, newest: int) -> None:
    """Keep no deals but the newest: at least one, from which the next is told apart."""
    surplus = len(a.deals) - newest
    if surplus > 0:
        del a.deals[:surplus]
        a.dropped += surplus


def flow(a: Ledger, kind: Flow, amount: float, comment: str = "") -> Deal:
    """Book money that comes or goes without a trade; a credit is kept beside the balance, and counts as equity.

    Everything else moves the balance. That a bonus does, and is no credit, is assumed: brokers differ.
    """
    if kind == "credit":
        a.credit = cents(a.credit + amount)
    return record(
        a,
        Deal(
            ticket=take_ticket(a),
            order=0,
            position=0,
            at=a.at,
            symbol="",
            side=BUY,
            entry="none",
            volume=0.0,
            price=0.0,
            profit=cents(amount),
            reason="balance",
            comment=comment,
            flow=kind,
        ),
    )


def deposit(a: Ledger, amount: float, comment: str = "") -> Deal:
    """Book a balance operation; a negative amount is a withdrawal."""
    return flow(a, "balance", amount, comment)


def seen(a: Ledger) -> list[Deal]:
    """Return the deals that the account's owner can see by now."""
    if not a.visible_after:
        return a.deals
    return [deal for deal in a.deals if deal.at + a.visible_after <= a.at]


def take_late_news(a: Ledger) -> list[DealMade | OrderGone]:
    """Return what has become visible since the last call, in the venue's order, where deals show late."""
    visible = [fact for fact in a.news if fact.at <= a.at]
    a.news = a.news[len(visible) :]
    return visible


def end(a: Ledger, book: Book, resting: Resting, why: OrderEnd) -> None:
    """Take a resting order off the book."""
    book.orders.remove(resting)
    order = resting.order
    comment = expired_comment(order.expiry) if why == "expired" else ""
    a.news.append(OrderGone(at=a.at + a.visible_after, order=order.ticket, magic=order.magic, end=why, comment=comment))


def expired_comment(expiry: int) -> str:
    """Return what the venue writes over the comment of an order that expired, as recorded.

    >>> expired_comment(1736125500000)
    'expired [2025.01.06 01:05]'
    """
    return f"expired [{datetime.fromtimestamp(expiry / 1000, UTC):%Y.%m.%d %H:%M}]"


def rough_equity(a: Ledger) -> float:
    """Return the equity not rounded: quick, for the margin level."""
    total = a.balance + a.credit
    for book in a.books.values():
        for p in book.positions:
            if book.mode == CROSS:
                total = total + p.swap + rough_cross(a.books, book, p)
            else:
                price = book.bid if p.side > 0 else book.ask
                total = total + p.swap + floating(book.mode, p.side, p.price, price, p.volume, book.contract)
    return total


def worst(a: Ledger) -> tuple[Book, Holding]:
    """Return the position that loses most, the oldest of equals."""
    standing = [(book, p) for book in a.books.values() for p in book.positions]
    candidates = [(floating_profit(a.books, book, p), p.ticket, book, p) for book, p in standing]
    _, _, book, p = min(candidates, key=lambda c: c[:2])
    return book, p
