"""Between the parameters of a hidden Markov model and the flat weights of `regimes/layout.py`."""

import math

from collections.abc import Sequence

import msgspec

from regimes.layout import (
    CENTRE,
    DIAGONAL,
    DIAGONAL_T,
    ENSEMBLE,
    FEATURES,
    FULL,
    FULL_T,
    JUMP,
    KIND,
    MEMBERS,
    SHARES,
    STATES,
    block_size,
    is_full,
    is_student,
    members_of,
    weights_size,
)

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]

MOST = 4
"""States and features that a filter may have."""

KINDS = (DIAGONAL, FULL, DIAGONAL_T, FULL_T, JUMP)
LEAST_MEMBERS, MOST_MEMBERS = 2, 4
"""Of an ensemble."""

LIGHTEST = 1e6
"""Most degrees of freedom: beyond it Student's t is the Gaussian, and its constants lose their digits."""


class ModelError(ValueError):
    """A model cannot be trained, stored or used; the message says what to do."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """A hidden Markov model, or a jump model, of standardised rows: K states, d features."""

    centre: Vector
    """(d,) subtracted from each feature, in its unit."""
    scale: Vector
    """(d,) then divided by, above 0."""
    start: Vector
    """(K,) probability of each state before the first row."""
    transitions: Matrix
    """(K, K) from state i (row) to state j (column)."""
    means: Matrix
    """(K, d)"""
    covariances: tuple[Matrix, ...]
    """(K, d, d); of Student's t the scale matrix, which is the covariance times (dof - 2) / dof."""
    full: bool
    """False: the covariances are diagonal, and the filter uses it."""
    dof: Vector = ()
    """(K,) degrees of freedom of each state's Student's t, above 0; empty: the states are Gaussian."""
    penalty: float | None = None
    """What a jump into another state costs, in half squared scales; None: no jump model."""


def pack(model: Parameters) -> Vector:
    """Return the flat weights of a model.

    Raises ModelError when shapes, probabilities or covariances are not those of a model.
    """
    _check(model)
    states, size = len(model.start), len(model.centre)
    blocks: list[float] = []
    for k, (mean, covariance) in enumerate(zip(model.means, model.covariances, strict=True)):
        factor = _cholesky(covariance)
        white = _inverse(factor)
        log_volume = sum(math.log(factor[i][i]) + math.log(model.scale[i]) for i in range(size))
        blocks += [*mean, _log_constant(size, model.dof[k : k + 1]) - log_volume]
        blocks += [white[i][j] for i in range(size) for j in range(size) if model.full or i == j]
        blocks += model.dof[k : k + 1] if model.penalty is None else [model.penalty]
    head = (float(states), float(size), float(kind_of(model)), *model.centre, *model.scale, *model.start)
    numbers = (*head, *(p for row in model.transitions for p in row), *blocks)
    return tuple(float(number) for number in numbers)  # a float64 of numpy is a float, but prints as something else


def unpack(w: Sequence[float]) -> Parameters:
    """Return the parameters that stand in flat weights; the covariances to the last bit or two.

    Raises ModelError when the weights are not laid out as `regimes/layout.py` documents, and for an ensemble, which has
    parameters in its members alone (`regimes/ensemble.py`).
    """
    check_weights(w)
    if w[KIND] == ENSEMBLE:
        raise ModelError("model: an ensemble has no parameters of its own: look at its members")
    states, size, kind = int(w[STATES]), int(w[FEATURES]), int(w[KIND])
    start = CENTRE + 2 * size
    first = start + states + states * states
    full, block = is_full(kind), block_size(size, kind)
    ats = [first + k * block for k in range(states)]
    return Parameters(
        centre=tuple(w[CENTRE : CENTRE + size]),
        scale=tuple(w[CENTRE + size : start]),
        start=tuple(w[start : start + states]),
        transitions=tuple(tuple(w[at : at + states]) for at in range(start + states, first, states)),
        means=tuple(tuple(w[at : at + size]) for at in ats),
        covariances=tuple(_covariance(w[at + size + 1 : at + block], size, full=full) for at in ats),
        full=full,
        dof=tuple(w[at + block - 1] for at in ats) if is_student(kind) else (),
        penalty=w[first + block - 1] if kind == JUMP else None,
    )


def kind_of(model: Parameters) -> int:
    """Return the kind of emission, as it stands in the weights."""
    if model.penalty is not None:
        return JUMP
    return (DIAGONAL_T if model.dof else 0) + int(model.full)


def check_weights(w: Sequence[float]) -> None:
    """Raise ModelError unless the weights have the length their head announces and every number is finite.

    Those of an ensemble have to be those of its members, of the same states and features, and of one that predicts.
    """
    if len(w) <= CENTRE or not all(math.isfinite(value) for value in w):
        raise ModelError("model: the weights are missing or not finite: train it again")
    if w[KIND] == ENSEMBLE:
        _check_members(w)
        return
    if not (2 <= w[STATES] <= MOST and 1 <= w[FEATURES] <= MOST and w[KIND] in KINDS):
        raise ModelError(
            f"model: the weights announce {w[STATES]} states, {w[FEATURES]} features and kind {w[KIND]}: train it again"
        )
    expected = weights_size(int(w[STATES]), int(w[FEATURES]), int(w[KIND]))
    if len(w) != expected:
        raise ModelError(f"model: {len(w)} weights where their head announces {expected}: train it again")


def _check_members(w: Sequence[float]) -> None:
    many, shares = w[MEMBERS], w[SHARES : SHARES + int(w[MEMBERS])]
    if not LEAST_MEMBERS <= many <= MOST_MEMBERS or many != int(many):
        raise ModelError(f"model: an ensemble of {many:g} members; use {LEAST_MEMBERS} to {MOST_MEMBERS}")
    if any(not share > 0.0 for share in shares) or abs(sum(shares) - 1.0) > 1e-9:
        raise ModelError(f"model: {tuple(shares)} are not the shares of an ensemble's members: train it again")
    members = [member for _, member in members_of(w)]
    for member in members:
        check_weights(member)
        if member[KIND] == ENSEMBLE or (member[STATES], member[FEATURES]) != (w[STATES], w[FEATURES]):
            raise ModelError("model: the members of an ensemble have other states or features than it: train it again")
    if len(w) != SHARES + len(shares) + sum(map(len, members)):
        raise ModelError(f"model: {len(w)} weights, where the members of an ensemble have others: train it again")
    if members[0][KIND] == JUMP:
        raise ModelError("model: the first member of an ensemble is a jump model, which predicts no bar: name it later")


def _check(model: Parameters) -> None:
    states, size = len(model.start), len(model.centre)
    if not (2 <= states <= MOST and 1 <= size <= MOST):
        raise ModelError(f"model: {states} states and {size} features; use 2 to {MOST} states and 1 to {MOST} features")
    square = all(len(c) == size and all(len(row) == size for row in c) for c in model.covariances)
    lengths = (len(model.scale), len(model.transitions), len(model.means), len(model.covariances))
    rows = {len(row) for row in model.transitions} == {states} and {len(mean) for mean in model.means} == {size}
    if lengths != (size, states, states, states) or not rows or not square:
        raise ModelError(f"model: the parameters do not fit {states} states and {size} features")
    if any(not math.isfinite(c) for c in model.centre) or any(not 0.0 < s < math.inf for s in model.scale):
        raise ModelError(
            "model: centre must be finite and scale above 0: a constant feature tells nothing, leave it out"
        )
    for row in (model.start, *model.transitions):
        if any(not p >= 0.0 for p in row) or abs(sum(row) - 1.0) > 1e-9:
            raise ModelError(f"model: {row} are not probabilities")
    if model.dof and (len(model.dof) != states or any(not 0.0 < dof <= LIGHTEST for dof in model.dof)):
        raise ModelError(f"model: degrees of freedom {model.dof}; each of {states} states needs one above 0")
    if model.penalty is not None and (model.full or model.dof or not 0.0 <= model.penalty < math.inf):
        raise ModelError(
            f"model: penalty {model.penalty}; a jump model has a finite one from 0, and diagonal Gaussian states"
        )


def _log_constant(size: int, dof: Vector) -> float:
    """Return the log of the constant in the density of a whitened row: Gaussian, or Student's t of one `dof`."""
    if not dof:
        return -0.5 * size * math.log(2.0 * math.pi)
    half = 0.5 * dof[0]
    return math.lgamma(half + 0.5 * size) - math.lgamma(half) - 0.5 * size * math.log(dof[0] * math.pi)


def _cholesky(a: Matrix) -> list[list[float]]:
    """Return the lower factor L with L L' = a; raise ModelError when a is not positive definite."""
    factor = [[0.0] * len(a) for _ in a]
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            if i == j and not 0.0 < rest < math.inf:
                raise ModelError("model: a covariance is not positive definite: use fewer states or features")
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    return factor


def _inverse(factor: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the inverse of a lower triangular matrix."""
    size = len(factor)
    inverse = [[0.0] * size for _ in range(size)]
    for j in range(size):
        for i in range(j, size):
            rest = (1.0 if i == j else 0.0) - sum(factor[i][k] * inverse[k][j] for k in range(j, i))
            inverse[i][j] = rest / factor[i][i]
    return inverse


def _covariance(white: Sequence[float], size: int, *, full: bool) -> Matrix:
    """Return the covariance whose whitening this is."""
    if full:
        factor = _inverse([list(white[i * size : (i + 1) * size]) for i in range(size)])
    else:
        factor = [[1.0 / white[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    return tuple(tuple(sum(a * b for a, b in zip(x, y, strict=True)) for y in factor) for x in factor)
