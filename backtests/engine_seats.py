"""Several strategies at one account in a compiled drive: whose turn it is, and what the market does to all of them.

Each strategy has a seat: numbers of its own, which are laid into the account's state while it is its turn. What is open
at the venue moves in the order in which it was opened, what rests by its ticket (`brokers/matching.py`).
"""

from typing import Any

from backtests.engine_book import note, rough_money, worst
from backtests.engine_layout import (
    ASK,
    AT,
    BID,
    BOOK,
    BY,
    BY_STOP_OUT,
    CANCELS,
    CARRIED,
    CONTRACT,
    DOWNWARD,
    GOAL,
    H_LANE,
    HELD,
    HOLDING,
    KNOWN,
    LANE,
    LEVERAGE,
    MODE,
    NIGHT,
    NO_SWAP,
    NUMBER,
    PRICE,
    R_ASKED,
    R_SIDE,
    R_TICKET,
    RESTS,
    SCALE,
    SEAT,
    SIDE,
    SPREAD,
    STANDING,
    STANDS,
    STOP_OUT,
    UPWARD,
    USED,
    USUAL_SPREAD,
    VOLUME,
)
from backtests.engine_market import jump_order, play_order, roll, today_of
from backtests.engine_venue import leave, leave_at_level, leave_at_quote, missed
from brokers.fills import floating, margin, shift, touched
from brokers.stopout import suffices
from market.kernel import Params, State, kernel
from runtime.core.positions import add_lots

OPEN, ASKED = 1.0, 2.0
"""What a strategy has as a bar is decided: a position, or an order."""
HAS = 4
"""Numbers of it: which of the two, its side, its lots, and what it binds as the core reckons."""

# --- seats ------------------------------------------------------------------------------------------------------------


@kernel
def sit(a: State, seats: Params, lane: int) -> None:
    """Let a strategy have its turn."""
    a[LANE] = float(lane)
    at = lane * SEAT
    for k in range(SEAT):
        a[SIDE + k] = seats[at + k]


@kernel
def rise(a: State, seats: State) -> None:
    """Let the strategy whose turn it is take its seat along."""
    at = int(a[LANE]) * SEAT
    for k in range(SEAT):
        seats[at + k] = a[SIDE + k]


@kernel
def open_turns(a: State, turns: State) -> int:
    """Note who has a position, the oldest first; return how many have."""
    for k in range(int(a[HELD])):
        turns[k] = a[BOOK + k * HOLDING + H_LANE]
    return int(a[HELD])


@kernel
def rest_turns(seats: Params, lanes: int, turns: State) -> int:
    """Note whose order rests, by its ticket; return how many do."""
    count, last = 0, 0.0
    for _ in range(lanes):
        found, least = -1, 0.0
        for lane in range(lanes):
            at = lane * SEAT - SIDE
            ticket = seats[at + R_TICKET]
            if seats[at + RESTS] != 0.0 and ticket > last and (found < 0 or ticket < least):
                found, least = lane, ticket
        if found >= 0:
            turns[count] = float(found)
            count, last = count + 1, least
    return count


# --- the market -------------------------------------------------------------------------------------------------------


@kernel
def first_ticks(  # noqa: PLR0913, PLR0917 - the state of all, and the tick
    a: State, seats: State, xs: Any, ys: Any, d: State, p: Params, nights: Params, turns: State, lanes: int,  # noqa: ANN401 - each strategy's
    at: float, price: float, spread: float,
) -> None:  # fmt: skip
    """Quote a bar's open, as `first_tick` does for one strategy: nights, gaps, then the margin."""
    a[AT] = at
    a[SPREAD] = spread if spread > 0.0 else p[USUAL_SPREAD]
    day, many = today_of(a, p, nights, at), open_turns(a, turns)
    if day != a[NIGHT]:
        if p[BY] != NO_SWAP:
            for k in range(many):
                sit(a, seats, int(turns[k]))
                roll(a, p, nights, day)
                note(a)
                rise(a, seats)
        a[NIGHT] = day
    a[BID], a[ASK] = price, shift(price, a[SPREAD], p[SCALE])
    for k in range(many):
        sit(a, seats, int(turns[k]))
        leave_at_quote(a, d, p)
        rise(a, seats)
    for k in range(rest_turns(seats, lanes, turns)):
        lane = int(turns[k])
        sit(a, seats, lane)
        jump_order(a, xs[lane], ys[lane], d, p)
        rise(a, seats)
    call_margins(a, seats, d, p)


@kernel
def rest_of_bars(  # noqa: PLR0913, PLR0917 - likewise
    a: State, seats: State, xs: Any, ys: Any, d: State, p: Params, turns: State, lanes: int,  # noqa: ANN401
    at: float, high: float, low: float, close: float,
) -> None:  # fmt: skip
    """Play what followed a bar's open, as `rest_of_bar` does for one strategy."""
    a[AT] = at
    for k in range(open_turns(a, turns)):
        sit(a, seats, int(turns[k]))
        top, bottom = high, low
        if a[SIDE] < 0.0:
            top, bottom = shift(high, a[SPREAD], p[SCALE]), shift(low, a[SPREAD], p[SCALE])
        leave_at_level(a, d, p, touched(a[SIDE], a[STANDS], a[GOAL], top, bottom))
        rise(a, seats)
    for k in range(rest_turns(seats, lanes, turns)):
        lane = int(turns[k])
        sit(a, seats, lane)
        play_order(a, xs[lane], ys[lane], d, p, high, low, close)
        rise(a, seats)
    a[BID], a[ASK] = close, shift(close, a[SPREAD], p[SCALE])
    call_margins(a, seats, d, p)


@kernel
def call_margins(a: State, seats: State, d: State, p: Params) -> None:
    """Close the position that loses most until the account carries what is left."""
    for _ in range(int(a[HELD])):
        total = rough_money(a, p)
        if suffices(total, a[USED], p[STOP_OUT]):
            return
        sit(a, seats, worst(a, p))
        quote = a[BID] if a[SIDE] > 0.0 else a[ASK]
        leave(a, d, p, missed(a, p, quote, 0.0 - a[SIDE]), a[VOLUME], BY_STOP_OUT, total, a[USED])
        rise(a, seats)


# --- the account ------------------------------------------------------------------------------------------------------


@kernel
def worth_of_all(a: State, seats: Params, p: Params, lanes: int) -> float:
    """Return balance plus what closing everything now would add, as the core adds it up."""
    total = a[KNOWN]
    for lane in range(lanes):
        at = lane * SEAT - SIDE
        side = seats[at + SIDE]
        if side != 0.0:
            quote = a[BID] if side > 0.0 else a[ASK]
            total = total + floating(p[MODE], side, seats[at + PRICE], quote, seats[at + VOLUME], p[CONTRACT])
    return total


@kernel
def take_stock(seats: Params, has: State, p: Params, lanes: int) -> None:
    """Note what each strategy has before the bar is decided: what is executed now is told once all have decided."""
    for lane in range(lanes):
        at, h = lane * SEAT - SIDE, lane * HAS
        has[h] = 0.0
        if seats[at + SIDE] != 0.0:
            volume = seats[at + VOLUME]
            has[h], has[h + 1], has[h + 2] = OPEN, seats[at + SIDE], volume
            has[h + 3] = margin(p[MODE], volume, p[CONTRACT], seats[at + PRICE], p[LEVERAGE])
        elif seats[at + RESTS] != 0.0:
            has[h], has[h + 1], has[h + 2] = ASKED, seats[at + R_SIDE], seats[at + R_ASKED]


@kernel
def stand(a: State, has: Params, lanes: int) -> None:
    """Add up what the account has, for the strategy that is asked now."""
    a[STANDING], a[CARRIED], a[UPWARD], a[DOWNWARD] = 0.0, 0.0, 0.0, 0.0
    for lane in range(lanes):
        h = lane * HAS
        if has[h] == 0.0:
            continue
        a[STANDING] = a[STANDING] + 1.0
        if has[h] == OPEN:
            a[CARRIED] = a[CARRIED] + has[h + 3]
        if has[h + 1] > 0.0:
            a[UPWARD] = add_lots(a[UPWARD], has[h + 2])
        else:
            a[DOWNWARD] = add_lots(a[DOWNWARD], has[h + 2])


@kernel
def ask_back(a: State) -> None:
    """Ask for the order that rests, once; the venue gives it back when all have decided."""
    if a[RESTS] != 0.0 and a[CANCELS] == 0.0:
        a[CANCELS] = 1.0
        a[NUMBER] = a[NUMBER] + 1.0
