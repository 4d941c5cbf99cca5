"""The market of a compiled drive: what the two halves of a bar do to the account, as `brokers/matching.py` has it."""

from backtests.engine_layout import (
    AIM,
    AS_BASE,
    AS_IT_IS,
    ASK,
    AT,
    AT_OPEN,
    BALANCE,
    BID,
    BY,
    BY_INTEREST,
    BY_POINTS,
    BY_STOP_OUT,
    CONTRACT,
    FIRST_NIGHT,
    GOAL,
    INTO,
    LONG_NIGHT,
    MAGIC,
    MODE,
    NIGHT,
    NO_SWAP,
    POINT_VALUE,
    PRICE,
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
    RESTS,
    SCALE,
    SHORT_NIGHT,
    SIDE,
    SPREAD,
    STANDS,
    STOP,
    STOP_OUT,
    SWAP,
    USED,
    USUAL_SPREAD,
    VOLUME,
    YEAR,
)
from backtests.engine_venue import affordable, enter, leave, leave_at_level, leave_at_quote, missed
from brokers.fills import LIMIT, floating, shift, touched, touched_after, triggered
from brokers.stopout import suffices
from brokers.swap import night, night_of_interest, night_of_points
from market.kernel import Params, State, kernel
from market.money import cents


@kernel
def first_tick(
    a: State, x: State, y: State, d: State, p: Params, nights: Params, at: float, price: float, spread: float
) -> None:
    """Quote a bar's open: nights, gaps, then the margin; `spread` in points, 0.0 where the bar has none."""
    a[AT] = at
    a[SPREAD] = spread if spread > 0.0 else p[USUAL_SPREAD]
    day = today_of(a, p, nights, at)
    if day != a[NIGHT]:
        if a[SIDE] != 0.0 and p[BY] != NO_SWAP:
            roll(a, p, nights, day)
        a[NIGHT] = day
    a[BID], a[ASK] = price, shift(price, a[SPREAD], p[SCALE])
    if a[SIDE] != 0.0:
        leave_at_quote(a, d, p)
    if a[RESTS] != 0.0:
        jump_order(a, x, y, d, p)
    if a[SIDE] != 0.0:
        _call_margin(a, d, p)


@kernel
def rest_of_bar(
    a: State, x: State, y: State, d: State, p: Params, at: float, high: float, low: float, close: float
) -> None:
    """Play what followed a bar's open, and quote its close at its last millisecond."""
    a[AT] = at
    if a[SIDE] != 0.0:
        top, bottom = high, low
        if a[SIDE] < 0.0:
            top, bottom = shift(high, a[SPREAD], p[SCALE]), shift(low, a[SPREAD], p[SCALE])
        leave_at_level(a, d, p, touched(a[SIDE], a[STANDS], a[GOAL], top, bottom))
    if a[RESTS] != 0.0:
        play_order(a, x, y, d, p, high, low, close)
    a[BID], a[ASK] = close, shift(close, a[SPREAD], p[SCALE])
    if a[SIDE] != 0.0:
        _call_margin(a, d, p)


@kernel
def spread_told(p: Params, price: float, spread: float) -> float:
    """Return the points between the quotes of a bar's open, as a book tells them that sees nothing but the quotes."""
    points = spread if spread > 0.0 else p[USUAL_SPREAD]
    return (shift(price, points, p[SCALE]) - price) * p[SCALE]


@kernel
def today_of(a: State, p: Params, nights: Params, at: float) -> float:
    """Return the day since 1970 on which a moment is by the server's clock: the last one, or one that has begun since.

    nights: how many days there are, then the factor of each, then when each of them begins, UTC milliseconds.
    """
    count, today = int(nights[0]), 0
    if a[NIGHT] > p[FIRST_NIGHT]:
        today = int(a[NIGHT] - p[FIRST_NIGHT])
    for later in range(today + 1, count):
        if at < nights[1 + count + later]:
            break
        today = later
    return p[FIRST_NIGHT] + float(today)


@kernel
def roll(a: State, p: Params, nights: Params, day: float) -> None:
    """Charge every night on the way to `day`, at the last quote before them."""
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    rate = p[LONG_NIGHT] if a[SIDE] > 0.0 else p[SHORT_NIGHT]
    for evening in range(int(a[NIGHT]), int(day)):
        factor = nights[1 + evening - int(p[FIRST_NIGHT])]
        if p[BY] == BY_POINTS:
            money = night_of_points(rate, factor, a[VOLUME], p[POINT_VALUE])
        elif p[BY] == BY_INTEREST:
            price = a[PRICE] if p[AT_OPEN] > 0.0 else quote
            money = night_of_interest(rate, factor, a[VOLUME], p[CONTRACT], price, p[YEAR])
        else:
            money = rate * factor * a[VOLUME]
        if p[INTO] == AS_BASE:
            money = money * quote
        charge = cents(money) if p[INTO] == AS_IT_IS else night(p[MODE], money, quote)
        a[SWAP] = cents(a[SWAP] + charge)


@kernel
def _call_margin(a: State, d: State, p: Params) -> None:
    """Close the position where the account's equity no longer carries it."""
    quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
    gain = floating(p[MODE], a[SIDE], a[PRICE], quote, a[VOLUME], p[CONTRACT])
    total = a[BALANCE] + 0.0 + a[SWAP] + gain
    if suffices(total, a[USED], p[STOP_OUT]):
        return
    leave(a, d, p, missed(a, p, quote, 0.0 - a[SIDE]), a[VOLUME], BY_STOP_OUT, total, a[USED])


@kernel
def jump_order(a: State, x: State, y: State, d: State, p: Params) -> None:
    """Drop the resting order where it has expired, or fill it at the quote that has reached it."""
    quote = a[ASK] if a[R_SIDE] > 0.0 else a[BID]
    if a[R_EXPIRY] > 0.0 and a[R_EXPIRY] <= a[AT]:
        a[RESTS] = 0.0
    elif triggered(a[RESTS], a[R_SIDE], a[R_PRICE], quote, quote):
        _fill(a, x, y, d, p, quote)
        if a[SIDE] != 0.0:
            leave_at_quote(a, d, p)


@kernel
def play_order(a: State, x: State, y: State, d: State, p: Params, high: float, low: float, close: float) -> None:
    """Fill the resting order where the bar reached it, and leave at once what the same bar then stopped."""
    kind, side = a[RESTS], a[R_SIDE]
    top, bottom, last = shift(high, a[SPREAD], p[SCALE]), shift(low, a[SPREAD], p[SCALE]), close
    if not triggered(kind, side, a[R_PRICE], top if side > 0.0 else high, bottom if side > 0.0 else low):
        return
    _fill(a, x, y, d, p, a[R_PRICE])
    if a[SIDE] == 0.0:
        return
    if side > 0.0:
        top, bottom = high, low
    else:
        last = shift(close, a[SPREAD], p[SCALE])
    leave_at_level(a, d, p, touched_after(kind, side, a[STANDS], a[GOAL], top, bottom, last))


@kernel
def _fill(a: State, x: State, y: State, d: State, p: Params, price: float) -> None:
    """Make a position of the resting order, where the account can carry it."""
    if a[RESTS] != LIMIT:
        price = missed(a, p, price, a[R_SIDE])
    a[RESTS] = 0.0
    if not affordable(a, p, a[R_SIDE], a[R_VOLUME], price):
        return
    a[STOP], a[AIM], a[MAGIC] = a[R_CORE_STOP], a[R_CORE_TARGET], a[R_NUMBER]
    y[2], y[3], y[4] = a[R_TRAIL], a[R_BREAKEVEN], a[R_BARS]
    enter(a, x, y, d, p, a[R_SIDE], a[R_VOLUME], price, a[R_TICKET], a[R_STOP], a[R_TARGET])
