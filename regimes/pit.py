"""The probability integral transform: where in its predicted distribution each feature of a row fell, as a normal z.

When the model is true, the z of a row are independent standard normals, of each other and of all rows before; whatever
the model does not explain shows in them. Features are taken in turn, each given those before it in the row
(Rosenblatt, 1952): u_i = sum over k of p_k F_k(x_i | x_1 .. x_{i-1}), where p begins as the predicted probability of
the states and is weighed by each feature's density once that feature is known. z is the inverse normal of u.

A fitted model is not the true one: a state learnt from few bars is wilder, or drifts more, than it says, and bars of
it would look novel for ever. So a state that was learnt from n bars predicts as somebody who knows no more than those:
each whitened feature, given those before, is Student's t of n - 1 degrees of freedom, widened by (n + 1) / (n - 1), as
from the posterior of a normal's mean and variance (Geisser and Cornfield, 1963). For Student-t states the two tails'
reciprocal degrees of freedom are added, which is near enough. With parameters that are known (n = 0) it is as above.

Beside z stands what a drift would look like to this model: the log likelihood ratio of each feature, given those before
it, as the calmest state would make it if moved up or down by a standard deviation, against the prediction. The filter
takes a drift for a wilder state, which hides it from z; the ratio knows better.

An ensemble's states are those of all its members, each with its member's share of the weight; a jump model predicts
nothing and has none. Since members may have scales of their own, their densities are taken in the features' units. The
state that drifts is one of the first member.

State, flat: d values of z, then for each feature the ratios of a drift up and down; then for each state its weight, its
squared whitened distance and a log density, which are scratch, and for each state the number of bars it was learnt
from, 0 where its parameters are known; last the state that would drift.
"""

import math

from collections.abc import Sequence

from market.kernel import Params, State, kernel
from regimes.distributions import gamma_ratio, normal_cdf, normal_quantile, student_cdf
from regimes.filter import LOWEST, NEGLIGIBLE
from regimes.layout import (
    CENTRE,
    ENSEMBLE,
    FEATURES,
    JUMP,
    KIND,
    MEMBERS,
    SHARES,
    STATES,
    block_size,
    is_full,
    is_student,
    state_size,
    weights_size,
)

AHEAD = 3
"""Numbers of each feature before those of the states: z, and the ratios of a drift up and down."""
LOG_ROOT_PI = 0.5 * math.log(math.pi)
LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
HEAVIEST = 2.5
"""Degrees of freedom below which a standard deviation is taken to be that of so many: below 2 there is none."""
FEWEST = 5.0
"""Bars below which a variance is known no better than from so many."""


def pit_init(w: Params, evidence: Sequence[float] = ()) -> list[float]:
    """Return room for the transform of one row, by states learnt from so many bars each; (): parameters are known.

    An ensemble's members have all learnt from the same bars.
    """
    members = int(w[MEMBERS]) if int(w[KIND]) == ENSEMBLE else 1
    many = int(w[STATES]) * members
    learnt = [max(n, FEWEST) for n in evidence] * members if evidence else [0.0] * many
    return [*([0.0] * (AHEAD * int(w[FEATURES]) + 3 * many)), *learnt, float(calmest(w))]


def calmest(w: Params) -> int:
    """Return the state that is densest at its centre; of an ensemble's first member."""
    a = SHARES + int(w[MEMBERS]) if int(w[KIND]) == ENSEMBLE else 0
    states, size, kind = int(w[a + STATES]), int(w[a + FEATURES]), int(w[a + KIND])
    at = a + CENTRE + 2 * size + states + states * states + size
    return max(range(states), key=lambda k: w[at + k * block_size(size, kind)])  # its log density at the centre


@kernel
def pit_step(z: State, s: State, w: Params) -> None:
    """Write the z of the row that `filter_step` has just folded into `s`, and that had no NaN, into `z[0..d-1]`.

    Then, into `z[d..3d-1]`, the ratios of its drifts, in nats. Reads the predicted probabilities and the standardised
    row that the filter left in its state.
    """
    states, size = int(w[STATES]), int(w[FEATURES])
    if int(w[KIND]) == ENSEMBLE:
        _members_pit(z, s, w, states, size)
        return
    _begin(z, s, 0, states, size, 0, states, 1.0)
    for i in range(size):
        below = _below(z, s, 0, w, 0, states, size, 0, i, states)
        mass = _mass(z, size, states)
        z[i] = normal_quantile(below / mass)
        _against_prediction(z, size, i, states, mass)
        if i + 1 < size:
            _weigh(z, size, states)


@kernel
def _members_pit(z: State, s: State, w: Params, states: int, size: int) -> None:
    """Do the same over the states of all members of an ensemble."""
    members = int(w[MEMBERS])
    many = members * states
    there = states
    here = SHARES + members
    for m in range(members):
        kind = int(w[here + KIND])
        share = w[SHARES + m]
        if kind == JUMP:
            share = 0.0
        _begin(z, s, there, states, size, m * states, many, share)
        there = there + state_size(states, size, kind)
        here = here + weights_size(states, size, kind)
    for i in range(size):
        below = 0.0
        there = states
        here = SHARES + members
        for m in range(members):
            kind = int(w[here + KIND])
            scale = math.log(w[here + CENTRE + size + i])
            below = below + _below(z, s, there, w, here, states, size, m * states, i, many)
            for k in range(states):
                density = AHEAD * size + 2 * many + m * states + k
                z[density] = z[density] - scale
            if m == 0:
                z[size + 2 * i] = z[size + 2 * i] - scale
                z[size + 2 * i + 1] = z[size + 2 * i + 1] - scale
            there = there + state_size(states, size, kind)
            here = here + weights_size(states, size, kind)
        mass = _mass(z, size, many)
        z[i] = normal_quantile(below / mass)
        _against_prediction(z, size, i, many, mass)
        if i + 1 < size:
            _weigh(z, size, many)


@kernel
def _begin(z: State, s: State, b: int, states: int, size: int, c: int, many: int, share: float) -> None:
    """Give the states `c ..` of `many` their predicted probability, times a share, before any feature is known."""
    weight = AHEAD * size + c
    for k in range(states):
        z[weight + k] = share * s[b + states + k]
        z[weight + many + k] = 0.0


@kernel
def _below(z: State, s: State, b: int, w: Params, a: int, states: int, size: int, c: int, i: int, many: int) -> float:
    """Return the weighted probability that feature i is below what it is, over the states `c ..` of one model."""
    below = 0.0
    weight = AHEAD * size + c
    for k in range(states):
        below = below + z[weight + k] * _emit(z, s, b, w, a, k, i, weight + many + k, many)
    return below


@kernel
def _mass(z: State, size: int, many: int) -> float:
    """Return the weight of all states together."""
    mass = 0.0
    for k in range(many):
        mass = mass + z[AHEAD * size + k]
    return mass


@kernel
def _emit(z: State, s: State, b: int, w: Params, a: int, k: int, i: int, distance: int, many: int) -> float:
    """Return state k's probability that feature i is below what it is, given the features before; note its density.

    If it is the state that would drift, note its densities a standard deviation up and down, too.
    """
    states, size, kind = int(w[a + STATES]), int(w[a + FEATURES]), int(w[a + KIND])
    block = block_size(size, kind)
    at = a + CENTRE + 2 * size + states + states * states + k * block
    row, white = b + 3 * states, at + size + 1
    if is_full(kind):
        own = w[white + i * size + i]
        y = 0.0
        for j in range(i + 1):
            y = y + w[white + i * size + j] * (s[row + j] - w[at + j])
    else:
        own = w[white + i]
        y = own * (s[row + i] - w[at + i])
    density, n = distance + many, z[distance + 2 * many]
    drifting = distance == (AHEAD * size + many) + int(z[AHEAD * size + 4 * many])
    before = z[distance]
    z[distance] = before + y * y
    if n == 0.0 and not is_student(kind):
        constant = math.log(own) - LOG_ROOT_TWO_PI
        z[density] = constant - 0.5 * y * y
        if drifting:
            z[size + 2 * i] = constant - 0.5 * (y - 1.0) * (y - 1.0)
            z[size + 2 * i + 1] = constant - 0.5 * (y + 1.0) * (y + 1.0)
        return normal_cdf(y)
    dof, spread, step = n - 1.0, 1.0, 1.0
    if is_student(kind):
        heavy = w[at + block - 1]
        own_dof = heavy + i
        spread = math.sqrt((heavy + before) / own_dof)
        step = math.sqrt(heavy / (heavy - 2.0)) if heavy > HEAVIEST else math.sqrt(HEAVIEST / (HEAVIEST - 2.0))
        dof = own_dof if n == 0.0 else own_dof * dof / (own_dof + dof)
    if n > 0.0:
        spread = spread * math.sqrt((n + 1.0) / (n - 1.0))
    constant = math.log(own / spread * gamma_ratio(0.5 * dof)) - 0.5 * math.log(dof) - LOG_ROOT_PI
    z[density] = constant + _tail(y / spread, dof)
    if drifting:
        z[size + 2 * i] = constant + _tail((y - step) / spread, dof)
        z[size + 2 * i + 1] = constant + _tail((y + step) / spread, dof)
    return student_cdf(y / spread, dof)


@kernel
def _tail(t: float, dof: float) -> float:
    """Return the log density of Student's t, up to its constant."""
    return -0.5 * (dof + 1.0) * math.log(1.0 + t * t / dof)


@kernel
def _against_prediction(z: State, size: int, i: int, many: int, mass: float) -> None:
    """Take the log density of feature i, as predicted by all states together, from those of its drifts."""
    weight = AHEAD * size
    best = LOWEST
    for k in range(many):
        if z[weight + k] > 0.0 and z[weight + 2 * many + k] > best:
            best = z[weight + 2 * many + k]
    total = 0.0
    for k in range(many):
        gap = z[weight + 2 * many + k] - best
        if z[weight + k] > 0.0 and gap > NEGLIGIBLE:
            total = total + z[weight + k] * math.exp(gap)
    predicted = best + math.log(total / mass)
    z[size + 2 * i] = z[size + 2 * i] - predicted
    z[size + 2 * i + 1] = z[size + 2 * i + 1] - predicted


@kernel
def _weigh(z: State, size: int, many: int) -> None:
    """Weigh the states with the density of the feature just taken; the most likely one never loses all its weight."""
    weight = AHEAD * size
    best = LOWEST
    for k in range(many):
        if z[weight + k] > 0.0 and z[weight + 2 * many + k] > best:
            best = z[weight + 2 * many + k]
    for k in range(many):
        gap = z[weight + 2 * many + k] - best
        if z[weight + k] > 0.0 and gap > NEGLIGIBLE:
            z[weight + k] = z[weight + k] * math.exp(gap)
        else:
            z[weight + k] = 0.0
