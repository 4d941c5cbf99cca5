"""Training of regime models: milliseconds a step of both engines and a fit of many starts, and how good the fits are.

Steps are taken in turn from the same start. The likelihood is compared with the best of many other starts, on simulated
days, on the S&P 500 (with `TIDEGATE_DATA` or `--data`) and on arch's Nasdaq; `--windows` says how many of
each. Steps are timed by the processor, fits by the wall.
"""

import argparse
import math
import os
import time

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from numpy.typing import NDArray

from backtests.benchmarks.indices import SP500, moves, sp500
from backtests.benchmarks.simulated import Scenario, draw
from backtests.benchmarks.timing import Work, head, in_turn, row
from market.sp500 import read_nasdaq
from regimes.fit import fit
from regimes.fit_chain import Chain, Rules
from regimes.fit_hmmlearn import as_hmmlearn
from regimes.fit_kernel import climb_all
from regimes.weights import ModelError

Array = NDArray[np.float64]

SHAPES = ((5_000, 2, 1), (5_000, 3, 4), (370_000, 2, 1), (370_000, 3, 1), (370_000, 4, 4))
"""Rows, states and features that steps are timed on."""
STEPS = {"kernel": 20, "log": 2, "scaling": 2}
REPEATS = 5
YEARS = 2000  # rows of a window
CLOSE = 0.1  # nats
OTHERS = 150  # starts that know best
MOST = 3  # states that days are simulated of


def simulated(states: int, count: int, seed: int, size: int = 1) -> Array:
    """Return days (n, d) of Hardy's market of as many states, three at most; each column goes its own way."""
    scenario = Scenario("", min(states, MOST), count)
    return np.column_stack([draw(scenario, count, (seed, scenario.states, column))[0] for column in range(size)])


def real(data: Path | None) -> dict[str, Array]:
    """Return the daily log returns that are here, by name."""
    found = {"Nasdaq 1999-2018": moves(read_nasdaq())}
    if data is not None and (data / SP500).exists():
        found["S&P 500 1962-2020"] = moves(sp500(data))
    return found


def begun(size: int, states: int) -> tuple[Chain, Rules]:
    """Return a persistent start for standardised rows, and plain rules."""
    eye, spreads = np.eye(states), np.linspace(0.3, 2.5, states)
    chain = Chain(
        start=np.full(states, 1.0 / states),
        transitions=0.99 * eye + 0.01 / (states - 1) * (1.0 - eye),
        means=np.zeros((states, size)),
        covariances=np.array([spread * np.eye(size) for spread in spreads]),
        dof=np.full(states, math.inf),
    )
    return chain, Rules(prior=1.0 + 0.5 * (1.0 - eye), full=False, floor=1e-12)


def steps() -> None:
    """Print milliseconds of processor time a step, the least of several, and how many times as long hmmlearn takes."""
    print("\n| rows | states, features | kernel | hmmlearn log | scaling | ratios |\n|---|---|---|---|---|---|")
    for count, states, size in SHAPES:
        x = simulated(states, count, 1, size)
        spent = _spent((x - x.mean(axis=0)) / x.std(axis=0), *begun(size, states))
        numbers = " | ".join(f"{spent[name]:,.2f} ms" for name in STEPS)
        ratios = ", ".join(f"{spent[name] / spent['kernel']:.1f}" for name in ("log", "scaling"))
        print(f"| {count:,} | {states}, {size} | {numbers} | {ratios} |", flush=True)


def _spent(z: Array, chain: Chain, rules: Rules) -> dict[str, float]:
    """Return the least milliseconds of processor time a step takes, the ways in turn; other work does not count."""
    works: dict[str, Work] = {
        "kernel": lambda: climb_all(z, [chain], rules, STEPS["kernel"], 10**6, -math.inf),
        "log": lambda: as_hmmlearn(chain, rules, STEPS["log"]).fit(z),
        "scaling": lambda: as_hmmlearn(chain, rules, STEPS["scaling"]).set_params(implementation="scaling").fit(z),
    }
    works["kernel"]()
    least = dict.fromkeys(works, math.inf)
    for _ in range(REPEATS):
        for name, work in works.items():
            began = time.process_time()
            work()
            least[name] = min(least[name], (time.process_time() - began) / STEPS[name] * 1e3)
    return least


def whole() -> None:
    """Print the time of whole fits of ten starts and of all, verified by hmmlearn and not."""
    print(f"\n{head()}")
    for states in (2, 3):
        x = simulated(states, 5_000, 2)
        works: dict[str, Work] = {
            "ten starts": partial(fit, x, states, seed=1, starts=10, engine="kernel"),
            "ten starts, verified": partial(fit, x, states, seed=1, starts=10),
            "sixty starts, verified": partial(fit, x, states, seed=1),
        }
        for name, times in in_turn(works, REPEATS).items():
            print(row(f"{states} states, 5,000 rows, {name}", [t * 1e3 for t in times], "ms"), flush=True)


def reached(series: list[Array], states: int) -> tuple[int, int, float]:
    """Return how many fits are as good as the best known, of how many that know a sound model, and the worst gap."""
    gaps = []
    for seed, x in enumerate(series):
        best, ours = _likelihood(x, states, 1000 + seed, OTHERS), _likelihood(x, states, 1, None)
        if max(best, ours) > -math.inf:
            gaps.append(max(best - ours, 0.0))
    return sum(gap < CLOSE for gap in gaps), len(gaps), max(gaps, default=math.nan)


def _likelihood(x: Array, states: int, seed: int, starts: int | None) -> float:
    try:
        return fit(x, states, seed=seed, starts=starts, engine="kernel").log_likelihood
    except ModelError:
        return -math.inf


def windows(x: Array, count: int) -> list[Array]:
    """Return windows of equal length spread evenly over a series."""
    return [x[first : first + YEARS] for first in np.linspace(0, len(x) - YEARS, count).astype(int)]


def likelihoods(data: Path | None, count: int, choices: Sequence[int]) -> None:
    """Print the share of fits that reach the best known likelihood, and how long a fit takes."""
    series = {f"simulated, {k} states, {n:,} rows": [simulated(k, n, s) for s in range(count)] for k, n in CASES}
    series |= {f"{name}, windows of 2,000": windows(x, count) for name, x in real(data).items()}
    print(f"\n| series | states | within {CLOSE} of the best of {OTHERS} others | largest gap | s a fit |")
    print("|---|---|---|---|---|")
    for name, found in series.items():
        for states in choices:
            hits, all_, worst = reached(found, states)
            began = time.perf_counter()
            _likelihood(found[0], states, 1, None)
            spent = time.perf_counter() - began
            print(f"| {name} | {states} | {hits} of {all_} | {worst:.2f} | {spent:.2f} |", flush=True)


CASES = ((2, 1000), (2, 2000), (3, 1000), (3, 3000))
"""States and rows of the simulated series."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("TIDEGATE_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--states", type=int, nargs="+", default=[2, 3, 4])
    told = parser.parse_args()
    print(head().partition("\n")[0])
    steps()
    whole()
    likelihoods(told.data, told.windows, told.states)


if __name__ == "__main__":
    main()
