"""The venue's book in a compiled drive: what is open at an account, in the order in which it was opened.

Each position stands there in HOLDING numbers, for all that is reckoned over the account: margin, equity, the stop-out.
"""

from backtests.engine_layout import (
    ASK,
    BALANCE,
    BID,
    BOOK,
    BOUND,
    CONTRACT,
    H_BOUND,
    H_LANE,
    H_PRICE,
    H_SIDE,
    H_SWAP,
    H_TICKET,
    H_VOLUME,
    HEDGED,
    HELD,
    HOLDING,
    LANE,
    MODE,
    POSITION,
    PRICE,
    SIDE,
    SWAP,
    VOLUME,
)
from brokers.fills import floating, profit
from brokers.margins import covered
from market.kernel import Params, State, kernel
from market.money import cents


@kernel
def place_of(a: State) -> int:
    """Return where the position of the seated strategy stands in the book; behind the last where it has none."""
    at = BOOK
    for _ in range(int(a[HELD])):
        if a[at + H_LANE] == a[LANE]:
            return at
        at = at + HOLDING
    return at


@kernel
def note(a: State) -> None:
    """Write the position of the seated strategy into the book, as it is now."""
    at = place_of(a)
    if at == BOOK + int(a[HELD]) * HOLDING:
        a[HELD] = a[HELD] + 1.0
    a[at + H_LANE], a[at + H_SIDE], a[at + H_VOLUME], a[at + H_PRICE] = a[LANE], a[SIDE], a[VOLUME], a[PRICE]
    a[at + H_SWAP], a[at + H_BOUND], a[at + H_TICKET] = a[SWAP], a[BOUND], a[POSITION]


@kernel
def strike(a: State) -> None:
    """Take the position of the seated strategy off the book; those opened later move up."""
    at = place_of(a)
    a[HELD] = a[HELD] - 1.0
    for k in range(at, BOOK + int(a[HELD]) * HOLDING):
        a[k] = a[k + HOLDING]


@kernel
def in_use(a: State, p: Params, side: float, volume: float, own: float) -> float:
    """Return what all positions bind together, with another one of so many lots that would bind `own` alone."""
    longs, shorts, long_margin, short_margin = volume, 0.0, own, 0.0
    if side < 0.0:
        longs, shorts, long_margin, short_margin = 0.0, volume, 0.0, own
    at = BOOK
    for _ in range(int(a[HELD])):
        if a[at + H_SIDE] > 0.0:
            longs, long_margin = longs + a[at + H_VOLUME], long_margin + a[at + H_BOUND]
        else:
            shorts, short_margin = shorts + a[at + H_VOLUME], short_margin + a[at + H_BOUND]
        at = at + HOLDING
    if p[HEDGED] < 0.0 or not (longs > 0.0 and shorts > 0.0):
        return cents(long_margin + short_margin)
    return covered(longs, shorts, long_margin, short_margin, p[HEDGED])


@kernel
def money(a: State, p: Params) -> float:
    """Return balance, floating profit and accrued swap, to the cent."""
    total = a[BALANCE] + 0.0
    at = BOOK
    for _ in range(int(a[HELD])):
        total = total + gain_of(a, p, at) + a[at + H_SWAP]
        at = at + HOLDING
    return cents(total)


@kernel
def rough_money(a: State, p: Params) -> float:
    """Return the same, not rounded: quick, for the margin level."""
    total = a[BALANCE] + 0.0
    at = BOOK
    for _ in range(int(a[HELD])):
        side = a[at + H_SIDE]
        quote = a[BID] if side > 0.0 else a[ASK]
        gain = floating(p[MODE], side, a[at + H_PRICE], quote, a[at + H_VOLUME], p[CONTRACT])
        total = total + a[at + H_SWAP] + gain
        at = at + HOLDING
    return total


@kernel
def gain_of(a: State, p: Params, at: int) -> float:
    """Return what closing a position of the book at the quote would make, without swap and costs, to the cent."""
    side = a[at + H_SIDE]
    quote = a[BID] if side > 0.0 else a[ASK]
    return profit(p[MODE], side, a[at + H_PRICE], quote, a[at + H_VOLUME], p[CONTRACT])


@kernel
def worst(a: State, p: Params) -> int:
    """Return the strategy whose position loses most, the oldest of equals."""
    at, found, least = BOOK, BOOK, 0.0
    for k in range(int(a[HELD])):
        gain = gain_of(a, p, at)
        if k == 0 or gain < least or (gain == least and a[at + H_TICKET] < a[found + H_TICKET]):
            found, least = at, gain
        at = at + HOLDING
    return int(a[found + H_LANE])
