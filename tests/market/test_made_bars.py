"""Days made of shorter bars: told once, whole, and never before their last bar."""

import itertools
import math

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.made import DAY, MadeFold, made_begin, made_step, moves_begin, moves_step
from market.types import DAY_MS, Bar
from tests.kernels import compiled, same_call

HOUR = 3_600_000


def an_hour(n: int, close: float = 100.0, *, high: float = 0.0, low: float = 0.0, volume: float = 1.0) -> Bar:
    """Return hour bar number n since 1970."""
    return Bar("X", "H1", n * HOUR, close, high or close, low or close, close, volume, 8.0)


def days(bars: list[Bar], *, by_end: bool = True) -> list[Bar]:
    """Return the UTC days that bars make up; `by_end`: a day is over with the bar that ends at midnight."""
    fold = MadeFold()
    return [
        day
        for bar in bars
        for day in fold.fold(
            bar, DAY, bar.time // DAY_MS * DAY_MS, last=by_end and (bar.time + HOUR) % DAY_MS == 0
        )
    ]  # fmt: skip


def test_a_day_has_the_prices_of_its_bars() -> None:
    """Open of the first, close of the last, extremes of all, volumes added, the first one's spread."""
    bars = [an_hour(n, 100.0 + n) for n in range(24)]
    bars[7] = an_hour(7, 100.0, high=150.0, low=50.0, volume=3.0)

    (day,) = days(bars)

    assert Bar("X", "D1", 0, 100.0, 150.0, 50.0, 123.0, 26.0, 8.0) == msgspec.structs.replace(
        day, variance=0.0, parts=0.0
    )


def test_a_day_has_the_moves_of_its_bars() -> None:
    """Squared log returns added, the first from its open: what lies between two days belongs to neither."""
    closes = [100.0 + n % 5 for n in range(24)] + [200.0 + n % 3 for n in range(24)]
    first, second = days([an_hour(n, close) for n, close in enumerate(closes)])

    returns = [math.log(b / a) for a, b in itertools.pairwise(closes)]
    assert (24.0, 24.0) == (first.parts, second.parts)
    assert sum(r * r for r in returns[:23]) == pytest.approx(first.variance, rel=1e-12)
    assert sum(r * r for r in returns[24:]) == pytest.approx(second.variance, rel=1e-12)
    assert returns[23] ** 2 > second.variance


def test_a_bar_that_is_missing_leaves_one_move_over_the_gap() -> None:
    """What was moved meanwhile is not lost; that there were fewer bars is said."""
    bars = [an_hour(n, 100.0 + n) for n in range(24)]
    (day,) = days([bar for n, bar in enumerate(bars) if not 5 <= n < 9])

    over = math.log(109.0 / 104.0)
    known = sum(math.log((100.0 + n) / (99.0 + n)) ** 2 for n in range(1, 24) if not 5 <= n < 10)
    assert 20.0 == day.parts
    assert known + over * over == pytest.approx(day.variance, rel=1e-12)


def test_a_fold_put_to_rest_before_there_were_moves_has_none_of_that_day() -> None:
    """The next one is whole again: nobody is told a volatility of half a day."""
    fold = MadeFold()
    for n in range(12):
        fold.fold(an_hour(n), DAY, 0, last=False)
    old = {name: value for name, value in msgspec.to_builtins(fold).items() if name != "moves"}
    woken = msgspec.convert(old, MadeFold)

    first, second = (
        day
        for n in range(12, 48)
        for day in woken.fold(an_hour(n, 100.0 + n), DAY, n // 24 * DAY_MS, last=n % 24 == 23)
    )
    assert math.isnan(first.variance)
    assert (24.0, True) == (second.parts, second.variance > 0.0)


def test_a_day_is_over_with_its_last_bar_or_the_first_of_another() -> None:
    """What ends at midnight ends the day; where that bar is missing, the next bar does."""
    whole = [an_hour(n) for n in range(24)]
    gap = [an_hour(n) for n in range(22)]

    assert [0, 0, 1] == [len(days(bars)) for bars in (whole[:23], gap, whole)]
    assert 1 == len(days([*gap, an_hour(30)]))


def test_one_bar_may_end_two_days() -> None:
    """The day before, that nothing had ended, and its own."""
    bars = [*(an_hour(n) for n in range(22)), an_hour(47, 7.0)]

    assert [(0, 100.0), (DAY_MS, 7.0)] == [(day.time, day.close) for day in days(bars)]


def test_half_a_day_is_told_to_nobody() -> None:
    """Where the bars begin at noon, the first day is left out."""
    assert [DAY_MS] == [day.time for day in days([an_hour(n) for n in range(12, 48)])]


def test_what_comes_of_a_day_after_it_was_told_is_too_late() -> None:
    """A calendar may say that a day is over, and the market think otherwise; the day stays as it was told."""
    fold = MadeFold()
    first = fold.fold(an_hour(0), DAY, 0, last=True)
    late = fold.fold(an_hour(1, 500.0), DAY, 0, last=True)
    other = fold.fold(an_hour(24), DAY, DAY_MS, last=False)

    assert (1, (), ()) == (len(first), late, other)


@given(st.lists(st.integers(0, 24 * 9), unique=True, max_size=80).map(sorted), st.integers(0, 80), st.booleans())
def test_a_prefix_makes_the_same_days(hours: list[int], cut: int, by_end: bool) -> None:  # noqa: FBT001 - drawn
    """Later bars change no day that was told, and each is told once, in order."""
    bars = [an_hour(n, 100.0 + n % 7) for n in hours]
    whole, part = days(bars, by_end=by_end), days(bars[:cut], by_end=by_end)

    assert part == whole[: len(part)]
    assert all(a.time < b.time for a, b in itertools.pairwise(whole))


def test_the_kernels_of_prices_are_the_same_in_both_drives() -> None:
    """Plain Python and numba agree in every bit."""
    import numpy as np  # noqa: PLC0415 - only here

    plain, array = [0.0] * 6, np.zeros(6)
    made_begin(plain, 1.1, 1.3, 1.0, 1.2, 0.1, 8.0)
    compiled(made_begin)(array, 1.1, 1.3, 1.0, 1.2, 0.1, 8.0)
    for step in ((1.4, 1.1, 1.15, 0.2), (1.2, 0.9, 1.0, 0.3)):
        made_step(plain, *step)
        compiled(made_step)(array, *step)

    assert plain == array.tolist() == [1.1, 1.4, 0.9, 1.0, 0.1 + 0.2 + 0.3, 8.0]


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30))
def test_the_kernels_of_moves_are_the_same_in_both_drives(closes: list[float]) -> None:
    """No price and a price of nothing are told alike, too."""
    same_call(moves_begin, [([0.0] * 3, close) for close in closes])
    same_call(moves_step, [([0.5, 2.0, before], close) for before, close in itertools.pairwise(closes)])
