"""The filter against others' numbers: hmmlearn on every prefix, the cases that statsmodels publishes, no look-ahead.

| published case                           | here                                                                     |
|------------------------------------------|--------------------------------------------------------------------------|
| Fed funds, switching mean (Stata)        | compared: two Gaussian states of one variance                            |
| Fed funds, switching slopes              | not expressible: the mean depends on a regressor                         |
| Hamilton 1989, RGNP, AR(4)               | not expressible: the mean depends on five states in a row                |
| Filardo 1994, transitions that vary      | not expressible: one transition matrix for all bars                      |
| S&P 500 absolute returns, AR(1); mumps   | not expressible: the mean depends on the value before, with its own slope |
"""

from importlib.resources import files

import numpy as np
import pytest

from regimes.filter import filter_init, filter_step
from regimes.weights import Parameters, pack
from tests.kernels import bits
from tests.models import as_hmmlearn, draw_parameters, draw_rows

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
SHAPES = [(states, size, full) for states in (2, 3, 4) for size in (1, 2, 3, 4) for full in (False, True)]


def filtered(model: Parameters, rows: list[list[float]]) -> Array:
    """Return the log density and the posterior after each row, side by side."""
    w, states = pack(model), len(model.start)
    s = filter_init(w)
    return np.array([[filter_step(s, w, x), *s[:states]] for x in rows])


@pytest.mark.parametrize(("states", "size", "full"), SHAPES)
def test_posterior_is_that_of_hmmlearn_at_every_bar_to_five_hundred(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """To 1e-10, whatever number of states and features, on each of the first 500 prefixes."""
    model = draw_parameters(states * 10 + size, states, size, full=full)
    x = draw_rows(model, 500, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    hmm = as_hmmlearn(model)

    actual = filtered(model, x.tolist())[:, 1:]

    expected = np.array([hmm.predict_proba(z[: t + 1])[-1] for t in range(500)])
    assert np.abs(expected - actual).max() < 1e-10


@pytest.mark.parametrize(("states", "size", "full"), [(2, 1, False), (3, 2, True), (4, 4, True), (4, 4, False)])
def test_posterior_is_that_of_hmmlearn_at_random_bars_of_twenty_thousand(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """To 1e-10 on prefixes as long as years of quarter hours; fifty of each shape, two hundred in all."""
    model = draw_parameters(states * 10 + size, states, size, full=full)
    x = draw_rows(model, 20_000, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    hmm = as_hmmlearn(model)
    cuts = np.random.default_rng(size).integers(1, 20_000, 50)

    actual = filtered(model, x.tolist())[cuts, 1:]

    expected = np.array([hmm.predict_proba(z[: t + 1])[-1] for t in cuts])
    assert np.abs(expected - actual).max() < 1e-10


@pytest.mark.parametrize("heavy", [False, True])
def test_nothing_after_a_bar_changes_it_at_a_thousand_cuts(heavy: bool) -> None:  # noqa: FBT001
    """A filter stopped at any of 1,000 bars goes on to the bit, whatever another copy of it was told meanwhile."""
    model = draw_parameters(6, 3, 2, full=True, heavy=heavy)
    w, rows = pack(model), draw_rows(model, 1001, seed=6).tolist()
    s = filter_init(w)
    states, densities = [], []
    for x in rows:
        states.append([float(repr(value)) for value in s])
        densities.append(filter_step(s, w, x))

    for t in range(1000):
        poisoned = list(states[t])
        now = filter_step(poisoned, w, rows[t])
        restored = list(poisoned)
        filter_step(poisoned, w, (1e9, -1e9))
        after = filter_step(restored, w, rows[t + 1])

        assert bits((densities[t], densities[t + 1])) == bits((now, after))


def test_fed_funds_with_a_switching_mean_are_as_stata_published_them() -> None:
    """Log likelihood -508.63592 and filtered probabilities to print precision, as shipped with statsmodels."""
    published = files("statsmodels.tsa.regime_switching.tests")
    source = published.joinpath("test_markov_regression.py").read_text(encoding="utf-8")
    rates = [float(number) for number in source.split("fedfunds = [")[1].split("]")[0].split(",") if number.strip()]
    table = np.genfromtxt(str(published.joinpath("results", "results_predict_fedfunds.csv")), delimiter=",", names=True)
    stay, leave = 0.9820939, 0.0503587
    first = leave / (1.0 - stay + leave)
    model = Parameters(
        centre=(0.0,),
        scale=(1.0,),
        start=(first, 1.0 - first),
        transitions=((stay, 1.0 - stay), (leave, 1.0 - leave)),
        means=((3.70877,), (9.556793,)),
        covariances=(((2.107562**2,),), ((2.107562**2,),)),
        full=False,
    )

    actual = filtered(model, [[rate] for rate in rates])

    assert actual[:, 0].sum() == pytest.approx(-508.63592, abs=1e-4)
    assert np.abs(table["const_f1"][-len(rates) :] - actual[:, 1]).max() < 1e-5
