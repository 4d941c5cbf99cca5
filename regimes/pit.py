"""The probability integral transform: where in its predicted distribution each feature of a row fell, as a normal z.

When the model is true, the z of a row are independent standard normals, of each other and of all rows before; whatever
the model does not explain shows in them. Features are taken in turn, each given those before it in the row
(Rosenblatt, 1952): u_i = sum over k of p_k F_k(x_i | x_1 .. x_{i-1}), where p begins as the predicted probability of
the states and is weighed by each feature's density once that feature is known. z is the inverse normal of u.

State, flat: d values of z, then for each state its weight, its squared whitened distance and a log density: scratch.
"""

import math

from market.kernel import Params, State, kernel
from regimes.distributions import gamma_ratio, normal_cdf, normal_quantile, student_cdf
from regimes.filter import CENTRE, FEATURES, KIND, LOWEST, NEGLIGIBLE, STATES, block_size, is_full, is_student

LOG_ROOT_PI = 0.5 * math.log(math.pi)


def pit_init(w: Params) -> list[float]:
    """Return room for the transform of one row."""
    return [0.0] * (int(w[FEATURES]) + 3 * int(w[STATES]))


@kernel
def pit_step(z: State, s: State, w: Params) -> None:
    """Write the z of the row that `filter_step` has just folded into `s`, and that had no NaN, into `z[0..d-1]`.

    Reads the predicted probabilities and the standardised row that the filter left in its state.
    """
    states, size = int(w[STATES]), int(w[FEATURES])
    for k in range(states):
        z[size + k] = s[states + k]
        z[size + states + k] = 0.0
    for i in range(size):
        below, mass = 0.0, 0.0
        for k in range(states):
            mass = mass + z[size + k]
            below = below + z[size + k] * _emit(z, s, w, k, i)
        z[i] = normal_quantile(below / mass)
        if i + 1 < size:
            _weigh(z, size, states)


@kernel
def _emit(z: State, s: State, w: Params, k: int, i: int) -> float:
    """Return state k's probability that feature i is below what it is, given the features before; note its density."""
    states, size, kind = int(w[STATES]), int(w[FEATURES]), int(w[KIND])
    block = block_size(size, kind)
    at = CENTRE + 2 * size + states + states * states + k * block
    row, white = 3 * states, at + size + 1
    if is_full(kind):
        own = w[white + i * size + i]
        y = 0.0
        for j in range(i + 1):
            y = y + w[white + i * size + j] * (s[row + j] - w[at + j])
    else:
        own = w[white + i]
        y = own * (s[row + i] - w[at + i])
    distance, density = size + states + k, size + 2 * states + k
    before = z[distance]
    z[distance] = before + y * y
    if is_student(kind):
        dof = w[at + block - 1] + i
        spread = math.sqrt((w[at + block - 1] + before) / dof)
        t = y / spread
        z[density] = math.log(own / spread * gamma_ratio(0.5 * dof)) - 0.5 * math.log(dof) - LOG_ROOT_PI
        z[density] = z[density] - 0.5 * (dof + 1.0) * math.log(1.0 + t * t / dof)
        return student_cdf(t, dof)
    z[density] = math.log(own) - 0.5 * y * y
    return normal_cdf(y)


@kernel
def _weigh(z: State, size: int, states: int) -> None:
    """Weigh the states with the density of the feature just taken; the most likely one never loses all its weight."""
    best = LOWEST
    for k in range(states):
        if z[size + k] > 0.0 and z[size + 2 * states + k] > best:
            best = z[size + 2 * states + k]
    for k in range(states):
        gap = z[size + 2 * states + k] - best
        if z[size + k] > 0.0 and gap > NEGLIGIBLE:
            z[size + k] = z[size + k] * math.exp(gap)
        else:
            z[size + k] = 0.0
