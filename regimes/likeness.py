"""Whether the rows that a daemon reads are like those its model learnt from: by how many of the last ones lie where.

One model may serve many accounts, and brokers' bars differ: another symbol behind the same name, other units, a price
that stands still. What a market may do is for `novelty.py` to judge, bar by bar; here hundreds of bars are counted, and
only what cannot be the same kind of bars is noticed. Of each feature the training keeps four quantiles: the feed is
contradicted when most of its rows lie where one in a hundred of the training's did, or nearly all where one in ten did.
"""

from collections.abc import Sequence

from market.features import FeatureRef
from market.kernel import Params, State, kernel

PROBABILITIES = (0.005, 0.45, 0.55, 0.995)
"""Of the quantiles of each feature."""
FEWEST = 250.0
"""Rows known in full that are needed for a judgement."""
BEYOND, WITHIN = 0.5, 0.9
"""Shares of the rows above which the feed is contradicted: beyond the outer quantiles, or within the inner ones."""
ALIKE = -1.0

# State: rows known in full; then of each feature those beyond its outer quantiles and those within its inner ones.
KNOWN = 0


def fits_likeness(quantiles: Sequence[Sequence[float]], features: int) -> bool:
    """Return whether these are the quantiles of so many features; none at all fit any."""
    return not quantiles or (
        len(quantiles) == features
        and all(len(feature) == len(PROBABILITIES) and sorted(feature) == list(feature) for feature in quantiles)
    )


def likeness_params(quantiles: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the quantiles of each feature as the kernels read them: how many features, then four of each."""
    return float(len(quantiles)), *(q for feature in quantiles for q in feature)


def likeness_init(p: Params) -> list[float]:
    """Return the state in which no row is counted."""
    return [0.0] * (1 + 2 * int(p[0]))


@kernel
def likeness_count(s: State, p: Params, x: Params, sign: float) -> float:
    """Count one row of features, in place, or take it out again by a sign of -1; return how many rows are known.

    A row with a NaN tells nothing. Counts are whole numbers: their order changes no bit.
    """
    size = int(p[0])
    for i in range(size):
        if x[i] != x[i]:
            return s[KNOWN]
    s[KNOWN] = s[KNOWN] + sign
    for i in range(size):
        inside = 1.0 if x[i] >= p[1 + 4 * i] else 0.0
        inside = inside if x[i] <= p[4 + 4 * i] else 0.0
        middle = 1.0 if x[i] >= p[2 + 4 * i] else 0.0
        middle = middle if x[i] <= p[3 + 4 * i] else 0.0
        s[1 + 2 * i] = s[1 + 2 * i] + (1.0 - inside) * sign
        s[2 + 2 * i] = s[2 + 2 * i] + middle * sign
    return s[KNOWN]


@kernel
def likeness_verdict(s: State, p: Params) -> float:
    """Return -1.0 where the rows are alike, or too few; else twice the place of the first feature that is not.

    One more where its values hardly move.
    """
    if s[KNOWN] < FEWEST:
        return ALIKE
    for i in range(int(p[0])):
        if s[1 + 2 * i] > BEYOND * s[KNOWN]:
            return 2.0 * i
        if s[2 + 2 * i] > WITHIN * s[KNOWN]:
            return 2.0 * i + 1.0
    return ALIKE


def contradiction(verdict: float, features: Sequence[FeatureRef]) -> str:
    """Return a verdict in words; empty where the rows are alike."""
    if verdict == ALIKE:
        return ""
    what = "hardly moves, and did" if int(verdict) % 2 else "is mostly beyond what it was"
    return f"{features[int(verdict) // 2][0]} {what} in training"
