"""Money, prices and lots are rounded as a person with a pencil would, in both drives."""

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.money import cents, floor, lots_down, nearest, to_grid
from tests.kernels import same_call

CENT = Decimal("0.01")
MILLS = st.integers(-1_000_000_000_000, 1_000_000_000_000)


def pencil(x: float) -> float:
    """Round the number as it is written to two digits, half away from zero."""
    return float(Decimal(repr(x)).quantize(CENT, ROUND_HALF_UP)) + 0.0


@given(MILLS)
def test_cents_of_three_digits_are_the_pencils(mills: int) -> None:
    """Every amount of three digits up to a thousand million, half-cents among them, rounds as it is written."""
    x = float(Decimal(mills) / 1000)

    assert pencil(x) == cents(x)


@given(st.integers(-100_000_000, 100_000_000))
def test_half_cents_go_away_from_zero(whole: int) -> None:
    """A half-cent goes up when it is a gain and down when it is a loss, however it is stored."""
    x = float(CENT * whole + (CENT / 2 if whole >= 0 else -CENT / 2))

    assert pencil(x) == cents(x)


@given(st.integers(-1_000_000_000_000, 1_000_000_000_000))
def test_cents_of_six_digits_are_the_pencils(millionths: int) -> None:
    """Amounts a ten-thousandth of a cent away from the half still go to their own side."""
    x = float(Decimal(millionths) / 1_000_000)

    assert pencil(x) == cents(x)


@given(price=st.integers(1, 20_000_000), lots=st.integers(1, 10_000), size=st.sampled_from([1, 100, 100_000]))
def test_cents_of_a_profit_are_the_pencils(price: int, lots: int, size: int) -> None:
    """A product of price, lots and contract size carries noise of its own; below ten million it does no harm."""
    exact = Decimal(price) / 100_000 * (Decimal(lots) / 100) * size
    profit = (price / 100_000.0) * (lots / 100.0) * size
    expected = float(exact.quantize(CENT, ROUND_HALF_UP))

    assert exact > 10_000_000 or expected == cents(profit)


@given(st.floats(-1e15, 1e15))
def test_nearest_and_floor_are_those_of_decimal(x: float) -> None:
    """Rounding through an addition is exact: ties to even, and never above for the floor."""
    exact = Decimal(x)

    assert float(exact.quantize(Decimal(1), ROUND_HALF_EVEN)) == nearest(x)
    assert float(exact.quantize(Decimal(1), ROUND_FLOOR)) == floor(x)


@given(st.integers(1, 10_000_000), st.integers(0, 6))
def test_a_price_on_the_grid_stays(points: int, digits: int) -> None:
    """A price that can be quoted is its own nearest price, and reads as it is written."""
    price = float(Decimal(points).scaleb(-digits))

    assert price == to_grid(price, float(10**digits), 1.0)


@given(st.integers(0, 1_000_000), st.sampled_from(["0.01", "0.1", "1", "0.001", "0.05"]))
def test_lots_on_the_grid_stay_and_never_grow(steps: int, step: str) -> None:
    """A whole number of steps stays what it is; anything between goes down."""
    exact = Decimal(step) * steps
    between = float(exact + Decimal(step) * Decimal("0.99"))

    assert float(exact) == lots_down(float(exact), float(step))
    assert float(exact) == lots_down(between, float(step))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_both_drives_round_alike(amounts: list[float]) -> None:
    """Python and numba agree on every bit of every rounding."""
    one = [(x,) for x in amounts]
    for function in (cents, nearest, floor):
        same_call(function, one)
    same_call(to_grid, [(abs(x), 100_000.0, 5.0) for x in amounts])
    same_call(lots_down, [(abs(x), 0.01) for x in amounts])


@pytest.mark.parametrize(
    ("x", "expected"), [(-0.0, 0.0), (-0.004, 0.0), (0.005, 0.01), (-0.005, -0.01), (1.005, 1.01), (4.35, 4.35)]
)
def test_small_money(x: float, expected: float) -> None:
    """Nothing is ever minus zero, and the famous awkward amounts round as they read."""
    assert repr(expected) == repr(cents(x))
