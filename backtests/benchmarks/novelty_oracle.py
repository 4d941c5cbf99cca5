"""What the best test could tell of a market that changes: somebody who knows the truth, and into what it will change.

Its evidence is the exact likelihood ratio, bar by bar: the density of the changed market against the one that the
truth's own filter predicts. Two figures are made of it. The **oracle** is Page's CUSUM of the ratio, which knows all
but the bar of the change, at a limit that 5 % of runs of 1,000 bars of the truth reach: a test that there is. The
**bound** is what no test can exceed, on average over the bars at which the market may change: whoever raises at most
5 % of runs raises in a window of 50 bars, one of 20, a quarter of a per cent on average, and at that level nothing
tells more than the ratio of the window itself to somebody who knows the window (Neyman and Pearson, 1933; its power is
concave in the level).
"""

import functools
import math

from typing import Any, NamedTuple

import numpy as np

from backtests.benchmarks.simulated import Array
from market.kernel import compile_all
from regimes.calibrate import CHANGES, ONSET, TARGET, WITHIN
from regimes.calibrate_runs import DEAD, WILDER, Change, changed, draw, known, who_changes
from regimes.filter import filter_init, filter_step
from regimes.weights import Parameters, pack

RUN = 1000
RUNS = 4000


class Best(NamedTuple):
    """Share of changed markets that are told within 50 bars."""

    oracle: float
    bound: float


def best(truth: Parameters, seed: int, runs: int = RUNS) -> dict[Change, Best]:
    """Return what can be told at best of each change of the market."""
    dice = np.random.default_rng((seed, 5))
    quiet = draw(known(truth, runs), RUN, dice)
    return {change: _best(truth, change, quiet, dice) for change in CHANGES}


def _best(truth: Parameters, change: Change, quiet: Array, dice: np.random.Generator) -> Best:
    runs = known(truth, len(quiet))
    limit = float(np.quantile(highest(ratios(truth, change, quiet)), 1.0 - TARGET))
    x = np.concatenate((draw(runs, ONSET, dice), changed(runs, WITHIN, change, dice)), axis=1)
    told = ratios(truth, change, x)
    share = float((highest(told, ONSET, limit) >= limit).mean())
    return Best(share, bound(told[:, ONSET:].sum(axis=1), TARGET * WITHIN / RUN))


def ratios(truth: Parameters, change: Change, x: Array) -> Array:
    """Return the log likelihood ratio of each bar (R, bars), in nats: the changed market's law against the truth's."""
    after, before = (
        _predicted()(np.array(pack(each)), np.array(filter_init(pack(each))), x)
        for each in (changed_for_ever(truth, change), truth)
    )
    return after - before  # type: ignore[no-any-return] # numba's


def changed_for_ever(truth: Parameters, change: Change) -> Parameters:
    """Return the market after a change as a model, which has two states at least: they are alike."""
    k, deviation = who_changes(truth, change)
    times = {"wilder": WILDER, "dead": DEAD}.get(change, 1.0)
    covariance = np.array(truth.covariances[k])
    mean = np.array(truth.means[k])
    if change.startswith("drift"):
        mean[0] += (1.0 if change == "drift up" else -1.0) * deviation * np.sqrt(covariance[0, 0])
    return Parameters(
        centre=truth.centre,
        scale=truth.scale,
        start=(0.5, 0.5),
        transitions=((0.5, 0.5), (0.5, 0.5)),
        means=(tuple(mean.tolist()),) * 2,
        covariances=(tuple(map(tuple, (times * times * covariance).tolist())),) * 2,
        full=truth.full,
        dof=(truth.dof[k],) * 2 if truth.dof else (),
    )


def highest(told: Array, onset: int = 0, limit: float = math.inf) -> Array:
    """Return how high the CUSUM of each run comes from `onset` on; one beyond `limit` before begins anew there."""
    total, most = np.zeros(len(told)), np.zeros(len(told))
    raised = np.zeros(len(told), dtype=bool)
    for t in range(told.shape[1]):
        if t == onset:
            total[raised] = 0.0
        total = np.maximum(total + told[:, t], 0.0)
        raised |= total >= limit
        if t >= onset:
            most = np.maximum(most, total)
    return most


def bound(window: Array, level: float) -> float:
    """Return the power of the most powerful test at this level, by its log likelihood ratios where there is a change.

    What such a test would raise where there is none is the mean of exp(-ratio) over what it raises where there is one.
    """
    order = np.sort(window)[::-1]
    raised = np.cumsum(np.exp(-order)) / len(order)
    return float(np.searchsorted(raised, level) / len(order))


@functools.cache
def _predicted() -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that filters runs."""
    import numba  # noqa: PLC0415 - as everywhere: whoever compiles imports it

    compile_all()

    @numba.njit(nogil=True)
    def predicted(w: Any, s0: Any, x: Any) -> Any:  # noqa: ANN401 - likewise
        found = np.empty(x.shape[:2])
        for run in range(len(x)):
            s = s0.copy()
            for t in range(x.shape[1]):
                found[run, t] = filter_step(s, w, x[run, t])
        return found

    return predicted
