"""False alarms of novelty, and what it tells: models fitted to simulated bars, limits as training stores them.

Each fit learns from so many bars of a market whose truth we know, is calibrated as training does it, and then reads
fresh bars of the same truth, runs of 1,000, and markets that have changed after 150. A change is one of the truth, not
of what the model takes for it. Hardy's markets, one like the DAX, Student-t ones, and persistent ones drawn at random
with 1 to 4 features. Statistics and limits were chosen on the two that are marked so, on two like the DAX with other
numbers, and on Gaussian markets of one feature drawn in much the same way from other seeds; on none of the others.
Errors count fits, not runs: the runs of one fit share its mistakes. The bound is the upper 95 % one, bootstrapped.
Fits with a state that few bars taught are told apart too.
"""

import argparse
import time

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from backtests.benchmarks.simulated import Array, daily
from backtests.benchmarks.timing import head
from backtests.watched import THIN
from regimes.calibrate import CHANGES, calibrate, told
from regimes.calibrate_read import Reader
from regimes.calibrate_runs import Change, draw, known
from regimes.fit import Covariance, fit
from regimes.novelty import battery
from regimes.weights import ModelError, Parameters

BARS = (1000, 2000, 5000)
RUN = 1000
PER_FIT = 40
LATER: tuple[Change, ...] = ("trending", "heavier tails")
LATE = 200
STARTS = 20
RESAMPLES = 4000


class Market(NamedTuple):
    """A market and how it was found."""

    name: str
    truth: Parameters


class Judged(NamedTuple):
    """What a fit came to."""

    alarms: float
    """Share of its fresh runs that had one."""
    told: tuple[float, ...]
    """Share of changed markets that were told, by change; then those within 200 bars."""
    thin: bool
    factor: float
    silent: int


def _market(means: Array, sds: Array, transitions: Array, dof: tuple[float, ...] = (), turn: float = 0.0) -> Parameters:
    """Return a market of K states: means and deviations (K, d), features correlated by `turn`."""
    transitions = transitions / transitions.sum(axis=1, keepdims=True)
    ahead = np.linalg.matrix_power(transitions, 1 << 20)[0]
    size = means.shape[1]
    tied = np.eye(size) * (1.0 - turn) + turn
    return Parameters(
        centre=(0.0,) * size,
        scale=(0.01,) * size,
        start=tuple((ahead / ahead.sum()).tolist()),
        transitions=tuple(map(tuple, transitions.tolist())),
        means=tuple(map(tuple, means.tolist())),
        covariances=tuple(tuple(map(tuple, (np.outer(sd, sd) * tied).tolist())) for sd in sds),
        full=turn != 0.0,
        dof=dof,
    )


def hardy(states: int, dof: float = 0.0) -> Parameters:
    """Return Hardy's market of a day; of Student's t with so many degrees of freedom if any are given."""
    market = daily(states)
    sds = market.sds[:, None] * 100.0 * (np.sqrt((dof - 2.0) / dof) if dof else 1.0)
    return _market(market.means[:, None] * 100.0, sds, market.transitions, (dof,) * states if dof else ())


def drawn(seed: int, states: int, size: int, *, heavy: bool = False) -> Parameters:
    """Return a persistent market drawn at random: stays of 40 to 120 bars, each state 1.5 to 2.2 times as wild."""
    dice = np.random.default_rng(seed)
    sds = np.cumprod(dice.uniform(1.5, 2.2, (states, 1)), axis=0) * dice.uniform(0.8, 1.25, (states, size)) * 0.4
    leave = 1.0 / dice.uniform(40.0, 120.0, states)
    transitions = np.diag(1.0 - leave)
    for k in range(states):
        others = [j for j in range(states) if j != k]
        transitions[k, others] = leave[k] * dice.dirichlet(np.full(states - 1, 3.0))
    means = 0.15 * dice.standard_normal((states, size)) * sds
    dof = tuple(dice.uniform(4.0, 9.0, states).tolist()) if heavy else ()
    return _market(means, sds, transitions, dof, 0.4 if size > 1 else 0.0)


MARKETS = (
    Market("Hardy, 2 states (also chosen by)", hardy(2)),
    Market("Hardy, 3 states (also chosen by)", hardy(3)),
    Market("Hardy, 2 states, t(5)", hardy(2, 5.0)),
    Market(
        "like the DAX, 3 states",
        _market(np.array([[0.1], [-0.01], [-0.2]]), np.array([[0.68], [1.35], [2.7]]),
                np.array([[0.987, 0.012, 0.001], [0.014, 0.976, 0.01], [0.002, 0.03, 0.968]])),
    ),
    Market("drawn, 2 states", drawn(41, 2, 1)),
    Market("drawn, 3 states", drawn(42, 3, 1)),
    Market("drawn, 3 states, t", drawn(43, 3, 1, heavy=True)),
    Market("drawn, 2 states, 2 features", drawn(44, 2, 2)),
    Market("drawn, 3 states, 3 features", drawn(45, 3, 3)),
    Market("drawn, 2 states, 4 features", drawn(46, 2, 4)),
)  # fmt: skip


def judged(number: int, bars: int, trial: int) -> Judged | None:
    """Return what the fit of a trial came to; None where the bars carried no model."""
    truth = MARKETS[number].truth
    dice = np.random.default_rng((7, number, bars, trial))
    x = draw(known(truth, 1), bars, dice)[0]
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
    return Judged(float(alarms.mean()), tuple(found), min(evidence) < THIN, limits.factor, len(limits.silent))


def shown(values: list[float], *, bound: bool = False) -> str:
    """Return a mean with its standard error, and its upper bound if wanted."""
    table = np.array(values)
    if not len(table):
        return "-"
    means = table[np.random.default_rng(0).integers(0, len(table), (RESAMPLES, len(table)))].mean(axis=1)
    text = f"{table.mean():.3f} ± {means.std():.3f}"
    return f"{text} (≤ {np.quantile(means, 0.95):.3f})" if bound else text


def tell(number: int, bars: int, found: list[Judged | None]) -> None:
    """Print the row of a market and a length of training."""
    fits = [each for each in found if each is not None]
    powers = [shown([each.told[way] for each in fits]) for way in range(len(CHANGES) + len(LATER))]
    firm = shown([each.alarms for each in fits if not each.thin], bound=True)
    thin = np.mean([each.thin for each in fits])
    print(
        f"| {MARKETS[number].name} | {bars:,} | {len(fits)} / {len(fits) * PER_FIT:,} "
        f"| {shown([each.alarms for each in fits], bound=True)} | {firm}, {thin:.0%} thin | {' | '.join(powers)} "
        f"| {np.median([each.factor for each in fits]):.2f} | {np.mean([each.silent > 0 for each in fits]):.2f} |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=100)
    parser.add_argument("--markets", type=int, nargs="*", default=range(len(MARKETS)))
    parser.add_argument("--bars", type=int, nargs="*", default=BARS)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    began = time.perf_counter()
    print(head().partition("\n")[0])
    print(f"\n| market | learnt from | fits / runs | runs of {RUN:,} with an alarm | without thin states |", end="")
    print(" | ".join((" wilder", *CHANGES[1:], *(f"{change}, {LATE} bars" for change in LATER))), end="")
    print(" | factor | silent |\n" + "|---" * (7 + len(CHANGES) + len(LATER)) + "|", flush=True)
    with ProcessPoolExecutor(asked.processes) as pool:
        for number in asked.markets:
            for bars in asked.bars:
                tell(number, bars, list(pool.map(partial(judged, number, bars), range(asked.fits))))
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
