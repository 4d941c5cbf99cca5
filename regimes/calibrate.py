"""Calibration of the novelty battery: limits for a model, and what it can tell by them. Impure, and offline.

Limits begin as those that hold for all true models (`regimes/novelty_limits.py`). What the bars a model was learnt from
do already is not new, it is where the model is wrong: a statistic that comes beyond its limit there has it raised
above where it came, and one that comes beyond twice its limit is silenced, for it would go on so.

Then truths that a model may stand for, given how much it was learnt from, make bars; the filter, the transform and the
battery that will run live read them, compiled. Where more than 5 % of these runs have an alarm, all limits are raised
by one factor until they have not. Last, markets that have changed are read, and the share that is told within 50 bars
is noted.
"""

import functools

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from market.kernel import compile_all
from regimes.calibrate_read import Reader
from regimes.calibrate_runs import Change, Truths, changed, draw, plausible
from regimes.ensemble import parts_of
from regimes.novelty import CALM, EACH, FIRST, LIMITS, SHORT_BATTERY, battery, novelty_init, novelty_step
from regimes.novelty_limits import PARTS, SHARE, standard
from regimes.weights import ModelError, Parameters, Vector, unpack

if TYPE_CHECKING:
    import numpy as np

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RUNS, BARS = 2_000, 1_000
TRIALS, ONSET, WITHIN = 500, 150, 50
"""Markets that change in each way, the bars before the change, and those after it."""
AT_ONCE = 250
"""Runs drawn at a time, so that memory is bounded."""
TARGET = 0.05
"""Largest share of runs with an alarm, as the upper 95 % bound of it."""
CHANGES: tuple[Change, ...] = ("wilder", "dead", "drift up", "drift down")
"""What has to be told within 50 bars."""
OUT_OF_REACH = 1e15
ABOVE = 1.0 + 1e-9
"""Times where a statistic came in the bars learnt from: what reaches its limit is an alarm, and that shall be none."""
SILENT = 2.0
"""Times its limit that no statistic of a true model ever comes to."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a battery, how they were found, and what they are worth."""

    limits: Vector
    """12 for each feature, in nats; the shock's in standard deviations."""
    silent: tuple[int, ...]
    """Statistics that the bars learnt from drive so far that they tell nothing: `regimes.novelty.name_of` has names."""
    factor: float
    """By which they are higher than for a true model, 1 or more."""
    runs: int
    bars: int
    seed: int
    alarms: float
    """Share of the runs in which there was an alarm."""
    power: dict[str, float]
    """By change: share of the markets that was told within 50 bars."""


def calibrate(
    weights: Vector,
    evidence: Sequence[float],
    learnt: "Array | None" = None,
    *,
    seed: int,
    runs: int = RUNS,
    trials: int = TRIALS,
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Return limits for a model whose states were learnt from so many bars each, and their worth.

    `learnt` are the rows of features (n, d) it was learnt from, in a row; one with a NaN tells nothing. An ensemble
    stands for each of its members that predict, in turn: any of them may be right, and it cannot say which.
    At most 5 % of runs of 1,000 bars that the model may stand for have an alarm, with 95 % confidence. Equal arguments
    give equal limits on one platform. `progress` is told the share of the work that is done.
    """
    import numpy as np  # noqa: PLC0415 - numpy must never load with the daemon

    models, evidence = _predicting(weights), tuple(map(float, evidence))
    dice, size = np.random.default_rng(seed), len(models[0].centre)
    base, silent = _limits_after(weights, evidence, learnt, size)
    reader = Reader(tuple(weights), evidence, battery(base))
    whole, done, tops = runs + trials * len(CHANGES) * (ONSET + WITHIN) / BARS, 0.0, []
    for turn, first in enumerate(range(0, runs, AT_ONCE)):
        truths = plausible(models[turn % len(models)], evidence, min(AT_ONCE, runs - first), dice)
        tops.append(reader.shares(draw(truths, BARS, dice)))
        done += len(tops[-1])
        _tell(progress, done / whole)
    top = np.concatenate(tops)
    factor = _factor(top)
    limits = tuple(limit * factor for limit in base)
    reader = reader._replace(rule=battery(limits))
    power: dict[str, float] = {}
    for change in CHANGES:
        each = [told(reader, plausible(m, evidence, trials // len(models), dice), change, dice) for m in models]
        power[change] = sum(each) / len(each)
        done += trials * (ONSET + WITHIN) / BARS
        _tell(progress, done / whole)
    return Calibration(
        limits=limits,
        silent=silent,
        factor=factor,
        runs=runs,
        bars=BARS,
        seed=seed,
        alarms=float((top >= factor).mean()),
        power=power,
    )


def _predicting(weights: Vector) -> list[Parameters]:
    """Return the members of an ensemble that predict; any other model alone."""
    models = [unpack(member) for _, member in parts_of(tuple(weights))]
    return [model for model in models if model.penalty is None] or models


def _limits_after(
    weights: Sequence[float], evidence: Vector, learnt: "Array | None", size: int
) -> tuple[Vector, tuple[int, ...]]:
    """Return the limits after the bars that were learnt from, before any factor; and which statistics are silent."""
    if learnt is None:
        return standard(size), ()
    came = Reader(tuple(weights), evidence, battery([OUT_OF_REACH] * ((EACH + CALM) * size))).peaks(learnt[None])[0]
    pairs = list(zip(standard(size), came.tolist(), strict=True))
    silent = tuple(at for at, (limit, peak) in enumerate(pairs) if peak > SILENT * limit)
    raised = [max(limit, peak * ABOVE) for limit, peak in pairs]
    return tuple(OUT_OF_REACH if at in silent else limit for at, limit in enumerate(raised)), silent


def told(reader: Reader, truths: Truths, change: Change, dice: "np.random.Generator", within: int = WITHIN) -> float:
    """Return the share of markets, one a truth, whose change is told within so many bars."""
    import numpy as np  # noqa: PLC0415

    x = np.concatenate((draw(truths, ONSET, dice), changed(truths, within, change, dice)), axis=1)
    return float((reader.first_alarms(x, ONSET) > 0).mean())


def _tell(progress: Callable[[float], None] | None, share: float) -> None:
    if progress is not None:
        progress(share)


def _factor(top: "Array") -> float:
    """Return the smallest factor, from 1, by which limits are high enough for runs whose statistics came so near."""
    import numpy as np  # noqa: PLC0415

    from scipy.stats import beta  # noqa: PLC0415 - slow to import

    order, runs = np.sort(top)[::-1], len(top)
    alarms = np.arange(runs)
    allowed = int(np.searchsorted(beta.ppf(0.95, alarms + 1, runs - alarms), TARGET, "right")) - 1
    if allowed < 1:
        raise ModelError(f"novelty: {runs} runs are too few to calibrate by: use more")
    return max(1.0, float(order[allowed - 1] + order[allowed]) / 2.0)


def standard_limits(features: int, *, seed: int, runs: int) -> Vector:
    """Return the limits of one feature among so many that give true models `SHARE`: what `novelty_limits` stores."""
    import numpy as np  # noqa: PLC0415

    peaks, dice = np.zeros((runs, EACH * features)), np.random.default_rng(seed)
    p = (float(features), float(SHORT_BATTERY), 0.0, *[OUT_OF_REACH] * (EACH * features))
    begun = np.array(p), np.array(novelty_init(p))
    for first in range(0, runs, AT_ONCE):
        part = peaks[first : first + AT_ONCE]
        _peaks()(*begun, dice.standard_normal((len(part), BARS, features)), part)
    order = np.sort(peaks.reshape(-1, EACH), axis=0)[::-1]
    low, high = 0.0, 0.01 * runs
    for _ in range(40):
        middle = (low + high) / 2.0
        found = _at(order, middle * features * np.array(PARTS))
        few = (peaks >= np.tile(found, features)).any(axis=1).mean() <= SHARE
        low, high = (middle, high) if few else (low, middle)
    found = _at(order, low * features * np.array(PARTS))
    found[:2] = found[2:4] = (found[:2] + found[2:4]) / 2.0
    return tuple(found.round(2).tolist())


def _at(order: "Array", ranks: "Array") -> "Array":
    """Return the peak of each statistic at its rank, from 0, in between by a straight line."""
    import numpy as np  # noqa: PLC0415

    whole = ranks.astype(int)
    part, each = ranks - whole, np.arange(EACH)
    return order[whole, each] * (1.0 - part) + order[whole + 1, each] * part  # type: ignore[no-any-return] # numpy's


@functools.cache
def _peaks() -> Callable[..., Any]:
    """Return the compiled loop that notes how high each statistic comes."""
    import numba  # noqa: PLC0415

    compile_all()

    @numba.njit(nogil=True)
    def peaks(p: Any, v0: Any, z: Any, out: Any) -> None:  # noqa: ANN401 - numba's arrays
        for run in range(len(z)):
            v = v0.copy()
            for t in range(z.shape[1]):
                novelty_step(v, p, z[run, t])
                for j in range(len(p) - LIMITS):
                    out[run, j] = max(out[run, j], v[FIRST + j])

    return peaks
