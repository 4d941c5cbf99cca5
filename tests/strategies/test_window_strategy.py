"""A function over the last closed bars: the same rows in every drive, exactly as many as it asked for."""

from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.features import FeatureSet
from market.types import Bar
from strategies.adapter import checked, runner_of
from strategies.contract import check
from strategies.harness import drive, sample_bars, walk
from strategies.protocol import NOTHING, FeatureRef, StrategyError, Want
from strategies.registry import called_here, resolve
from strategies.window import COLUMNS, Window, WindowStrategy
from tests.windows import dip

BARS = sample_bars(400)
DIP = WindowStrategy(name="dip", function=dip, window=20)


def told_of(w: Window) -> list[tuple[Any, ...]]:
    """Return the rows of a window."""
    return list(zip(*(getattr(w, name) for name in COLUMNS), strict=True))


def rows_of(bars: list[Bar]) -> list[tuple[Any, ...]]:
    """Return the rows that these bars are."""
    return [tuple(getattr(bar, name) for name in COLUMNS) for bar in bars]


class Witness:
    """A function that remembers what it was shown: a test looks."""

    __name__ = "witness"

    def __init__(self) -> None:
        self.seen: list[Window] = []

    def __call__(self, window: Window) -> tuple[Want, float]:
        """Keep the window."""
        self.seen.append(window)
        return None, 0.0


@given(size=st.integers(1, 40), count=st.integers(0, 60))
def test_it_is_shown_exactly_the_last_bars_and_never_fewer(size: int, count: int) -> None:
    """At every close from the one on at which there are enough, the last N rows and no other."""
    witness = Witness()
    bars = BARS[:count]

    list(walk(WindowStrategy(name="witness", function=witness, window=size), bars))

    assert [rows_of(bars[end - size : end]) for end in range(size, count + 1)] == [told_of(w) for w in witness.seen]
    assert {size} >= {len(w) for w in witness.seen}


def test_it_is_told_its_position_and_its_age() -> None:
    """As any other strategy is: the side, and the closed bars since the entry."""
    counting = WindowStrategy(name="counting", function=lambda w: (dip(w)[0], w.held), window=20)
    held = [score for _, score in drive(counting, BARS)]

    assert {0.0, 1.0, 2.0, 3.0, 4.0} == set(held[20:])


@pytest.mark.parametrize("size", [20, 250])
def test_it_passes_every_question_of_the_contract(size: int) -> None:
    """It restarts in mid-trade, sees nothing of the future, keeps no more than its window, guards its entries."""
    strategy = WindowStrategy(name="dip", function=dip, window=size)

    assert [] == [f"{f.name}: {f.detail}" for f in check(strategy, BARS) if not f.ok]


@given(cut=st.integers(1, 399), other=st.integers(0, 30))
def test_a_bar_told_anew_is_shown_as_if_it_had_been_told_so_at_once(cut: int, other: int) -> None:
    """The rows are those of now; of a bar that left the window nothing changes."""
    later = msgspec.structs.replace(BARS[max(0, cut - 1 - other)], close=1.0)
    revised = [later if bar.time == later.time else bar for bar in BARS[:cut]]
    runner, straight = runner_of(DIP), runner_of(DIP)
    for bar in BARS[:cut]:
        runner.step_flat((), bar, 0, 0)
    for bar in revised:
        straight.step_flat((), bar, 0, 0)

    runner.told_anew(later)

    assert straight.state == runner.state


def test_bars_that_are_forgotten_and_told_again_fill_the_window_anew() -> None:
    """History that is read again shows no bar twice."""
    runner = runner_of(DIP)
    for bar in BARS[:50]:
        runner.step_flat((), bar, 0, 0)
    kept = runner.snapshot()

    runner.forget()
    assert NOTHING == runner.step_flat((), BARS[49], 0, 0)[0]
    for bar in BARS[:50]:
        runner.told_anew(bar)

    assert kept == runner.snapshot()


def test_arrays_are_the_functions_own() -> None:
    """What a function writes into its arrays is seen by no later call."""

    def scribbling(w: Window) -> tuple[Want, float]:
        first = w.close[0]
        for name in COLUMNS:
            getattr(w, name)[:] = getattr(w, name)[:0]
        return None, first

    told = drive(WindowStrategy(name="scribbling", function=scribbling, window=3), BARS[:9])

    assert [bar.close for bar in BARS[:7]] == [score for _, score in told[2:]]


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5), Fraction(1, 2)])
def test_any_number_is_a_score(number: Any) -> None:  # noqa: ANN401 - as libraries have them
    """Arrays and models answer with numbers of their own, a journal has plain ones; what is no number is refused."""
    want, score = checked("asked", (None, number))

    assert (None, 0.5, float) == (want, score, type(score))
    for none in ("0.5", None, np.array([0.5])):
        with pytest.raises(TypeError, match=r"return \(Entry \| Exit \| None, score\)"):
            checked("asked", (None, none))


def test_a_function_is_named_as_a_class_is() -> None:
    """By its dotted path; the window and the version stand among its parameters, and the rest is its own."""
    found = resolve("tests.windows:dip", {"window": 20, "version": 3, "entry": 1.5})
    expected = WindowStrategy(
        name="dip", function=dip, use="tests.windows:dip", window=20, version=3, params={"entry": 1.5}
    )

    assert expected == found


def test_a_function_may_be_shown_features_of_the_last_bar() -> None:
    """By names of its own, folded over all bars; as long as one of them is not warm it is not called."""
    seen: list[dict[str, float]] = []

    def looking(w: Window) -> tuple[Want, float]:
        seen.append(w.features)
        return None, 0.0

    refs: dict[str, FeatureRef] = {"z": ("zscore", (10.0,)), "atr": ("atr", (14.0,))}
    features = FeatureSet(refs=tuple(refs.values()))
    state = features.init()
    expected = [dict(zip(refs, features.step(state, bar), strict=True)) for bar in BARS[:60]]
    list(walk(WindowStrategy(name="looking", function=looking, window=1, refs=refs), BARS[:60]))

    assert expected[features.warmup - 1 :] == seen
    assert features.warmup > 10


def test_a_function_with_a_process_of_its_own_is_not_imported_and_can_be_called_here() -> None:
    """Its name and its window are known without it."""
    apart = resolve("no_module_at_all:dip", {"window": 20, "process": True, "deadline_s": 2})
    here = called_here(resolve("tests.windows:dip", {"window": 20, "process": True, "entry": 1.5}))

    assert WindowStrategy(name="dip", function=None, use="no_module_at_all:dip", window=20, deadline_s=2.0) == apart
    assert resolve("tests.windows:dip", {"window": 20, "entry": 1.5}) == here
    assert {None} == {want for want, _ in drive(apart, BARS[:40])}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, r"is a function: say over how many closed bars, as params.window = 200"),
        ({"window": 0}, "over how many closed bars"),
        ({"window": "many"}, "Expected `int`, got `str` - at `params.window`"),
        ({"window": 5, "version": "two"}, "Expected `int`, got `str` - at `params.version`"),
        ({"window": 5, "process": 1}, "Expected `bool`, got `int` - at `params.process`"),
        ({"window": 5, "features": {"z": ["zscore"]}}, r"feature 'zscore' takes 1 parameter"),
        ({"window": 5, "features": {"z": [20]}}, r'write params.features.z as \["ema", 20\], not \[20\]'),
        ({"window": 5, "features": {"v": ["intrabar_vol", 9]}}, "intrabar_vol is a regime's"),
        ({"window": 5, "deadline_s": 0}, "params.deadline_s is a number of seconds above 0"),
        ({"window": 5, "enter": 1.0}, "got an unexpected keyword argument 'enter', beside the window"),
    ],
)
def test_what_is_wrong_with_a_functions_parameters_is_said(params: dict[str, object], said: str) -> None:
    """One line, with what to write instead."""
    with pytest.raises(StrategyError, match=said):
        resolve("tests.windows:dip", params)
