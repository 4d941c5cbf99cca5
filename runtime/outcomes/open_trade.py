"""A trade on its way to its outcome: what its deals made so far, and what its executions cost."""

import msgspec

from brokers.fills import share
from market.types import Deal
from runtime.outcomes.slippage import UNTOLD, Quote, Slip, level_of, taken, waited


class Asked(msgspec.Struct, frozen=True):
    """An order of ours for a trade: what its execution is measured by."""

    instruction: int = 0
    decided: Quote = UNTOLD
    sent: Quote = UNTOLD
    level: float = 0.0
    """The price that it waits for; 0.0: it takes the market's."""


class OpenTrade(msgspec.Struct, kw_only=True):
    """A trade on its way to its outcome."""

    decision: str
    strategy: str
    symbol: str
    timeframe: str
    side: int
    risk: float
    regime: int
    gate_open: bool
    model: str
    magic: int = 0
    asked: float = 0.0
    """Lots that were asked for."""
    entering: Asked = Asked()
    leaving: Asked = Asked()
    slips: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Delay, spread and execution of all its executions that we decided, times lots."""
    again: int = 0
    """How often it was left whole before, and then went on: the rest of its entry was filled later."""
    tag: str = ""
    opened: int = 0
    volume: float = 0.0
    left: float = 0.0
    entry_value: float = 0.0
    exit_value: float = 0.0
    entry_price: float = 0.0
    profit: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    fee: float = 0.0
    bars: int = 0
    mae: float = 0.0
    mfe: float = 0.0


def own_part(deal: Deal, volume: float) -> tuple[float, float, float, float]:
    """Return profit, commission, swap and fee of so many of a deal's lots, to the cent.

    Profit and swap of a deal that turns a position are all of what it ends; everything else goes by lots.
    """
    ended = deal.volume if deal.entry == "inout" else volume
    profit, swap = (share(money, ended, deal.volume) for money in (deal.profit, deal.swap))
    commission, fee = (share(cost, volume, deal.volume) for cost in (deal.commission, deal.fee))
    return profit, commission, swap, fee


def measured(asked: Asked, deal: Deal) -> Slip:
    """Return what an execution of an order of ours cost beside what it was decided at."""
    if asked.level:
        return waited(deal.side, deal.price, asked.level)
    return taken(deal.side, deal.price, asked.decided, asked.sent)


def left_by(trade: OpenTrade, deal: Deal) -> Slip | None:
    """Return what an exit cost beside what it was decided at; None where that was not for us to decide."""
    if deal.reason in {"stop", "target"}:
        level = level_of(deal.comment)
        return waited(deal.side, deal.price, level) if level else None
    ours = deal.reason == "expert" and deal.magic == trade.magic and deal.entry == "out"
    return measured(trade.leaving, deal) if ours and trade.leaving.instruction else None


def slipped(trade: OpenTrade, slip: Slip, volume: float) -> None:
    """Add what an execution of so many lots cost."""
    before = trade.slips
    trade.slips = (
        before[0] + slip.delay * volume, before[1] + slip.spread * volume, before[2] + slip.execution * volume,
    )  # fmt: skip


def split(trade: OpenTrade) -> Slip:
    """Return what the executions of a trade cost by the lot, as an outcome tells it."""
    return Slip(*(cost / trade.volume for cost in trade.slips))
