"""How the server shows what it knows: values of the market as rows, in the order of the package's structures.

All times are the server's wall clock; the package wants them in seconds and, beside that, in milliseconds.
"""

from typing import Any

import msgspec

from brokers.book import mode_of
from brokers.fills import INVERSE
from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.mt5.lookalike.structs import SymbolInfo, names_of
from brokers.venue import Venue
from market.money import cents
from market.types import Deal, Position

FILLING_IOC = 2
"""The bit in a symbol's filling mode; fill or kill would be 1."""
REASONS = {
    "expert": c.DEAL_REASON_EXPERT,
    "client": c.DEAL_REASON_CLIENT,
    "mobile": c.DEAL_REASON_MOBILE,
    "web": c.DEAL_REASON_WEB,
    "rollover": c.DEAL_REASON_ROLLOVER,
    "variation": c.DEAL_REASON_VMARGIN,
    "split": c.DEAL_REASON_SPLIT,
    "stop": c.DEAL_REASON_SL,
    "target": c.DEAL_REASON_TP,
    "stop_out": c.DEAL_REASON_SO,
    "balance": c.DEAL_REASON_CLIENT,
}
_ENTRIES = {"in": c.DEAL_ENTRY_IN, "out": c.DEAL_ENTRY_OUT, "none": c.DEAL_ENTRY_IN}


class OrderRecord(msgspec.Struct, kw_only=True):
    """An order's life as the terminal's history keeps it."""

    ticket: int
    at: int
    kind: int
    """ORDER_TYPE_*."""
    symbol: str
    volume: float
    price: float
    stop: float = 0.0
    target: float = 0.0
    expiry: int = 0
    filling: int = c.ORDER_FILLING_IOC
    lifetime: int = c.ORDER_TIME_GTC
    state: int = c.ORDER_STATE_PLACED
    done: int = 0
    left: float = 0.0
    magic: int = 0
    position: int = 0
    reason: int = c.ORDER_REASON_EXPERT
    comment: str = ""

    def row(self, current: float) -> list[Any]:
        """Return a TradeOrder; `current` is the price it would be filled at now."""
        return [
            *(self.ticket, self.at // 1000, self.at, self.done // 1000, self.done, self.expiry // 1000),
            *(self.kind, self.lifetime, self.filling, self.state, self.magic, self.position, 0, self.reason),
            *(self.volume, self.left, self.price, self.stop, self.target, current, 0.0, self.symbol, self.comment, ""),
        ]


def tick_row(s: Series) -> list[Any]:
    """Return a Tick: the recorded one where ticks are."""
    if s.tape is not None and s.tape.index >= 0:
        return list(s.tape.row(s.tape.index))
    return [s.at // 1000, s.bid, s.ask, 0.0, 0, s.at, c.TICK_FLAG_BID | c.TICK_FLAG_ASK, 0.0]


def position_row(p: Position, s: Series) -> list[Any]:
    """Return a TradePosition."""
    side = c.POSITION_TYPE_BUY if p.side > 0 else c.POSITION_TYPE_SELL
    current = s.bid if p.side > 0 else s.ask
    return [
        *(p.ticket, p.at // 1000, p.at, p.at // 1000, p.at, side, p.magic, p.ticket),
        *(c.POSITION_REASON_EXPERT, p.volume),
        *(p.price, p.stop, p.target, current, p.swap, p.profit, p.symbol, p.comment, ""),
    ]


def deal_row(d: Deal) -> list[Any]:
    """Return a TradeDeal."""
    kind = c.DEAL_TYPE_BALANCE if d.entry == "none" else c.DEAL_TYPE_BUY if d.side > 0 else c.DEAL_TYPE_SELL
    return [
        *(d.ticket, d.order, d.at // 1000, d.at, kind, _ENTRIES[d.entry], d.magic, d.position, REASONS[d.reason]),
        *(d.volume, d.price, d.commission, d.swap, d.profit, d.fee, d.symbol, d.comment, ""),
    ]


def margin_level(equity: float, margin: float) -> float:
    """Return equity over margin in percent, 0.0 where no margin is used."""
    return equity / margin * 100.0 if margin > 0.0 else 0.0


def account_row(
    setup: AccountSetup, venue: Venue, company: str, *, may_trade: bool = True, experts: bool = True
) -> list[Any]:
    """Return an AccountInfo: a hedging account that closes positions at a margin level of 50 percent."""
    balance, equity, margin = venue.balance, venue.equity(), venue.margin()
    mode = c.ACCOUNT_TRADE_MODE_DEMO if setup.demo else c.ACCOUNT_TRADE_MODE_REAL
    return [
        *(setup.login, mode, setup.leverage, 200, c.ACCOUNT_STOPOUT_MODE_PERCENT, may_trade, experts),
        *(c.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING, 2, False, balance, 0.0, cents(equity - balance), equity, margin),
        *(cents(equity - margin), margin_level(equity, margin), 100.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        *(setup.name, setup.server, setup.currency, company),
    ]


def terminal_row(
    folder: str, company: str, *, connected: bool = True, may_trade: bool = True, api: bool = True
) -> list[Any]:
    """Return a TerminalInfo."""
    return [
        *(
            False,
            False,
            connected,
            False,
            may_trade,
            not api,
            False,
            False,
            False,
            False,
            5430,
            1_000_000,
            0,
            100,
            0.0,
            0.0,
        ),
        *(company, "MetaTrader 5", "English", folder, folder, folder),
    ]


VERSION = [500, 5430, "14 Nov 2025"]

_SYMBOL_NAMES = names_of(SymbolInfo)
_SYMBOL_TEXTS = 12
_EMPTY_SYMBOL = dict.fromkeys(_SYMBOL_NAMES[:-_SYMBOL_TEXTS], 0) | dict.fromkeys(_SYMBOL_NAMES[-_SYMBOL_TEXTS:], "")
_FLOATS = _SYMBOL_NAMES[_SYMBOL_NAMES.index("bid") : -_SYMBOL_TEXTS]


def symbol_row(s: Series, currency: str, *, selected: bool) -> list[Any]:
    """Return a SymbolInfo: market execution, immediate or cancel, floating spread."""
    x = s.setup.symbol
    value = x.contract_size * x.tick_size
    if s.bid > 0.0 and mode_of(x, currency) == INVERSE:
        value /= s.bid
    known = dict.fromkeys(_FLOATS, 0.0) | {
        "custom": False,
        "select": selected,
        "visible": selected,
        "margin_hedged_use_leg": False,
        "spread_float": True,
        "time": s.at // 1000,
        "digits": x.digits,
        "spread": round((s.ask - s.bid) * x.scale),
        "trade_calc_mode": c.SYMBOL_CALC_MODE_FOREX if x.calc == "forex" else c.SYMBOL_CALC_MODE_CFDLEVERAGE,
        "trade_mode": c.SYMBOL_TRADE_MODE_FULL,
        "trade_exemode": c.SYMBOL_TRADE_EXECUTION_MARKET,
        "trade_stops_level": x.stops_level,
        "trade_freeze_level": x.freeze_level,
        "swap_mode": c.SYMBOL_SWAP_MODE_POINTS,
        "swap_rollover3days": (x.swap_days.index(max(x.swap_days)) + 1) % 7,
        "expiration_mode": 15,
        "filling_mode": FILLING_IOC,
        "order_mode": 55,
        "point": x.point,
        "trade_tick_size": x.tick_size,
        "trade_contract_size": x.contract_size,
        "volume_min": x.volume_min,
        "volume_max": x.volume_max,
        "volume_step": x.volume_step,
        "swap_long": x.swap_long,
        "swap_short": x.swap_short,
        "currency_base": x.currency_base,
        "currency_profit": x.currency_profit,
        "currency_margin": x.currency_margin or x.currency_base,
        "description": s.setup.description,
        "name": x.name,
        "path": f"Recorded\\{x.name}",
    }
    known |= dict.fromkeys(("bid", "bidhigh", "bidlow"), s.bid) | dict.fromkeys(("ask", "askhigh", "asklow"), s.ask)
    known |= dict.fromkeys(("trade_tick_value", "trade_tick_value_profit", "trade_tick_value_loss"), value)
    return list((_EMPTY_SYMBOL | known).values())
