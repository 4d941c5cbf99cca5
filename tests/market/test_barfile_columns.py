"""Parquet read by columns is Parquet read by rows: the same bars, the same report, the same refusals."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from market.barcheck import BarFileError, Policy, Report
from market.barfile import read_bars
from market.barfile_columns import clean_bars
from market.barfile_room import columns_for
from market.bars import COLUMNS, Bars
from market.types import TIMEFRAMES
from tests.tapes import rows_of

MINUTE = 60_000
START = 1_328_054_400_000
MENDING = Policy(
    unreadable="drop", price="drop", range="repair", duplicate="drop", backward="repair", clock="drop", gap="keep"
)
Made = tuple[int, float, float, float, float, float | None]
"""Minutes since the bar before, open, and how far high, low and close are from it, and volume."""

ROWS = st.lists(
    st.tuples(
        st.sampled_from((1, 1, 1, 1, 2, 60, 0, -3)), st.sampled_from((1.1, 1.25, 1.100004, 0.0)),
        st.sampled_from((0.0, 0.01, -0.01)), st.sampled_from((0.0, -0.01)), st.sampled_from((0.0, -0.005)),
        st.sampled_from((1.0, 7.0, None)),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


def written(folder: Path, made: list[Made], stamps: pa.DataType) -> Path:
    """Write bars with stamps of a type; texts are read by rows, and nothing else is."""
    time, told = START, []
    for gone, o, up, down, away, volume in made:
        time += gone * MINUTE
        told.append((time, o, o + up, o + down, o + away, volume))
    columns = dict(zip(COLUMNS, zip(*told, strict=True), strict=False))
    whens = pa.array([datetime.fromtimestamp(t / 1000, UTC) for t in columns["time"]])
    table = {name: pa.array(columns[name], pa.float64()) for name in COLUMNS[1:6]}
    file = folder / "bars.parquet"
    parquet.write_table(pa.table({"time": whens.cast(stamps), **table}), file, row_group_size=7)
    return file


def found(file: Path, **asked: Any) -> tuple[Bars, Report] | str:  # noqa: ANN401 - of read_bars
    """Return what a file is read as, or why it is refused."""
    try:
        return read_bars(file, "EURUSD", **asked)
    except BarFileError as error:
        return str(error).partition(", line")[2].partition(";")[0]


@settings(max_examples=60)
@given(ROWS, st.sampled_from((None, "M1", "M5")), st.sampled_from((None, 2, 5)), st.booleans())
def test_columns_are_read_as_rows_are(
    made: list[Made], timeframe: str | None, digits: int | None, mended: bool  # noqa: FBT001 - drawn
) -> None:  # fmt: skip
    """With every flaw there can be, mended and refused."""
    asked = {"timeframe": timeframe, "digits": digits, "policy": MENDING if mended else None}
    with TemporaryDirectory() as name:
        by_columns = found(written(Path(name), made, pa.timestamp("ms")), **asked)
        by_rows = found(written(Path(name), made, pa.string()), **asked)

    assert by_rows == by_columns


@pytest.mark.parametrize(
    "stamps",
    [
        *(pa.timestamp(unit, zone) for unit, zone in (("s", None), ("ms", "UTC"), ("us", None), ("ns", "+02:00"))),
        pa.int64(),
    ],
    ids=str,
)
def test_stamps_of_every_type_mean_the_same_moments(tmp_path: Path, stamps: pa.DataType) -> None:
    """And none of them needs a look at each row."""
    made: list[Made] = [(1, 1.1, 0.01, -0.01, 0.0, 3.0)] * 9
    file = written(tmp_path, made, pa.timestamp("ms") if pa.types.is_integer(stamps) else stamps)
    if pa.types.is_integer(stamps):
        table = parquet.read_table(file)
        parquet.write_table(table.set_column(0, "time", table.column(0).cast(stamps)), file)

    clean = clean_bars(file, "EURUSD", None, Policy(), 5, None)

    assert clean is not None
    assert (clean.bars, clean.gaps) == (read_bars(written(tmp_path, made, pa.string()), "EURUSD")[0], (0, 0.0, 0))


def test_a_cell_without_a_number_is_left_to_whoever_walks_rows(tmp_path: Path) -> None:
    """He names it."""
    file = written(tmp_path, [(1, 1.1, 0.01, -0.01, 0.0, 3.0)] * 9, pa.timestamp("ms"))
    table = parquet.read_table(file)
    parquet.write_table(table.set_column(4, "close", pa.array([None] * 9, pa.float64())), file)

    assert clean_bars(file, "EURUSD", None, Policy(), 5, None) is None
    assert "has no price" in str(found(file))


def test_a_clock_turns_columns_as_it_turns_rows(tmp_path: Path) -> None:
    """The server's hours become UTC either way."""
    made: list[Made] = [(1, 1.1, 0.01, -0.01, 0.0, 3.0)] * 9
    by_columns, by_rows = (
        found(written(tmp_path, made, stamps), clock=lambda wall: wall - 2 * 60 * MINUTE)
        for stamps in (pa.timestamp("ms", "UTC"), pa.string())
    )

    assert by_rows == by_columns
    assert isinstance(by_rows, tuple)
    assert START + MINUTE - 2 * 60 * MINUTE == by_rows[0].time[0]


def test_very_many_bars_lie_in_files_and_read_the_same() -> None:
    """A part of them, a bar and a moment are what they are in memory."""
    few, many = (
        Bars(symbol="X", timeframe="M1", made="", **columns_for(9, many=most)) for most in (10, 9)
    )  # fmt: skip
    for bars in (few, many):
        for i in range(9):
            bars.time[i], bars.open[i], bars.high[i], bars.low[i], bars.close[i] = START + i * MINUTE, i, i, i, i

    assert few == many
    assert rows_of(few) == rows_of(many)
    assert few.bar(3) == many.bar(3)
    assert list(few.between(START + MINUTE, START + 4 * MINUTE)) == list(many.part(1, 4))
    assert TIMEFRAMES["M1"] * 1000 == few.frame


def most_held(folder: Path, rows: int) -> int:
    """Return the bytes that pyarrow held at most while it read a file of so many rows."""
    file, pool, held = folder / f"{rows}.parquet", pa.default_memory_pool(), [0]
    table = {name: np.random.default_rng(1).uniform(1.0, 1.1, rows) for name in ("low", "high", "open", "close")}
    table["low"], table["high"] = table["low"] - 1.0, table["high"] + 1.0
    parquet.write_table(pa.table({"time": START + MINUTE * np.arange(rows), **table}), file, row_group_size=100_000)
    before = pool.bytes_allocated()

    def clock(at: int) -> int:
        if at // MINUTE % 50_000 == 0:
            held.append(pool.bytes_allocated() - before)
        return at

    clean = clean_bars(file, "EURUSD", None, Policy(), None, clock)

    assert clean is not None
    assert rows == len(clean.bars)
    return max(held)


def test_reading_takes_no_more_memory_for_more_rows(tmp_path: Path) -> None:
    """What was read of a file is no longer held."""
    few, many = (most_held(tmp_path, rows) for rows in (400_000, 1_200_000))

    assert many < 1.2 * few
