"""The filter of a regime model, hidden Markov or jump: what is known of the regime once a bar has closed.

One kernel folds one feature row into the posterior of the states given everything up to that row, and nothing after
it. Smoothed and Viterbi states must never enter here: they look ahead. Method: the scaled forward recursion, Rabiner
(1989), with the largest log density taken out before `exp`.

The weights are one flat tuple, so that the same kernel runs on them interpreted and compiled. K states, d features:

| offset                | length   | what stands there                                                          |
|-----------------------|----------|----------------------------------------------------------------------------|
| 0                     | 1        | K, the number of states, 2 to 4                                            |
| 1                     | 1        | d, the number of features, 1 to 4                                          |
| 2                     | 1        | the kind of emission: see below                                            |
| 3                     | d        | centre of each feature over the training rows, in the feature's unit       |
| 3 + d                 | d        | scale of each feature, likewise                                            |
| 3 + 2d                | K        | start probability of each state                                            |
| 3 + 2d + K            | K * K    | transition probability, row-major: from state i (row) to state j (column)  |
| 3 + 2d + K + K * K    | K blocks | each: mean (d), log normaliser (1), whitening (d, or d * d when full);     |
|                       |          | degrees of freedom (1) when Student's t; penalty of a jump (1)             |

Kinds: 0 Gaussian with a diagonal covariance, 1 Gaussian with a full one, 2 and 3 the same of the multivariate
Student's t, whose tails grow with fewer degrees of freedom; 4 the jump model.

A jump model (Nystrup et al., 2020) names one state, and its posterior is 1 for that and 0 for the others: the state
in which the cheapest path so far ends, V[k] = |z - mean[k]|^2 / 2 + min(V[k], min over j of V[j] + penalty). Its
transitions and Gaussian emissions are those that were counted in the rows of each state; they decide nothing, and give
the predictive density, which is one as far as the states are Gaussian.

Means and whitening are of the standardised row z = (x - centre) / scale. Whitening is 1 / standard deviation, or the
inverse of the covariance's Cholesky factor, row-major and lower; of Student's t it is that of the scale matrix, which
is the covariance times (dof - 2) / dof. The log normaliser holds the density's constant (gamma functions too, which
are no part of a kernel) and the scale's Jacobian, so the density is that of x in its own units.

The state is K posteriors, K predicted probabilities, K log emission densities, d standardised values and one flag
(0 before the first row); of a jump model then K values V, less the smallest. Only posteriors, flag and V carry over to
the next row; the rest is scratch.
"""

import math

from collections.abc import Iterable

from market.kernel import Params, State, kernel

STATES, FEATURES, KIND, CENTRE = 0, 1, 2, 3
"""Offsets of the weights' head; the rest follows from K and d as the module's table says."""

DIAGONAL, FULL, DIAGONAL_T, FULL_T, JUMP = 0, 1, 2, 3, 4
"""Kinds of emission; a jump model is one."""

NAN = math.nan
FARTHEST = (
    1e9  # scales from the centre: beyond it (or at infinity) a value is taken to be here, so that nothing overflows
)
LONGEST = 1e300  # largest squared distance, likewise
NEGLIGIBLE = -700.0  # exp below it leaves the normal floats
LOWEST = -1e308


@kernel
def is_full(kind: int) -> bool:
    """Return whether a row is whitened by a matrix, not by one number for each feature."""
    if kind == FULL:
        return True
    return kind == FULL_T


@kernel
def is_student(kind: int) -> bool:
    """Return whether the emissions are Student's t."""
    if kind == DIAGONAL_T:
        return True
    return kind == FULL_T


@kernel
def block_size(size: int, kind: int) -> int:
    """Return the number of weights that one state's emission takes."""
    block = size + 1 + size
    if is_full(kind):
        block = size + 1 + size * size
    if is_student(kind):
        block = block + 1
    if kind == JUMP:
        block = block + 1
    return block


def weights_size(states: int, features: int, kind: int) -> int:
    """Return the number of weights of a model."""
    return CENTRE + 2 * features + states + states * states + states * block_size(features, kind)


def filter_init(w: Params) -> list[float]:
    """Return the fresh state of a filter: its posterior is the start probability until the first row is folded in."""
    states, features = int(w[STATES]), int(w[FEATURES])
    start = CENTRE + 2 * features
    values = states if int(w[KIND]) == JUMP else 0
    return [*w[start : start + states], *([0.0] * (2 * states + features + 1 + values))]


def filter_rows(w: Params, rows: Iterable[Params]) -> tuple[list[tuple[float, ...]], list[float]]:
    """Return the posterior after each row of features, and its log density, from a fresh state, interpreted."""
    s, states = filter_init(w), int(w[STATES])
    posteriors, densities = [], []
    for x in rows:
        densities.append(filter_step(s, w, x))
        posteriors.append(tuple(s[:states]))
    return posteriors, densities


@kernel
def filter_step(s: State, w: Params, x: Params) -> float:
    """Fold one row of features into the posterior `s[0..K-1]`, in place.

    Returns the log density of x as predicted from the rows before it, in nats, x in its own units. A row with a NaN
    tells nothing: the posterior moves on by one transition (a jump model stays where it is) and NaN is returned.
    Allocates nothing.
    """
    states = int(w[STATES])
    size = int(w[FEATURES])
    _predict(s, w, states, size)
    for i in range(size):
        if x[i] != x[i]:
            if int(w[KIND]) != JUMP:
                for k in range(states):
                    s[k] = s[states + k]
            return NAN
        z = (x[i] - w[CENTRE + i]) / w[CENTRE + size + i]
        if z > FARTHEST:
            z = FARTHEST
        elif z < -FARTHEST:
            z = -FARTHEST
        s[3 * states + i] = z
    log_density = _update(s, w, states, size)
    if int(w[KIND]) == JUMP:
        _settle(s, w, states, size)
    return log_density


@kernel
def _predict(s: State, w: Params, states: int, size: int) -> None:
    """Write the probability of each state before the row is seen; the first row has the start probability."""
    started = 3 * states + size
    start = CENTRE + 2 * size
    if s[started] == 0.0:
        s[started] = 1.0
        for k in range(states):
            s[states + k] = w[start + k]
    else:
        for k in range(states):
            mass = 0.0
            for j in range(states):
                mass = mass + s[j] * w[start + states + j * states + k]
            s[states + k] = mass


@kernel
def _update(s: State, w: Params, states: int, size: int) -> float:
    """Weigh the predicted probabilities with the emission densities; return the log of their sum."""
    first = CENTRE + 2 * size + states + states * states
    block = block_size(size, int(w[KIND]))
    best = LOWEST
    for k in range(states):
        log_density = _log_emission(s, w, 3 * states, first + k * block, size)
        s[2 * states + k] = log_density
        if s[states + k] > 0.0 and log_density > best:
            best = log_density
    total = 0.0
    for k in range(states):
        gap = s[2 * states + k] - best
        joint = 0.0
        if s[states + k] > 0.0 and gap > NEGLIGIBLE:
            joint = s[states + k] * math.exp(gap)
        s[k] = joint
        total = total + joint
    for k in range(states):
        s[k] = s[k] / total
    return best + math.log(total)


@kernel
def _log_emission(s: State, w: Params, row: int, at: int, size: int) -> float:
    """Return the log density of the standardised row `s[row..]` in the state whose block of weights begins at `at`."""
    white = at + size + 1
    kind = int(w[KIND])
    distance = 0.0
    if is_full(kind):
        for i in range(size):
            y = 0.0
            for j in range(i + 1):
                y = y + w[white + i * size + j] * (s[row + j] - w[at + j])
            distance = distance + y * y
    else:
        for i in range(size):
            y = (s[row + i] - w[at + i]) * w[white + i]
            distance = distance + y * y
    if distance > LONGEST:
        distance = LONGEST
    if is_student(kind):
        dof = w[at + block_size(size, kind) - 1]
        return w[at + size] - 0.5 * (dof + size) * math.log(1.0 + distance / dof)
    return w[at + size] - 0.5 * distance


@kernel
def _settle(s: State, w: Params, states: int, size: int) -> None:
    """Extend the cheapest paths of a jump model by the standardised row, and name the state where the cheapest ends."""
    first = CENTRE + 2 * size + states + states * states
    block = block_size(size, JUMP)
    values = 3 * states + size + 1
    cheapest = s[values]
    for k in range(1, states):
        if s[values + k] < cheapest:
            cheapest = s[values + k]
    best = 0
    for k in range(states):
        at = first + k * block
        distance = 0.0
        for i in range(size):
            y = s[3 * states + i] - w[at + i]
            distance = distance + y * y
        cost = s[values + k]
        if cheapest + w[at + block - 1] < cost:
            cost = cheapest + w[at + block - 1]
        s[values + k] = cost + 0.5 * distance
        if s[values + k] < s[values + best]:
            best = k
    cheapest = s[values + best]
    for k in range(states):
        s[values + k] = s[values + k] - cheapest
        s[k] = 0.0
    s[best] = 1.0


FILTER_KERNELS = (filter_step, _predict, _update, _log_emission, _settle, block_size, is_full, is_student)
"""All that computes a posterior; their fingerprint goes into every bundle."""
