"""Nanoseconds a bar of the kernels that decide and fill, interpreted and compiled, on twenty years of S&P 500 days.

Both ways the loop over the bars is counted. Compiled, an array of the bars is walked many times.
"""

from typing import Any

import numba
import numpy as np

from numpy.typing import NDArray

from backtests.benchmarks.folds import Fold, folds
from backtests.benchmarks.timing import Work, head, in_turn
from market.kernel import compile_all

REPEATS = 5
TIMES = 50
"""Walks of the compiled loop over the bars in one run."""

Rows = NDArray[np.float64]


def plain(fold: Fold) -> Work:
    """Return one interpreted walk over the bars."""

    def work() -> None:
        step, params = fold.step, fold.params
        if params is None:
            for numbers in fold.rows:
                step(*numbers)
            return
        state = list(fold.state)
        for numbers in fold.rows:
            step(state, params, *numbers)

    return work


def compiled(fold: Fold) -> Work:
    """Return `TIMES` compiled walks over the bars."""
    kernel = fold.kernel
    rows = np.array(fold.numbers)
    params = np.array(fold.params or (0.0,))

    def loop(state: Rows, p: Rows, bars: Rows) -> float:
        total = 0.0
        for _ in range(TIMES):
            for i in range(len(bars)):
                total += kernel(state, p, bars[i])
        return total

    fast: Any = numba.njit(loop)
    return lambda: fast(np.array(fold.state or (0.0,)), params, rows)


def main() -> None:
    """Print the table: the least of several runs, which noise cannot lower."""
    compile_all()
    found = folds()
    works = {f"{f.name}, plain": plain(f) for f in found} | {f"{f.name}, compiled": compiled(f) for f in found}
    times = in_turn(works, REPEATS)
    print(head().splitlines()[0])
    print(f"\nleast of {REPEATS} runs\n\n| kernel | interpreted | compiled | ratio |\n|---|---|---|---|")
    for fold in found:
        slow = min(times[f"{fold.name}, plain"]) / len(fold.rows) * 1e9
        fast = min(times[f"{fold.name}, compiled"]) / len(fold.rows) / TIMES * 1e9
        print(f"| {fold.name} | {slow:,.0f} ns | {fast:,.1f} ns | {slow / fast:,.0f} |")


if __name__ == "__main__":
    main()
