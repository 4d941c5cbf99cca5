"""The core of a compiled drive: what one strategy's bar comes to, and what the venue answers, as `runtime/core` has it.

Kernels over the flat state of `backtests/engine_layout.py`; what is decided is decided by the kernels that the core
calls, in its order. `w` is the strategy's want, `e` the buffer of wishes that are written down.
"""

from backtests.engine_layout import (
    AIM,
    ANSWERED,
    ASK,
    AT,
    BID,
    BY_STRATEGY,
    BY_US,
    CONTRACT,
    DAY,
    DAY_EQUITY,
    END_OF_DATA,
    ENDED,
    EQUITY,
    EXIT_MADE,
    GATE,
    GATE_ENFORCES,
    GATE_MASS,
    GATE_OFF,
    GATE_OPEN,
    GATE_SHARE,
    GOAL,
    IN_POSITION,
    KNOWN,
    LEAST,
    LEVEL,
    LOST,
    MAGIC,
    MODE,
    MOST,
    NUMBER,
    ORDERS,
    PRICE,
    RESTS,
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
from backtests.engine_market import today_of
from backtests.engine_venue import leave, missed
from brokers.fills import floating, on_grid, stops_fit, volume_fits
from market.kernel import Params, State, kernel
from market.money import lots_down, to_grid
from regimes.shut import shut_lots, shut_stop
from runtime.core.risk import share, worst
from strategies.exits import LEAVE_TIME, exit_step
from strategies.protocol import EXIT

NAN = float("nan")
DUST = 1e-9


# --- the account ------------------------------------------------------------------------------------------------------


@kernel
def worth(a: State, p: Params) -> float:
    """Return balance plus what closing the position now would add, as the core adds it up."""
    if a[SIDE] == 0.0:
        return a[KNOWN]
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    return a[KNOWN] + floating(p[MODE], a[SIDE], a[PRICE], quote, a[VOLUME], p[CONTRACT])


@kernel
def begin_bar(a: State, p: Params, nights: Params, equity: float) -> None:
    """Take the equity before the bar is decided; it is the day's first where a day begins by the server's clock."""
    day = today_of(a, p, nights, a[AT])
    a[EQUITY] = equity
    if a[DAY] < 0.0 or day > a[DAY]:
        a[DAY], a[DAY_EQUITY], a[LOST] = day, a[EQUITY], 0.0
    see_loss(a, a[EQUITY])


@kernel
def see_loss(a: State, equity: float) -> None:
    """Keep the greatest loss of the day."""
    a[LOST] = worst(a[LOST], share(a[DAY_EQUITY] - equity, a[DAY_EQUITY]))


@kernel
def live_on(a: State, x: State, y: Params, p: Params, high: float, low: float) -> float:
    """Fold a bar into the exit of the open trade, and count those on which its gate is shut; return how it is left."""
    if a[SIDE] == 0.0:
        return 0.0
    if p[GATE] != GATE_OFF and a[GATE_OPEN] == 0.0 and a[GATE_MASS] == a[GATE_MASS]:
        a[SHUT] = a[SHUT] + 1.0
    else:
        a[SHUT] = 0.0
    if a[GATE_OPEN] > 0.0:
        a[ANSWERED] = 0.0
    return exit_step(x, y, high, low)


@kernel
def vetoes(a: State, p: Params) -> bool:
    """Tell whether the gate forbids an entry now."""
    return p[GATE] == GATE_ENFORCES and not (a[GATE_OPEN] > 0.0 and a[GATE_SHARE] > 0.0)


@kernel
def takes_back(a: State, p: Params) -> bool:
    """Ask for what rests where the gate has shut or the data has ended; the venue does it once the bar is decided."""
    if a[RESTS] == 0.0 or not (a[ENDED] > 0.0 or vetoes(a, p)):
        return False
    a[NUMBER] = a[NUMBER] + 1.0
    return True


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
def in_position(a: State, x: State, d: State, p: Params, g: Params, e: State, action: float, left: float) -> int:
    """Decide a bar of an open trade: leave it, all or in part, move its stop, or let it be."""
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    lots = _answer(a, x, p, g, e, quote)
    stop = a[STOP]
    if x[2] != stop:
        stop = to_grid(x[2], p[SCALE], p[TICK])
    why = _why(a, action, left, stop)
    if why > 0.0:
        lots = a[VOLUME]
    if lots > 0.0:
        if why == 0.0:
            why = SHUT_BY_GATE
        _wish_out(a, e, lots, why)
        a[ROW] = a[ROW] + 1.0
        _close(a, d, p, lots, quote, why)
        return EXIT_MADE
    a[ROW] = a[ROW] + 1.0
    if stop > 0.0 and (a[STOP] <= 0.0 or (stop - a[STOP]) * a[SIDE] > 0.0):
        a[NUMBER] = a[NUMBER] + 1.0
        _guard(a, p, stop, quote)
    return IN_POSITION


@kernel
def _answer(a: State, x: State, p: Params, g: Params, e: State, quote: float) -> float:
    """Write down what the policy of a shut gate wants of the trade; return the lots that are to be closed for it."""
    if a[SHUT] == 0.0 or a[ANSWERED] > 0.0:
        return 0.0
    moved = shut_stop(g, a[SIDE], a[PRICE], x[2], quote, p[LEVEL], p[SCALE], p[TICK])
    lots = shut_lots(g, a[SHUT], a[VOLUME], p[STEP], p[LEAST])
    if moved != x[2] or lots > 0.0:
        at = wish(a, e)
        e[at + W_SAID], e[at + W_AMOUNT] = SAID_LOTS, lots
        if moved != x[2]:
            e[at + W_SAID], e[at + W_AMOUNT] = SAID_STOP, moved
        if p[GATE] != GATE_ENFORCES or lots == 0.0:
            a[ANSWERED] = 1.0
    if p[GATE] != GATE_ENFORCES:
        return 0.0
    x[2] = moved
    return lots


@kernel
def _wish_out(a: State, e: State, lots: float, why: float) -> None:
    """Write down that so many lots are to be closed, beside what the gate's policy said of this bar."""
    at = (int(a[WISHES]) - 1) * WISH
    if a[WISHES] == 0.0 or e[at + W_ROW] != a[ROW]:
        at = wish(a, e)
    e[at + W_WHY], e[at + W_ID], e[at + W_MAGIC] = why, number(a), a[MAGIC]
    e[at + W_SIDE], e[at + W_VOLUME] = 0.0 - a[SIDE], lots
    a[ORDERS] = a[ORDERS] + 1.0


@kernel
def _why(a: State, action: float, left: float, stop: float) -> float:
    """Return why the trade is left now; 0.0: it is not."""
    if a[ENDED] > 0.0:
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
        volume = lots_of(p, lots)
        if volume == 0.0:
            return
    leave(a, d, p, missed(a, p, quote, 0.0 - a[SIDE]), volume, BY_US + why, 0.0, 0.0)


@kernel
def _guard(a: State, p: Params, stop: float, quote: float) -> None:
    """Move the stop, where the venue takes it."""
    if a[STANDS] == stop and a[GOAL] == a[AIM]:
        a[STOP] = stop
        return
    if takes_stops(p, a[SIDE], quote, stop, a[AIM]):
        a[STANDS], a[GOAL] = placed(p, stop), placed(p, a[AIM])
        a[STOP] = stop


# --- what a venue takes -----------------------------------------------------------------------------------------------


@kernel
def lots_of(p: Params, volume: float) -> float:
    """Return the largest tradable volume not above `volume`, in lots; 0.0 below the minimum."""
    lots = lots_down(volume, p[STEP])
    if lots < p[LEAST]:
        return 0.0
    if p[MOST] < lots:
        return p[MOST]
    return lots


@kernel
def placed(p: Params, price: float) -> float:
    """Return a price on the grid; 0.0, not set, stays so."""
    return to_grid(price, p[SCALE], p[TICK]) if price != 0.0 else 0.0


@kernel
def takes_stops(p: Params, side: float, price: float, stop: float, target: float) -> bool:
    """Tell whether the venue takes a stop and a target of a position that would leave at `price`."""
    if stop != 0.0 and not on_grid(stop, p[SCALE], p[TICK]):
        return False
    if target != 0.0 and not on_grid(target, p[SCALE], p[TICK]):
        return False
    return stops_fit(side, price, stop, target, p[LEVEL], p[SCALE])
