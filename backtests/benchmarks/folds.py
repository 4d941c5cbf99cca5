"""The kernels that are measured, each with real arguments: bars of the S&P 500, and what features make of them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numba

from brokers.fills import DIRECT, margin, profit, shift, touched
from market.features import FEATURES, FeatureRef
from market.sp500 import read_sp500
from regimes.filter import filter_init, filter_step
from regimes.gate import gate_init, gate_step
from regimes.weights import Parameters, pack
from runtime.core.risk import size
from strategies.exits import exit_step
from strategies.registry import BUILT_IN

Numbers = tuple[float, ...]
Kernel = Callable[..., Any]

GATE = (0.6, 0.4, 3.0)
CALM, WILD = ((0.3, 0.0), (0.0, 0.4)), ((1.5, 0.0), (0.0, 0.6))
MODEL = Parameters(
    centre=(0.0, 0.0), scale=(1.0, 1.0), start=(0.5, 0.5), transitions=((0.97, 0.03), (0.05, 0.95)),
    means=((0.0, -0.5), (0.0, 0.8)), covariances=(CALM, WILD), full=False,
)  # fmt: skip


class Fold(NamedTuple):
    """A kernel, and the arguments of every bar."""

    name: str
    step: Kernel
    kernel: Kernel
    """The same for numba: (state, parameters, numbers of the bar) -> a number."""
    rows: Sequence[tuple[Any, ...]]
    """What the interpreted call gets behind state and parameters."""
    numbers: Sequence[Numbers]
    """The same in one row of numbers."""
    state: Numbers = ()
    params: Numbers | None = None
    """None: the kernel has neither state nor parameters."""


def folds() -> list[Fold]:
    """Return everything that is measured."""
    tape = read_sp500()
    columns = (tape.open, tape.high, tape.low, tape.close, [t / 1000.0 for t in tape.time])
    bars: list[Numbers] = list(zip(*columns, strict=True))
    refs = [(name, (20.0,) * len(found.params)) for name, found in FEATURES.items()]
    return [
        *(_feature(ref, bars) for ref in refs),
        _filter(len(bars)),
        _gate(len(bars)),
        *(_strategy(name, bars) for name in BUILT_IN),
        _exit(bars),
        *_pure(bars),
    ]


def values(ref: FeatureRef, bars: Sequence[Numbers]) -> list[float]:
    """Return a feature's value at every bar."""
    name, params = ref
    state, step = FEATURES[name].init(params), FEATURES[name].step
    return [step(state, params, o, h, low, c, t) for o, h, low, c, t in bars]


def _feature(ref: FeatureRef, bars: Sequence[Numbers]) -> Fold:
    name, params = ref
    step = FEATURES[name].step
    told = f"feature {name}{'(20)' if params else ''}"
    state = tuple(FEATURES[name].init(params))

    def by_row(s: Any, p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return step(s, p, b[0], b[1], b[2], b[3], b[4])

    return Fold(told, step, numba.njit(by_row), bars, bars, state, params)


def _filter(count: int) -> Fold:
    weights = pack(MODEL)
    rows = [(0.1 * (i % 7), -0.2 * (i % 3)) for i in range(count)]
    name = "regime filter, two states, two features"
    wrapped = [(row,) for row in rows]
    return Fold(name, filter_step, filter_step, wrapped, rows, tuple(filter_init(weights)), weights)


def _gate(count: int) -> Fold:
    rows: list[Numbers] = [(i % 41 / 40.0,) for i in range(count)]

    def by_row(s: Any, p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return gate_step(s, p, b[0])

    return Fold("regime gate", gate_step, numba.njit(by_row), rows, rows, tuple(gate_init(GATE)), GATE)


def _strategy(name: str, bars: Sequence[Numbers]) -> Fold:
    strategy = BUILT_IN[name]()
    step = strategy.step
    columns = [values(ref, bars) for ref in strategy.features().values()]
    features: list[Numbers] = list(zip(*columns, strict=True))
    many = len(columns)
    seen = [(h, low, c, float(i % 3 - 1), float(i % 9)) for i, (_, h, low, c, _) in enumerate(bars)]
    rows = [(f, *rest) for f, rest in zip(features, seen, strict=True)]
    flat = [(*f, *rest) for f, rest in zip(features, seen, strict=True)]

    def by_row(s: Any, p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return step(s, p, b[:many], b[many], b[many + 1], b[many + 2], b[many + 3], b[many + 4])[0]

    return Fold(
        f"strategy {name}", step, numba.njit(by_row), rows, flat, tuple(strategy.init()), tuple(strategy.params())
    )


def _exit(bars: Sequence[Numbers]) -> Fold:
    rows: list[Numbers] = [(h, low) for _, h, low, _, _ in bars]
    first = bars[0][3]

    def by_row(s: Any, p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return exit_step(s, p, b[0], b[1])

    plan = (1.0, first, 30.0, 15.0, 0.0)
    return Fold("exit, trailing and breakeven", exit_step, numba.njit(by_row), rows, rows, (0.0, first, first), plan)


def _pure(bars: Sequence[Numbers]) -> list[Fold]:
    """Return the arithmetic of fills, money and sizes: no state, no parameters."""

    def touching(_s: Any, _p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return touched(b[0], b[1], b[2], b[3], b[4])

    def shifted(_s: Any, _p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return shift(b[0], b[1], b[2])

    def earned(_s: Any, _p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return profit(b[0], b[1], b[2], b[3], b[4], b[5])

    def bound(_s: Any, _p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return margin(b[0], b[1], b[2], b[3], b[4])

    def sized(_s: Any, _p: Any, b: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return size(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])

    made = (
        ("fill: stop or target touched", touched, touching, [(1.0, o * 0.99, o * 1.01, *hl) for o, *hl, _, _ in bars]),
        ("fill: price shifted by points", shift, shifted, [(o, 50.0, 100.0) for o, *_ in bars]),
        ("fill: profit", profit, earned, [(DIRECT, 1.0, o, c, 3.7, 1.0) for o, _, _, c, _ in bars]),
        ("fill: margin", margin, bound, [(DIRECT, 3.7, 1.0, o, 20.0) for o, *_ in bars]),
        ("size of an entry", size, sized, [(1e5, 0.01, o / 50.0, 1.0, 1.0, 0.01, 0.01, 1e4) for o, *_ in bars]),
    )
    return [Fold(name, step, numba.njit(by_row), rows, rows) for name, step, by_row, rows in made]
