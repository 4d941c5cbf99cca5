"""Reading of runs of bars by the filter, the transform and the rule that will run live: compiled, and kept on disk.

numba's cache sees a change of the file in which a function stands, and of no other; so the hash of all kernels that are
called from here is part of what the kept loop closes over.
"""

import functools
import math

from typing import TYPE_CHECKING, Any, NamedTuple

from market.kernel import compile_all, fingerprint
from regimes.filter import filter_init, filter_step
from regimes.novelty import FIRST, LIMITS, RAISED, SHARE, novelty_init, novelty_step
from regimes.pit import pit_init, pit_step
from regimes.weights import Vector

if TYPE_CHECKING:
    import numpy as np

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CALLED = (filter_step, pit_step, novelty_step)
"""What the loop calls."""
FAR = 1e9  # times its limit, which no statistic reaches, so that none is stopped there


class Reader(NamedTuple):
    """A model, the bars each of its states was learnt from, and the rule by which bars are novel to it."""

    weights: Vector
    evidence: Vector
    rule: Vector

    def shares(self, x: "Array") -> "Array":
        """Return how near its limit any statistic comes in each run (R, bars, d), as a share; the battery's only."""
        far = (*self.rule[:LIMITS], *(limit * FAR for limit in self.rule[LIMITS:]))
        return FAR * _read(self._replace(rule=far), x).shares

    def peaks(self, x: "Array") -> "Array":
        """Return how high each statistic comes in each run, (R, 12 d), until there is an alarm."""
        return _read(self, x, len(self.rule) - LIMITS).peaks

    def first_alarms(self, x: "Array", onset: int = 0) -> "NDArray[np.intp]":
        """Return the bars from `onset` to the first alarm of each run, the onset's being 1; 0 where there is none.

        An alarm that stands at the onset is not counted: statistics begin anew there.
        """
        return _read(self, x, onset=onset).alarms


class _Found(NamedTuple):
    """What was seen of each run."""

    shares: "Array"
    alarms: "NDArray[np.intp]"
    peaks: "Array"


def _read(reader: Reader, x: "Array", statistics: int = 0, onset: int = 0) -> _Found:
    """Read each run from fresh states to its first alarm from `onset` on; note the peaks of so many statistics."""
    import numpy as np  # noqa: PLC0415 - numpy must never load with the daemon

    begun = filter_init(reader.weights), pit_init(reader.weights, reader.evidence)
    folds = tuple(np.array(part) for part in (reader.weights, *begun, reader.rule, novelty_init(reader.rule)))
    found = _Found(np.zeros(len(x)), np.zeros(len(x), dtype=np.intp), np.zeros((len(x), statistics)))
    reading()(folds, x, onset, tuple(found))
    return found


@functools.cache
def reading() -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop over runs."""
    compile_all()
    return _kept(fingerprint(CALLED))


def _kept(called: str) -> Any:  # noqa: ANN401 - likewise
    """Return the loop, compiled, and kept on disk for as long as `called` is the same."""
    import numba  # noqa: PLC0415 - likewise

    def read(folds: Any, x: Any, onset: int, found: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        w, s0, z0, p, v0 = folds
        shares, alarms, peaks = found
        if not called:
            return
        for run in range(len(x)):
            s, z, v = s0.copy(), z0.copy(), v0.copy()
            for t in range(x.shape[1]):
                if t == onset and v[RAISED] == 1.0:
                    v[:] = v0
                density = filter_step(s, w, x[run, t])
                if density == density:
                    pit_step(z, s, w)
                else:
                    z[0] = math.nan
                raised = novelty_step(v, p, z)
                shares[run] = max(shares[run], v[SHARE])
                for j in range(peaks.shape[1]):
                    peaks[run, j] = max(peaks[run, j], v[FIRST + j])
                if raised == 1.0 and t >= onset:
                    alarms[run] = t - onset + 1
                    break

    return numba.njit(cache=True, nogil=True)(read)
