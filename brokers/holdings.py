"""How positions of the simulated venue are entered, grown and left, each by one deal.

On a hedging account every order has a position of its own. On a netting account there is one position a symbol, and
`brokers/netting.py` says what a deal does to it.
"""

from brokers.book import Book, Holding
from brokers.commission import Turnover, charge
from brokers.fills import average_price, share
from brokers.ledger import Ledger, equity, record, take_ticket
from brokers.margins import bind, in_use, required
from brokers.valuation import earned, worth_of_lot
from market.kernel import kernel
from market.money import cents, nearest
from market.types import BUY, SELL, Deal, DealEntry, DealReason, Order, Side

_DUST = 1e-9


def affordable(a: Ledger, book: Book, side: Side, volume: float, price: float, freed: float = 0.0) -> bool:
    """Tell whether the free margin, after commission, carries another position; `freed` is given back by the deal."""
    own = required(a, book, side, volume, price)
    alone = freed or not a.hedging or book.symbol.margin_hedged is None
    more = own if alone else in_use(a, book, side, volume, own) - in_use(a, book)
    return affords(more, equity(a), a.margin, freed, cost(a, book, volume, 0.0, price))


@kernel
def affords(more: float, money: float, used: float, freed: float, charge: float) -> bool:
    """Tell whether an equity carries more margin beside that in use; freed: given back, charge: negative; all money."""
    return cents(more) <= money - used + freed + charge


def cost(a: Ledger, book: Book, opened: float, closed: float, price: float) -> float:
    """Return the commission of a deal that opens and closes so many lots."""
    value = worth_of_lot(a.books, book, price) if isinstance(book.commission, Turnover) else 0.0
    return charge(book.commission, opened, closed, value)


def enter(a: Ledger, book: Book, order: Order, price: float, volume: float) -> tuple[Deal, Holding]:
    """Open the position an order asked for, or add to it where a part was filled before; its ticket is the order's."""
    for begun in book.positions:
        if begun.ticket == order.ticket:
            return grow(a, book, begun, order, price, volume), begun
    held = Holding(
        ticket=order.ticket,
        at=a.at,
        side=order.side,
        volume=volume,
        price=price,
        stop=order.stop,
        target=order.target,
        magic=order.magic,
        comment=order.comment,
        margin=required(a, book, order.side, volume, price),
    )
    book.positions.append(held)
    bind(a)
    return _filled(a, book, held, order, price, volume), held


def grow(a: Ledger, book: Book, p: Holding, order: Order, price: float, volume: float) -> Deal:
    """Add to a position at its average price."""
    p.price = average_price(p.volume, p.price, volume, price)
    p.volume = lots(p.volume + volume)
    p.margin = cents(p.margin + required(a, book, order.side, volume, price))
    bind(a)
    return _filled(a, book, p, order, price, volume)


def _filled(a: Ledger, book: Book, p: Holding, order: Order, price: float, volume: float) -> Deal:
    return record(
        a,
        Deal(
            ticket=take_ticket(a),
            order=order.ticket,
            position=p.ident,
            at=a.at,
            symbol=book.symbol.name,
            side=order.side,
            entry="in",
            volume=volume,
            price=price,
            commission=cost(a, book, volume, 0.0, price),
            magic=order.magic,
            comment=order.comment,
        ),
    )


def leave(
    a: Ledger, book: Book, p: Holding, price: float, reason: DealReason, comment: str, volume: float, magic: int,
    *, order: int = 0, entry: DealEntry = "out",
) -> Deal:  # fmt: skip
    """Close `volume` lots of a position at a price; what remains keeps its share of swap and margin.

    order: the ticket of the order that does it; a new one is taken where there is none.
    """
    swap = share(p.swap, volume, p.volume)
    freed = share(p.margin, volume, p.volume)
    deal = Deal(
        order=order or take_ticket(a),
        ticket=take_ticket(a),
        position=p.ident,
        at=a.at,
        symbol=book.symbol.name,
        side=SELL if p.side > 0 else BUY,
        entry=entry,
        volume=volume,
        price=price,
        profit=earned(a.books, book, p.side, p.price, price, volume),
        commission=cost(a, book, 0.0, volume, price),
        swap=swap,
        magic=magic,
        reason=reason,
        comment=comment,
    )
    if volume < p.volume:
        p.volume = lots(p.volume - volume)
        p.swap, p.margin = cents(p.swap - swap), cents(p.margin - freed)
    else:
        book.positions.remove(p)
    bind(a)
    return record(a, deal)


def turn(a: Ledger, book: Book, p: Holding, order: Order, price: float, volume: float) -> Deal:
    """Close a position and open the opposite one with what is left of `volume`, by one deal (netting).

    As documented for MetaTrader 5, the position keeps its identifier and takes the ticket of the order that turned it.
    """
    opened = lots(volume - p.volume)
    deal = Deal(
        ticket=take_ticket(a),
        order=order.ticket,
        position=p.ident,
        at=a.at,
        symbol=book.symbol.name,
        side=order.side,
        entry="inout",
        volume=volume,
        price=price,
        profit=earned(a.books, book, p.side, p.price, price, p.volume),
        commission=cost(a, book, opened, p.volume, price),
        swap=p.swap,
        magic=order.magic,
        comment=order.comment,
    )
    p.identifier, p.ticket, p.at = p.ident, order.ticket, a.at
    p.side, p.volume, p.price, p.swap = order.side, opened, price, 0.0
    p.stop, p.target, p.magic, p.comment = order.stop, order.target, order.magic, order.comment
    p.margin = required(a, book, order.side, opened, price)
    bind(a)
    return record(a, deal)


def lots(volume: float) -> float:
    """Return a volume without the dust of binary floats."""
    return nearest(volume * 1e8) / 1e8


def is_whole(p: Holding, volume: float) -> bool:
    """Tell whether a volume is all of a position."""
    return abs(p.volume - volume) < _DUST
