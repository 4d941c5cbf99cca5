"""Bars, columns of bars and symbols keep what they are given, exactly."""

import math

import msgspec
import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.bars import COLUMNS, WITHIN, bars_of, made_bars
from market.types import TIMEFRAMES, Bar, Symbol

MINUTE = 60_000
PRICE = st.floats(0.0001, 1e6)
EURUSD = Symbol(
    name="EURUSD",
    digits=5,
    tick_size=0.00001,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=50.0,
    volume_step=0.01,
    currency_base="EUR",
    currency_profit="USD",
)


@given(st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE, PRICE, PRICE), max_size=30))
def test_columns_give_back_the_rows_they_were_made_of(prices: list[tuple[float, ...]]) -> None:
    """A column keeps every bit of a price, and a bar is the row it came from."""
    rows = [(MINUTE * i, *row) for i, row in enumerate(prices)]
    bars = bars_of("EURUSD", "M1", rows)

    assert rows == [tuple(getattr(bar, name) for name in COLUMNS) for bar in bars]
    assert len(rows) == len(bars)


@given(st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE, PRICE, PRICE, PRICE, PRICE), max_size=30))
def test_made_bars_keep_what_went_on_within_them(rows: list[tuple[float, ...]]) -> None:
    """As columns and as parts of them, too; bars that were told as they are have no such columns."""
    bars = [Bar("EURUSD", "D1", MINUTE * i, *row) for i, row in enumerate(rows)]
    made = made_bars("EURUSD", "D1", bars)
    told = bars_of("EURUSD", "D1", [(bar.time, *row[:6]) for bar, row in zip(bars, rows, strict=True)])

    assert bars == list(made)
    assert bars[3:9] == list(made.part(3, 9)) == list(made.between(3 * MINUTE, 9 * MINUTE))
    assert [0, 0] == [len(getattr(told, name)) for name in WITHIN]
    assert {(0.0, 0.0)} | {(bar.variance, bar.parts) for bar in told} == {(0.0, 0.0)}


def test_a_bar_that_was_told_as_it_is_says_nothing_of_its_parts() -> None:
    """Journals that were written before there was more to say are read as they were meant."""
    bar = Bar("EURUSD", "M1", 0, 1.0, 2.0, 0.5, 1.5, 9.0, 8.0)
    old = {name: value for name, value in msgspec.to_builtins(bar).items() if name not in WITHIN}

    assert (0.0, 0.0) == (bar.variance, bar.parts)
    assert bar == msgspec.convert(old, Bar)


def test_numpy_sees_columns_without_a_copy() -> None:
    """The compiled half reads the very memory of the columns."""
    bars = bars_of("EURUSD", "M1", [(0, 1.0, 2.0, 0.5, 1.5, 10.0, 3.0), (MINUTE, 1.5, 2.5, 1.0, 2.0, 11.0, 4.0)])

    assert [1.5, 2.0] == np.frombuffer(bars.close).tolist()
    assert [0, MINUTE] == np.asarray(bars.time).tolist()
    assert np.int64 == np.asarray(bars.time).dtype


def test_between_takes_the_first_and_leaves_the_last() -> None:
    """A span of time holds the bar that opens at its start and not the one that opens at its end."""
    bars = bars_of("EURUSD", "M1", [(MINUTE * i, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0) for i in range(10)])

    assert [2 * MINUTE, 3 * MINUTE] == bars.between(2 * MINUTE, 4 * MINUTE).time.tolist()
    assert 0 == len(bars.between(20 * MINUTE, 30 * MINUTE))


def test_a_part_has_columns_of_its_own() -> None:
    """Whoever poisons a part, be it all of the bars, leaves the bars as they are."""
    bars = bars_of("EURUSD", "M1", [(MINUTE * i, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0) for i in range(3)])
    sick = bars.part(0, 3)
    sick.close[1] = 9.0

    assert ([1.0, 1.0, 1.0], [1.0, 9.0, 1.0]) == (list(bars.close), list(sick.close))


def test_a_row_with_a_field_too_few_is_a_bug() -> None:
    """Columns can never come to differ in length."""
    with pytest.raises(ValueError, match="zip"):
        bars_of("EURUSD", "M1", [(0, 1.0, 1.0, 1.0, 1.0, 0.0)])


@given(st.tuples(PRICE, PRICE, PRICE, PRICE, PRICE, PRICE, PRICE, PRICE), st.sampled_from(sorted(TIMEFRAMES)))
def test_a_bar_survives_the_wire(prices: tuple[float, ...], timeframe: str) -> None:
    """A bar that went through msgpack, or through JSON, is the same bar to the bit."""
    bar = Bar("EURUSD", timeframe, 1_328_054_400_000, *prices)

    assert bar == msgspec.msgpack.decode(msgspec.msgpack.encode(bar), type=Bar)
    assert bar == msgspec.json.decode(msgspec.json.encode(bar), type=Bar)


def test_values_are_frozen() -> None:
    """Nobody can change a bar or a contract that another holds."""
    bar = Bar("EURUSD", "M1", 0, 1.0, 1.0, 1.0, 1.0)

    with pytest.raises(AttributeError, match="immutable"):
        bar.close = 2.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        EURUSD.digits = 3  # type: ignore[misc]


@given(st.floats(0.5, 2.0))
def test_a_symbol_quotes_on_its_grid(x: float) -> None:
    """A price is at most half a point away, and reads with no more digits than the symbol has."""
    price = EURUSD.price(x)

    assert abs(price - x) <= EURUSD.point * 0.500001
    assert price == float(f"{price:.5f}")


@given(st.floats(0.0, 100.0))
def test_a_symbol_never_trades_more_than_asked(volume: float) -> None:
    """Lots go down to a step, to nothing below the minimum and to the maximum above it."""
    lots = EURUSD.lots(volume)

    assert 0.0 == lots if volume < 0.01 - 1e-9 else 0.01 <= lots <= min(volume + 1e-9, 50.0)
    assert math.isclose(lots * 100.0, round(lots * 100.0), abs_tol=1e-9)


def test_a_coarse_tick_is_the_grid() -> None:
    """A symbol whose tick is 25 points is quoted in quarters."""
    future = msgspec.structs.replace(EURUSD, digits=2, tick_size=0.25)

    assert (1234.5, 25.0) == (future.price(1234.56), future.tick_points)
