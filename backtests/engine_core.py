"""The core of a compiled drive: what one strategy's bar comes to, and what the venue answers, as `runtime/core` has it.

Kernels over the flat state of `backtests/engine_layout.py`; what is decided is decided by the kernels that the core
calls, in its order. `w` is the strategy's want, `e` the buffer of wishes that are written down.
"""

from backtests.engine_layout import (
    AIM,
    ANSWERED,
    ASK,
    BID,
    BY_STRATEGY,
    BY_US,
    CONTRACT,
    DAY,
    DAY_EQUITY,
    END_OF_DATA,
    EXIT_MADE,
    GATE,
    GATE_ENFORCES,
    GATE_OFF,
    GOAL,
    IN_POSITION,
    KNOWN,
    LEAST,
    LEVEL,
    MAGIC,
    MODE,
    MOST,
    NUMBER,
    ORDERS,
    PRICE,
    ROW,
    SAID_LOTS,
    SAID_STOP,
    SCALE,
    SHUT,
    SHUT_BY_GATE,
    SIDE,
    STANDS,
    STEP,
    STOP,
    STOP_PASSED,
    TICK,
    TIME_STOP,
    VOLUME,
    W_AMOUNT,
    W_ID,
    W_MAGIC,
    W_ROW,
    W_SAID,
    W_SIDE,
    W_VOLUME,
    W_WHY,
    WISH,
    WISHES,
)
from backtests.engine_venue import leave, missed
from brokers.fills import floating, on_grid, stops_fit, volume_fits
from market.kernel import Params, State, kernel
from market.money import floor, lots_down, to_grid
from regimes.shut import shut_lots, shut_stop
from strategies.exits import LEAVE_TIME
from strategies.protocol import EXIT

NAN = float("nan")
DAY_MS = 86400000.0
DUST = 1e-9
UNASKED = 6
"""Checks that need an intent."""


# --- the account ------------------------------------------------------------------------------------------------------


@kernel
def worth(a: State, p: Params) -> float:
    """Return balance plus what closing the position now would add, as the core adds it up."""
    if a[SIDE] == 0.0:
        return a[KNOWN]
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    return a[KNOWN] + floating(p[MODE], a[SIDE], a[PRICE], quote, a[VOLUME], p[CONTRACT])


@kernel
def begin_day(a: State, at: float, equity: float) -> None:
    """Take the day's first equity."""
    day = floor(at / DAY_MS)
    if a[DAY] < 0.0 or day > a[DAY]:
        a[DAY], a[DAY_EQUITY] = day, equity


@kernel
def count_shut(a: State, p: Params, is_open: float, allowed: float) -> None:
    """Count one more bar on which the gate is shut by its regime, or begin anew."""
    if p[GATE] != GATE_OFF and is_open == 0.0 and allowed == allowed:
        a[SHUT] = a[SHUT] + 1.0
    else:
        a[SHUT] = 0.0
    if is_open > 0.0:
        a[ANSWERED] = 0.0


@kernel
def vetoes(p: Params, is_open: float, exposure: float) -> bool:
    """Tell whether the gate forbids an entry now."""
    return p[GATE] == GATE_ENFORCES and not (is_open > 0.0 and exposure > 0.0)


@kernel
def number(a: State) -> float:
    """Return the number of the next instruction."""
    a[NUMBER] = a[NUMBER] + 1.0
    return a[NUMBER]


@kernel
def wish(a: State, e: State) -> int:
    """Return where the next wish stands in its buffer, with nothing in it yet."""
    at = int(a[WISHES]) * WISH
    a[WISHES] = a[WISHES] + 1.0
    for k in range(WISH):
        e[at + k] = 0.0
    e[at + W_ROW] = a[ROW]
    return at


# --- in position ------------------------------------------------------------------------------------------------------


@kernel
def in_position(
    a: State, x: State, d: State, p: Params, g: Params, e: State, action: float, left: float, ended: float
) -> int:
    """Decide a bar of an open trade: leave it, all or in part, move its stop, or let it be."""
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    at, lots = -1, 0.0
    if a[SHUT] > 0.0 and a[ANSWERED] == 0.0:
        moved = shut_stop(g, a[SIDE], a[PRICE], x[2], quote, p[LEVEL], p[SCALE], p[TICK])
        lots = shut_lots(g, a[SHUT], a[VOLUME], p[STEP], p[LEAST])
        if moved != x[2] or lots > 0.0:
            at = wish(a, e)
            e[at + W_SAID] = SAID_STOP if moved != x[2] else SAID_LOTS
            e[at + W_AMOUNT] = moved if moved != x[2] else lots
            if p[GATE] != GATE_ENFORCES or lots == 0.0:
                a[ANSWERED] = 1.0
        if p[GATE] == GATE_ENFORCES:
            x[2] = moved
        else:
            lots = 0.0
    stop = a[STOP]
    if x[2] != stop:
        stop = to_grid(x[2], p[SCALE], p[TICK])
    why = _why(a, action, left, stop, ended)
    if why > 0.0:
        lots = a[VOLUME]
    if lots > 0.0:
        if why == 0.0:
            why = SHUT_BY_GATE
        if at < 0:
            at = wish(a, e)
        e[at + W_WHY], e[at + W_ID], e[at + W_MAGIC] = why, number(a), a[MAGIC]
        e[at + W_SIDE], e[at + W_VOLUME] = 0.0 - a[SIDE], lots
        a[ORDERS] = a[ORDERS] + 1.0
        a[ROW] = a[ROW] + 1.0
        _close(a, d, p, lots, quote, why)
        return EXIT_MADE
    a[ROW] = a[ROW] + 1.0
    if stop > 0.0 and (a[STOP] <= 0.0 or (stop - a[STOP]) * a[SIDE] > 0.0):
        a[NUMBER] = a[NUMBER] + 1.0
        _guard(a, p, stop, quote)
    return IN_POSITION


@kernel
def _why(a: State, action: float, left: float, stop: float, ended: float) -> float:
    """Return why the trade is left now; 0.0: it is not."""
    if ended > 0.0:
        return END_OF_DATA
    if action == EXIT:
        return BY_STRATEGY
    if left == LEAVE_TIME:
        return TIME_STOP
    if stop > 0.0 and ((a[SIDE] > 0.0 and a[BID] <= stop) or (a[SIDE] < 0.0 and a[ASK] >= stop)):
        return STOP_PASSED
    return 0.0


@kernel
def _close(a: State, d: State, p: Params, lots: float, quote: float, why: float) -> None:
    """Close so many lots at the market, where the venue takes them."""
    volume = a[VOLUME]
    if not abs(volume - lots) < DUST:
        rest = volume - lots
        if rest < p[LEAST] - DUST or not volume_fits(lots, p[LEAST], p[MOST], p[STEP]):
            return
        volume = _lots(p, lots)
        if volume == 0.0:
            return
    leave(a, d, p, missed(a, p, quote, 0.0 - a[SIDE]), volume, BY_US + why, 0.0, 0.0)


@kernel
def _guard(a: State, p: Params, stop: float, quote: float) -> None:
    """Move the stop, where the venue takes it."""
    if a[STANDS] == stop and a[GOAL] == a[AIM]:
        a[STOP] = stop
        return
    if _stops_fit(p, a[SIDE], quote, stop, a[AIM]):
        a[STANDS], a[GOAL] = _placed(p, stop), _placed(p, a[AIM])
        a[STOP] = stop


# --- what a venue takes -----------------------------------------------------------------------------------------------


@kernel
def _lots(p: Params, volume: float) -> float:
    """Return the largest tradable volume not above `volume`, in lots; 0.0 below the minimum."""
    lots = lots_down(volume, p[STEP])
    if lots < p[LEAST]:
        return 0.0
    if p[MOST] < lots:
        return p[MOST]
    return lots


@kernel
def _placed(p: Params, price: float) -> float:
    """Return a price on the grid; 0.0, not set, stays so."""
    return to_grid(price, p[SCALE], p[TICK]) if price != 0.0 else 0.0


@kernel
def _stops_fit(p: Params, side: float, price: float, stop: float, target: float) -> bool:
    """Tell whether the venue takes a stop and a target of a position that would leave at `price`."""
    if stop != 0.0 and not on_grid(stop, p[SCALE], p[TICK]):
        return False
    if target != 0.0 and not on_grid(target, p[SCALE], p[TICK]):
        return False
    return stops_fit(side, price, stop, target, p[LEVEL], p[SCALE])
