"""The reviewer: says of a record in plain sentences what is wrong with it as evidence; silence is no recommendation."""

import datetime
import math

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from backtests.faults import Fault
from backtests.faults_of_costs import faults_of_costs
from backtests.record import Record, Trade
from backtests.skill import SURE
from backtests.words import money, number, share
from backtests.worth import Worth

FEWEST = 30
"""Trades below which hardly anything can be told from chance."""
LUCKY = 50
"""A profit that comes from one trade of so many (at least from one) comes from luck."""
YEARS = 3
"""Calendar years with trades from which on they are compared."""
ENOUGH = 5
"""Trades in a regime from which on it counts."""


def faults_of(record: Record, worth: Worth | None, ambiguous: int) -> list[Fault]:
    """Return what is wrong with a record, the gravest first; empty where nothing was found."""
    live = [t for t in record.trades if t.book == "live"]
    return [
        *_few(live),
        *_lost(record, live),
        *_overfitted(worth),
        *_short(worth),
        *_lucky(record, live),
        *faults_of_costs(record, ambiguous),
        *_years(live),
        *_regimes(record, live),
    ]


def _few(live: list[Trade]) -> Iterator[Fault]:
    if not live:
        yield Fault("no_trades", "No trade was made: there is nothing to judge.")
    elif len(live) < FEWEST:
        yield Fault(
            "few_trades",
            f"Too few trades: of {len(live)} nobody can tell a good strategy from chance ({FEWEST} at least).",
        )


def _lost(record: Record, live: list[Trade]) -> Iterator[Fault]:
    net = sum(t.net for t in live)
    if live and net <= 0.0:
        yield Fault("losing", f"It made no money: {money(net, signed=True)} {record.config.account.currency}.")


def _overfitted(worth: Worth | None) -> Iterator[Fault]:
    if worth is not None and worth.trials > 1 and worth.deflated < SURE and worth.sharpe > 0.0:
        shown = number(worth.sharpe, 2)
        yield Fault(
            "overfitted",
            f"Overfitted, for all that can be told: the best of {worth.trials:,} variants without skill would show a "
            f"Sharpe ratio of {number(worth.best_of_luck, 2)} a year, this one shows {shown}; it is above "
            f"that with a probability of {share(worth.deflated)} only.",
        )


def _short(worth: Worth | None) -> Iterator[Fault]:
    if worth is not None and worth.days_needed is not None and worth.days < worth.days_needed:
        yield Fault(
            "short_record",
            f"Too short: at a Sharpe ratio of {number(worth.sharpe, 2)} a year it takes "
            f"{math.ceil(worth.days_needed):,} days to be {SURE:.0%} sure that it is above 0, and there are "
            f"{worth.days:,}.",
        )


def _lucky(record: Record, live: list[Trade]) -> Iterator[Fault]:
    """Say whether a handful of trades made all of the profit."""
    net = sum(t.net for t in live)
    best = sorted((t.net for t in live), reverse=True)
    most = max(1, len(live) // LUCKY)
    without = next((k for k, sum_ in enumerate(accumulate(best[:most]), 1) if sum_ >= net), 0)
    if net > 0.0 and without:
        made = "One trade" if without == 1 else f"{without} trades"
        yield Fault(
            "lucky_trades",
            f"{made} of {len(live):,} made all of the profit: {money(sum(best[:without]), signed=True)} of "
            f"{money(net, signed=True)} {record.config.account.currency}; the others together made none.",
        )


def _years(live: list[Trade]) -> Iterator[Fault]:
    """Say whether it lost in most years, or earned in a single one."""
    years = _sums((_year(t.closed), t.net) for t in live)
    total, lost = sum(years.values()), sum(net < 0.0 for net in years.values())
    if len(years) < YEARS:
        return
    if lost > len(years) / 2:
        yield Fault("losing_years", f"It lost money in {lost} of {len(years)} years.")
    best = max(years, key=lambda year: years[year])
    if total > 0.0 and total <= years[best]:
        yield Fault(
            "one_year", f"All of the profit is of one year, {best}: the other {len(years) - 1} together made none."
        )


def _regimes(record: Record, live: list[Trade]) -> Iterator[Fault]:
    """Say whether one regime made all of the profit, of several in which there were trades."""
    heard = {s.name: s.gate.regime for s in record.config.strategies if s.gate is not None}
    for name in dict.fromkeys(heard.values()):
        mine = [t for t in live if heard.get(t.strategy) == name and t.regime >= 0]
        states = _sums((t.regime, t.net) for t in mine)
        counted = [state for state in states if sum(t.regime == state for t in mine) >= ENOUGH]
        total, best = sum(states.values()), max(states, key=lambda state: states[state], default=-1)
        if len(counted) > 1 and 0.0 < total <= states[best]:
            yield Fault(
                "one_regime",
                f"All of the profit was made in state {best} of {name}; in the others it made "
                f"{money(total - states[best], signed=True)}: it depends on a regime that its gate does not ask for.",
            )


def _sums(pairs: Iterable[tuple[int, float]]) -> dict[int, float]:
    found: defaultdict[int, float] = defaultdict(float)
    for key, value in pairs:
        found[key] += value
    return dict(found)


def _year(at: int) -> int:
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).year
