"""Calibration of the novelty battery: what its statistics reach when the model is true. Impure, and offline.

The model makes bars, the filter, the transform and the battery that will run live read them, compiled. A model's
numbers are estimates, so the bars that matter are read by models that were *refitted* on bars of the model (a
parametric bootstrap): a battery that knows the truth is too sure of it.
"""

import functools

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from market.kernel import compile_all
from regimes.filter import filter_init, filter_step
from regimes.novelty import EACH, FIRST, LIMITS, RAISED, battery, novelty_init, novelty_step
from regimes.pit import pit_init, pit_step
from regimes.weights import ModelError, Parameters, Vector, unpack

if TYPE_CHECKING:
    import numpy as np

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RUNS, BARS = 8_000, 1_000
TARGET = 0.05
"""Largest share of runs with an alarm, as the upper 95 % bound of it."""
OUT_OF_REACH = 1e15


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a battery and how they were found."""

    limits: Vector
    """12 for each feature, in nats; the shock's in standard deviations."""
    runs: int
    bars: int
    seed: int
    refits: int
    """Models the bars were read by; 0: the model itself."""
    alarms: float
    """Share of the runs that were not used for the limits' shape in which there was an alarm."""


def calibrate(
    weights: Vector, *, seed: int, refits: Sequence[Vector] = (), runs: int = RUNS, bars: int = BARS
) -> Calibration:
    """Return limits under which at most 5 % of runs of `bars` have an alarm, with 95 % confidence.

    The first half of the runs gives each statistic its limit for a common chance of its own; the second half says how
    small that chance has to be for the battery as a whole. Equal arguments give equal limits on one platform.
    """
    import numpy as np  # noqa: PLC0415 - numpy must never load with the daemon

    from scipy.stats import beta  # noqa: PLC0415 - likewise

    x = simulate(unpack(weights), runs * bars, seed).reshape(runs, bars, -1)
    peaks = highest(refits or (weights,), x)
    order, fresh = np.sort(peaks[: runs // 2], axis=0)[::-1], peaks[runs // 2 :]
    found: Calibration | None = None
    for rank in range(len(order) // 40):
        limits = _limits(order, rank)
        alarms = int((fresh >= limits).any(axis=1).sum())
        if beta.ppf(0.95, alarms + 1, len(fresh) - alarms) > TARGET:
            break
        found = Calibration(
            limits=tuple(limits.tolist()),
            runs=runs,
            bars=bars,
            seed=seed,
            refits=len(refits),
            alarms=alarms / len(fresh),
        )
    if found is None:
        raise ModelError(f"novelty: {runs} runs are too few to calibrate {peaks.shape[1]} statistics: use more")
    return found


def refitted(model: Parameters, rows: int, count: int, seed: int) -> tuple[Vector, ...]:
    """Return weights of models fitted to `rows` rows of the model, `count` times: what training might have found.

    Fits that end in a model we refuse are left out. Raises ModelError when none is left.
    """
    from regimes.fit import fit  # noqa: PLC0415

    found = []
    for draw in range(count):
        x = simulate(model, rows, seed + draw)
        try:
            result = fit(x, len(model.start), seed=draw, covariance="full" if model.full else "diag", starts=2)
        except ModelError:
            continue
        found.append(result.weights)
    if not found:
        raise ModelError(f"novelty: no model could be fitted again to {rows} rows: train on more bars")
    return tuple(found)


def _limits(order: "Array", rank: int) -> "Array":
    """Return each statistic's limit: midway between two of its largest peaks."""
    return (order[rank] + order[rank + 1]) / 2.0  # type: ignore[no-any-return]


def simulate(model: Parameters, count: int, seed: int, change: Callable[..., Any] | None = None) -> "Array":
    """Return rows that the model makes, in the features' own units, (count, d); each begins in the stationary state.

    `change(z, means, states)` may alter the standardised rows: what a test of power deviates by.
    """
    import numpy as np  # noqa: PLC0415

    draw = np.random.default_rng(seed)
    transitions = np.cumsum(np.array(model.transitions), axis=1)
    states = _path()(transitions, np.cumsum(model.start), draw.random(count))
    factors = np.linalg.cholesky(np.array(model.covariances))
    means = np.array(model.means)[states]
    noise = np.einsum("nij,nj->ni", factors[states], draw.standard_normal(means.shape))
    if model.dof:
        dof = np.array(model.dof)[states]
        noise = noise / np.sqrt(draw.chisquare(dof) / dof)[:, None]
    z = means + noise if change is None else change(means + noise, means, states)
    return z * np.array(model.scale) + np.array(model.centre)  # type: ignore[no-any-return]


def highest(models: Sequence[Vector], x: "Array") -> "Array":
    """Return the highest that each statistic reaches in each run (runs, bars, d), read by the models in turn."""
    import numpy as np  # noqa: PLC0415

    out = np.empty((len(x), EACH * x.shape[2]))
    p = battery([OUT_OF_REACH] * out.shape[1])
    for i, w in enumerate(models):
        mine = slice(i, None, len(models))
        out[mine] = _peaks()(*_fold(w, p), x[mine])
    return out


def first_alarms(models: Sequence[Vector], p: Vector, x: "Array", onset: int = 0) -> "NDArray[np.intp]":
    """Return the bars from `onset` to the first alarm of each run, the bar of the onset being 1; 0 where there is none.

    The detector reads all the run, and an alarm that stands at the onset is not counted: statistics begin anew there.
    """
    import numpy as np  # noqa: PLC0415

    out = np.empty(len(x), dtype=np.intp)
    for i, w in enumerate(models):
        mine = slice(i, None, len(models))
        out[mine] = _alarms()(*_fold(w, p), x[mine], onset)
    return out


def _fold(w: Vector, p: Vector) -> tuple[Any, ...]:
    import numpy as np  # noqa: PLC0415

    return (
        *(np.array(part) for part in (w, filter_init(w), pit_init(w), p)),
        np.array(novelty_init(p)),
    )


@functools.cache
def _path() -> Callable[..., Any]:
    """Return the compiled loop that draws states."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    @numba.njit(nogil=True)
    def path(transitions: Any, start: Any, u: Any) -> Any:  # noqa: ANN401 - numba's arrays
        states = np.empty(len(u), dtype=np.intp)
        state = np.searchsorted(start, u[0])
        for t in range(len(u)):
            if t > 0:
                state = np.searchsorted(transitions[state], u[t])
            state = min(state, len(start) - 1)
            states[t] = state
        return states

    return path


@functools.cache
def _bar() -> Callable[..., Any]:
    """Return the compiled path of one row through filter, transform and battery."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    compile_all()

    @numba.njit(nogil=True)
    def bar(w: Any, s: Any, z: Any, p: Any, v: Any, row: Any) -> Any:  # noqa: ANN401 - numba's arrays
        density = filter_step(s, w, row)
        if density == density:
            pit_step(z, s, w)
        else:
            z[0] = np.nan
        return novelty_step(v, p, z)

    return bar


@functools.cache
def _peaks() -> Callable[..., Any]:
    """Return the compiled loop that notes how high each statistic comes."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    bar = _bar()

    @numba.njit(nogil=True)
    def peaks(w: Any, s0: Any, z: Any, p: Any, v0: Any, x: Any) -> Any:  # noqa: ANN401 - numba's arrays
        many = len(p) - LIMITS
        out = np.zeros((len(x), many))
        for run in range(len(x)):
            s, v = s0.copy(), v0.copy()
            for t in range(x.shape[1]):
                bar(w, s, z, p, v, x[run, t])
                for j in range(many):
                    out[run, j] = max(out[run, j], v[FIRST + j])
        return out

    return peaks


@functools.cache
def _alarms() -> Callable[..., Any]:
    """Return the compiled loop that waits for the first alarm."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    bar = _bar()

    @numba.njit(nogil=True)
    def alarms(w: Any, s0: Any, z: Any, p: Any, v0: Any, x: Any, onset: int) -> Any:  # noqa: ANN401 - numba's arrays
        out = np.zeros(len(x), dtype=np.intp)
        for run in range(len(x)):
            s, v = s0.copy(), v0.copy()
            for t in range(x.shape[1]):
                if t == onset and v[RAISED] == 1.0:
                    v[:] = v0
                if bar(w, s, z, p, v, x[run, t]) == 1.0 and t >= onset:
                    out[run] = t - onset + 1
                    break
        return out

    return alarms
