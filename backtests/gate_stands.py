"""How a gate would have stood over recorded bars: by what its regime says of them, and by what shuts it nonetheless."""

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.regime_reading import Array, new_born
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.gate import OPEN, GateParams, allowed_mass, gate_init, gate_step
from regimes.weights import Vector


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate is told of one regime after each of n bars."""

    posteriors: Array
    """(n, K) filtered."""
    blind: NDArray[np.int64]
    """(n,) bars in a row, the last among them, that told nothing; a great many before the first that told something."""
    strange: NDArray[np.bool_]
    """(n,) whether no state explains the bars, or they are not of the kind that the model learnt from."""

    def unknown(self, gate: GateParams) -> NDArray[np.bool_]:
        """Return (n,) whether a gate had nothing to go by, and was shut for that alone."""
        return self.strange | (self.blind > gate.max_age)


def heard(model: RegimeModel, bars: Bars, rule: Vector) -> Heard:
    """Return what a daemon that had run from the first bar would have told its gates; `rule` as a reading has it."""
    feed, reading = new_born(model, bars, rule)
    posteriors, blind, strange = [], [], []
    for bar in bars:
        feed.fold(bar)
        reading.fold()
        posteriors.append(reading.posterior)
        blind.append(reading.blind)
        strange.append(reading.novel or bool(reading.unlike))
    return Heard(
        posteriors=np.array(posteriors, dtype=np.float64).reshape(len(bars), model.states),
        blind=np.array(blind, dtype=np.int64),
        strange=np.array(strange, dtype=np.bool_),
    )


def stands(gate: GateParams, posteriors: Array, unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n,) whether a gate stood open after each posterior (n, K), `unknown` bars having told it nothing.

    A model's age is no part of it.
    """
    flat, mask = gate.flat(), gate.mask(posteriors.shape[1])
    state = gate_init(flat)
    masses = [allowed_mass(row, mask, len(mask)) for row in posteriors.tolist()]
    known = np.where(unknown, np.nan, masses).tolist()
    return np.array([gate_step(state, flat, mass) == OPEN for mass in known], dtype=np.bool_)
