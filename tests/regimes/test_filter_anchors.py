"""The filter against hmmlearn on every prefix, and no look-ahead: whatever the kind of emission and the shape."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from backtests.regime_compiled import filtered_compiled
from regimes.filter import filter_init, filter_step
from regimes.layout import DIAGONAL_T, FULL, FULL_T, JUMP
from regimes.weights import KINDS, Parameters, pack
from tests.cuts import cuts
from tests.kernels import bits
from tests.models import as_hmmlearn, draw_parameters, draw_rows

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
SHAPES = [(states, size, full) for states in (2, 3, 4) for size in (1, 2, 3, 4) for full in (False, True)]
CUTS = range(1, 1001)
POISONS = (float("nan"), 1e9, -1e9, float("inf"))


def filtered(model: Parameters, rows: list[list[float]]) -> Array:
    """Return the log density and the posterior after each row, side by side."""
    w, states = pack(model), len(model.start)
    s = filter_init(w)
    return np.array([[filter_step(s, w, x), *s[:states]] for x in rows])


def batch(model: Parameters, rows: Array) -> Array:
    """Return the same from the compiled loop, over all rows at once."""
    posteriors, densities = filtered_compiled(pack(model), rows)
    return np.column_stack((densities, posteriors))


def of_kind(kind: int, states: int, size: int) -> Parameters:
    """Return a model with this kind of emission."""
    full, heavy = kind in (FULL, FULL_T), kind in (DIAGONAL_T, FULL_T)
    model = draw_parameters(6, states, size, full=full, heavy=heavy)
    return msgspec.structs.replace(model, penalty=5.0) if kind == JUMP else model


def looks_ahead(tell: Callable[[Array], Array], rows: Array, whole: Array, t: int, poison: float) -> bool:
    """Return whether what is told of the first t rows changes where no row follows them, or poisoned ones do."""
    poisoned = rows.copy()
    poisoned[t:] = poison
    return any(whole[:t].tobytes() != tell(others)[:t].tobytes() for others in (rows[:t], poisoned))


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


@pytest.mark.parametrize(("states", "size", "full"), SHAPES)
def test_posterior_is_that_of_hmmlearn_at_random_bars_of_twenty_thousand(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """To 1e-10 on prefixes as long as years of quarter hours: forty of each shape, two hundred where one asks."""
    model = draw_parameters(states * 10 + size, states, size, full=full)
    x = draw_rows(model, 20_000, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    hmm = as_hmmlearn(model)
    places = np.random.default_rng(size).choice(20_000, cuts(40, 200), replace=False)

    actual = filtered(model, x.tolist())[places, 1:]

    expected = np.array([hmm.predict_proba(z[: t + 1])[-1] for t in places])
    assert np.abs(expected - actual).max() < 1e-10


@pytest.mark.parametrize(("states", "size"), [(2, 1), (3, 2), (4, 4)])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_after_a_bar_changes_it_at_a_thousand_cuts(kind: int, states: int, size: int) -> None:
    """Of every kind: cut, poisoned, and gone on from its snapshot at each of 1,000 bars, live and batch, to the bit."""
    model = of_kind(kind, states, size)
    w, rows = pack(model), draw_rows(model, len(CUTS) + 2, seed=6)
    rows[::97, -1] = np.nan
    s, kept, live = filter_init(w), [], []
    for x in rows.tolist():
        kept.append(repr(s))
        live.append((filter_step(s, w, x), *s[:states]))

    whole = batch(model, rows)
    ahead = [t for t in CUTS if looks_ahead(lambda x: batch(model, x), rows, whole, t, POISONS[t % len(POISONS)])]
    resumed = [[float(number) for number in kept[t][1:-1].split(",")] for t in CUTS]
    after = [(filter_step(s, w, rows[t].tolist()), *s[:states]) for t, s in zip(CUTS, resumed, strict=True)]

    assert bits(live) == bits(whole)
    assert [] == ahead
    assert bits(live[1:-1]) == bits(after)


def test_states_that_know_later_bars_are_found_at_a_cut() -> None:
    """The smoothed posterior of hmmlearn, which is what one must not decide on, does change."""
    model = of_kind(FULL, 3, 2)
    rows = draw_rows(model, 300, seed=6)
    hmm = as_hmmlearn(model)

    found = [t for t in range(10, 300, 10) if looks_ahead(hmm.predict_proba, rows, hmm.predict_proba(rows), t, 1e9)]

    assert list(range(10, 300, 10)) == found
