"""False alarms of novelty, and what it tells: models that are known, and models fitted to simulated bars.

The first table is of models that are the truth themselves, with standard limits, on fresh runs; beside each power stand
that of the best test there is, and what no test can exceed (`novelty_oracle.py`). The second is of fits: each learns
from so many bars of a market whose truth we know, is calibrated as training does it, and then reads fresh bars of the
same truth, runs of 1,000, and markets that have changed after 150. A change is one of the truth, not of what the model
takes for it. Statistics and limits were chosen on the two markets that are marked so, on two like the DAX with other
numbers, and on markets drawn in much the same way from other seeds; on none of the others. Errors count fits, not runs:
the runs of one fit share its mistakes. The bound is the upper 95 % one, bootstrapped.

Whoever learns from 2,000 bars may not have seen a state at all, and then its bars are novel, and no false alarm. So
fits whose bars held each state of the truth for 150 bars or more are told apart.
"""

import argparse
import time

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from scipy.stats import beta

from backtests.benchmarks.novelty_markets import MARKETS
from backtests.benchmarks.novelty_oracle import best
from backtests.benchmarks.timing import head
from backtests.watched import THIN
from regimes.calibrate import CHANGES, calibrate, told
from regimes.calibrate_read import Reader
from regimes.calibrate_runs import Change, draw, known, made, visited
from regimes.fit import Covariance, fit
from regimes.novelty import battery
from regimes.novelty_limits import standard
from regimes.weights import ModelError, pack

BARS = (1000, 2000, 5000)
RUN = 1000
RUNS = 4000
PER_FIT = 40
LATER: tuple[Change, ...] = ("trending", "heavier tails")
LATE = 200
STARTS = 20
RESAMPLES = 4000


class Known(NamedTuple):
    """What a model that is the truth came to."""

    alarms: float
    bound: float
    told: tuple[str, ...]
    """By change: the share that was told, the best test's, and what none exceeds."""


class Judged(NamedTuple):
    """What a fit came to."""

    alarms: float
    """Share of its fresh runs that had one."""
    told: tuple[float, ...]
    """Share of changed markets that were told, by change; then those within 200 bars."""
    seen: bool
    """Its bars held each state of the truth."""
    factor: float
    silent: int


def known_one(number: int) -> Known:
    """Return what the battery of a market's true model comes to."""
    truth = MARKETS[number].truth
    dice, runs = np.random.default_rng((17, number)), known(truth, RUNS)
    reader = Reader(pack(truth), (), battery(standard(len(truth.centre))))
    alarms = int((reader.first_alarms(draw(runs, RUN, dice)) > 0).sum())
    at_best = best(truth, number)
    shares = [(told(reader, runs, change, dice), *at_best[change]) for change in CHANGES]
    return Known(
        alarms / RUNS,
        float(beta.ppf(0.95, alarms + 1, RUNS - alarms)),
        tuple(f"{ours:.3f}, {oracle:.3f}, {bound:.3f}" for ours, oracle, bound in shares),
    )


def judged(number: int, bars: int, trial: int) -> Judged | None:
    """Return what the fit of a trial came to; None where the bars carried no model."""
    truth = MARKETS[number].truth
    dice, one = np.random.default_rng((8, number, bars, trial)), known(truth, 1)
    states = visited(one, bars, dice)
    x = made(one, states, dice)[0]
    kind: Covariance = "full" if truth.full else "diag"
    try:
        model = fit(
            x, len(truth.start), seed=trial, covariance=kind, emission="t" if truth.dof else "gauss", starts=STARTS,
            engine="kernel",
        )  # fmt: skip
    except ModelError:
        return None
    evidence = tuple(share * model.rows for share in model.occupancy)
    limits = calibrate(model.weights, evidence, x, seed=trial, trials=1)
    reader = Reader(model.weights, evidence, battery(limits.limits))
    runs = known(truth, PER_FIT)
    alarms = reader.first_alarms(draw(runs, RUN, dice)) > 0
    found = [told(reader, runs, change, dice) for change in CHANGES]
    found += [told(reader, runs, change, dice, LATE) for change in LATER]
    seen = bool(np.bincount(states[0], minlength=len(truth.start)).min() >= THIN)
    return Judged(float(alarms.mean()), tuple(found), seen, limits.factor, len(limits.silent))


def shown(values: list[float], *, bound: bool = False) -> str:
    """Return a mean with its standard error, and its upper bound if wanted."""
    table = np.array(values)
    if not len(table):
        return "-"
    means = table[np.random.default_rng(0).integers(0, len(table), (RESAMPLES, len(table)))].mean(axis=1)
    text = f"{table.mean():.3f} ± {means.std():.3f}"
    return f"{text} (≤ {np.quantile(means, 0.95):.3f})" if bound else text


def tell(name: str, bars: int, found: Sequence[Judged | None]) -> None:
    """Print the row of a market and a length of training."""
    fits = [each for each in found if each is not None]
    powers = [shown([each.told[way] for each in fits]) for way in range(len(CHANGES) + len(LATER))]
    seen = [each.alarms for each in fits if each.seen]
    print(
        f"| {name} | {bars:,} | {len(fits)} / {len(fits) * PER_FIT:,} "
        f"| {shown([each.alarms for each in fits], bound=True)} | {len(seen)}: {shown(seen, bound=True)} "
        f"| {' | '.join(powers)} "
        f"| {np.median([each.factor for each in fits]):.2f} | {np.mean([each.silent > 0 for each in fits]):.2f} |",
        flush=True,
    )


def tell_known(pool: ProcessPoolExecutor, numbers: Sequence[int]) -> None:
    """Print the table of models that are the truth."""
    print(f"\n| market | runs of {RUN:,} with an alarm | {' | '.join(CHANGES)} |\n" + "|---" * (2 + len(CHANGES)) + "|")
    for number, found in zip(numbers, pool.map(known_one, numbers), strict=True):
        print(
            f"| {MARKETS[number].name} | {found.alarms:.3f} (≤ {found.bound:.3f}) | {' | '.join(found.told)} |",
            flush=True,
        )


def tell_fitted(pool: ProcessPoolExecutor, numbers: Sequence[int], lengths: Sequence[int], fits: int) -> None:
    """Print the table of fits, and all markets together."""
    late = [f"{change}, {LATE} bars" for change in LATER]
    heads = ("market", "learnt from", "fits / runs", f"runs of {RUN:,} with an alarm", "fits that saw each state")
    columns = (*heads, *CHANGES, *late, "factor", "silent")
    print(f"\n| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|", flush=True)
    for bars in lengths:
        together: list[Judged | None] = []
        for number in numbers:
            found = list(pool.map(partial(judged, number, bars), range(fits)))
            tell(MARKETS[number].name, bars, found)
            together += found
        tell("all together", bars, together)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", choices=("known", "fitted"), nargs="*", default=("known", "fitted"))
    parser.add_argument("--fits", type=int, default=100)
    parser.add_argument("--markets", type=int, nargs="*", default=range(len(MARKETS)))
    parser.add_argument("--bars", type=int, nargs="*", default=BARS)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    began = time.perf_counter()
    print(head().partition("\n")[0])
    with ProcessPoolExecutor(asked.processes) as pool:
        if "known" in asked.tables:
            tell_known(pool, asked.markets)
        if "fitted" in asked.tables:
            tell_fitted(pool, asked.markets, asked.bars, asked.fits)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
