"""Ensembles: several models of the same features whose states mean the same, joined into one list of weights."""

from collections.abc import Sequence

from regimes.layout import ENSEMBLE, FEATURES, KIND, STATES, members_of
from regimes.weights import Matrix, Vector, check_weights, unpack


def join(shares: Sequence[float], members: Sequence[Vector]) -> Vector:
    """Return the weights of an ensemble; the states of the members have been put into one order before.

    Raises ModelError where the members are no ensemble: fewer than two, of other shapes, or a jump model first.
    """
    head = (members[0][STATES], members[0][FEATURES], float(ENSEMBLE), float(len(members)))
    joined = (*head, *(float(share) for share in shares), *(number for member in members for number in member))
    check_weights(joined)
    return joined


def parts_of(w: Vector) -> list[tuple[float, Vector]]:
    """Return the members of an ensemble, each with its share; of any other model that alone."""
    return members_of(w) if w[KIND] == ENSEMBLE else [(1.0, tuple(w))]


def transitions_of(w: Vector) -> Matrix:
    """Return the transition probabilities of a model's states (K, K); of an ensemble the mean of its members'."""
    parts = [(share, unpack(member).transitions) for share, member in parts_of(w)]
    if len(parts) == 1:
        return parts[0][1]
    states = range(int(w[STATES]))
    return tuple(tuple(sum(share * chain[i][j] for share, chain in parts) for j in states) for i in states)


def penalty_of(w: Vector) -> float | None:
    """Return what a jump costs the jump model that this is, or has among its members; None where there is none."""
    return next((p for _, member in parts_of(w) if (p := unpack(member).penalty) is not None), None)
