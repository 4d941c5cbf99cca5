"""What a bar costs the regime filter, compiled and interpreted, against hmmlearn's `predict_proba` on a window.

Compiled is the step whose shape the compiler knows, beside the one for any shape. A window of 500 bars is what a
strategy has to hand to hmmlearn at each bar, and its answer is an approximation even so: it begins anew at the start
probability. Ways are run in turn, and the least of several runs counts.
"""

import functools

from typing import Any

import numba
import numpy as np

from hmmlearn.hmm import GaussianHMM
from numpy.typing import NDArray

from backtests.benchmarks.timing import Work, head, in_turn
from market.kernel import compile_all
from regimes.filter import filter_init, filter_step
from regimes.filter_shaped import shape_of, shaped_step
from regimes.weights import Parameters, Vector, pack

Array = NDArray[np.float64]

SHAPES = ((2, 1), (2, 4), (3, 2), (4, 1), (4, 4))
"""States and features."""
KINDS = {"Gaussian, diagonal": (False, 0.0), "Gaussian, full": (True, 0.0), "t(5), diagonal": (False, 5.0)}
ROWS = 5_000
PLAIN = 200
"""Rows of an interpreted run."""
WINDOW = 500
REPEATS = 60
"""Runs are short, a millisecond or two, so that the least of many met no other work."""
AIM_NS, AIM_TIMES = 150.0, 1000.0


def model(states: int, size: int, *, full: bool, dof: float) -> Parameters:
    """Return a persistent model whose states grow wilder."""
    off = 0.02 / (states - 1)
    transitions = tuple(tuple(0.98 if i == j else off for j in range(states)) for i in range(states))
    common = 0.3 if full else 0.0

    def covariance(k: int) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple((1.0 if i == j else common) * (0.5 + k) for j in range(size)) for i in range(size))

    return Parameters(
        centre=(0.0,) * size, scale=(1.0,) * size, start=(1.0 / states,) * states, transitions=transitions,
        means=tuple((0.1 * k,) * size for k in range(states)),
        covariances=tuple(covariance(k) for k in range(states)), full=full, dof=(dof,) * states if dof else (),
    )  # fmt: skip


@functools.cache
def _loop(step: Any) -> Any:  # noqa: ANN401 - numba has no types
    compile_all()

    def loop(s: Array, w: Array, x: Array) -> float:
        total = 0.0
        for i in range(len(x)):
            total += step(s, w, x[i])
        return total

    return numba.njit(loop)


def compiled(step: Any, weights: Vector, rows: Array) -> Work:  # noqa: ANN401 - numba has no types
    """Return a compiled walk over the rows."""
    fast, w = _loop(step), np.array(weights)
    return lambda: fast(np.array(filter_init(weights)), w, rows)


def interpreted(weights: Vector, rows: Array) -> Work:
    """Return a walk over the first rows as a daemon walks."""
    told = [tuple(row) for row in rows[:PLAIN].tolist()]

    def work() -> None:
        state = filter_init(weights)
        for row in told:
            filter_step(state, weights, row)

    return work


def windowed(parameters: Parameters, rows: Array, implementation: str) -> Work:
    """Return one call of hmmlearn on a window of the same model; it has Gaussian states only."""
    kind = "full" if parameters.full else "diag"
    found = GaussianHMM(len(parameters.start), kind, init_params="", implementation=implementation)
    found.startprob_ = np.array(parameters.start)
    found.transmat_ = np.array(parameters.transitions)
    found.means_ = np.array(parameters.means)
    covariances = np.array(parameters.covariances)
    found.covars_ = covariances if parameters.full else np.array([np.diag(each) for each in covariances])
    window = rows[:WINDOW]
    return lambda: found.predict_proba(window)


def main() -> None:
    """Print the table."""
    print(head().splitlines()[0])
    print(
        f"\nleast of {REPEATS} runs\n\n| states, features | emission | compiled | for any shape | interpreted |", end=""
    )
    print(" hmmlearn log | scaling | log over compiled | scaling over compiled | log over interpreted |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for states, size in SHAPES:
        for kind, (full, dof) in KINDS.items():
            if full and size == 1:
                continue
            print(line(states, size, kind, full=full, dof=dof), flush=True)
    print(f"\nAim: at most {AIM_NS:.0f} ns compiled, and {AIM_TIMES:,.0f} times as fast as a window of {WINDOW}.")


def line(states: int, size: int, kind: str, *, full: bool, dof: float) -> str:
    """Return a row of the table; Student's t is held against nothing."""
    parameters = model(states, size, full=full, dof=dof)
    weights = pack(parameters)
    rows = np.random.default_rng(1).normal(size=(ROWS, size))
    works = {
        "compiled": compiled(shaped_step(shape_of(weights)), weights, rows),
        "any shape": compiled(filter_step, weights, rows),
        "interpreted": interpreted(weights, rows),
    }
    if not dof:
        works |= {way: windowed(parameters, rows, way) for way in ("log", "scaling")}
    least = {name: min(times) for name, times in in_turn(works, REPEATS).items()}
    fast, slow, any_shape = least["compiled"] / ROWS, least["interpreted"] / PLAIN, least["any shape"] / ROWS
    told = f"| {states}, {size} | {kind} | {fast * 1e9:.0f} ns | {any_shape * 1e9:.0f} ns | {slow * 1e6:.1f} us |"
    if dof:
        return f"{told} | | | | |"
    log, scaling = least["log"], least["scaling"]
    ratios = f"{log / fast:,.0f} | {scaling / fast:,.0f} | {log / slow:,.0f} |"
    return f"{told} {log * 1e6:,.0f} us | {scaling * 1e6:,.0f} us | {ratios}"


if __name__ == "__main__":
    main()
