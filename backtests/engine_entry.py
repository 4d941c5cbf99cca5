"""An entry in a compiled drive: its intent, what it would put at stake, every gate, and what the venue makes of it."""

from backtests.engine_core import in_position, lots_of, number, placed, takes_stops, vetoes, wish
from backtests.engine_layout import (
    AIM,
    ASK,
    AT,
    BARRED,
    BID,
    CARRIED,
    CONTRACT,
    DAY_EQUITY,
    DOWNWARD,
    ENDED,
    EQUITY,
    FRAME,
    GATE,
    GATE_ENFORCES,
    GATE_SHARE,
    HELD_BACK,
    LEAST,
    LEVEL,
    LEVERAGE,
    LIFELESS,
    LIMITS,
    LOST,
    MAGIC,
    MODE,
    MOST,
    NO_SIGNAL,
    OBSERVED,
    OBSERVES,
    ORDER_WORKING,
    ORDERS,
    R_ASKED,
    R_BARS,
    R_BREAKEVEN,
    R_CORE_STOP,
    R_CORE_TARGET,
    R_EXPIRY,
    R_NUMBER,
    R_PRICE,
    R_SIDE,
    R_STOP,
    R_TARGET,
    R_TICKET,
    R_TRAIL,
    R_VOLUME,
    REACHED_TODAY,
    REFUSED,
    RESTS,
    RISK,
    ROW,
    SCALE,
    SIDE,
    SIZED,
    SMALL,
    STANDING,
    STEP,
    STOP,
    TICK,
    TICKET,
    TRADED,
    UNPROTECTED,
    UPWARD,
    VETOED,
    W_AMOUNT,
    W_BROKEN,
    W_ID,
    W_MAGIC,
    W_NUMBERS,
    W_PRICE,
    W_RISK,
    W_SIDE,
    W_STOP,
    W_TARGET,
    W_VOLUME,
    WARMING,
)
from backtests.engine_venue import affordable, enter, missed
from brokers.fills import margin, on_grid, trigger_fits, unit_rate, volume_fits
from brokers.limits import collar_distance, order_value, spread_points, stop_loss
from market.kernel import Params, State, kernel
from market.money import to_grid
from runtime.core.risk import share
from runtime.core.sizing import lots_by
from strategies.protocol import LONG, LONGEST, MARKET, SHORT

NAN = float("nan")
ASKED = 6
"""Checks that need an intent."""


@kernel
def decide(
    a: State, x: State, y: State, d: State, p: Params, g: Params, e: State, w: Params, left: float, warm: float
) -> int:
    """Decide a bar by what the strategy wants, and do it; return the outcome's place in `OUTCOMES`."""
    if a[SIDE] != 0.0:
        return in_position(a, x, d, p, g, e, w[0], left)
    if a[RESTS] == 0.0 and warm > 0.0 and (w[0] == LONG or w[0] == SHORT):
        return _entry(a, x, y, d, p, e, w)
    a[ROW] = a[ROW] + 1.0
    if a[RESTS] != 0.0:
        return ORDER_WORKING
    return NO_SIGNAL if warm > 0.0 else WARMING


@kernel
def _entry(a: State, x: State, y: State, d: State, p: Params, e: State, w: Params) -> int:
    """Evaluate every gate of an entry, and send it where none forbids it; the first class that fits is returned."""
    at = wish(a, e)
    _intend(a, p, e, at, w)
    _weigh(a, p, e, at)
    if w[1] != MARKET and not abs(w[8]) < LONGEST:
        e[at + W_BROKEN], e[at + W_AMOUNT] = LIFELESS, w[8]
    a[ROW] = a[ROW] + 1.0
    if vetoes(a, p):
        return VETOED
    if a[ENDED] > 0.0 or a[BARRED] > 0.0:
        return HELD_BACK
    if e[at + W_BROKEN] != 0.0:
        return REFUSED
    if p[OBSERVES] > 0.0:
        return OBSERVED
    e[at + W_ID] = number(a)
    e[at + W_MAGIC] = e[at + W_ID]
    a[ORDERS] = a[ORDERS] + 1.0
    if volume_fits(e[at + W_VOLUME], p[LEAST], p[MOST], p[STEP]):
        if w[1] == MARKET:
            _at_market(a, x, y, d, p, e, at, w)
        else:
            _place(a, p, e, at, w)
    return TRADED


@kernel
def _intend(a: State, p: Params, e: State, at: int, w: Params) -> None:
    """Put the want on the grid, and size it from the distance to its stop."""
    side = 1.0 if w[0] > 0.0 else -1.0
    aims = w[2]
    if w[1] == MARKET:
        aims = a[ASK] if side > 0.0 else a[BID]
    price = to_grid(aims, p[SCALE], p[TICK])
    stop = to_grid(price - side * w[3], p[SCALE], p[TICK])
    target = 0.0
    if w[4] > 0.0:
        target = to_grid(price + side * w[4], p[SCALE], p[TICK])
    rate = unit_rate(p[MODE], stop)
    exposed = a[GATE_SHARE] if p[GATE] == GATE_ENFORCES else 1.0
    volume = lots_by(
        p[SIZED], p[SIZED + 1], p[SIZED + 2], a[EQUITY], p[RISK], exposed, side, price, stop, target, p[MODE],
        p[CONTRACT], unit_rate(p[MODE], a[BID]), NAN, w[9], p[STEP], p[LEAST], p[MOST],
    )  # fmt: skip
    e[at + W_SIDE], e[at + W_VOLUME], e[at + W_PRICE] = side, volume, price
    e[at + W_STOP], e[at + W_TARGET] = stop, target
    e[at + W_RISK] = stop_loss(volume, p[CONTRACT], price, stop, rate)


@kernel
def _weigh(a: State, p: Params, e: State, at: int) -> None:
    """Hold every number of the intent against its limit; W_BROKEN is the sum of 2**n of the checks n that fail."""
    volume, price, stop, side = e[at + W_VOLUME], e[at + W_PRICE], e[at + W_STOP], e[at + W_SIDE]
    n = at + W_NUMBERS
    if volume <= 0.0:
        for k in range(ASKED):
            e[n + k] = NAN
        e[at + W_BROKEN] = SMALL
        return
    rate = unit_rate(p[MODE], a[BID])
    own = margin(p[MODE], volume, p[CONTRACT], price, p[LEVERAGE])
    e[n], e[n + 1] = volume, order_value(volume, p[CONTRACT], price, rate)
    e[n + 2] = share(e[at + W_RISK], a[EQUITY])
    e[n + 3], e[n + 4] = share(a[CARRIED] + own, a[EQUITY]), collar_distance(price, a[BID], a[ASK])
    e[n + 5] = (a[UPWARD] if side > 0.0 else a[DOWNWARD]) + volume
    broken = _over(spread_points(a[BID], a[ASK], p[SCALE]), p[LIMITS], 1.0)
    lost = _over(share(a[DAY_EQUITY] - a[EQUITY], a[DAY_EQUITY]), p[LIMITS + 1], 2.0)
    broken = broken + (lost if lost > 0.0 else _over(a[LOST], p[LIMITS + 1], REACHED_TODAY))
    broken = broken + _over(a[STANDING] + 1.0, p[LIMITS + 2], 4.0)
    weight = 8.0
    for k in range(ASKED):
        broken = broken + _over(e[n + k], p[LIMITS + 3 + k], weight)
        weight = weight * 2.0
    if not (price - stop) * side > 0.0 or not stop > 0.0:
        broken = broken + UNPROTECTED
    e[at + W_BROKEN] = broken


@kernel
def _over(x: float, top: float, weight: float) -> float:
    """Return the weight of a check that fails, else 0.0; what is no number fails."""
    if x <= top:
        return 0.0
    return weight


@kernel
def _at_market(a: State, x: State, y: State, d: State, p: Params, e: State, at: int, w: Params) -> None:
    """Open the position at the quote, where the venue takes it."""
    side = e[at + W_SIDE]
    if not takes_stops(p, side, a[BID] if side > 0.0 else a[ASK], e[at + W_STOP], e[at + W_TARGET]):
        return
    price = missed(a, p, a[ASK] if side > 0.0 else a[BID], side)
    volume = lots_of(p, e[at + W_VOLUME])
    if volume == 0.0 or not affordable(a, p, side, volume, price):
        return
    order = a[TICKET]
    a[TICKET] = a[TICKET] + 1.0
    a[STOP], a[AIM], a[MAGIC] = e[at + W_STOP], e[at + W_TARGET], e[at + W_ID]
    y[2], y[3], y[4] = w[5], w[6], w[7]
    enter(a, x, y, d, p, side, volume, price, order, placed(p, e[at + W_STOP]), placed(p, e[at + W_TARGET]))


@kernel
def _place(a: State, p: Params, e: State, at: int, w: Params) -> None:
    """Let an order rest at its price, where the venue takes it."""
    side, price = e[at + W_SIDE], e[at + W_PRICE]
    quote = a[ASK] if side > 0.0 else a[BID]
    if not on_grid(price, p[SCALE], p[TICK]):
        return
    if not trigger_fits(w[1], side, price, quote, p[LEVEL], p[SCALE]):
        return
    expiry = a[AT] + float(int(w[8])) * p[FRAME]
    if expiry > 0.0 and expiry <= a[AT]:
        return
    if not takes_stops(p, side, price, e[at + W_STOP], e[at + W_TARGET]):
        return
    a[RESTS], a[R_SIDE], a[R_VOLUME], a[R_PRICE] = w[1], side, lots_of(p, e[at + W_VOLUME]), placed(p, price)
    a[R_STOP], a[R_TARGET] = placed(p, e[at + W_STOP]), placed(p, e[at + W_TARGET])
    a[R_EXPIRY], a[R_TICKET], a[R_NUMBER] = expiry, a[TICKET], e[at + W_ID]
    a[TICKET] = a[TICKET] + 1.0
    a[R_CORE_STOP], a[R_CORE_TARGET] = e[at + W_STOP], e[at + W_TARGET]
    a[R_TRAIL], a[R_BREAKEVEN], a[R_BARS], a[R_ASKED] = w[5], w[6], w[7], e[at + W_VOLUME]
