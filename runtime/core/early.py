"""Deals that left a position before it was told who opened it, or opened all of it: kept, until entry deals tell.

A history may show them in the wrong order. Nothing is guessed: a position's id, which its entry deal tells, says that a
deal is ours; before that the venue's own answer or a magic number only say which entry must be waited for.
"""

from market.types import Deal
from runtime.core.orders import OrderRecord
from runtime.core.positions import LOT_DUST, Trade, add_lots
from runtime.core.state import Early, Ledger

LEFT = frozenset({"out", "out_by"})
KEPT = 32
"""Early deals remembered; where a stranger trades beside us most are his, and nobody ever asks for them."""


def awaited_by(ledger: Ledger, deal: Deal) -> OrderRecord | None:
    """Return the entry of ours that must have opened what a deal left, though no deal told so yet; None: none is known.

    A deal that an entry itself makes, where it is netted with another's position, carries its magic number too: that
    one's reason is ours, and who leaves a position of ours for us knows it.
    """
    if deal.entry not in LEFT:
        return None
    for order in _untold(ledger, deal.symbol):
        if order.ticket == deal.position != 0 or (order.magic == deal.magic and deal.reason != "expert"):
            return order
    return None


def outgrown(ledger: Ledger, trade: Trade, deal: Deal) -> OrderRecord | None:
    """Return the entry of a trade where a deal has left more than was told of it: the rest of it is yet to be told.

    Of an entry that is whole it is what a stranger has in the same position.
    """
    order = ledger.orders.get(ledger.magics.get(trade.magic, 0))
    if order is None or order.state != "PARTIAL" or deal.entry not in LEFT:
        return None
    return order if deal.volume > trade.volume + LOT_DUST else None


def keep(ledger: Ledger, deal: Deal, entry: int) -> None:
    """Remember a deal; `entry` is the order that is waited for, 0 where it may be a stranger's."""
    early = [*ledger.early, Early(deal=deal, entry=entry)]
    if len(early) > KEPT:
        early.remove(next((e for e in early if not e.entry), early[0]))
    ledger.early = tuple(early)


def keep_perhaps(ledger: Ledger, deal: Deal) -> None:
    """Remember a stranger's deal where it may turn out to be ours: an entry there was not told yet."""
    if deal.entry in LEFT and _untold(ledger, deal.symbol):
        keep(ledger, deal, 0)


def take_early(ledger: Ledger, entry: Deal, volume: float) -> list[Deal]:
    """Return what had left a position since this entry of it and forget that, once `volume` can have held all of it.

    What was made before the entry, as lower tickets tell, left what a stranger had there on a netting account.
    """
    kept = [e for e in ledger.early if e.deal.position == entry.position and e.deal.ticket > entry.ticket]
    lots = 0.0
    for early in kept:
        lots = add_lots(lots, early.deal.volume)
    if not kept or lots > volume + LOT_DUST:
        return []
    ledger.early = tuple(e for e in ledger.early if e not in kept)
    return sorted((e.deal for e in kept), key=lambda deal: deal.ticket)


def unopened(ledger: Ledger) -> dict[str, str]:
    """Return, by the hold it is, what left a position of ours of which no deal told how it was entered."""
    return {
        f"BREAK:{e.deal.symbol}": f"position {e.deal.position} was left, and no deal told how all of it was entered"
        for e in ledger.early
        if e.entry
    }


def _untold(ledger: Ledger, symbol: str) -> list[OrderRecord]:
    """Return the entries on a symbol of which no deal has told."""
    return [o for o in ledger.orders.values() if o.verb == "entry" and o.symbol == symbol and not o.position]
