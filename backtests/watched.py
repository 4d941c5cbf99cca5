"""A trained model with its limits of novelty in its bundle, and with what it can tell by them in its report."""

from collections.abc import Callable

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.metrics import ALARMS, FORETOLD, SILENT, WITHIN
from backtests.train import columns
from market.bars import Bars
from regimes.bundle import RegimeModel, seal
from regimes.calibrate import Calibration, calibrate
from regimes.fit_rows import left_out
from regimes.novelty import battery, name_of

Progress = Callable[[int, int], None]

THIN = 150.0
"""Bars of a state below which alarms are more frequent, by simulation, than any calibration from them can know."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How a model was calibrated, in plain values."""

    alarms: float
    """Share of runs of 1,000 bars of a market that has not changed in which there is an alarm."""
    factor: float
    """By which limits are higher than for a model that is known."""
    power: dict[str, float]
    """By change of the market: share of the cases that are told within 50 bars."""
    silent: tuple[str, ...]
    """Statistics that tell nothing, since the bars learnt from are not as the model has them."""
    thin: tuple[int, ...]
    """States learnt from so few bars that alarms will be more frequent than said."""


def watched(model: RegimeModel, bars: Bars, progress: Progress | None = None) -> tuple[RegimeModel, Watched]:
    """Return the model, sealed with limits of novelty, and what they are worth; `bars` are those it was trained on.

    Equal arguments give an equal fingerprint on one platform.
    """
    found = calibrate(
        model.weights,
        model.evidence,
        _learnt(model, bars),
        seed=model.data.seed,
        progress=None if progress is None else lambda share: progress(int(100.0 * share), 100),
    )
    names = [name for name, _ in model.features]
    told = Watched(
        alarms=found.alarms,
        factor=found.factor,
        power=found.power,
        silent=tuple(name_of(at, names) for at in found.silent),
        thin=tuple(state for state, n in enumerate(model.evidence) if n < THIN),
    )
    limited = msgspec.structs.replace(
        model, novelty=battery(found.limits), metrics={**model.metrics, **_metrics(found)}, fingerprint=""
    )
    return seal(limited), told


def _learnt(model: RegimeModel, bars: Bars) -> NDArray[np.float64]:
    """Return the rows that the model learnt from; those that training leaves out are NaN: no market made them."""
    x, returns, _ = columns(bars, model.features)
    x[~left_out(x, abs(returns)).kept] = np.nan
    return x


def _metrics(found: Calibration) -> dict[str, float]:
    return {
        ALARMS: found.alarms,
        SILENT: float(len(found.silent)),
        **{f"{FORETOLD}{change}{WITHIN}": power for change, power in found.power.items()},
    }
