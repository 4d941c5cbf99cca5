"""Arithmetic of the simulated venue: triggers, fill prices, profit and margin, each one kernel.

Bars are bid bars: a long leaves and a short enters on bid, a short leaves and a long enters on ask. Callers give the
prices of the side concerned. `side` is 1.0 long or -1.0 short, a stop or target of 0.0 is not set, `scale` is points in
one unit of price, money is in the account's currency. Formulas of profit are those of recorded tester accounts.
"""

import math

from market.kernel import kernel
from market.money import cents, lots_down, to_grid

# How a profit becomes the account's money.
DIRECT = 0.0  # profit currency is the account's: every CFD and pair quoted in it
INVERSE = 1.0  # base currency is the account's: the profit is divided by the closing price
CROSS = 2.0  # neither is: the profit is converted at the quotes of other pairs

# What a price range did to a position.
NOTHING, STOP, TARGET, AMBIGUOUS = 0.0, 1.0, 2.0, 3.0

# Kinds of resting orders, numbered as in a kernel strategy's flat tuple.
LIMIT, STOP_ENTRY, STOP_LIMIT = 1.0, 2.0, 3.0
AT_MARKET = 0.0  # the rest of an order that was triggered, and is filled at whatever comes

_SLACK = 0.000001  # of a point: what a decimal distance may lose when written as binary floats
_HUNDREDTH = 100.0  # spreads and slippages may be fractions of a point; two decimals of them are kept


# --- prices ---------------------------------------------------------------------------------------------------------


@kernel
def shift(price: float, points: float, scale: float) -> float:
    """Return the price `points` above, to a hundredth of a point; on the grid when both are, so levels compare equal.

    >>> shift(1.2345, 12.0, 100000.0), shift(150.001, -0.5, 1000.0)
    (1.23462, 150.0005)
    """
    return moved(price, points / scale, scale)


@kernel
def moved(price: float, distance: float, scale: float) -> float:
    """Return the same of a distance in price."""
    return to_grid(price + distance, scale * _HUNDREDTH, 1.0)


@kernel
def slipped(price: float, side: float, points: float, scale: float) -> float:
    """Return what an execution of `side` at the market gets: `points` worse than the price it aimed at.

    Nothing is sold for less than a point: margin and money of a price below it would be those of nothing real.

    >>> slipped(0.003, -1.0, 20.0, 1000.0)
    0.001
    """
    got = shift(price, side * points, scale)
    return got if got > 1.0 / scale else 1.0 / scale


@kernel
def triggered(kind: float, side: float, level: float, high: float, low: float) -> bool:
    """Tell whether a range of the entry side's prices sets off a resting order; at a quote high and low are equal."""
    if kind == AT_MARKET:
        return True
    if (side > 0.0) == (kind == LIMIT):
        return low <= level
    return high >= level


@kernel
def touched(side: float, stop: float, target: float, high: float, low: float) -> float:
    """Return what a range of the leaving side's prices does to a standing position.

    STOP, TARGET, or AMBIGUOUS when both were reached: nobody knows which came first, so it counts as a stop.
    """
    if side > 0.0:
        stopped = stop > 0.0 and low <= stop
        reached = target > 0.0 and high >= target
    else:
        stopped = stop > 0.0 and high >= stop
        reached = target > 0.0 and low <= target
    if stopped:
        return AMBIGUOUS if reached else STOP
    return TARGET if reached else NOTHING


@kernel
def touched_after(kind: float, side: float, stop: float, target: float, high: float, low: float, close: float) -> float:
    """Return what the bar in which a resting order was filled may still do to its position.

    A stop that the bar's extreme reaches is hit, whether before or after the fill (AMBIGUOUS where the path is open). A
    target is given only where it must have come after the fill: for a stop entry when the extreme lies beyond it (the
    price ran through the trigger to get there), for a limit when the bar closed beyond it.
    """
    whole = touched(side, stop, target, high, low)
    last = touched(side, stop, target, close, close)
    if whole == AMBIGUOUS or (whole == STOP and kind == STOP_ENTRY and last != STOP):
        return AMBIGUOUS
    if whole == TARGET and kind == LIMIT:
        return last
    return whole


# --- money ----------------------------------------------------------------------------------------------------------


@kernel
def profit(mode: float, side: float, opened: float, closed: float, volume: float, contract: float) -> float:
    """Return the profit of `volume` lots, to the cent.

    DIRECT: both values are rounded, then subtracted (675 of 675 recorded CFD trades; rounding the difference is right
    in 507). The same is assumed for pairs quoted in the account's currency. INVERSE: the difference is divided by the
    closing price, then rounded (730 of 730 recorded USDJPY trades).
    """
    if mode == INVERSE:
        return cents(side * (closed - opened) * volume * contract / closed)
    return cents(side * (cents(closed * volume * contract) - cents(opened * volume * contract)))


@kernel
def floating(mode: float, side: float, opened: float, closed: float, volume: float, contract: float) -> float:
    """Return the profit not rounded: quick, for the margin level."""
    value = side * (closed - opened) * volume * contract
    if mode == INVERSE:
        return value / closed
    return value


@kernel
def average_price(old_volume: float, old_price: float, volume: float, price: float) -> float:
    """Return the volume-weighted price of a position that grew."""
    return (old_volume * old_price + volume * price) / (old_volume + volume)


@kernel
def lot_value(mode: float, contract: float, price: float) -> float:
    """Return what a lot is worth at a price, in account money; INVERSE is in the account's money already."""
    if mode == INVERSE:
        return contract
    return contract * price


@kernel
def unit_rate(mode: float, price: float) -> float:
    """Return account money for one unit of profit currency at the symbol's own price; NaN where it takes another's.

    >>> unit_rate(DIRECT, 1.25), unit_rate(INVERSE, 125.0), unit_rate(CROSS, 1.25)
    (1.0, 0.008, nan)
    """
    if mode == INVERSE and price > 0.0:
        return 1.0 / price
    if mode == DIRECT:
        return 1.0
    return math.nan


@kernel
def share(money: float, part: float, whole: float) -> float:
    """Return the part of a position's swap that `part` of `whole` lots takes along, to the cent."""
    if part >= whole:
        return money
    return cents(money * part / whole)


@kernel
def margin(mode: float, volume: float, contract: float, price: float, leverage: float) -> float:
    """Return the margin of a position, to the cent: its value over the leverage; INVERSE is in the account's money."""
    if mode == INVERSE:
        return cents(volume * contract / leverage)
    return cents(volume * contract * price / leverage)


# --- what a venue takes ---------------------------------------------------------------------------------------------


@kernel
def volume_fits(volume: float, least: float, most: float, step: float) -> bool:
    """Tell whether a volume is a whole number of steps within the limits; NaN does not fit."""
    lots = lots_down(volume, step)
    return lots >= least and lots <= most and abs(volume - lots) < 1e-9


@kernel
def on_grid(price: float, scale: float, tick: float) -> bool:
    """Tell whether a price (or 0.0, not set) can be quoted; `tick` is the tick size in points. NaN cannot."""
    return price >= 0.0 and abs(price - to_grid(price, scale, tick)) * scale < 0.001


@kernel
def frozen(price: float, level: float, freeze: float, scale: float) -> bool:
    """Tell whether a level (0.0, not set) is within `freeze` points of a price: then nothing about it is changed.

    >>> frozen(1.2, 1.2003, 30.0, 100000.0), frozen(1.2, 1.2003, 29.0, 100000.0), frozen(1.2, 0.0, 30.0, 100000.0)
    (True, False, False)
    """
    return freeze > 0.0 and level > 0.0 and abs(price - level) * scale <= freeze + _SLACK


@kernel
def stops_fit(side: float, price: float, stop: float, target: float, level: float, scale: float) -> bool:
    """Tell whether stop and target are on their sides of the price, at least `level` points away."""
    if stop > 0.0:
        distance = (price - stop) * side * scale
        if distance <= 0.0 or distance < level - _SLACK:
            return False
    if target > 0.0:
        distance = (target - price) * side * scale
        if distance <= 0.0 or distance < level - _SLACK:
            return False
    return True


@kernel
def trigger_fits(kind: float, side: float, trigger: float, price: float, level: float, scale: float) -> bool:
    """Tell whether a resting order waits on its side of the entry price, at least `level` points away."""
    distance = (trigger - price) * side * scale
    if kind == LIMIT:
        distance = 0.0 - distance
    return distance > 0.0 and distance >= level - _SLACK
