"""The battery's limits: what each statistic may reach when the model is true.

The z of a true model are independent standard normals, whatever the model, so the limits are the same for all models of
so many features: found by `regimes.calibrate.standard_limits` from 40,000 runs of 1,000 such bars, so that 2.5 % of
runs have an alarm by them. The chance is not dealt out evenly: `PARTS` has the weights. Most goes to a wilder market,
which takes longest to tell; a dead one is told in any case.

A calm drift is a likelihood ratio, so that its sum reaches a limit h within n bars of a true model with a probability
below n exp(-h), whatever the model; it is a third or less of that. On ten simulated models 3 to 4 % of runs of 1,000
bars had an alarm by any limit. What is below 5 % is kept for what a fitted model gets wrong.
"""

from regimes.novelty import CALM
from regimes.weights import Vector

SHARE = 0.025
"""Of runs of 1,000 bars of a true model: those with an alarm by z."""
PARTS = (1.0, 0.4, 1.0, 0.4, 2.0, 0.6, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3)
"""Of the chance of an alarm, for each statistic of a feature's z."""

STANDARD: tuple[Vector, ...] = (
    (10.57, 11.36, 10.57, 11.36, 8.7, 10.13, 11.66, 12.59, 11.22, 11.37, 11.06, 4.83),
    (11.22, 12.04, 11.22, 12.04, 9.42, 10.94, 12.49, 13.46, 11.94, 11.91, 11.74, 5.01),
    (11.67, 12.47, 11.67, 12.47, 9.8, 11.28, 13.02, 13.78, 12.39, 12.54, 12.26, 5.08),
    (11.96, 12.8, 11.96, 12.8, 10.17, 11.68, 13.39, 14.29, 13.32, 12.77, 12.5, 5.12),
)
"""By the number of features; both directions of a drift have the same."""
CALM_DRIFT: Vector = (10.5, 11.1, 11.5, 11.8)
"""By the number of features, likewise."""


def standard(features: int) -> Vector:
    """Return the limits for so many features: 12 for each, then 2; in nats; the shock's in standard deviations."""
    return STANDARD[features - 1] * features + (CALM_DRIFT[features - 1],) * (CALM * features)
