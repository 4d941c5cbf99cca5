"""Whether a refitted model's states still mean what the states of the model in use mean, and in which order.

Offline: no daemon loads this. Both models are run over the same bars, and their FILTERED posteriors are compared, for
that is what a gate reads. Old state i and new state j share as much as both say at once: sum min(p_i, q_j) over the
bars, divided by sum max(p_i, q_j) (the similarity of Ruzicka 1958, which is Jaccard's on graded sets). The assignment
that shares most is found by the Hungarian method (Kuhn 1955); the mean of what is shared is then 1 minus the mean total
variation between the two posteriors. Parameters are not compared: two states a hair apart may be read alike on every
bar, and the other way about.
"""

from collections.abc import Sequence
from typing import cast

import msgspec
import numpy as np

from numpy.typing import NDArray

from regimes.bundle import RegimeModel, seal
from regimes.ensemble import join
from regimes.golden import golden_of
from regimes.layout import CENTRE, ENSEMBLE, FEATURES, KIND, STATES, block_size, members_of
from regimes.weights import Vector, check_weights

Array = NDArray[np.float64]

LEAST_MEAN = 0.8
"""Least share of the posterior that both models must put on the same states, over all bars. Refits of the S&P 500 a
quarter apart leave a gap there: those that kept their meaning had 0.82 or more, those that did not 0.77 or less."""
LEAST_EACH = 0.5
"""Least overlap of each state with its successor: below it more of what either says is not said by the other."""
FEWEST = 250
"""Bars on which both must have spoken: on fewer, a state may have had no turn."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the old states is in the new ones, under the assignment that shares most."""

    order: tuple[int, ...]
    """The new model's state that stands for each old one."""
    mean: float
    """1 - mean total variation of the two posteriors: 1 the same on every bar."""
    each: Vector
    """Of each old state with its successor, sum min / sum max; 1 where neither was ever in it."""
    bars: int

    @property
    def same(self) -> bool:
        """Whether the states mean the same."""
        return not (self.mean < LEAST_MEAN or min(self.each) < LEAST_EACH)


class Relabelled(msgspec.Struct, frozen=True, kw_only=True):
    """The new model, its states in the order of the old ones: it may take over."""

    model: RegimeModel
    overlap: Overlap


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The old model stays."""

    reason: str
    overlap: Overlap | None = None
    """None where they could not be held against each other at all."""


def succeed(old: RegimeModel, new: RegimeModel, p: Array, q: Array) -> Relabelled | Kept:
    """Return the new model as successor of the old one, or why the old one stays.

    `p` (n, K) and `q` (n, K) are the filtered posteriors of the old and the new model after each of the same bars; bars
    on which a model was not warm yet are left out by whoever calls. The successor is of the old one's lineage, with it
    as parent, its states permuted into the old ordinals: they need not be sorted by volatility any more.
    """
    if old.states != new.states:
        return Kept(
            reason=f"{new.states} states, where the model in use has {old.states}: the allowed states would mean "
            "something else; that begins another lineage, with a folder of its own"
        )
    if len(p) < FEWEST:
        return Kept(reason=f"{len(p)} bars are shared with the model in use: at least {FEWEST} are needed")
    overlap = overlap_of(p, q)
    if reason := _too_little(overlap):
        return Kept(reason=reason, overlap=overlap)
    return Relabelled(model=_successor(old, new, overlap.order), overlap=overlap)


def mean_the_same(p: Array, q: Array) -> bool:
    """Return whether a model of posteriors `p` (n, K) could be succeeded by one of `q` (n, K), in whichever order."""
    return len(p) >= FEWEST and overlap_of(p, q).same


def overlap_of(p: Array, q: Array) -> Overlap:
    """Return how much of the states of `p` (n, K) is in those of `q` (n, K), matched so that most is shared."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import, and few commands need it

    states = range(p.shape[1])
    shared = np.array([[np.minimum(p[:, i], q[:, j]).sum() for j in states] for i in states])
    either = np.array([[np.maximum(p[:, i], q[:, j]).sum() for j in states] for i in states])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    each = shared[rows, columns] / np.maximum(either[rows, columns], 1e-300)
    empty = either[rows, columns] <= 0.0
    return Overlap(
        order=tuple(cast("list[int]", columns.tolist())),
        mean=float(shared[rows, columns].sum() / len(p)),
        each=tuple(cast("list[float]", np.where(empty, 1.0, each).tolist())),
        bars=len(p),
    )


def _too_little(overlap: Overlap) -> str:
    """Return why the states do not mean the same; empty when they do."""
    least = min(range(len(overlap.each)), key=overlap.each.__getitem__)
    if overlap.mean < LEAST_MEAN:
        return (
            f"on {overlap.bars} shared bars the states overlap by {overlap.mean:.2f} on average, "
            f"at least {LEAST_MEAN:.2f} is needed: they would mean something else"
        )
    if overlap.each[least] < LEAST_EACH:
        return (
            f"on {overlap.bars} shared bars state {least} overlaps with its successor by {overlap.each[least]:.2f}, "
            f"at least {LEAST_EACH:.2f} is needed: it would mean something else"
        )
    return ""


def _successor(old: RegimeModel, new: RegimeModel, order: Sequence[int]) -> RegimeModel:
    model = reordered(new, order)
    return seal(msgspec.structs.replace(model, lineage=old.lineage, parent=old.fingerprint))


def reordered(model: RegimeModel, order: Sequence[int]) -> RegimeModel:
    """Return the model, sealed, with state `order[k]` in place k: weights, profiles and golden vectors alike."""
    weights = permuted(model.weights, order)
    profiles = tuple(msgspec.structs.replace(model.profiles[j], state=k) for k, j in enumerate(order))
    golden = golden_of(weights, model.golden.inputs)
    return seal(msgspec.structs.replace(model, weights=weights, profiles=profiles, golden=golden))


def permuted(w: Vector, order: Sequence[int]) -> Vector:
    """Return flat weights with state `order[k]` in place k; the numbers themselves are not touched.

    Raises ModelError for weights that are none, ValueError for an order that is no permutation of the states.
    """
    check_weights(w)
    if w[KIND] == ENSEMBLE:
        shares, members = zip(*members_of(w), strict=True)
        return join(shares, [permuted(member, order) for member in members])
    states, size = int(w[STATES]), int(w[FEATURES])
    if sorted(order) != list(range(states)):
        raise ValueError(f"labels: {tuple(order)} is no permutation of {states} states")
    start = CENTRE + 2 * size
    matrix, block = start + states, block_size(size, int(w[KIND]))
    first = matrix + states * states
    return (
        *w[:start],
        *(w[start + j] for j in order),
        *(w[matrix + states * i + j] for i in order for j in order),
        *(number for j in order for number in w[first + j * block : first + (j + 1) * block]),
    )
