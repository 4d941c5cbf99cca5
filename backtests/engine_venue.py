"""The simulated venue in a compiled drive, as `brokers/venue.py` has it: one symbol, one position, one resting order.

Kernels over the flat state of `backtests/engine_layout.py`. What is decided is decided by the kernels of `brokers`;
here stands in which order they are asked. A deal is told before anything is decided next, so the core's own account is
kept beside the venue's.
"""

from backtests.engine_book import in_use, money, note, strike
from backtests.engine_layout import (
    ANSWERED,
    ASK,
    AT,
    BALANCE,
    BID,
    BOUND,
    BY_STOP,
    BY_TARGET,
    CLOSES,
    CONTRACT,
    D_AT,
    D_COMMISSION,
    D_ENTRY,
    D_LANE,
    D_NUMBER,
    D_ONE,
    D_ORDER,
    D_POSITION,
    D_PRICE,
    D_PROFIT,
    D_REASON,
    D_ROW,
    D_SIDE,
    D_SWAP,
    D_TICKET,
    D_TWO,
    D_VOLUME,
    DEAL,
    DEALS,
    GOAL,
    HEDGED,
    HELD,
    KNOWN,
    LANE,
    MAGIC,
    MINIMUM,
    MODE,
    OPENS,
    OVER,
    PER,
    POSITION,
    PRICE,
    RATE,
    ROW,
    SCALE,
    SHUT,
    SIDE,
    SLIP,
    SLIPPAGE,
    SLIPS,
    STANDS,
    STOP,
    SWAP,
    TICKET,
    UNSURE,
    USED,
    VOLUME,
)
from brokers.commission import charged
from brokers.fills import AMBIGUOUS, NOTHING, TARGET, lot_value, margin, profit, share, slipped, touched
from brokers.holdings import affords
from market.kernel import Params, State, kernel
from market.money import cents
from runtime.core.positions import add_lots

# --- deals ------------------------------------------------------------------------------------------------------------


@kernel
def cost(p: Params, opened: float, closed: float, price: float) -> float:
    """Return the commission of a deal that opens and closes so many lots at a price."""
    lots = opened * p[OPENS] + closed * p[CLOSES]
    return charged(p[PER], p[RATE], p[MINIMUM], lots, lot_value(p[MODE], p[CONTRACT], price))


@kernel
def missed(a: State, p: Params, price: float, side: float) -> float:
    """Return what an execution of `side` gets that aims at a price."""
    points = p[SLIPPAGE]
    if p[SLIPS] > 0.0:
        points = points + p[SLIPS + 1 + int(a[SLIP])]
    return slipped(price, side, points, p[SCALE])


@kernel
def missed_target(a: State, p: Params, price: float, side: float) -> float:
    """Return what a target's execution gets: draws miss it, the constant slippage does not."""
    if p[SLIPS] > 0.0:
        return slipped(price, side, p[SLIPS + 1 + int(a[SLIP])], p[SCALE])
    return price


@kernel
def record(  # noqa: PLR0913, PLR0917 - what a deal tells
    a: State, d: State, p: Params, order: float, side: float, entry: float, volume: float, price: float,
    gain: float, charge: float, swap: float, reason: float, one: float, two: float,
) -> None:  # fmt: skip
    """Write a deal down and count its money, at the venue and in the core."""
    at = int(a[DEALS]) * DEAL
    d[at + D_ROW], d[at + D_TICKET], d[at + D_ORDER] = a[ROW], a[TICKET], order
    d[at + D_POSITION], d[at + D_AT], d[at + D_SIDE], d[at + D_ENTRY] = a[POSITION], a[AT], side, entry
    d[at + D_VOLUME], d[at + D_PRICE], d[at + D_PROFIT] = volume, price, gain
    d[at + D_COMMISSION], d[at + D_SWAP], d[at + D_NUMBER] = charge, swap, a[MAGIC]
    d[at + D_REASON], d[at + D_ONE], d[at + D_TWO], d[at + D_LANE] = reason, one, two, a[LANE]
    a[DEALS] = a[DEALS] + 1.0
    a[TICKET] = a[TICKET] + 1.0
    added = gain + charge + swap + 0.0  # and no fee
    a[BALANCE] = cents(a[BALANCE] + added)
    a[KNOWN] = a[KNOWN] + added
    a[SLIP] = a[SLIP] + 1.0
    if a[SLIP] >= p[SLIPS]:
        a[SLIP] = 0.0


@kernel
def affordable(a: State, p: Params, side: float, volume: float, price: float) -> bool:
    """Tell whether the free margin, after commission, carries another position of so many lots."""
    more = margin(p[MODE], volume, p[CONTRACT], price, p[OVER])
    if p[HEDGED] >= 0.0:
        more = in_use(a, p, side, volume, more) - in_use(a, p, 1.0, 0.0, 0.0)
    return affords(more, money(a, p), a[USED], 0.0, cost(p, volume, 0.0, price))


@kernel
def bind(a: State, p: Params) -> None:
    """Reckon the margin in use anew, after positions have changed."""
    a[USED] = 0.0
    if a[HELD] > 0.0:
        a[USED] = cents(0.0 + in_use(a, p, 1.0, 0.0, 0.0))


@kernel
def enter(  # noqa: PLR0913, PLR0917 - likewise
    a: State, x: State, y: State, d: State, p: Params, side: float, volume: float, price: float, order: float,
    stop: float, target: float,
) -> None:  # fmt: skip
    """Open the position that an order asked for, with the venue's stop and target; its exit begins at this price."""
    a[SIDE], a[VOLUME], a[PRICE], a[SWAP] = side, volume, price, 0.0
    a[BOUND] = margin(p[MODE], volume, p[CONTRACT], price, p[OVER])
    a[STANDS], a[GOAL], a[POSITION] = stop, target, order
    note(a)
    bind(a, p)
    record(a, d, p, order, side, 1.0, volume, price, 0.0, cost(p, volume, 0.0, price), 0.0, 0.0, 0.0, 0.0)
    x[0], x[1], x[2] = 0.0, price, a[STOP]
    y[0], y[1] = side, price
    a[SHUT], a[ANSWERED] = 0.0, 0.0


@kernel
def leave(a: State, d: State, p: Params, price: float, volume: float, reason: float, one: float, two: float) -> None:
    """Close so many lots of the position at a price; what remains keeps its share of swap and margin."""
    swap, freed = share(a[SWAP], volume, a[VOLUME]), share(a[BOUND], volume, a[VOLUME])
    side = a[SIDE]
    gain = profit(p[MODE], side, a[PRICE], price, volume, p[CONTRACT])
    charge = cost(p, 0.0, volume, price)
    order = a[TICKET]
    a[TICKET] = a[TICKET] + 1.0
    if volume < a[VOLUME]:
        a[VOLUME] = add_lots(a[VOLUME], 0.0 - volume)
        a[SWAP], a[BOUND] = cents(a[SWAP] - swap), cents(a[BOUND] - freed)
        a[ANSWERED] = 1.0
        note(a)
    else:
        a[SIDE] = 0.0
        strike(a)
    bind(a, p)
    record(a, d, p, order, 0.0 - side, 0.0, volume, price, gain, charge, swap, reason, one, two)


@kernel
def leave_by(a: State, d: State, p: Params, hit: float, price: float) -> None:
    """Close the position since prices have reached its stop or target; `price` is where it aims."""
    if hit == NOTHING:
        return
    side = 0.0 - a[SIDE]
    if hit == TARGET:
        leave(a, d, p, missed_target(a, p, price, side), a[VOLUME], BY_TARGET, a[GOAL], 0.0)
        return
    unsure = 0.0
    if hit == AMBIGUOUS:
        unsure = 1.0
    a[UNSURE] = a[UNSURE] + unsure
    leave(a, d, p, missed(a, p, price, side), a[VOLUME], BY_STOP, a[STANDS], unsure)


@kernel
def leave_at_level(a: State, d: State, p: Params, hit: float) -> None:
    """Close the position at the level that was hit."""
    price = a[STANDS]
    if hit == TARGET:
        price = a[GOAL]
    leave_by(a, d, p, hit, price)


@kernel
def leave_at_quote(a: State, d: State, p: Params) -> None:
    """Close the position at the quote where that has passed its stop or target."""
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    leave_by(a, d, p, touched(a[SIDE], a[STANDS], a[GOAL], quote, quote), quote)
