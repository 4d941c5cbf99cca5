"""The venue's arithmetic: rounding, levels, what is taken, and the two drives bit for bit."""

import random

from collections.abc import Callable
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.fills import (
    AMBIGUOUS,
    AT_MARKET,
    DIRECT,
    INVERSE,
    LIMIT,
    NOTHING,
    STOP,
    STOP_ENTRY,
    STOP_LIMIT,
    TARGET,
    floating,
    frozen,
    lot_value,
    margin,
    on_grid,
    profit,
    share,
    shift,
    slipped,
    stops_fit,
    touched,
    touched_after,
    trigger_fits,
    triggered,
    unit_rate,
    volume_fits,
)
from market.money import cents
from tests.kernels import same_call

NAN = float("nan")


# --- both drives ----------------------------------------------------------------------------------------------------


def _side(r: random.Random) -> float:
    return r.choice((1.0, -1.0))


def _price(r: random.Random) -> float:
    """Mostly prices that lie near each other, so that levels are met, missed and equalled; now and then an odd one."""
    if r.random() < 0.02:
        return r.choice((0.0, NAN, 1e9))
    return round(r.uniform(99.0, 101.0), r.choice((0, 1, 2, 5)))


def _above_zero(r: random.Random) -> float:
    return round(r.uniform(0.5, 200000.0), r.choice((2, 3, 5)))


def _lots(r: random.Random) -> float:
    return round(r.uniform(0.01, 50.0), 2)


def _points(r: random.Random) -> float:
    return round(r.uniform(0.0, 50.0), r.choice((0, 1, 3)))


def _scale(r: random.Random) -> float:
    return r.choice((1.0, 100.0, 1000.0, 100000.0))


def _mode(r: random.Random) -> float:
    return r.choice((DIRECT, INVERSE))


def _kind(r: random.Random) -> float:
    return r.choice((AT_MARKET, LIMIT, STOP_ENTRY, STOP_LIMIT))


def _contract(r: random.Random) -> float:
    return r.choice((1.0, 100.0, 100000.0))


def _money(r: random.Random) -> float:
    return round(r.uniform(-5000.0, 5000.0), 2)


def _step(r: random.Random) -> float:
    return r.choice((0.01, 0.1, 1.0))


KERNELS: list[tuple[Callable[..., Any], tuple[Callable[[random.Random], float], ...]]] = [
    (shift, (_above_zero, _money, _scale)),
    (slipped, (_above_zero, _side, _points, _scale)),
    (triggered, (_kind, _side, _price, _price, _price)),
    (touched, (_side, _price, _price, _price, _price)),
    (touched_after, (_kind, _side, _price, _price, _price, _price, _price)),
    (profit, (_mode, _side, _above_zero, _above_zero, _lots, _contract)),
    (floating, (_mode, _side, _above_zero, _above_zero, _lots, _contract)),
    (unit_rate, (_mode, _above_zero)),
    (lot_value, (_mode, _contract, _above_zero)),
    (share, (_money, _lots, _lots)),
    (margin, (_mode, _lots, _contract, _above_zero, _scale)),
    (volume_fits, (_lots, _step, _above_zero, _step)),
    (on_grid, (_price, _scale, _step)),
    (frozen, (_price, _price, _points, _scale)),
    (stops_fit, (_side, _price, _price, _price, _points, _scale)),
    (trigger_fits, (_kind, _side, _price, _price, _points, _scale)),
]


@pytest.mark.parametrize(("function", "draws"), KERNELS, ids=[k.__name__ for k, _ in KERNELS])
def test_a_fill_kernel_is_the_same_in_both_drives(
    function: Callable[..., Any], draws: tuple[Callable[[random.Random], float], ...]
) -> None:
    """Every kernel of fills gives the same bits interpreted and compiled."""
    r = random.Random(20_260_101)
    rows = [tuple(draw(r) for draw in draws) for _ in range(3000)]

    assert len(rows) == len(same_call(function, rows))


# --- money ----------------------------------------------------------------------------------------------------------

lots = st.integers(1, 5000).map(lambda n: n / 100)
prices = st.integers(1000, 20_000_000).map(lambda n: n / 1000)


@given(prices, prices, lots, st.sampled_from([DIRECT, INVERSE]), st.sampled_from([1.0, 100.0, 100000.0]))
def test_what_a_long_earns_a_short_loses(
    opened: float, closed: float, volume: float, mode: float, contract: float
) -> None:
    """Profits of the two sides over the same prices cancel out."""
    gain = profit(mode, 1.0, opened, closed, volume, contract)

    assert 0.0 - gain == profit(mode, -1.0, opened, closed, volume, contract)


@given(prices, prices, lots, st.sampled_from([DIRECT, INVERSE]), st.sampled_from([1.0, 100.0]))
def test_a_profit_is_its_floating_value_rounded(
    opened: float, closed: float, volume: float, mode: float, contract: float
) -> None:
    """A booked profit is whole cents and at most one cent from the value that was floating."""
    booked = profit(mode, 1.0, opened, closed, volume, contract)

    assert cents(booked) == booked
    assert abs(booked - floating(mode, 1.0, opened, closed, volume, contract)) < 0.010001


def test_a_cfd_profit_rounds_both_values_before_subtracting() -> None:
    """Values of 1.004 and 1.016 are 1.00 and 1.02: two cents, where their difference alone would round to one."""
    assert profit(DIRECT, 1.0, 100.4, 101.6, 0.01, 1.0) == 0.02


def test_margin_is_the_value_over_the_leverage() -> None:
    """A pair based on the account's currency needs no price, the others are valued at theirs."""
    assert margin(INVERSE, 0.5, 100000.0, 150.0, 100.0) == 500.0
    assert margin(DIRECT, 0.5, 100000.0, 1.1, 100.0) == 550.0


@given(st.integers(-100_000, 100_000).map(lambda n: n / 100), lots, lots)
def test_shares_of_a_swap_add_up(swap: float, part: float, rest: float) -> None:
    """What a partial close takes and what it leaves are the whole swap."""
    taken = share(swap, part, part + rest)

    assert cents(swap) == cents(taken + cents(swap - taken))
    assert swap == share(swap, part, part)


# --- prices ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 10**9), st.integers(-1000, 1000), st.integers(0, 5))
def test_a_shifted_price_is_the_decimal_one(ticks: int, points: int, digits: int) -> None:
    """Shifting a quoted price by whole points gives the very float of the decimal result."""
    scale = 10.0**digits

    assert (ticks + points) / scale == shift(ticks / scale, float(points), scale)


@given(prices, st.sampled_from([1.0, -1.0]), st.floats(0.0, 100.0))
def test_slippage_is_never_in_our_favour(price: float, side: float, points: float) -> None:
    """A buyer pays at least, and a seller gets at most, the price aimed at."""
    assert (slipped(price, side, points, 1000.0) - price) * side >= 0.0


@given(st.floats(1e-3, 1.0), st.sampled_from([1.0, -1.0]), st.floats(-5000.0, 5000.0))
def test_slippage_leaves_a_price(price: float, side: float, points: float) -> None:
    """What falls to its last points is sold for one of them, not for less than nothing."""
    assert slipped(price, side, points, 1000.0) >= 0.001


@pytest.mark.parametrize(
    ("side", "high", "low", "expected"),
    [
        (1.0, 104.9, 95.1, NOTHING),
        (1.0, 104.9, 95.0, STOP),
        (1.0, 105.0, 95.1, TARGET),
        (1.0, 105.0, 95.0, AMBIGUOUS),
        (-1.0, 105.0, 95.1, STOP),
        (-1.0, 104.9, 95.0, TARGET),
        (-1.0, 106.0, 94.0, AMBIGUOUS),
    ],
)
def test_levels_are_hit_when_reached(side: float, high: float, low: float, expected: float) -> None:
    """A level equal to the extreme is hit, and both together are ambiguous."""
    stop, target = (95.0, 105.0) if side > 0 else (105.0, 95.0)

    assert expected == touched(side, stop, target, high, low)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_levels_not_set_are_never_hit(side: float) -> None:
    """A stop and target of zero guard nothing."""
    assert touched(side, 0.0, 0.0, 1e6, 0.0) == NOTHING


@pytest.mark.parametrize(
    ("kind", "side", "high", "low", "expected"),
    [
        (LIMIT, 1.0, 101.0, 100.0, True),
        (LIMIT, 1.0, 101.0, 100.1, False),
        (LIMIT, -1.0, 100.0, 99.0, True),
        (LIMIT, -1.0, 99.9, 99.0, False),
        (STOP_ENTRY, 1.0, 100.0, 99.0, True),
        (STOP_ENTRY, 1.0, 99.9, 99.0, False),
        (STOP_ENTRY, -1.0, 101.0, 100.0, True),
        (STOP_ENTRY, -1.0, 101.0, 100.1, False),
    ],
)
def test_resting_orders_trigger_on_their_side(
    kind: float, side: float, high: float, low: float, *, expected: bool
) -> None:
    """Buy limits and sell stops wait below the price, sell limits and buy stops above it."""
    assert expected == triggered(kind, side, 100.0, high, low)


@pytest.mark.parametrize(
    ("kind", "high", "low", "close", "expected"),
    [
        (STOP_ENTRY, 104.0, 96.0, 101.0, NOTHING),
        (STOP_ENTRY, 105.0, 96.0, 101.0, TARGET),
        (STOP_ENTRY, 104.0, 95.0, 101.0, AMBIGUOUS),
        (STOP_ENTRY, 104.0, 94.0, 95.0, STOP),
        (STOP_ENTRY, 106.0, 94.0, 100.0, AMBIGUOUS),
        (LIMIT, 105.0, 96.0, 101.0, NOTHING),
        (LIMIT, 105.0, 96.0, 105.0, TARGET),
        (LIMIT, 104.0, 95.0, 101.0, STOP),
        (LIMIT, 106.0, 95.0, 101.0, AMBIGUOUS),
    ],
)
def test_the_bar_of_a_fill_gives_only_what_is_certain(
    kind: float, high: float, low: float, close: float, expected: float
) -> None:
    """After a fill inside a bar a stop reached is hit, and a target counts only where it must have come later."""
    assert expected == touched_after(kind, 1.0, 95.0, 105.0, high, low, close)


# --- what is taken --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "expected"),
    [(0.01, True), (0.1 + 0.2, True), (100.0, True), (0.015, False), (0.0, False), (100.01, False), (NAN, False)],
)
def test_volumes_are_whole_steps_within_limits(volume: float, *, expected: bool) -> None:
    """A volume off the step, below the minimum, above the maximum or not a number does not fit."""
    assert expected == volume_fits(volume, 0.01, 100.0, 0.01)


@pytest.mark.parametrize(
    ("price", "expected"), [(1.23455, True), (0.0, True), (1.234551, False), (-1.0, False), (NAN, False)]
)
def test_prices_lie_on_the_grid(price: float, *, expected: bool) -> None:
    """A price between two ticks, below zero or not a number cannot be quoted."""
    assert expected == on_grid(price, 100000.0, 1.0)


@pytest.mark.parametrize(
    ("stop", "target", "expected"),
    [(1.0995, 1.1005, True), (1.09951, 0.0, False), (0.0, 1.10049, False), (1.2, 0.0, False), (0.0, 0.0, True)],
)
def test_stops_keep_their_distance(stop: float, target: float, *, expected: bool) -> None:
    """Fifty points from the price are enough at a stops level of fifty, one less is not."""
    assert expected == stops_fit(1.0, 1.1, stop, target, 50.0, 100000.0)


def test_stops_stand_on_their_side() -> None:
    """What guards a long is on the wrong side for a short."""
    assert not stops_fit(-1.0, 1.1, 1.0, 1.2, 0.0, 100000.0)
    assert stops_fit(-1.0, 1.1, 1.2, 1.0, 0.0, 100000.0)
