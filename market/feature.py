"""What a feature is: a named, versioned fold over bars, and the ring of last values that windows are made of.

A feature's `step(s, p, o, h, l, c, t)` takes its state, its parameters, a bar's prices and the time it opened (seconds
since 1970, UTC), changes the state and returns the value: NaN until warm. A feature of volume is given the bar's volume
in the place of all four prices; one of parts is given, in the places of open and high, and of low and close, what went
on within a bar that was made of shorter ones: `Bar.variance` and `Bar.parts`. A window is summed anew at every bar,
oldest value first, or by sums that round nothing, so that its value does not depend on where history began. There is no
vectorised twin.
"""

import math

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from market.kernel import Params, State, kernel
from market.types import Bar

NAN = float("nan")

Step = Callable[[State, Params, float, float, float, float, float], float]


Of = Literal["prices", "volume", "parts"]
"""What of a bar a feature's step is given."""


class FeatureError(ValueError):
    """A feature list that cannot be computed: an unknown name, or parameters that do not fit."""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A named fold over bars."""

    name: str
    version: int
    """Raised when the formula changes: a model trained on another version is not this model."""
    params: tuple[str, ...]
    """Names of the parameters; all of them are whole numbers of bars."""
    least: tuple[int, ...] = ()
    """The smallest value each parameter may have."""
    of: Of = "prices"
    unit: str
    formula: str
    source: str
    size: Callable[[Params], int]
    """Length of the state."""
    step: Step
    warmup: Callable[[Params], int]
    """Bars until the first value, that bar included."""
    recursive: bool = False
    """The value depends on all bars since the first, ever more weakly; a window depends on its bars alone."""

    def init(self, params: Params) -> list[float]:
        """Return the state before the first bar."""
        return [0.0] * self.size(params)


def told_of(bar: Bar) -> dict[Of, tuple[float, float, float, float]]:
    """Return the four numbers of a bar that features of each sort are given.

    >>> told_of(Bar("X", "D1", 0, 1.0, 2.0, 0.5, 1.5, 9.0, 8.0, 0.25, 96.0))["parts"]
    (0.25, 96.0, 0.25, 96.0)
    """
    volume, variance, parts = bar.volume, bar.variance, bar.parts
    return {
        "prices": (bar.open, bar.high, bar.low, bar.close),
        "volume": (volume, volume, volume, volume),
        "parts": (variance, parts, variance, parts),
    }


def fold(feature: Feature, params: Params, bars: Iterable[Sequence[float]]) -> list[float]:
    """Return the feature's value at each bar (open, high, low, close, seconds), from a fresh state."""
    state, p = feature.init(params), tuple(float(x) for x in params)
    return [feature.step(state, p, *bar) for bar in bars]


def closes(*prices: float) -> list[tuple[float, float, float, float, float]]:
    """Return daily bars that never left their close, from 1970 on: for features that look at nothing else."""
    return [(c, c, c, c, 86400.0 * i) for i, c in enumerate(prices)]


# A ring of the last n values: s[at] how many it holds, s[at + 1] where the oldest stands, then n slots.
RING = 2


@kernel
def ring_push(s: State, at: int, n: int, x: float) -> int:
    """Put x in the place of the oldest value of the ring at `s[at]`; return where the then oldest stands.

    Counted from the first slot, which is `s[at + RING]`; the oldest is there only once the ring is full.
    """
    place = int(s[at + 1])
    s[at + RING + place] = x
    place = place + 1
    if place == n:
        place = 0
    s[at + 1] = float(place)
    if s[at] < n:
        s[at] = s[at] + 1.0
    return place


@kernel
def ring_sum(s: State, first: int, n: int, oldest: int, minus: float) -> float:
    """Return the sum of (value - minus) over a full ring whose slots begin at `s[first]`, oldest first."""
    total = 0.0
    for i in range(first + oldest, first + n):
        total = total + (s[i] - minus)
    for i in range(first, first + oldest):
        total = total + (s[i] - minus)
    return total


@kernel
def ring_squares(s: State, first: int, n: int, oldest: int, minus: float) -> float:
    """Return the sum of (value - minus) squared over a full ring, oldest first."""
    total = 0.0
    for i in range(first + oldest, first + n):
        total = total + (s[i] - minus) * (s[i] - minus)
    for i in range(first, first + oldest):
        total = total + (s[i] - minus) * (s[i] - minus)
    return total


@kernel
def log_ratio(a: float, b: float) -> float:
    """Return log(a / b); NaN where a price is not above zero."""
    if a > 0.0 and b > 0.0:
        return log_of(a / b)
    return NAN


@kernel
def log_of(x: float) -> float:
    """Return the natural logarithm; NaN where x is not a number above zero."""
    if x > 0.0:
        return math.log(x)
    return NAN
