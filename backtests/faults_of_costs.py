"""Faults in what trading was taken to cost: too little, of another time, or so near the profit that it decides."""

from collections.abc import Iterator
from statistics import fmean

import numpy as np

from backtests.decided import place_of
from backtests.faults import Fault
from backtests.record import Record, Trade
from backtests.remarks import spreads_known
from backtests.words import money, number, share
from brokers.book import mode_of, units_of
from brokers.fills import floating
from market.types import DAY_MS

YEAR_MS = 365 * DAY_MS
MARGIN = 1.0
"""Costs may rise by this share of themselves before a profit that is gone by then counts as sensitive to them."""
OFTEN = 0.02
"""Share of trades from which on what cannot be known of them is a fault."""


def faults_of_costs(record: Record, ambiguous: int) -> Iterator[Fault]:
    """Yield what is wrong with the costs of a record, and with where its orders were filled."""
    live = [t for t in record.trades if t.book == "live"]
    if live:
        yield from _weighed(record, live)
        yield from _near(record)
        yield from _ambiguous(ambiguous, len(live))
        if record.source == "backtest":
            yield from _unsaid(record, live)
            yield from _assumed(record, live)
            yield from _without_spread(record, live)
            yield from _swap(record)


def points_of(record: Record, live: list[Trade]) -> dict[str, float]:
    """Return for each symbol what one point more on every round trip would have cost, account money."""
    found: dict[str, float] = {}
    currency = record.config.account.currency
    for trade in live:
        symbol, price = record.symbols[trade.symbol], trade.exit_price
        mode = mode_of(symbol, currency)
        if mode is not None:
            worth = floating(mode, 1.0, price, price + symbol.point, trade.volume, units_of(symbol, currency))
            found[trade.symbol] = found.get(trade.symbol, 0.0) + worth
    return found


def costs_of_trading(record: Record, live: list[Trade]) -> float:
    """Return about what trading has cost: a spread and two slips a round trip, all commissions, and no swap."""
    charged = -sum(deal.commission + deal.fee for deal in record.deals)
    return charged + sum(
        money_a_point * (_spread(record, name) + 2.0 * record.config.symbols[name].costs.slippage)
        for name, money_a_point in points_of(record, live).items()
    )


def _spread(record: Record, symbol: str) -> float:
    """Return the mean spread at which entries were decided, points."""
    point = record.symbols[symbol].point
    traded = record.decided.entries()
    seen = [s / point for s in traded.spread[traded.symbol == place_of(record.decided.symbols, symbol)].tolist()]
    return fmean(seen) if seen else 0.0


def _weighed(record: Record, live: list[Trade]) -> Iterator[Fault]:
    """Say whether the profit rests on what trading was taken to cost, or was eaten by it."""
    net, costs = sum(t.net for t in live), costs_of_trading(record, live)
    currency = record.config.account.currency
    if net <= 0.0 < net + costs:
        yield Fault(
            "eaten_by_costs",
            f"Costs ate it: before about {money(costs)} {currency} of spread, slippage and commission it made "
            f"{money(net + costs, signed=True)}.",
        )
    if 0.0 < net < MARGIN * costs:
        yield Fault(
            "cost_sensitive",
            f"Sensitive to costs: if trading costs {number(1.0 + net / costs, 2)} times the {money(costs)} {currency} "
            f"it was taken to cost, the profit is gone{_a_trip(record, live, net)}.",
        )


def _a_trip(record: Record, live: list[Trade], net: float) -> str:
    """Return by how much a round trip may get dearer; nothing where several symbols have points of their own."""
    (name, money_a_point), *others = points_of(record, live).items() or [("", 0.0)]
    if others or money_a_point <= 0.0:
        return ""
    return f": that is {number(net / money_a_point)} points more on each round trip of {name}"


def _unsaid(record: Record, live: list[Trade]) -> Iterator[Fault]:
    free = [name for name in sorted({t.symbol for t in live}) if _free(record, name)]
    if free:
        yield Fault(
            "no_costs",
            f"{', '.join(free)}: neither slippage nor commission is configured, so every order was filled at the "
            f"quote, for nothing: say what it costs you in [symbols.{free[0]}.costs].",
        )


def _free(record: Record, name: str) -> bool:
    costs = record.config.symbols[name].costs
    return not costs.slippage and not costs.slips and costs.commission == 0.0


def _assumed(record: Record, live: list[Trade]) -> Iterator[Fault]:
    """Say of which symbols spread or slippage is what somebody has written down."""
    traded = {t.symbol for t in live}
    for (name, timeframe), tape in record.tapes.items():
        costs = record.config.symbols[name].costs
        bare = len(tape) - spreads_known(tape) if name in traded and costs.spread else 0
        told = [f"spread {costs.spread:g} points on {bare:,} of {len(tape):,} bars"] if bare else []
        told += [f"slippage {costs.slippage:g}"] if not costs.slips and not _free(record, name) else []
        told += _late(record, name)
        if told and name in traded:
            yield Fault(
                "assumed_costs",
                f"{name} {timeframe}: costs are assumed, not measured ({', '.join(told)}): see `tidegate calibrate`.",
            )


def _late(record: Record, name: str) -> list[str]:
    """Return what is assumed of the time that orders take; slips that were measured hold it.

    Bars have no quote before the next one opens: an order decided at a close is filled there, as if it took no time.
    """
    costs = record.config.symbols[name].costs
    quoted = bool(costs.latency_ms) and record.within.get(name) == "ticks"
    if costs.slips:
        return ["latency beside slips: measured ones hold it, so each order waits twice"] if quoted else []
    if isinstance(costs.latency_ms, tuple):
        return []
    return [f"latency {costs.latency_ms:g} ms" if quoted else "no latency: each order is filled at the bar's open"]


def _without_spread(record: Record, live: list[Trade]) -> Iterator[Fault]:
    traded = {t.symbol for t in live}
    for (name, timeframe), tape in record.tapes.items():
        if name not in traded or record.config.symbols[name].costs.spread > 0.0:
            continue
        if bare := len(tape) - spreads_known(tape):
            yield Fault(
                "inside_spread",
                f"{name} {timeframe}: {bare:,} of {len(tape):,} bars have no spread and none is configured, so who "
                f"bought there paid the bid: fills inside the spread, which nobody gets.",
            )


def _near(record: Record) -> Iterator[Fault]:
    decided = record.decided
    traded, untold = decided.entries(), [record.within.get(name) != "ticks" for name in decided.symbols]
    counted = np.array([*untold, True])[traded.symbol]
    near, entries = np.zeros(len(counted), np.bool_), int(counted.sum())
    for level in (traded.stop, traded.target):
        gap = abs(traded.price - level)
        near |= counted & (level != 0.0) & (gap > 0.0) & (gap < traded.spread)
    if near.sum() > OFTEN * entries:
        yield Fault(
            "inside_spread",
            f"{int(near.sum()):,} of {entries:,} entries had stop or target nearer than the spread: what came of them "
            "is decided by quotes within a spread, which bars do not tell.",
        )


def _ambiguous(ambiguous: int, trades: int) -> Iterator[Fault]:
    if ambiguous > OFTEN * trades:
        yield Fault(
            "ambiguous_bars",
            f"{ambiguous:,} of {trades:,} trades ({share(ambiguous / trades)}) were left in a bar that reached both "
            "their stop and their target. They are counted as stopped; what came first only shorter bars or ticks "
            "can tell (`finer` in [data]).",
        )


def _swap(record: Record) -> Iterator[Fault]:
    paid = sum(deal.swap for deal in record.deals)
    times = [tape.time for tape in record.tapes.values() if len(tape)]
    years = (max(t[-1] for t in times) - min(t[0] for t in times)) / YEAR_MS if times else 0.0
    if paid and years > 1.0:
        yield Fault(
            "todays_swap",
            f"Financing of {money(paid, signed=True)} {record.config.account.currency} was reckoned at one rate for "
            f"{number(years)} years: today's swap, which is not what was charged then.",
        )
