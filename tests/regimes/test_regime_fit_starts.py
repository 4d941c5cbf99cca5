"""Where training starts and how far it gets: the best likelihood anybody knows of, and never below a warm start."""

import math

from pathlib import Path

import msgspec
import numpy as np
import pytest

from numpy.typing import NDArray

from backtests.benchmarks.indices import moves, sp500
from backtests.benchmarks.simulated import Scenario, draw
from regimes.fit import fit
from regimes.fit_rows import rows_of
from regimes.fit_starts import KINDS, from_groups, from_model, starts_of
from regimes.weights import ModelError
from tests.models import draw_parameters

Array = NDArray[np.float64]


def daily(states: int, count: int, seed: int) -> tuple[Array, NDArray[np.intp]]:
    """Return simulated daily returns (n, 1) and their true states."""
    returns, path = draw(Scenario("", states, count), count, (seed, states))
    return returns[:, None], path


def best_known(x: Array, states: int) -> float:
    """Return the best likelihood of 120 starts of another seed than the fit's."""
    return fit(x, states, seed=99, starts=120, engine="kernel").log_likelihood


@pytest.mark.parametrize("states", [2, 3])
def test_best_known_likelihood_is_reached_on_simulated_days(states: int) -> None:
    """Within 0.1 nats of the best of twice as many other starts, on every one of six series of 1,000 days."""
    series = [daily(states, 1000, seed)[0] for seed in range(6)]

    gaps = [best_known(x, states) - fit(x, states, seed=1).log_likelihood for x in series]

    assert [gap < 0.1 for gap in gaps] == [True] * 6


@pytest.mark.parametrize("states", [2, 3])
def test_best_known_likelihood_is_reached_on_real_days(shared_data: Path, states: int) -> None:
    """The same on windows of eight years of the S&P 500."""
    returns = moves(sp500(shared_data))
    windows = [returns[first : first + 2000] for first in range(0, len(returns) - 2000, 3000)]
    gaps = [best_known(x, states) - fit(x, states, seed=1).log_likelihood for x in windows]

    assert [gap < 0.1 for gap in gaps] == [True] * len(windows)


def test_no_state_is_absorbing_with_three_states() -> None:
    """The least exit that training has seen is a fraction of one, not 2e-12."""
    results = [fit(daily(3, 1000, seed)[0], 3, seed=1) for seed in range(6)]

    exits = [1.0 - row[k] for result in results for k, row in enumerate(result.parameters.transitions)]

    assert min(exits) > 0.5 / 1003


def test_warm_start_goes_on_from_the_model_before() -> None:
    """Begun from its own result, training soon ends there, and says that it came from there."""
    x, _ = daily(3, 1500, seed=11)
    before = fit(x, 3, seed=1)

    after = fit(x, 3, seed=2, starts=1, warm=before.parameters)

    assert after.warm
    assert after.iterations <= 40
    assert after.log_likelihood == pytest.approx(before.log_likelihood, abs=1e-3)
    assert after.weights == pytest.approx(before.weights, rel=2e-2, abs=2e-3)


def test_a_warm_start_that_leads_nowhere_costs_nothing() -> None:
    """States that are the same part by the last bit, late or never: the fit is as likely as without them."""
    x, _ = daily(2, 1500, seed=12)
    foreign = draw_parameters(1, 2, 1, full=False)
    alike = {"means": ((0.0,), (0.0,)), "covariances": (((1.0,),), ((1.0,),)), "transitions": ((0.9, 0.1), (0.1, 0.9))}
    stuck = msgspec.structs.replace(foreign, **alike)

    fresh, beside = fit(x, 2, seed=1, starts=2), fit(x, 2, seed=1, starts=2, warm=stuck)

    assert beside.log_likelihood == pytest.approx(fresh.log_likelihood, abs=1e-4)
    assert len(beside.starts) == 3


def test_warm_start_is_the_same_model_in_other_units() -> None:
    """Means, spreads and transitions of the model before are those of the chain, in units of the new rows."""
    x, _ = daily(2, 600, seed=13)
    before = fit(x[:300], 2, seed=1, starts=4).parameters
    rows = rows_of(x, 2, None)

    chain = from_model(before, rows, 2, full=False)

    means = [m[0] * before.scale[0] + before.centre[0] for m in before.means]
    spreads = [math.sqrt(c[0][0]) * before.scale[0] for c in before.covariances]
    assert (chain.means[:, 0] * rows.scale[0] + rows.centre[0]).tolist() == pytest.approx(means)
    assert (np.sqrt(chain.covariances[:, 0, 0]) * rows.scale[0]).tolist() == pytest.approx(spreads)
    assert chain.transitions.ravel().tolist() == pytest.approx([p for row in before.transitions for p in row])


def test_warm_start_of_another_shape_is_refused() -> None:
    """A model of two states cannot begin one of three."""
    x, _ = daily(2, 600, seed=14)

    with pytest.raises(ModelError, match="warm start has 2 states and 1 features"):
        fit(x, 3, seed=1, warm=draw_parameters(1, 2, 1, full=False))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_start_makes_whole_models(kind: object) -> None:
    """Groups of any kind name states that exist, and the chain made of them can begin a climb."""
    rows = rows_of(daily(3, 400, seed=15)[0], 3, None)
    draw = np.random.default_rng(1)

    groups = [kind(rows, 3, draw) for _ in range(20)]  # type: ignore[operator] # pytest has no types for parameters
    chains = [from_groups(rows.z, group, 3, 0.99, full=True) for group in groups]

    assert {k for group in groups for k in group.tolist()} <= {0, 1, 2}
    assert min(float(chain.covariances.min()) for chain in chains) > 0.0


def test_starts_are_drawn_alike_from_equal_seeds() -> None:
    """Equal seeds give equal starts, other seeds others; the first four are drawn by nobody."""
    rows = rows_of(daily(2, 400, seed=16)[0], 2, None)

    one, same, other = ([c.means.tolist() for c in starts_of(rows, 2, seed, 12, full=False)] for seed in (1, 1, 2))

    assert one == same
    assert one[:4] == other[:4]
    assert one[4:] != other[4:]
