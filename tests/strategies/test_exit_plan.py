"""The way out of a trade, folded bar by bar."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from strategies.exits import BEST, HELD, HOLD, LEAVE_TIME, STOP, exit_step
from tests.kernels import same_bits

PRICES = st.floats(50.0, 150.0)
DISTANCES = st.one_of(st.just(0.0), st.floats(0.01, 50.0))
BARS = st.lists(st.tuples(PRICES, PRICES).map(lambda pair: (max(pair), min(pair))), min_size=1, max_size=40)
SIDES = st.sampled_from([-1.0, 1.0])


def born(side: float, entry: float, stop: float) -> list[float]:
    """Return the exit state of a trade that has just been entered."""
    return [0.0, entry, entry - side * stop]


@given(SIDES, PRICES, DISTANCES, DISTANCES, DISTANCES, BARS)
def test_a_stop_never_loosens(
    side: float, entry: float, stop: float, trail: float, breakeven: float, bars: list[tuple[float, float]]
) -> None:
    """Whatever the prices do, the stop of an open trade only moves towards them."""
    s = born(side, entry, stop)
    seen = [s[STOP]]
    for high, low in bars:
        exit_step(s, (side, entry, trail, breakeven, 0.0), high, low)
        seen.append(s[STOP])

    assert sorted(seen, key=lambda x: x * side) == seen


@given(SIDES, PRICES, DISTANCES, st.floats(0.01, 50.0), BARS)
def test_a_trailing_stop_is_never_farther_than_its_distance(
    side: float, entry: float, stop: float, trail: float, bars: list[tuple[float, float]]
) -> None:
    """After any bar the stop is at most the trail distance behind the best price since the entry."""
    s = born(side, entry, stop)
    for high, low in bars:
        exit_step(s, (side, entry, trail, 0.0, 0.0), high, low)

    best = max([entry, *(h for h, _ in bars)]) if side > 0.0 else min([entry, *(low for _, low in bars)])
    assert s[BEST] == best
    assert (best - s[STOP]) * side <= trail + 1e-9


@given(SIDES, PRICES, DISTANCES, st.floats(0.01, 50.0), BARS)
def test_breakeven_moves_the_stop_to_the_entry_once_the_trade_is_ahead(
    side: float, entry: float, stop: float, breakeven: float, bars: list[tuple[float, float]]
) -> None:
    """The stop stands at the entry if the trade was ever ahead by the trigger, else where it began."""
    s = born(side, entry, stop)
    begun = s[STOP]
    for high, low in bars:
        exit_step(s, (side, entry, 0.0, breakeven, 0.0), high, low)

    expected = entry if (s[BEST] - entry) * side >= breakeven else begun
    assert expected == s[STOP]


@given(st.integers(1, 30), BARS)
def test_time_is_up_after_the_given_bars_and_not_before(limit: int, bars: list[tuple[float, float]]) -> None:
    """A plan of n bars holds for n - 1 closed bars and leaves from the n-th on."""
    s = born(1.0, 100.0, 1.0)
    said = [exit_step(s, (1.0, 100.0, 0.0, 0.0, float(limit)), high, low) for high, low in bars]

    assert [LEAVE_TIME if i + 1 >= limit else HOLD for i in range(len(bars))] == said
    assert float(len(bars)) == s[HELD]


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_plan_without_trail_breakeven_or_time_changes_nothing(side: float) -> None:
    """A stop that is all there is stays where it was sent."""
    s = born(side, 100.0, 2.0)
    said = [exit_step(s, (side, 100.0, 0.0, 0.0, 0.0), 100.0 + i, 100.0 - i) for i in range(50)]

    assert [HOLD] * 50 == said
    assert 100.0 - 2.0 * side == s[STOP]


@given(SIDES, PRICES, DISTANCES, DISTANCES, DISTANCES, st.integers(0, 20), BARS)
def test_both_drives_leave_the_same_way(
    side: float, entry: float, stop: float, trail: float, breakeven: float, limit: int, bars: list[tuple[float, float]]
) -> None:
    """The exit kernel gives the same bits in plain Python and compiled."""
    said = same_bits(exit_step, born(side, entry, stop), (side, entry, trail, breakeven, float(limit)), bars)

    assert len(bars) == len(said)
