"""The account of the simulated venue: its money, deals and news, and how a position is entered and left.

The ledger is one record of plain values, so that it can be written down and read back whole. Every change of the
balance is a deal, and every deal and every end of a resting order is news.
"""

import msgspec

from brokers.book import Book, Holding, Resting, floating_profit
from brokers.commission import charge
from brokers.fills import floating, lot_value, margin, profit, share
from brokers.port import DealMade, OrderEnd, OrderGone
from market.money import cents, nearest
from market.types import BUY, SELL, Deal, DealReason, Order


class Ledger(msgspec.Struct, kw_only=True):
    """An account: `at` is its time, `ticket` the next free one, `stop_out` the margin level that closes positions."""

    at: int
    ticket: int
    currency: str
    leverage: int
    stop_out: float
    books: dict[str, Book]
    balance: float = 0.0
    margin: float = 0.0
    ambiguous: int = 0
    deals: list[Deal] = []
    news: list[DealMade | OrderGone] = []


def equity(a: Ledger) -> float:
    """Return balance, floating profit and accrued swap, to the cent."""
    total = a.balance
    for book in a.books.values():
        for p in book.positions:
            total = total + floating_profit(book, p) + p.swap
    return cents(total)


def take_ticket(a: Ledger) -> int:
    """Return the next ticket; deals and orders share one sequence."""
    a.ticket += 1
    return a.ticket - 1


def record(a: Ledger, deal: Deal) -> Deal:
    """Book a deal: balance, history and news."""
    a.balance = cents(a.balance + deal.money)
    a.deals.append(deal)
    a.news.append(DealMade(at=a.at, deal=deal))
    return deal


def deposit(a: Ledger, amount: float, comment: str = "") -> Deal:
    """Book a balance operation; a negative amount is a withdrawal."""
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
        ),
    )


def affordable(a: Ledger, book: Book, volume: float, price: float) -> bool:
    """Tell whether the free margin, after commission, carries another position."""
    needed = margin(book.mode, volume, book.contract, price, a.leverage)
    return needed <= equity(a) - a.margin + _charge(book, volume, 0.0, price)


def _charge(book: Book, opened: float, closed: float, price: float) -> float:
    return charge(book.commission, opened, closed, lot_value(book.mode, book.contract, price))


def enter(a: Ledger, book: Book, order: Order, price: float) -> tuple[Deal, Holding]:
    """Open the position an order asked for; its ticket is the order's."""
    held = Holding(
        ticket=order.ticket,
        at=a.at,
        side=order.side,
        volume=order.volume,
        price=price,
        stop=order.stop,
        target=order.target,
        magic=order.magic,
        comment=order.comment,
        margin=margin(book.mode, order.volume, book.contract, price, a.leverage),
    )
    book.positions.append(held)
    a.margin = cents(a.margin + held.margin)
    deal = Deal(
        ticket=take_ticket(a),
        order=order.ticket,
        position=held.ticket,
        at=a.at,
        symbol=book.symbol.name,
        side=order.side,
        entry="in",
        volume=order.volume,
        price=price,
        commission=_charge(book, order.volume, 0.0, price),
        magic=order.magic,
        comment=order.comment,
    )
    return record(a, deal), held


def leave(
    a: Ledger, book: Book, p: Holding, price: float, reason: DealReason, comment: str, volume: float, magic: int
) -> Deal:
    """Close `volume` lots of a position at a price; what remains keeps its share of swap and margin."""
    part = volume < p.volume
    swap = share(p.swap, volume, p.volume)
    freed = share(p.margin, volume, p.volume)
    deal = Deal(
        order=take_ticket(a),
        ticket=take_ticket(a),
        position=p.ticket,
        at=a.at,
        symbol=book.symbol.name,
        side=SELL if p.side > 0 else BUY,
        entry="out",
        volume=volume,
        price=price,
        profit=profit(book.mode, p.side, p.price, price, volume, book.contract),
        commission=_charge(book, 0.0, volume, price),
        swap=swap,
        magic=magic,
        reason=reason,
        comment=comment,
    )
    a.margin = cents(a.margin - freed)
    if part:
        p.volume = nearest((p.volume - volume) * 1e8) / 1e8
        p.swap, p.margin = cents(p.swap - swap), cents(p.margin - freed)
    else:
        book.positions.remove(p)
    return record(a, deal)


def end(a: Ledger, book: Book, resting: Resting, why: OrderEnd) -> None:
    """Take a resting order off the book."""
    book.orders.remove(resting)
    a.news.append(OrderGone(at=a.at, order=resting.order.ticket, magic=resting.order.magic, end=why))


def level(a: Ledger) -> float:
    """Return equity over margin, equity not rounded; only where some margin is in use."""
    total = a.balance
    for book in a.books.values():
        for p in book.positions:
            price = book.bid if p.side > 0 else book.ask
            total = total + p.swap + floating(book.mode, p.side, p.price, price, p.volume, book.contract)
    return total / a.margin


def worst(a: Ledger) -> tuple[Book, Holding]:
    """Return the position that loses most, the oldest of equals."""
    candidates = [(floating_profit(book, p), p.ticket, book, p) for book in a.books.values() for p in book.positions]
    _, _, book, p = min(candidates, key=lambda c: c[:2])
    return book, p
