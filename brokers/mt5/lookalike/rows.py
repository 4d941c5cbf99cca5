"""How the server shows what it knows: values of the market as rows, in the order of the package's structures.

All times are the server's wall clock; the package wants them in seconds and, beside that, in milliseconds.
"""

from typing import Any

import msgspec

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.venue import Venue
from market.money import cents
from market.types import Deal, DealReason, Flow, Position

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
FILLINGS = {"fok": c.ORDER_FILLING_FOK, "ioc": c.ORDER_FILLING_IOC, "return": c.ORDER_FILLING_RETURN}
_ENTRIES = {
    "in": c.DEAL_ENTRY_IN,
    "out": c.DEAL_ENTRY_OUT,
    "inout": c.DEAL_ENTRY_INOUT,
    "out_by": c.DEAL_ENTRY_OUT_BY,
    "none": c.DEAL_ENTRY_IN,
}
_FLOWS: dict[Flow, int] = {
    "": c.DEAL_TYPE_BALANCE,
    "balance": c.DEAL_TYPE_BALANCE,
    "credit": c.DEAL_TYPE_CREDIT,
    "charge": c.DEAL_TYPE_CHARGE,
    "correction": c.DEAL_TYPE_CORRECTION,
    "bonus": c.DEAL_TYPE_BONUS,
    "commission": c.DEAL_TYPE_COMMISSION,
    "daily commission": c.DEAL_TYPE_COMMISSION_DAILY,
    "monthly commission": c.DEAL_TYPE_COMMISSION_MONTHLY,
    "agent commission": c.DEAL_TYPE_COMMISSION_AGENT_DAILY,
    "cancelled": c.DEAL_TYPE_BUY_CANCELED,
    "interest": c.DEAL_TYPE_INTEREST,
    "dividend": c.DEAL_DIVIDEND,
    "tax": c.DEAL_TAX,
    "other": c.DEAL_TYPE_CHARGE,
}


class OrderRecord(msgspec.Struct, kw_only=True):
    """An order's life as the terminal's history keeps it."""

    ticket: int
    at: int
    kind: int
    """ORDER_TYPE_*."""
    symbol: str
    volume: float
    price: float
    stoplimit: float = 0.0
    stop: float = 0.0
    target: float = 0.0
    expiry: int = 0
    filling: int = c.ORDER_FILLING_IOC
    lifetime: int = c.ORDER_TIME_GTC
    state: int = c.ORDER_STATE_PLACED
    done: int = 0
    left: float = 0.0
    dealt: float = 0.0
    """Lots of its deals, while it rests."""
    magic: int = 0
    position: int = 0
    by: int = 0
    reason: int = c.ORDER_REASON_EXPERT
    comment: str = ""

    def row(self, current: float) -> list[Any]:
        """Return a TradeOrder; `current` is the price it would be filled at now."""
        return [
            *(self.ticket, self.at // 1000, self.at, self.done // 1000, self.done, self.expiry // 1000),
            *(self.kind, self.lifetime, self.filling, self.state, self.magic, self.position, self.by, self.reason),
            *(self.volume, self.left, self.price, self.stop, self.target, current, self.stoplimit),
            *(self.symbol, self.comment, ""),
        ]


def tick_row(s: Series) -> list[Any]:
    """Return a Tick: the recorded one where ticks are."""
    if s.tape is not None and s.tape.index >= 0:
        return list(s.tape.row(s.tape.index))
    return [s.at // 1000, s.bid, s.ask, 0.0, 0, s.at, c.TICK_FLAG_BID | c.TICK_FLAG_ASK, 0.0]


def position_row(p: Position, s: Series, reason: DealReason, updated: int) -> list[Any]:
    """Return a TradePosition; `updated` is when it last changed."""
    side = c.POSITION_TYPE_BUY if p.side > 0 else c.POSITION_TYPE_SELL
    current = s.bid if p.side > 0 else s.ask
    return [
        *(p.ticket, p.at // 1000, p.at, updated // 1000, updated, side, p.magic, p.ident, REASONS[reason], p.volume),
        *(p.price, p.stop, p.target, current, p.swap, p.profit, p.symbol, p.comment, ""),
    ]


def deal_row(d: Deal) -> list[Any]:
    """Return a TradeDeal."""
    kind = _FLOWS[d.flow] if d.entry == "none" else c.DEAL_TYPE_BUY if d.side > 0 else c.DEAL_TYPE_SELL
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
    """Return an AccountInfo."""
    balance, equity, margin = venue.balance, venue.equity(), venue.margin()
    mode = c.ACCOUNT_TRADE_MODE_DEMO if setup.demo else c.ACCOUNT_TRADE_MODE_REAL
    hedging = setup.margin_mode == "hedging"
    nets = c.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING if hedging else c.ACCOUNT_MARGIN_MODE_RETAIL_NETTING
    so_mode, called, out = c.ACCOUNT_STOPOUT_MODE_PERCENT, setup.margin_call * 100.0, setup.stop_out * 100.0
    if setup.stop_out_money is not None:
        so_mode, called, out = c.ACCOUNT_STOPOUT_MODE_MONEY, setup.margin_call, setup.stop_out_money
    floating = cents(equity - balance - venue.credit)
    return [
        *(setup.login, mode, setup.leverage, setup.limit_orders, so_mode, may_trade, experts),
        *(nets, 2, False, balance, venue.credit, floating, equity, margin),
        *(cents(equity - margin), margin_level(equity, margin), called, out, 0.0, 0.0, 0.0, 0.0, 0.0),
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
