"""Features that say nothing over the bars of a training: they are left out of the model, and that is said."""

import numpy as np

from numpy.typing import NDArray

from market.features import FeatureRef
from regimes.fit_rows import left_out, same
from regimes.weights import ModelError

Array = NDArray[np.float64]


def mute_features(x: Array, returns: Array, features: tuple[FeatureRef, ...]) -> tuple[FeatureRef, ...]:
    """Return the features, columns of x (n, d), that have no value on any bar, or the same on all that are trained on.

    A volume that a feed does not tell is one. It cannot tell states apart, and has no scale: were it kept with any, the
    first live bar on which it moves would be infinitely far from every state. ModelError where all are mute.
    """
    known = np.asarray(np.isfinite(x).any(axis=0))
    there = np.flatnonzero(known)
    rows = x[:, there]
    rows = rows[left_out(rows, abs(returns)).kept]
    mute = ~known
    if len(rows):
        mute[there] = same(rows)
    if mute.all():
        told = ", ".join(name for name, _ in features)
        raise ModelError(f"training: over these bars none of the features says anything ({told}): look at the bars")
    return tuple(ref for ref, out in zip(features, mute, strict=True) if out)
