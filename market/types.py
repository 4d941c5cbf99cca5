"""The words: frozen values of the market that every other room speaks in.

Times are UTC milliseconds since 1970 (server clocks end in `brokers/mt5/translator.py`), prices are bid
prices in the profit currency, volumes are lots, money is in the account's currency. Floats enter through one door:
`Symbol.price` and `Symbol.lots`.
"""

from typing import Literal

import msgspec

from market.money import lots_down, to_grid

Side = Literal[-1, 1]
BUY: Side = 1
SELL: Side = -1

TIMEFRAMES: dict[str, int] = {
    "M1": 60,
    "M2": 120,
    "M3": 180,
    "M4": 240,
    "M5": 300,
    "M6": 360,
    "M10": 600,
    "M12": 720,
    "M15": 900,
    "M20": 1200,
    "M30": 1800,
    "H1": 3600,
    "H2": 7200,
    "H3": 10800,
    "H4": 14400,
    "H6": 21600,
    "H8": 28800,
    "H12": 43200,
    "D1": 86400,
    "W1": 604800,
}
"""Length of each timeframe in seconds."""

MINUTE_MS = TIMEFRAMES["M1"] * 1000
"""A minute in milliseconds."""
HOUR_MS = TIMEFRAMES["H1"] * 1000
"""An hour in milliseconds."""
DAY_MS = TIMEFRAMES["D1"] * 1000
"""A day in milliseconds."""

CalcMode = Literal["forex", "forex_no_leverage", "cfd", "cfd_leverage", "cfd_index", "futures"]
"""How margin and profit are computed; `cfd_leverage` is what retail brokers usually offer, `cfd` takes no leverage."""
Execution = Literal["request", "instant", "market", "exchange"]
Filling = Literal["fok", "ioc", "return"]
"""Fill or kill, immediate or cancel, or let the rest of a partly filled order stand."""
TradeMode = Literal["full", "long_only", "short_only", "close_only", "disabled"]
SwapMode = Literal["disabled", "points", "symbol", "margin", "deposit", "interest_current", "interest_open"]
"""Swap in points, in a fixed sum of the base, margin or account currency, or as interest a year on a price."""


class Symbol(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as the broker specifies it."""

    name: str
    digits: int
    tick_size: float
    """Smallest price step, in price."""
    contract_size: float
    """Units of the base asset in one lot."""
    volume_min: float
    volume_max: float
    volume_step: float
    currency_base: str
    currency_profit: str
    currency_margin: str = ""
    calc: CalcMode = "cfd_leverage"
    execution: Execution = "market"
    fillings: tuple[Filling, ...] = ("ioc",)
    """What the symbol's filling mask names; request, instant and exchange execution allow more."""
    trade_mode: TradeMode = "full"
    order_mask: int = 127
    """What may be asked: market 1, limit 2, stop 4, stop limit 8, stop loss 16, take profit 32, close by 64."""
    expiration_mask: int = 15
    """Lifetimes of resting orders: till cancelled 1, day 2, specified 4, specified day 8."""
    expires_at: int = 0
    """When the contract ends; 0: never."""
    volume_limit: float = 0.0
    """Most lots in one direction, open and resting together; 0.0: no limit."""
    tick_value: float = 0.0
    """Account money of one tick of one lot, as the terminal told; 0.0: not told."""
    margin_initial: float = 0.0
    """Margin a lot in the margin currency, where the contract names one; 0.0: computed by `calc`."""
    margin_hedged: float | None = None
    """Contract size, or initial margin, of a lot covered by an opposite one; None: not told (`brokers/margins.py`)."""
    stops_level: int = 0
    """Nearest distance of a stop from the price, in points."""
    freeze_level: int = 0
    """Distance from its trigger, in points, within which an order or position cannot be changed."""
    swap_mode: SwapMode = "points"
    swap_long: float = 0.0
    """A lot and night, for a long position, in the unit of `swap_mode`."""
    swap_short: float = 0.0
    swap_days: tuple[float, float, float, float, float, float, float] = (1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0)
    """Factor of the night that begins on Monday, Tuesday … Sunday (server time)."""
    swap_dates: tuple[tuple[int, float], ...] = ()
    """Nights that count otherwise than their weekday's: (days since 1970 of the evening, factor)."""

    @property
    def margin_currency(self) -> str:
        """The currency margin is reckoned in: the base of a pair, else the profit's, where the contract is silent."""
        return self.currency_margin or (self.currency_base if self.calc.startswith("forex") else self.currency_profit)

    @property
    def point(self) -> float:
        """One unit of the last digit, in price."""
        return 1.0 / float(10**self.digits)

    @property
    def scale(self) -> float:
        """Points in one unit of price: 10**digits."""
        return float(10**self.digits)

    @property
    def tick_points(self) -> float:
        """The tick size in points."""
        return to_grid(self.tick_size, self.scale, 1.0) * self.scale

    def price(self, x: float) -> float:
        """Return the price nearest to x that this symbol can be quoted at."""
        return to_grid(x, self.scale, self.tick_points)

    def lots(self, volume: float) -> float:
        """Return the largest tradable volume not above `volume`, in lots; 0.0 below the minimum."""
        lots = lots_down(volume, self.volume_step)
        if lots < self.volume_min:
            return 0.0
        return min(lots, self.volume_max)


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A finished bar of bid prices; `time` is when it opened."""

    symbol: str
    timeframe: str
    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    spread: float = 0.0
    """Ask minus bid over the bar, in points."""
    variance: float = 0.0
    """Sum of the squared log returns of the shorter bars it was made of, the way into its first open left out."""
    parts: float = 0.0
    """How many shorter bars it was made of; 0.0: it was told as it is, and nothing is known of what went on within."""


class Tick(msgspec.Struct, frozen=True, gc=False):
    """The best prices at one moment."""

    symbol: str
    at: int
    bid: float
    ask: float


OrderKind = Literal["market", "limit", "stop", "stop_limit"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order resting at the venue."""

    ticket: int
    at: int
    symbol: str
    side: Side
    kind: OrderKind
    volume: float
    """Still to be filled."""
    price: float
    """The trigger."""
    limit: float = 0.0
    """Stop limit: where the limit order stands that the trigger places."""
    stop: float = 0.0
    target: float = 0.0
    expiry: int = 0
    """When the venue drops it; 0: never."""
    magic: int = 0
    comment: str = ""
    filled: float = 0.0
    """Lots filled already."""
    filling: Filling = "return"


DealEntry = Literal["in", "out", "inout", "out_by", "none"]
"""inout: a netting position turned round. out_by: closed against an opposite position."""
DealReason = Literal[
    "expert", "client", "mobile", "web", "stop", "target", "stop_out", "rollover", "variation", "split", "balance"
]
Flow = Literal[
    "", "balance", "credit", "charge", "correction", "bonus", "commission", "daily commission", "monthly commission",
    "agent commission", "interest", "dividend", "tax", "cancelled", "other",
]  # fmt: skip
"""What a deal without a trade is; a credit is not part of the balance, and what nobody knows is `other`."""


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """An execution, or a balance operation (`entry="none"`, side 1): whatever changed the balance."""

    ticket: int
    order: int
    position: int
    at: int
    symbol: str
    side: Side
    entry: DealEntry
    volume: float
    price: float
    profit: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    fee: float = 0.0
    magic: int = 0
    reason: DealReason = "expert"
    comment: str = ""
    flow: Flow = ""
    """What kind of balance operation it is; empty for trades."""

    @property
    def money(self) -> float:
        """What this deal added to the balance; a credit adds to the equity alone."""
        return 0.0 if self.flow == "credit" else self.profit + self.commission + self.swap + self.fee


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """An open position; a turn gives a netting position another ticket, and leaves it its identifier."""

    ticket: int
    at: int
    symbol: str
    side: Side
    volume: float
    price: float
    stop: float = 0.0
    target: float = 0.0
    swap: float = 0.0
    profit: float = 0.0
    magic: int = 0
    comment: str = ""
    identifier: int = 0
    """What its deals name as their position; 0: the ticket."""

    @property
    def ident(self) -> int:
        """What its deals name as their position; never changes."""
        return self.identifier or self.ticket


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the terminal reports it."""

    login: int
    server: str
    currency: str
    leverage: int
    hedging: bool
    demo: bool
    trade_allowed: bool
    balance: float
    equity: float
    margin: float = 0.0
    credit: float = 0.0
    name: str = ""
    company: str = ""
