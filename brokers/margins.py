"""Margin of the simulated venue: what a position binds by its symbol's calculation, and what opposite ones share.

Formulas are those documented for MetaTrader 5, at the opening price and with margin rates of one: pairs by contract
size, CFDs by value, both over the leverage where the mode has it; an index times tick value over tick size; futures,
and every contract that names an initial margin, that sum a lot. Margin in another currency is converted when the
position is opened: a buyer's at the ask, a seller's at the bid.

Opposite positions of one symbol on a hedging account (documented): the lots that are not covered bind their share of
the larger side's margin, the covered lots bind, once for both, the average of all positions by `margin_hedged` in place
of the contract size (or of the initial margin). A contract that does not tell it gives nothing off.
"""

from brokers.book import Book
from brokers.conversion import rate
from brokers.fills import CROSS, margin
from brokers.ledger import Ledger
from market.kernel import kernel
from market.money import cents

LEVERAGED = {"forex", "cfd_leverage"}


@kernel
def bound(volume: float, lot: float, leverage: float, worth: float) -> float:
    """Return the margin of so many lots, each `lot` of a currency of which one is `worth` so much, to the cent."""
    return cents(volume * lot / leverage * worth)


@kernel
def covered(longs: float, shorts: float, long_margin: float, short_margin: float, share: float) -> float:
    """Return the margin of opposite positions: lots and margins of both sides, and a covered lot's share of a margin.

    >>> covered(3.0, 2.0, 300.0, 210.0, 0.0), covered(3.0, 2.0, 300.0, 210.0, 1.0), covered(1.0, 1.0, 100.0, 101.0, 2.0)
    (100.0, 304.0, 201.0)
    """
    both = longs if longs < shorts else shorts
    if both <= 0.0:
        return cents(long_margin + short_margin)
    rest = long_margin * (longs - both) / longs + short_margin * (shorts - both) / shorts
    return cents(rest + (long_margin + short_margin) / (longs + shorts) * both * share)


def required(a: Ledger, book: Book, side: int, volume: float, price: float) -> float:
    """Return what so many lots of one side bind on their own."""
    s = book.symbol
    over = float(a.leverage) if s.calc in LEVERAGED else 1.0
    if s.margin_initial > 0.0 or s.calc == "futures":
        return bound(volume, s.margin_initial, 1.0, rate(a.books, book.margin_route, gain=side < 0))
    contract = book.contract
    if s.calc == "cfd_index" and s.tick_value > 0.0:
        contract = contract * s.tick_value / s.tick_size
    if book.mode != CROSS:
        return margin(book.mode, volume, contract, price, over)
    if s.calc.startswith("forex"):
        return bound(volume, contract, over, rate(a.books, book.margin_route, gain=side < 0))
    return bound(volume, contract * price, over, rate(a.books, book.route, gain=side < 0))


def in_use(a: Ledger, book: Book, side: int = 1, volume: float = 0.0, own: float = 0.0) -> float:
    """Return what a symbol's positions bind together, with another one of so many lots that would bind `own` alone."""
    longs, shorts, long_margin, short_margin = (volume, 0.0, own, 0.0) if side > 0 else (0.0, volume, 0.0, own)
    for p in book.positions:
        if p.side > 0:
            longs, long_margin = longs + p.volume, long_margin + p.margin
        else:
            shorts, short_margin = shorts + p.volume, short_margin + p.margin
    share = _share(book) if a.hedging and longs > 0.0 and shorts > 0.0 else None
    if share is None:
        return cents(long_margin + short_margin)
    return covered(longs, shorts, long_margin, short_margin, share)


def _share(book: Book) -> float | None:
    s = book.symbol
    return None if s.margin_hedged is None else s.margin_hedged / (s.margin_initial or s.contract_size)


def bind(a: Ledger) -> None:
    """Reckon the margin in use anew, after positions have changed."""
    total = 0.0
    a.watched = False
    for book in a.books.values():
        if book.positions:
            total = total + in_use(a, book)
            a.watched = True
    a.margin = cents(total)
