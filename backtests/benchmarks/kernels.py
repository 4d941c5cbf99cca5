"""Nanoseconds a bar of the folds that decide, interpreted and compiled."""

import numba
import numpy as np

from backtests.benchmarks.timing import seconds
from market.features import FEATURES
from market.kernel import compile_all
from market.sp500 import read_sp500
from regimes.filter import filter_init, filter_step
from regimes.weights import Parameters, pack
from strategies.registry import BUILT_IN

PARAMS = {1: (20.0,), 0: ()}
TIMES = 20


def per_bar(work: object, bars: int) -> float:
    """Return the least nanoseconds a bar of several runs."""
    return min(seconds(work, 3)) / bars * 1e9  # type: ignore[arg-type]  # a function without arguments


def feature(name: str) -> tuple[float, float]:
    """Return the cost of one feature, both ways."""
    found = FEATURES[name]
    step, params = found.step, PARAMS[len(found.params)]
    tape = read_sp500()
    rows = list(zip(tape.open, tape.high, tape.low, tape.close, [t / 1000.0 for t in tape.time], strict=True))
    columns = [np.array(c) for c in zip(*rows, strict=True)]

    def plain() -> None:
        state = found.init(params)
        for o, h, low, c, t in rows:
            step(state, params, o, h, low, c, t)

    @numba.njit
    def loop(state, p, o, h, low, c, t, times):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        total = 0.0
        for _ in range(times):
            for i in range(len(o)):
                total += step(state, p, o[i], h[i], low[i], c[i], t[i])
        return total

    state = np.array(found.init(params) or [0.0])
    flat = np.array(params or (0.0,))
    return per_bar(plain, len(rows)), per_bar(lambda: loop(state, flat, *columns, TIMES), len(rows) * TIMES)


def filter_cost() -> float:
    """Return the cost of one interpreted step of a two-state filter over two features."""
    calm, wild = ((0.3, 0.0), (0.0, 0.4)), ((1.5, 0.0), (0.0, 0.6))
    shape = Parameters(
        centre=(0.0, 0.0), scale=(1.0, 1.0), start=(0.5, 0.5), transitions=((0.97, 0.03), (0.05, 0.95)),
        means=((0.0, -0.5), (0.0, 0.8)), covariances=(calm, wild), full=False,
    )  # fmt: skip
    weights = pack(shape)
    state = filter_init(weights)

    def plain() -> None:
        for i in range(5000):
            filter_step(state, weights, (0.1 * (i % 7), -0.2 * (i % 3)))

    return per_bar(plain, 5000)


def main() -> None:
    """Print the table."""
    compile_all()
    print("| fold | interpreted | compiled |\n|---|---|---|")
    for name, found in FEATURES.items():
        if len(found.params) in PARAMS:
            plain, fast = feature(name)
            print(f"| {name}{'(20)' if found.params else ''} | {plain:,.0f} ns | {fast:,.1f} ns |")
    print(f"| regime filter, two states, two features | {filter_cost():,.0f} ns | |")
    print(f"built-in strategies: {', '.join(BUILT_IN)}")


if __name__ == "__main__":
    main()
