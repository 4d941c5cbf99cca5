"""How the weights of a regime model, and the state of its filter, are laid out flat: for kernels in both drives.

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
Student's t, whose tails grow with fewer degrees of freedom; 4 the jump model; 5 the ensemble, of which other things
stand from offset 3 on:

| offset                | length   | what stands there                                                          |
|-----------------------|----------|----------------------------------------------------------------------------|
| 3                     | 1        | M, the number of its members                                               |
| 4                     | M        | share of each member, together 1                                           |
| 4 + M                 |          | the weights of the members as above, one behind the other: all of K states |
|                       |          | that mean the same, and of the same d features; the first is no jump model |

Means and whitening are of the standardised row z = (x - centre) / scale. Whitening is 1 / standard deviation, or the
inverse of the covariance's Cholesky factor, row-major and lower; of Student's t it is that of the scale matrix, which
is the covariance times (dof - 2) / dof. The log normaliser holds the density's constant (gamma functions too, which
are no part of a kernel) and the scale's Jacobian, so the density is that of x in its own units.

The state is K posteriors, K predicted probabilities, K log emission densities, d standardised values and one flag
(0 before the first row); of a jump model then K values V, less the smallest. Only posteriors, flag and V carry over to
the next row; the rest is scratch. That of an ensemble is K posteriors, then the states of its members.
"""

from collections.abc import Sequence

from market.kernel import kernel

STATES, FEATURES, KIND, CENTRE = 0, 1, 2, 3
"""Offsets of the weights' head; the rest follows from K and d as the module's table says."""
MEMBERS, SHARES = 3, 4
"""Offsets of an ensemble's own."""

DIAGONAL, FULL, DIAGONAL_T, FULL_T, JUMP, ENSEMBLE = 0, 1, 2, 3, 4, 5
"""Kinds of emission; a jump model is one, and so is an ensemble."""


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


@kernel
def weights_size(states: int, features: int, kind: int) -> int:
    """Return the number of weights of a model that is no ensemble."""
    return CENTRE + 2 * features + states + states * states + states * block_size(features, kind)


@kernel
def state_size(states: int, features: int, kind: int) -> int:
    """Return the length of the state of its filter."""
    size = 3 * states + features + 1
    if kind == JUMP:
        size = size + states
    return size


def members_of(w: Sequence[float]) -> list[tuple[float, tuple[float, ...]]]:
    """Return the members of an ensemble, each with its share; of weights that end too early, what there is of them."""
    count = int(w[MEMBERS])
    at = SHARES + count
    found = []
    for share in w[SHARES:at]:
        head = [int(number) for number in w[at : at + CENTRE]]
        size = weights_size(*head) if len(head) == CENTRE else 0
        found.append((share, tuple(w[at : at + size])))
        at += size
    return found
