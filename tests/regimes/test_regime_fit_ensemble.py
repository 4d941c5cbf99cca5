"""Training an ensemble: members keep their numbers, their states are matched, and what means something else is out."""

import math

from functools import cache

import msgspec
import numpy as np
import pytest

from regimes.ensemble import parts_of
from regimes.filter import filter_rows
from regimes.fit import FitResult, fit
from regimes.fit_ensemble import EnsembleResult, Unmatched, fit_ensemble
from regimes.fit_jump import fit_jump
from regimes.labels import LEAST_EACH, permuted
from regimes.weights import ModelError, unpack

EYE = ((1.0, 0.0), (0.0, 1.0))
Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@cache
def two_markets() -> Rows:
    """Return a volatility, wild for every third hundred bars, beside a return of that volatility; a bar is missing."""
    draw = np.random.default_rng(3)
    size = np.where((np.arange(1200) // 100) % 3 == 2, 0.02, 0.005)
    x = np.column_stack((np.log(size) + 0.3 * draw.normal(size=1200), size * draw.normal(size=1200)))
    x[700] = math.nan
    return x


@cache
def members() -> tuple[FitResult, ...]:
    """Return a Gaussian model of these bars, one of Student's t, and a jump model."""
    x = two_markets()
    return (
        fit(x, 2, seed=1, starts=4),
        fit(x, 2, seed=1, starts=4, emission=6.0),
        fit_jump(x, 2, penalty=20.0, seed=1, starts=3),
    )


def shuffled(member: FitResult) -> FitResult:
    """Return a member whose two states change places."""
    weights = permuted(member.weights, (1, 0))
    return msgspec.structs.replace(
        member, weights=weights, parameters=unpack(weights), occupancy=member.occupancy[::-1]
    )


def test_an_ensemble_is_its_members_each_with_the_same_share() -> None:
    """Nothing is fitted but which state is which; the likelihood is the one that the live filter adds up."""
    found = fit_ensemble(members(), two_markets())

    assert isinstance(found, EnsembleResult)
    densities = filter_rows(found.weights, np.delete(two_markets(), 700, axis=0).tolist())[1]
    scales = math.fsum(math.log(scale) for scale in members()[0].parameters.scale)
    assert [(1.0 / 3.0, member.weights) for member in members()] == parts_of(found.weights)
    assert found.log_likelihood == pytest.approx(math.fsum(densities) + found.rows * scales, rel=1e-9)
    assert (1199, 1, True) == (found.rows, found.dropped, found.converged)
    assert tuple(member.log_likelihood for member in members()) == found.starts
    assert math.fsum(found.occupancy) == pytest.approx(1.0)


def test_engines_of_the_members_are_told_once_each() -> None:
    """Whoever reads the bundle knows what trained what is in it."""
    found = fit_ensemble([members()[0], members()[0], members()[2]], two_markets())

    assert isinstance(found, EnsembleResult)
    assert f"{members()[0].engine}; {members()[2].engine}" == found.engine


@pytest.mark.parametrize("place", [1, 2])
def test_states_of_every_member_are_put_into_the_order_of_the_first(place: int) -> None:
    """Whichever state training has put first, the ensemble is the same, to the bit."""
    others = [shuffled(member) if at == place else member for at, member in enumerate(members())]

    found, again = (fit_ensemble(each, two_markets()) for each in (others, members()))

    assert isinstance(found, EnsembleResult)
    assert isinstance(again, EnsembleResult)
    assert (again.weights, again.occupancy) == (found.weights, found.occupancy)
    assert [(1, 0) if at == place else (0, 1) for at in (1, 2)] == [overlap.order for overlap in found.overlaps]


def test_the_first_member_says_in_which_order_the_states_stand() -> None:
    """Shuffled, it takes the others with it."""
    found = fit_ensemble([shuffled(members()[0]), *members()[1:]], two_markets())

    assert isinstance(found, EnsembleResult)
    assert [permuted(member.weights, (1, 0)) for member in members()] == [part for _, part in parts_of(found.weights)]


def test_a_member_that_means_something_else_is_refused_with_the_reason() -> None:
    """Its states follow the sign of the return, not its size: neither of them is any state of the first member's."""
    first = members()[0]
    parameters = msgspec.structs.replace(first.parameters, means=((0.0, 1.0), (0.0, -1.0)), covariances=(EYE, EYE))
    odd = msgspec.structs.replace(first, parameters=parameters)

    found = fit_ensemble([first, members()[1], odd], two_markets())

    assert isinstance(found, Unmatched)
    assert (2, True) == (found.member, min(found.overlap.each) < LEAST_EACH)
    assert "members[2]" in found.reason
    assert "at least 0.50 is needed" in found.reason


def test_a_jump_model_alone_or_first_is_no_ensemble() -> None:
    """Somebody has to predict, and two have to speak."""
    with pytest.raises(ModelError, match="first member of an ensemble is a jump model"):
        fit_ensemble(members()[::-1], two_markets())
    with pytest.raises(ModelError, match="an ensemble of 1 members"):
        fit_ensemble(members()[:1], two_markets())
