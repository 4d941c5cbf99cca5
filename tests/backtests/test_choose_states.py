"""The number of states: a richer model has to earn its place on bars it has not seen, and fewer are taken in doubt."""

import functools
import math

from itertools import pairwise

import numpy as np
import pytest

from backtests.choose_states import (
    BLOCK,
    FEWEST,
    STEP,
    Choice,
    Option,
    choose,
    folds_of,
    foretold,
    gain_of,
    metrics_of,
    options,
    walk_of,
)
from backtests.recipe import Recipe
from backtests.train import train_regime
from market.features import FeatureRef
from market.sp500 import read_sp500
from regimes.weights import ModelError

RETURNS: tuple[FeatureRef, ...] = (("log_return", ()),)
AMONG = (Option(2, Recipe()), Option(3, Recipe()))
LENGTH = FEWEST + 2 * STEP


@functools.cache
def chosen(count: int = LENGTH) -> Choice:
    """Return what so many first bars speak for."""
    return choose(read_sp500().part(0, count), RETURNS, AMONG)


def test_the_simplest_is_taken_where_nothing_is_better_beyond_doubt() -> None:
    """Four years of the index do not pay for a third state, and the table says why."""
    choice = chosen()

    assert choice.option == AMONG[0]
    assert [row.option for row in choice.table] == ["2 gauss", "3 gauss"]
    assert choice.table[0].verdict == "in the lead"
    assert choice.table[1].verdict not in {"", "in the lead"}
    assert (choice.bars, choice.folds) == (2 * STEP, 2)


@pytest.mark.parametrize("cut", [FEWEST + 10, FEWEST + STEP, LENGTH - 10])
def test_folds_learn_and_foretell_from_what_came_before_alone(cut: int) -> None:
    """Bars from a cut on that are other ones change no density before it."""
    bars, other = read_sp500().part(0, LENGTH), read_sp500().part(0, LENGTH)
    for i in range(cut, LENGTH):
        other.close[i] *= 1.003 if i % 2 else 0.997
    folds = folds_of(LENGTH)
    before = cut - folds[0][1]

    one, two = (walk_of(tape, RETURNS, AMONG[0], folds, 1).densities for tape in (bars, other))

    assert one[:before] == two[:before]
    assert one[before:] != two[before:]


def test_what_a_fold_foretells_knows_only_the_bars_before() -> None:
    """The density of a bar is the same whether or not later bars are there."""
    bars = read_sp500()
    model, _ = train_regime(bars.part(0, 600), RETURNS, 2, "x", "-")

    assert foretold(model, bars.part(0, 700))[1:] == foretold(model, bars.part(0, 800))[1:700]


@pytest.mark.parametrize("count", [FEWEST + STEP, 1300, 2600, 5031, 20_000])
def test_folds_foretell_the_newest_bars_once_and_learn_only_from_older_ones(count: int) -> None:
    """Windows end where what they foretell begins; the last fold ends with the last bar."""
    folds = folds_of(count)

    assert folds[-1][2] == count
    assert all(0 <= first < begin < end for first, begin, end in folds)
    assert all(before[2] == after[1] for before, after in pairwise(folds))


def test_too_few_bars_are_no_ground_for_a_choice() -> None:
    """Where nothing can be foretold, nothing is chosen, and it is said how many are needed."""
    with pytest.raises(ModelError, match="at least 750 are needed"):
        choose(read_sp500().part(0, FEWEST + STEP - 1), RETURNS, AMONG)


def test_an_error_of_a_gain_is_that_of_its_blocks() -> None:
    """Differences that come in runs are not as many as they seem; rows that nobody foretold are left out."""
    runs = np.repeat(np.random.default_rng(1).normal(0.5, 1.0, 40), BLOCK)
    gain, error = gain_of([*runs.tolist(), math.nan], [0.0] * (len(runs) + 1))

    assert gain == pytest.approx(runs.mean())
    assert error == pytest.approx(runs[::BLOCK].std(ddof=1) / math.sqrt(40))


def test_options_go_from_the_simplest_to_the_richest() -> None:
    """Heavy tails are cheaper than a state, and are asked about first."""
    assert [option.label for option in options((2, 3))] == ["2 gauss", "2 t", "3 gauss", "3 t"]
    assert [o.label for o in options((2,), Recipe(covariance="full", sticky=100.0), ("t",))] == [
        "2 t, full, sticky 100"
    ]


def test_the_table_goes_into_the_bundle() -> None:
    """Every finite number of it, by option and name."""
    found = metrics_of(chosen())

    assert found["choice: bars"] == 2 * STEP
    assert found["choice, 2 gauss: density"] == chosen().table[0].density
    assert all(math.isfinite(value) for value in found.values())
