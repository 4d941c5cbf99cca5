"""What the profit of a record is worth as evidence: its Sharpe ratio against luck, and other orders of its days."""

import math

from collections.abc import Iterator

import msgspec
import numpy as np

from backtests.equity import Curve, ends_of, least_of, taken
from backtests.record import Record
from backtests.resampled import Array, Luck, luck_of
from backtests.sharpe import daily
from backtests.skill import SURE, best_of_luck, deflated, enough, error_of, moments_of, probability
from backtests.words import number, share

FEWEST = 20
"""Days, or trades, below which nothing is said."""


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """How sure it is that there was skill; ratios are a year's, of the equity from day to day."""

    days: int
    sharpe: float
    error: float
    """Standard error of the ratio."""
    above_zero: float
    """How likely the true ratio is above 0 (PSR)."""
    days_needed: float | None
    """To be sure of that at 95 %, were the ratio the one found (MinTRL); None where it is not above 0."""
    trials: int
    """Variants that were tried, this one among them."""
    best_of_luck: float
    """The ratio that the best of so many variants without skill is to be expected to show."""
    deflated: float
    """How likely the true ratio is above that (DSR)."""
    by_days: Luck | None
    """Other orders of the days, drawn in stretches."""
    by_trades: Luck | None
    """Other orders of the trades, drawn one by one."""


def worth_of(record: Record, equity: Curve, trials: int = 1) -> Worth | None:
    """Return what a record is worth as evidence after so many trials; None where there is too little of it."""
    if not len(equity.money) or least_of(equity.money) <= 0.0:
        return None
    days = ends_of(equity.at, "D")
    returns, per_year = daily(taken(equity.at, days).tolist(), taken(equity.money, days).tolist())
    known = moments_of(returns)
    if known is None or known.count < FEWEST:
        return None
    year = math.sqrt(per_year)
    needed = enough(known)
    return Worth(
        days=known.count,
        sharpe=known.sharpe * year,
        error=error_of(known) * year,
        above_zero=probability(known),
        days_needed=needed if math.isfinite(needed) else None,
        trials=trials,
        best_of_luck=best_of_luck(trials) / math.sqrt(known.count - 1) * year,
        deflated=deflated(known, trials),
        by_days=luck_of(returns, "days"),
        by_trades=luck_of(growths, "trades", 1.0) if len(growths := growths_of(record)) >= FEWEST else None,
    )


def growths_of(record: Record) -> Array:
    """Return what each live trade added (n,), as a share of the balance before it was closed; empty once that is 0."""
    balance, found = record.initial_balance, []
    for trade in record.trades:
        if trade.book == "live":
            if balance <= 0.0:
                return np.empty(0)
            found.append(trade.net / balance)
            balance += trade.net
    return np.array(found)


def worth_said(worth: Worth) -> Iterator[str]:
    """Yield what it is worth, in sentences."""
    yield from _ratio_said(worth)
    for luck in (worth.by_days, worth.by_trades):
        if luck is not None:
            yield luck_said(luck)


def worth_in_short(worth: Worth) -> Iterator[str]:
    """Yield the same for a screen, which has less room."""
    yield from _ratio_said(worth)
    if (luck := worth.by_days) is not None:
        yield (
            f"Its days drawn anew, {luck.paths:,} times: {share(luck.loss)} of paths lost money, one in twenty fell "
            f"deeper than {share(luck.drawdown[1])}."
        )


def _ratio_said(worth: Worth) -> Iterator[str]:
    yield (
        f"Sharpe ratio {number(worth.sharpe, 2)} a year over {worth.days:,} days (standard error "
        f"{number(worth.error, 2)}); the true one is above 0 with a probability of {share(worth.above_zero)}; "
        + (
            f"at this ratio, {math.ceil(worth.days_needed):,} days are needed to be {SURE:.0%} sure of that."
            if worth.days_needed is not None
            else "no record of such a ratio, however long, would speak for it."
        )
    )
    if worth.trials > 1:
        yield (
            f"The best of {worth.trials:,} variants without any skill is to be expected to show "
            f"{number(worth.best_of_luck, 2)} over so many days; the true ratio is above that with a probability of "
            f"{share(worth.deflated)} (deflated Sharpe ratio)."
        )


def luck_said(luck: Luck) -> str:
    """Return what other orders came to, in a sentence."""
    together = f", in stretches of {number(luck.block)} in the mean" if luck.block > 1.0 else ""
    often, rarely, _ = luck.drawdown
    return (
        f"Drawn anew from its {luck.count:,} {luck.of}{together}, {luck.paths:,} times: {share(luck.loss)} of paths "
        f"lost money, half fell deeper than {share(often)}, one in twenty deeper than {share(rarely)}; nine in ten "
        f"ended at {number(luck.final[0], 2)} to {number(luck.final[2], 2)} times what was begun with."
    )
