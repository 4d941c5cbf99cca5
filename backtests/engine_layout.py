"""Where the numbers of a compiled drive stand: its flat state, its parameters, and the rows it writes."""

# --- the account: state `a` -------------------------------------------------------------------------------------------

BALANCE, KNOWN = 0, 1
"""Money: of the venue, rounded with every deal; and as the core adds deals up."""
DAY, DAY_EQUITY = 2, 3
TICKET, NUMBER, ORDERS = 4, 5, 6
"""The venue's next ticket, instructions numbered so far, entries and closes sent."""
ROW, DEALS, WISHES = 7, 8, 9
"""Decisions made so far; deals and wishes that stand in the buffers."""
AT, BID, ASK, SPREAD, NIGHT = 10, 11, 12, 13, 14
"""The venue's time, its quote, the spread of the bar, the day up to which nights are charged."""
UNSURE, SLIP = 15, 16
"""Exits of which nobody knows what came first; the next draw of slippage."""

SIDE, VOLUME, PRICE, SWAP = 17, 18, 19, 20
"""The position; SIDE 0.0: none."""
BOUND = 21
"""Its margin."""
CANCELS = 22
"""1.0 where what rests is taken back once the bar is decided."""
STANDS, GOAL = 23, 24
"""Stop and target as the venue has them."""
POSITION, MAGIC = 25, 26
"""Its ticket, and the number of the instruction that opened it."""
STOP, AIM = 27, 28
"""Stop and target as the core believes them in force."""
SHUT, ANSWERED = 29, 30

RESTS = 31
"""Kind of the order that rests, as `brokers.fills` numbers it; 0.0: none."""
R_SIDE, R_VOLUME, R_PRICE, R_STOP, R_TARGET, R_EXPIRY, R_TICKET, R_NUMBER = 32, 33, 34, 35, 36, 37, 38, 39
R_CORE_STOP, R_CORE_TARGET, R_TRAIL, R_BREAKEVEN, R_BARS, R_ASKED = 40, 41, 42, 43, 44, 45
"""R_ASKED: the lots that were asked for."""
GATE_OPEN, GATE_MASS, GATE_SHARE = 46, 47, 48
"""What the gate says on the bar: open or shut, the mass of the allowed regimes, the share of the risk."""
SEAT = 32
"""So many of them, from SIDE on, are a strategy's own: where several share an account, each has its own seat."""

EQUITY, ENDED = 49, 50
"""Before the bar is decided; whether it is the last one."""
GUEST = 51
"""1.0 of a shadow book: it is lent the live account's equity, and follows bars that were told."""
USED = 52
"""Margin that the account's positions bind."""
LANE = 53
"""The strategy that is seated, counted from 0."""
STANDING, CARRIED, UPWARD, DOWNWARD = 54, 55, 56, 57
"""What the account has as a strategy is asked: positions and orders, the margin of positions, lots of each side."""
HELD = 58
"""Positions in the venue's book; they follow, each in so many numbers, in the order in which they were opened."""
BARRED = 59
"""What holds entries back as the bar is decided, as `backtests.engine_columns.Read.barred` tells it; 0.0: nothing."""
LOST = 60
"""The greatest loss that the day has seen, as a share of its first equity; 0.0: none."""
BOOK, HOLDING = 61, 7
H_LANE, H_SIDE, H_VOLUME, H_PRICE, H_SWAP, H_BOUND, H_TICKET = 0, 1, 2, 3, 4, 5, 6
STATE = BOOK + HOLDING
"""Numbers of an account of one strategy; of several it has HOLDING more for each other one."""

# --- what does not change: parameters `p` -----------------------------------------------------------------------------

MODE, SCALE, TICK, CONTRACT, POINT_VALUE = 0, 1, 2, 3, 4
USUAL_SPREAD, SLIPPAGE, LEVERAGE, OVER, LEVEL = 5, 6, 7, 8, 9
"""LEVERAGE is the account's, OVER what the venue divides a margin by; LEVEL: points a stop must keep away."""
STEP, LEAST, MOST, STOP_OUT = 10, 11, 12, 13
PER, RATE, MINIMUM, OPENS, CLOSES = 14, 15, 16, 17, 18
"""Commission, as `brokers.commission.flat` tells it."""
BY, LONG_NIGHT, SHORT_NIGHT, YEAR, AT_OPEN, INTO = 19, 20, 21, 22, 23, 24
"""Swap: what it is reckoned by, its rates, days of a year, at the opening price, and how it becomes account money."""
FIRST_NIGHT, RISK, GATE, OBSERVES, FRAME = 25, 26, 27, 28, 29
LIMITS = 30
"""Nine of them, in the order of `runtime.core.risk.CHECKS`."""
HEDGED = 39
"""What a covered lot binds, as a share of a lot's margin; -1.0: nothing is given off."""
SIZED = 40
"""By which rule a trade is sized, and its two numbers (`runtime.core.sizing.flat_rule`)."""
SLIPS = 43
"""How many draws of slippage there are; they follow."""

NO_SWAP, BY_POINTS, BY_MONEY, BY_INTEREST = 0.0, 1.0, 2.0, 3.0
AS_IT_IS, AS_PROFIT, AS_BASE = 0.0, 1.0, 2.0
"""How a night becomes account money: it is; as a profit does; at the price first, since it is in the base currency."""
GATE_OFF, GATE_ADVISES, GATE_ENFORCES = 0.0, 1.0, 2.0

# --- a deal in buffer `d` ---------------------------------------------------------------------------------------------

D_ROW, D_TICKET, D_ORDER, D_POSITION, D_AT, D_SIDE, D_ENTRY = 0, 1, 2, 3, 4, 5, 6
D_VOLUME, D_PRICE, D_PROFIT, D_COMMISSION, D_SWAP, D_NUMBER = 7, 8, 9, 10, 11, 12
D_REASON, D_ONE, D_TWO, D_LANE = 13, 14, 15, 16
DEAL = 17
"""D_ROW: decisions made before it is told. D_ENTRY: 1.0 in, 0.0 out. D_ONE, D_TWO: numbers of its comment;
D_TWO of a stop: whether its bar reached the target too."""
MOST_DEALS = 4
"""Most that one told bar can bring."""

BY_STOP, BY_TARGET, BY_STOP_OUT, BY_US = 1.0, 2.0, 3.0, 4.0
"""Reasons of a deal; BY_US and above: why we left, BY_US + the reason below."""
END_OF_DATA, BY_STRATEGY, TIME_STOP, STOP_PASSED, SHUT_BY_GATE = 1.0, 2.0, 3.0, 4.0, 5.0

# --- a wish in buffer `w`: what stands only on rows on which something was wanted -------------------------------------

W_ROW, W_SIDE, W_VOLUME, W_PRICE, W_STOP, W_TARGET, W_RISK, W_ID, W_MAGIC, W_WHY = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
W_BROKEN, W_SAID, W_AMOUNT = 10, 11, 12
"""Broken checks as a sum of powers of two, SMALL where the size was; what the gate's policy said, and its number.
LIFELESS ends the drive: a strategy would have an order rest for what is no number of bars, W_AMOUNT."""
W_NUMBERS = 13
"""Numbers of the checks from the volume's on: six."""
WISH = 19
SMALL, LIFELESS, UNPROTECTED, REACHED_TODAY = -1.0, -2.0, 512.0, 1024.0
SAID_STOP, SAID_LOTS = 1.0, 2.0

# --- outcomes, in the order of `runtime.core.decision.OUTCOMES` -------------------------------------------------------

MISSED, EXIT_MADE, IN_POSITION, ORDER_WORKING, WARMING, NO_SIGNAL = 0, 1, 2, 3, 4, 5
VETOED, HELD_BACK, REFUSED, OBSERVED, TRADED = 6, 7, 8, 9, 10

# --- what is read of a regime, and what its gate makes of it: state `m` -----------------------------------------------

BARS, BEFORE_LAST, LAST = 0, 1, 2
"""Bars folded in, and when the last two opened."""
BLIND, UNLIKE, NOVEL, NOVELTY, STRANGEST = 3, 4, 5, 6, 7
ORDINAL, DENSITY = 8, 9
ALERTS = 10
"""Told to people with this bar: each takes a number of an instruction."""
IS_OPEN, REASON, ABOUT, ALLOWED, EXPOSED = 11, 12, 13, 14, 15
KEPT, NEXT = 16, 17
"""Rows that are remembered, and where the next one goes."""
READING = 18

# What is heard of a regime that reads other bars than the strategy does: state `h`.
EVENT, HEARD, CLOSED, SILENT, UNAGED, UNTOLD, DUE = 0, 1, 2, 3, 4, 5, 6
"""The next of its bars that is told, the last one that was, when that closed, for how long none has come since (ms);
1.0 where the gate were open if silence shut none; how many people are told with a bar that has no room for them; when
by the calendar too many have not come, on the server's clock."""
HEARING = 7

# What does not change of it: parameters `q`.
STATES, WIDTH, HAS_MARKS, ENDS, MAX_AGE, WEIGHS, LISTENS, LENGTH, MINDS, DATED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""MINDS: whether the gate minds that bars do not come; DATED: whether a calendar says when they should have."""

# Why a gate stands as it does.
UNREAD_YET, ALLOWS, ALLOWS_NOT, UNEXPLAINED, NO_EXPOSURE, CONTRADICTED, HURRIED, TOO_OLD, NOTHING_YET, BLINDED = (
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
)  # fmt: skip
STALE = 10.0
ALIKE = -1.0
TOO_QUICK = -2.0
"""UNLIKE: the verdict on the rows remembered, or that bars follow one another too soon."""
