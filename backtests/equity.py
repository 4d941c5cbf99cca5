"""The money of a record over time: its equity, its balance, and how far it stood below its highest."""

from collections.abc import Iterable
from itertools import groupby

from backtests.record import Record, Trade
from brokers.book import mode_of, units_of
from brokers.fills import floating
from market.money import cents
from market.types import Deal

Curve = list[tuple[int, float]]
"""(UTC milliseconds, money) in order."""


class _Holding:
    """A position as its deals tell it."""

    def __init__(self, deal: Deal) -> None:
        self.symbol, self.side, self.volume, self.value = deal.symbol, deal.side, 0.0, 0.0

    def grow(self, deal: Deal) -> None:
        self.volume += deal.volume
        self.value += deal.volume * deal.price

    def shrink(self, volume: float) -> None:
        self.value -= self.value * volume / self.volume
        self.volume -= volume


class _Account:
    """Balance and positions, deal by deal, valued at the quotes of the decisions."""

    def __init__(self, record: Record) -> None:
        self.balance = record.initial_balance
        self.held: dict[int, _Holding] = {}
        self.quotes: dict[str, tuple[float, float]] = {}
        currency = record.config.account.currency
        self.contracts = {
            name: (mode_of(s, currency) or 0.0, units_of(s, currency)) for name, s in record.symbols.items()
        }

    def take(self, deal: Deal) -> None:
        self.balance = cents(self.balance + deal.money)
        if deal.entry == "in":
            self.held.setdefault(deal.position, _Holding(deal)).grow(deal)
        elif deal.entry == "out" and deal.position in self.held:
            held = self.held[deal.position]
            held.shrink(deal.volume)
            if held.volume < 1e-9:
                del self.held[deal.position]

    def equity(self) -> float:
        total = self.balance
        for h in self.held.values():
            if h.symbol in self.quotes:
                bid, ask = self.quotes[h.symbol]
                mode, contract = self.contracts[h.symbol]
                price = bid if h.side > 0 else ask
                total += floating(mode, float(h.side), h.value / h.volume, price, h.volume, contract)
        return total


def equity_of(record: Record) -> Curve:
    """Return the equity at every moment decided at, after all deals up to it; swap not yet booked is not in it."""
    account = _Account(record)
    deals = iter((*record.deals, None))
    deal = next(deals)
    curve: Curve = []
    for at, decisions in groupby(record.decisions, lambda decision: decision.at):
        account.quotes.update((d.symbol, (d.bid, d.ask)) for d in decisions)
        while deal is not None and deal.at <= at:
            account.take(deal)
            deal = next(deals)
        curve.append((at, account.equity()))
    while deal is not None:
        account.take(deal)
        curve.append((deal.at, account.equity()))
        deal = next(deals)
    return curve


def balance_of(record: Record, trades: Iterable[Trade]) -> Curve:
    """Return what the account began with, and what each of these trades had made of it when it was closed."""
    total, curve = record.initial_balance, [(begin_of(record), record.initial_balance)]
    for trade in sorted(trades, key=lambda t: t.closed):
        total = cents(total + trade.net)
        curve.append((trade.closed, total))
    return curve


def begin_of(record: Record) -> int:
    """Return when the first decision was made, 0 where none was."""
    return record.decisions[0].at if record.decisions else 0


def drawdown_of(curve: Curve, initial: float) -> list[tuple[int, float, float]]:
    """Return (time, money, share of the highest so far) below the highest so far, both 0 or negative."""
    top, fall = initial, []
    for at, equity in curve:
        top = max(top, equity)
        fall.append((at, equity - top, equity / top - 1.0 if top > 0.0 else 0.0))
    return fall
