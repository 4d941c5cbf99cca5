"""Training of an ensemble: models that were trained on the same rows, whose states are matched and then speak as one.

The first member says in which order the states stand. Those of the others are matched to it by the overlap of the
filtered posteriors over the training rows, as a refit's are to those of the model in use (`regimes/labels.py`). Members
may disagree on many a bar, that is what an ensemble is for; what a state is they must agree on. So no least mean is
asked of them, but each state has to share with its match more than either says alone: then it is no other's match.
"""

import math

from collections.abc import Sequence

import msgspec
import numpy as np

from regimes.ensemble import join
from regimes.filter import filter_rows
from regimes.fit import FitResult, Fitted, of_standardised
from regimes.fit_chain import Array
from regimes.fit_rows import rows_of
from regimes.labels import LEAST_EACH, Overlap, overlap_of, permuted
from regimes.weights import Vector


class EnsembleResult(Fitted, frozen=True, kw_only=True):
    """A trained ensemble: its `starts` are the log likelihoods of its members."""

    overlaps: tuple[Overlap, ...]
    """Of the first member's states with those of each other one, before they were put into its order."""


class Unmatched(msgspec.Struct, frozen=True, kw_only=True):
    """Why the members are no ensemble."""

    member: int
    """The one that means something else, the first being 0."""
    overlap: Overlap
    reason: str


def fit_ensemble(
    members: Sequence[FitResult], x: Array, *, volatility: Array | None = None
) -> EnsembleResult | Unmatched:
    """Join models of as many states that were trained on x (n, d), each with the same share, into one.

    Its states are in the order of the first member's. `volatility` is what they were trained with: rows are left out as
    then. Raises ModelError where they are no ensemble at all (`regimes.ensemble.join`).
    """
    states = len(members[0].occupancy)
    rows = rows_of(x, states, volatility)
    z = rows.z.tolist()
    alone = [of_standardised(member.parameters) for member in members]
    first, *others = (np.array(filter_rows(weights, z)[0]) for weights in alone)
    overlaps = tuple(overlap_of(first, posteriors) for posteriors in others)
    for number, overlap in enumerate(overlaps, 1):
        if reason := _too_little(number, overlap):
            return Unmatched(member=number, overlap=overlap, reason=reason)
    orders = [tuple(range(states)), *(overlap.order for overlap in overlaps)]
    pairs = list(zip(members, orders, strict=True))
    return EnsembleResult(
        weights=_joined([member.weights for member in members], orders),
        log_likelihood=math.fsum(filter_rows(_joined(alone, orders), z)[1]),
        starts=tuple(member.log_likelihood for member in members),
        warm=all(member.warm for member in members),
        iterations=max(member.iterations for member in members),
        converged=all(member.converged for member in members),
        rows=members[0].rows,
        dropped=members[0].dropped,
        halted=members[0].halted,
        wild=members[0].wild,
        occupancy=tuple(math.fsum(m.occupancy[o[k]] for m, o in pairs) / len(pairs) for k in range(states)),
        engine="; ".join(dict.fromkeys(member.engine for member in members)),
        overlaps=overlaps,
    )


def _joined(members: Sequence[Vector], orders: Sequence[Sequence[int]]) -> Vector:
    shares = [1.0 / len(members)] * len(members)
    return join(shares, [permuted(weights, order) for weights, order in zip(members, orders, strict=True)])


def _too_little(number: int, overlap: Overlap) -> str:
    """Return why a member's states do not mean what the first one's do; empty when they do."""
    least = min(range(len(overlap.each)), key=overlap.each.__getitem__)
    if overlap.each[least] >= LEAST_EACH:
        return ""
    return (
        f"fit: on the {overlap.bars} training bars state {least} of the first member overlaps with its match in "
        f"members[{number}] by {overlap.each[least]:.2f}, at least {LEAST_EACH:.2f} is needed: the two mean something "
        "else by it; leave that member out, train it otherwise, or use fewer states"
    )
