"""Honest money: what a regime gate makes of indices and of EURUSD after costs, and what a look into the future would.

One gate for all, fixed beforehand: long while it is open, by hysteresis on the filtered posterior of all states but the
wildest. It opens at 0.8 and shuts below 0.2, which on simulated states made as many switches as there were. Nothing is
chosen from these series: they are correlated and have survived.
"""

import argparse
import os

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.benchmarks.money_books import DRAWS, Book, book, errors
from backtests.benchmarks.money_series import Series, eurusd, nasdaq, sp500
from backtests.benchmarks.money_walk import Walk, walk
from regimes.fit import Emission
from regimes.gate import GateParams, gate_init, gate_step

Array = NDArray[np.float64]

GATE = GateParams(allow=(0,), enter=0.8, leave=0.2, dwell=3).flat()
DEFAULT = GateParams(allow=(0,)).flat()
"""What a user has who says nothing of thresholds; shown beside, not chosen from."""
HEAVY = 5.0
"""Degrees of freedom of the Student-t states: given, not fitted."""
EMISSIONS: dict[str, Emission | float] = {"Gaussian": "gauss", f"t({HEAVY:g})": HEAVY}
STATES = (2, 3)
DELAYS = (1, 5, 10)
SHARE = 0.6
"""Of the drawdown of who always holds: the goal."""
SERIES: dict[str, Callable[[Path], Series]] = {
    "sp500": sp500,
    "nasdaq": lambda _: nasdaq(),
    "h1": lambda data: eurusd(data, "H1", 1500, 120),
    "m15": lambda data: eurusd(data, "M15", 6000, 480),
}
HEAD = (
    "| long | growth a year | net Sharpe | more than always | drawdown | of always | held | changes a year | delay 5 | "
    "delay 10 | gate .6/.4 | twin | gap | refits refused | all taken: Sharpe, drawdown |"
    "\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


class Result(NamedTuple):
    """One model's way through one series."""

    name: str
    walk: Walk
    books: tuple[Book, ...]
    """By delay, as in `DELAYS`."""
    twin: Book
    """The smoothed states behind the same gate, at the same delay and cost."""
    default: Book
    """The default gate's."""
    renewed: Book
    """That of a model renewed at every refit."""


def opened(mass: Array, gate: tuple[float, float, float] = GATE) -> Array:
    """Return 1.0 where the gate is open and 0.0 where it is shut after each bar's posterior mass (n,)."""
    state = gate_init(gate)
    return np.array([gate_step(state, gate, q) for q in mass.tolist()])


def always(series: Series, cost: Array | None = None) -> Book:
    """Return the figures of who buys when the first model is there and holds to the end."""
    start = series.window
    cost = _cost(series) if cost is None else cost
    return book(np.ones(len(series.returns) - start), 1, series.returns[start:], cost[start:], series.per_year)


def results(
    series: Series, states: tuple[int, ...] = STATES, emissions: tuple[str, ...] = tuple(EMISSIONS)
) -> Iterator[Result]:
    """Walk every model through a series."""
    for called, x in series.features.items():
        for emission in emissions:
            for count in states:
                found = walk(x, count, EMISSIONS[emission], series.window, series.every)
                name = f"unless wildest of {count}, {emission}, {called}"
                yield _result(name, found, series)


def _result(name: str, found: Walk, series: Series) -> Result:
    start = series.window
    past = (series.returns[start:], _cost(series)[start:], series.per_year)
    mass, later = found.filtered[start:], found.smoothed[start:]
    return Result(
        name=name,
        walk=found,
        books=tuple(book(opened(mass), delay, *past) for delay in DELAYS),
        twin=book(opened(later), 1, *past),
        default=book(opened(mass, DEFAULT), 1, *past),
        renewed=book(opened(found.renewed[start:]), 1, *past),
    )


def _cost(series: Series) -> Array:
    return next(iter(series.costs.values()))


def line(result: Result, base: Book, per_year: float, draws: int = DRAWS) -> str:
    """Return a row of the table."""
    one = result.books[0]
    error, paired = errors(one, base, per_year, draws)
    late = " | ".join(f"{late.sharpe:.2f}" for late in result.books[1:])
    return (
        f"| {result.name} | {one.growth:.1%} | {one.sharpe:.2f} ± {error:.2f} | "
        f"{one.sharpe - base.sharpe:+.2f} ± {paired:.2f} | "
        f"{one.drawdown:.1%} | {one.drawdown / base.drawdown:.2f} | {one.inside:.0%} | {one.changes:.1f} | {late} | "
        f"{result.default.sharpe:.2f} | {result.twin.sharpe:.2f} | {result.twin.sharpe - one.sharpe:+.2f} | "
        f"{result.walk.kept} of {result.walk.refits} | "
        f"{result.renewed.sharpe:.2f}, {result.renewed.drawdown / base.drawdown:.2f} |"
    )


def base_line(base: Book, per_year: float, draws: int = DRAWS) -> str:
    """Return the row of who always holds."""
    error, _ = errors(base, base, per_year, draws)
    return (
        f"| always | {base.growth:.1%} | {base.sharpe:.2f} ± {error:.2f} | | {base.drawdown:.1%} | 1.00 | 100% | "
        f"{base.changes:.1f} | | | | | | | |"
    )


def verdict(result: Result, base: Book) -> str:
    """Return whether the goal is met, and by how much it is missed.

    >>> import numpy as np
    >>> always, gated = (Book(np.zeros(1), 0.05, s, d, 1.0, 0.1) for s, d in ((0.5, 0.5), (0.4, 0.35)))
    >>> walked = Walk(*np.zeros((3, 1)), 1, 0)
    >>> verdict(Result("long", walked, (gated,), gated, gated, gated), always)
    'long: missed: drawdown 0.70 of always, 0.10 too much; net Sharpe 0.10 too little'
    """
    one = result.books[0]
    share, less = one.drawdown / base.drawdown, base.sharpe - one.sharpe
    lacks = [f"drawdown {share:.2f} of always, {share - SHARE:.2f} too much"] if share > SHARE else []
    lacks += [f"net Sharpe {less:.2f} too little"] if less > 0.0 else []
    return f"{result.name}: {'missed: ' + '; '.join(lacks) if lacks else 'met'}"


def table(series: Series) -> Iterator[str]:
    """Return the lines of a series' table, and what is to be said below it."""
    base = always(series)
    bars = len(base.earned)
    yield f"\n### {series.name}: {bars:,} bars, refitted every {series.every} on {series.window:,}\n"
    yield HEAD
    yield base_line(base, series.per_year)
    verdicts = []
    for result in results(series):
        yield line(result, base, series.per_year)
        verdicts.append(verdict(result, base))
    yield "\nGoal: a drawdown of at most 0.6 of always, at a net Sharpe not below it.\n"
    yield from (f"- {told}" for told in verdicts)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TIDEGATE_DATA", "")))
    parser.add_argument("--series", nargs="*", choices=list(SERIES), default=list(SERIES))
    args = parser.parse_args()
    for name in args.series:
        try:
            series = SERIES[name](args.data)
        except FileNotFoundError as error:
            print(f"\nno {name}: {error.filename} is not there; name its folder with --data, or in TIDEGATE_DATA")
            continue
        for told in table(series):
            print(told, flush=True)


if __name__ == "__main__":
    main()
