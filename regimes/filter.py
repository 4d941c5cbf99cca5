"""The filter of a regime model, hidden Markov, jump or ensemble: what is known of the regime once a bar has closed.

One kernel folds one feature row into the posterior of the states given everything up to that row, and nothing after
it. Smoothed and Viterbi states must never enter here: they look ahead. Method: the scaled forward recursion, Rabiner
(1989), with the largest log density taken out before `exp`. Weights and state are laid out in `regimes/layout.py`.

A jump model (Nystrup et al., 2020) names one state, and its posterior is 1 for that and 0 for the others: the state
in which the cheapest path so far ends, V[k] = |z - mean[k]|^2 / 2 + min(V[k], min over j of V[j] + penalty). Its
transitions and Gaussian emissions are those that were counted in the rows of each state; they decide nothing, and give
the predictive density, which is one as far as the states are Gaussian.

An ensemble folds each row into all its members. Its posterior is the mean of theirs by their shares (a linear opinion
pool: Stone, 1961), and its predictive density likewise the mean of the densities of those that predict: a jump model
has its say in the posterior alone.
"""

import math

from collections.abc import Iterable

from market.kernel import Params, State, kernel, write_out
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
    members_of,
    state_size,
    weights_size,
)

NAN = math.nan
FARTHEST = (
    1e9  # scales from the centre: beyond it (or at infinity) a value is taken to be here, so that nothing overflows
)
LONGEST = 1e300  # largest squared distance, likewise
NEGLIGIBLE = -700.0  # exp below it leaves the normal floats
LOWEST = -1e308


def filter_init(w: Params) -> list[float]:
    """Return the fresh state of a filter: its posterior is the start probability until the first row is folded in."""
    states, features, kind = int(w[STATES]), int(w[FEATURES]), int(w[KIND])
    if kind == ENSEMBLE:
        begun = [(share, filter_init(member)) for share, member in members_of(w)]
        start = [sum(share * state[k] for share, state in begun) for k in range(states)]
        return [*start, *(number for _, state in begun for number in state)]
    at = CENTRE + 2 * features
    return [*w[at : at + states], *([0.0] * (state_size(states, features, kind) - states))]


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
    states, size, kind = int(w[STATES]), int(w[FEATURES]), int(w[KIND])
    if kind == ENSEMBLE:
        return _fold_members(s, w, x, states, size)
    return fold_shaped(s, w, x, states, size, kind)


@kernel
def fold_shaped(s: State, w: Params, x: Params, states: int, size: int, kind: int) -> float:
    """Do the same for a model that is no ensemble; where its shape is known its loops are written out."""
    if _look(s, 0, w, 0, x, states, size, kind):
        return _update(s, 0, w, 0, states, size, kind)
    return NAN


@kernel
def _fold_members(s: State, w: Params, x: Params, states: int, size: int) -> float:
    """Fold one row into every member of an ensemble, and what they say into one posterior and one density."""
    members = int(w[MEMBERS])
    here, there = SHARES + members, states
    for k in range(states):
        s[k] = 0.0
    best, total, shares = LOWEST, 0.0, 0.0
    whole = True
    for m in range(members):
        share, kind = w[SHARES + m], int(w[here + KIND])
        whole = _look(s, there, w, here, x, states, size, kind)
        log_density = NAN
        if whole:
            log_density = _update(s, there, w, here, states, size, kind)
        for k in range(states):
            s[k] = s[k] + share * s[there + k]
        if kind != JUMP:
            shares = shares + share
            if log_density > best:
                total = share + total * _lost(best - log_density)
                best = log_density
            else:
                total = total + share * _lost(log_density - best)
        here = here + weights_size(states, size, kind)
        there = there + state_size(states, size, kind)
    if whole:
        return best + math.log(total / shares)
    return NAN


@kernel
def _lost(gap: float) -> float:
    """Return exp of a gap of two log densities, 0.0 where the smaller one counts for nothing."""
    if gap > NEGLIGIBLE:
        return math.exp(gap)
    return 0.0


@kernel
def _look(s: State, b: int, w: Params, a: int, x: Params, states: int, size: int, kind: int) -> bool:
    """Take the standardised row in, and tell whether it is whole; one that is not moves the posterior by a transition.

    The weights of the model begin at `w[a]`, its state at `s[b]`: here and below.
    """
    _predict(s, b, w, a, states, size)
    for i in range(size):
        if x[i] != x[i]:
            if kind != JUMP:
                for k in range(states):
                    s[b + k] = s[b + states + k]
            return False
        z = (x[i] - w[a + CENTRE + i]) / w[a + CENTRE + size + i]
        if z > FARTHEST:
            z = FARTHEST
        elif z < -FARTHEST:
            z = -FARTHEST
        s[b + 3 * states + i] = z
    return True


@kernel
def _predict(s: State, b: int, w: Params, a: int, states: int, size: int) -> None:
    """Write the probability of each state before the row is seen; the first row has the start probability."""
    started = b + 3 * states + size
    start = a + CENTRE + 2 * size
    if s[started] == 0.0:
        s[started] = 1.0
        for k in range(states):
            s[b + states + k] = w[start + k]
    else:
        for k in range(states):
            mass = 0.0
            for j in range(states):
                mass = mass + s[b + j] * w[start + states + j * states + k]
            s[b + states + k] = mass


@kernel
def _update(s: State, b: int, w: Params, a: int, states: int, size: int, kind: int) -> float:
    """Weigh the predicted probabilities with the emission densities; return the log of their sum.

    A jump model then names its state.
    """
    first = a + CENTRE + 2 * size + states + states * states
    block = block_size(size, kind)
    ahead, row = b + states, b + 3 * states
    best = LOWEST
    for k in range(states):
        log_density = _log_emission(s, row, w, first + k * block, size, kind)
        s[ahead + states + k] = log_density
        if s[ahead + k] > 0.0 and log_density > best:
            best = log_density
    total = 0.0
    for k in range(states):
        gap = s[ahead + states + k] - best
        joint = 0.0
        if s[ahead + k] > 0.0 and gap > NEGLIGIBLE:
            joint = s[ahead + k]
            if gap != 0.0:
                joint = joint * math.exp(gap)
        s[b + k] = joint
        total = total + joint
    for k in range(states):
        s[b + k] = s[b + k] / total
    if kind == JUMP:
        _settle(s, b, w, a, states, size)
    return best + math.log(total)


@kernel
def _log_emission(s: State, row: int, w: Params, at: int, size: int, kind: int) -> float:
    """Return the log density of the standardised row `s[row..]` in the state whose block of weights begins at `at`."""
    white = at + size + 1
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
def _settle(s: State, b: int, w: Params, a: int, states: int, size: int) -> None:
    """Extend the cheapest paths of a jump model by the standardised row, and name the state where the cheapest ends."""
    first = a + CENTRE + 2 * size + states + states * states
    block = block_size(size, JUMP)
    row = b + 3 * states
    values = row + size + 1
    cheapest = s[values]
    for k in range(1, states):
        if s[values + k] < cheapest:
            cheapest = s[values + k]
    best = 0
    for k in range(states):
        at = first + k * block
        distance = 0.0
        for i in range(size):
            y = s[row + i] - w[at + i]
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
        s[b + k] = 0.0
    s[b + best] = 1.0


write_out(fold_shaped, _look, _predict, _update, _log_emission, _settle)
"""A model that is no ensemble stands at offset 0, which then costs a compiled step nothing: it did cost 15 %."""

FILTER_KERNELS = (
    *(filter_step, fold_shaped, _fold_members, _lost, _look, _predict, _update, _log_emission, _settle),
    *(block_size, is_full, is_student, weights_size, state_size),
)
"""All that computes a posterior; their fingerprint goes into every bundle."""
