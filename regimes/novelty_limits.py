"""The battery's limits: what each statistic may reach when the model is true.

The z of a true model are independent standard normals, whatever the model, so the limits are the same for all models of
so many features: found by `regimes.calibrate.standard_limits` from 40,000 runs of 1,000 such bars, so that 3.5 % of
runs have an alarm. What is below 5 % is kept for what a fitted model gets wrong. The chance is not dealt out evenly:
`PARTS` has the weights. Most goes to a drift and to a wilder market, which take longest to tell; a dead market is told
in any case.
"""

from regimes.weights import Vector

SHARE = 0.035
"""Of runs of 1,000 bars of a true model: those with an alarm."""
PARTS = (2.5, 0.5, 2.5, 0.5, 1.5, 0.5, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3)
"""Of the chance of an alarm, for each statistic of a feature."""

STANDARD: tuple[Vector, ...] = (
    (9.71, 11.18, 9.71, 11.18, 9.16, 10.88, 11.87, 13.21, 11.38, 11.58, 11.06, 4.81),
    (10.39, 11.95, 10.39, 11.95, 9.82, 11.35, 12.4, 13.28, 11.83, 11.96, 11.77, 4.92),
    (10.84, 12.33, 10.84, 12.33, 10.27, 11.55, 13.07, 13.64, 12.43, 12.3, 12.36, 5.0),
    (11.08, 12.53, 11.08, 12.53, 10.4, 11.97, 13.13, 14.41, 12.72, 12.78, 12.67, 5.07),
)
"""By the number of features; both directions of a drift have the same."""


def standard(features: int) -> Vector:
    """Return the limits for so many features: 12 for each, in nats; the shock's in standard deviations."""
    return STANDARD[features - 1] * features
