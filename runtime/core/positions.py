"""Trades of ours: what a strategy holds, known by position id, and the arithmetic of what it is worth."""

import msgspec

from brokers.fills import average_price
from market.kernel import kernel
from market.money import nearest
from market.types import Deal
from runtime.core.orders import OrderRecord

LOT_DUST = 1e-9
"""Below it two volumes are the same."""

GONE = 2
"""A look without a position, and a whole settle window later another: it is gone, whatever told or did not tell."""


@kernel
def add_lots(a: float, b: float) -> float:
    """Return a + b lots without the dust of binary floats."""
    return nearest((a + b) * 100000000.0) / 100000000.0


class Trade(msgspec.Struct, kw_only=True):
    """An open position of one strategy."""

    strategy: int
    symbol: str
    position: int
    magic: int
    decision: int
    side: int
    volume: float
    entry: float
    stop: float
    """In force at the venue."""
    target: float
    exit: list[float]
    """State of `strategies.exits.exit_step`."""
    plan: tuple[float, float, float, float, float]
    """Its parameters."""
    opened_at: int
    closing: int = 0
    """Instruction that is closing it, 0: none."""
    moving: int = 0
    """Instruction that is moving its stop, 0: none."""
    doubt: bool = False
    ticket: int = 0
    """What requests call it, where a turn of a netting position gave it another ticket; 0: its position id."""
    tag: str = ""
    """Who else had a hand in it: "manual", "adopted"; empty: nobody."""
    seen_stop: float = -1.0
    """The venue's stop as it was told to people last."""
    bare_since: int = 0
    """When a look first found it without a stop, and every one since; 0: the last look found one."""
    refused: int = 0
    """Code with which its stop was refused as it was to be set again; 0: it was not, or another stop was asked for."""
    absent: int = 0
    """Looks at the venue in a row that did not find it, though no deal told how it went."""
    shut: int = 0
    """Bars of its strategy in a row, up to the last, on which its gate was shut."""
    answered: bool = False
    """What the gate's policy wants was done since it shut: the stop was tightened, or lots were closed."""
    lived: int = 0
    """When the last bar opened that its exit has lived through already, told by a core of before: history that is told
    again from up to it says nothing to it; 0: none has."""
    made: float = 0.0
    """What its deals so far made, account money: profit, commission, swap and fee."""
    forced: bool = False
    """A second close was sent beside one in doubt, because the operator said so."""


def open_trade(order: OrderRecord, deal: Deal) -> Trade:
    """Return the trade that an entry deal opens."""
    trail, breakeven, bars, _ = order.plan
    return Trade(
        strategy=order.strategy,
        symbol=order.symbol,
        position=deal.position,
        magic=order.magic,
        decision=order.decision,
        side=order.side,
        volume=deal.volume,
        entry=deal.price,
        stop=order.stop,
        target=order.target,
        exit=[0.0, deal.price, order.stop],
        plan=(float(order.side), deal.price, trail, breakeven, bars),
        opened_at=deal.at,
        made=deal.money,
    )


def grow(trade: Trade, deal: Deal) -> None:
    """Add a further fill of the same entry."""
    trade.entry = average_price(trade.volume, trade.entry, deal.volume, deal.price)
    trade.volume = add_lots(trade.volume, deal.volume)
    trade.made += deal.money
    trade.plan = (trade.plan[0], trade.entry, *trade.plan[2:])


def shrink(trade: Trade, deal: Deal) -> bool:
    """Take an exit deal away; return whether nothing is left."""
    trade.volume = add_lots(trade.volume, 0.0 - deal.volume)
    trade.made += deal.money
    return trade.volume <= 0.0
