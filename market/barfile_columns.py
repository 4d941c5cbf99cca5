"""The columns of a Parquet file of bars in which nothing is wrong, read without a look at each row.

A file in which anything is wrong is nobody's business here: its rows are walked, and the flaw is named by its row.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from market.barcheck import BarFileError, Policy
from market.barfile_room import columns_for, let_go
from market.barorder import Gaps, most_frequent, timeframe_as_long
from market.bars import COLUMNS, Bars
from market.bartext import Clock, columns_of
from market.money import nearest
from market.types import DAY_MS, TIMEFRAMES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from numpy.typing import NDArray

    Part = tuple[NDArray[np.int64], list[NDArray[np.float64]]]
    """Times, and the other columns."""

ROWS = 1 << 18
"""Rows that are read at once."""
_UNITS = ((9, 11, 1000, 1), (12, 14, 1, 1), (15, 17, 1, 1_000), (18, 19, 1, 1_000_000))
"""Digits from and to, factor and divisor to milliseconds, as `market.bartext` reads them."""
_PER_MS = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1_000), "ns": (1, 1_000_000)}


class Clean(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of a file without a flaw."""

    bars: Bars
    gaps: Gaps


class _Flawed(BarFileError):
    """Something is wrong in it, or it is said in a way that only rows are read in."""


def clean_bars(
    path: Path, symbol: str, timeframe: str | None, policy: Policy, digits: int | None, clock: Clock | None
) -> Clean | None:
    """Return the bars of a Parquet file, exactly those that its rows would give; None where rows have to be walked."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 - the daemon reads no Parquet and need not have it

    if policy.gap != "keep":
        return None
    try:
        with parquet.ParquetFile(path, pre_buffer=False) as file:  # else all that was read of it stays in memory
            return _read(file, path, symbol, timeframe, digits, clock)
    except (OSError, ArrowException, ValueError, OverflowError):
        return None


def _read(
    file: Any, path: Path, symbol: str, timeframe: str | None, digits: int | None, clock: Clock | None  # noqa: ANN401 - pyarrow has no types
) -> Clean:  # fmt: skip
    import numpy as np  # noqa: PLC0415 - likewise

    from pyarrow import default_memory_pool  # noqa: PLC0415 - likewise

    at = columns_of([name.lower() for name in file.schema_arrow.names], str(path))
    names = file.schema_arrow.names
    wanted = {key: names[at[key]] for key in (*COLUMNS[1:], "time" if "time" in at else "date") if key in at}
    total = file.metadata.num_rows
    columns = columns_for(total)
    steps: Counter[int] = Counter()
    gaps: Gaps = (0, 0.0, 0)
    done, last = 0, None
    for time, numbers in _parts(file, wanted, digits, clock):
        whole = time if last is None else np.concatenate((last, time))
        gone = whole[1:] - whole[:-1]
        if gone.size and gone.min() <= 0:
            raise _Flawed
        steps.update(_counted(gone))
        gaps = _longest(gaps, whole, gone)
        np.asarray(columns["time"])[done : done + len(time)] = time
        for name, column in zip(COLUMNS[1:], numbers, strict=True):
            np.asarray(columns[name])[done : done + len(time)] = column
        done, last = done + len(time), time[-1:] if len(time) else last
        let_go(columns.values())
    default_memory_pool().release_unused()  # a backtest's peak comes later, and takes it
    usual = most_frequent(steps)
    name = timeframe or timeframe_as_long(usual)
    frame = TIMEFRAMES.get(name, 0) * 1000
    if not (done and frame) or 0 < usual < frame:
        raise _Flawed
    return Clean(bars=Bars(symbol=symbol, timeframe=name, made="", **columns), gaps=_over(gaps, steps, frame))


def _parts(file: Any, wanted: dict[str, str], digits: int | None, clock: Clock | None) -> Iterator["Part"]:  # noqa: ANN401
    """Yield times and numbers, part after part; _Flawed where one is none."""
    import numpy as np  # noqa: PLC0415

    moment = wanted["time"] if "time" in wanted else wanted["date"]
    names = list(dict.fromkeys(wanted.values()))
    for batch in file.iter_batches(ROWS, columns=names, use_threads=False):  # which would take longer to wait for
        told = {key: batch.column(batch.schema.get_field_index(wanted[key])) for key in COLUMNS[1:] if key in wanted}
        numbers = {key: _numbers(column, known=key in COLUMNS[1:5]) for key, column in told.items()}
        prices = [numbers[key] if digits is None else _rounded(numbers[key], digits) for key in COLUMNS[1:5]]
        o, h, l, c = prices
        with np.errstate(invalid="ignore"):
            good = (l <= o) & (o <= h) & (l <= c) & (c <= h) & (l > 0.0) & (h < np.inf)
        if not good.all():
            raise _Flawed
        nothing = np.zeros(len(o))
        time = _times(batch.column(batch.schema.get_field_index(moment)), named=clock is not None)
        if clock is not None:
            time = np.array([clock(t) for t in time.tolist()], np.int64)
        yield time, [*prices, *(numbers.get(key, nothing) for key in COLUMNS[5:])]


def _numbers(column: "pa.Array", *, known: bool) -> "NDArray[np.float64]":
    """Return a column of numbers; what is not told is 0.0 where it need not be known, as where the column is absent."""
    import pyarrow as pa  # noqa: PLC0415

    if column.null_count and not known:
        column = column.fill_null(0)
    if column.null_count or not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise _Flawed
    return _plain(column).astype("float64", copy=False)


def _plain(column: "pa.Array") -> "NDArray[np.generic]":
    """Return the numbers of a column that tells all of them, where they lie; to ask pyarrow for them imports pandas."""
    import numpy as np  # noqa: PLC0415

    kind: np.dtype[np.generic] = np.dtype(column.type.to_pandas_dtype())
    held = column.buffers()[1] if len(column) else b""
    return np.frombuffer(held, kind, len(column), column.offset * kind.itemsize if len(column) else 0)


def _rounded(prices: "NDArray[np.float64]", digits: int) -> "NDArray[np.float64]":
    scale = float(10**digits)
    return nearest(prices * scale) / scale  # type: ignore[arg-type, return-value]  # row by row


def _times(column: "pa.Array", *, named: bool) -> "NDArray[np.int64]":
    """Return UTC milliseconds; `named`: a clock is given, so that stamps may not name a zone of their own."""
    import pyarrow as pa  # noqa: PLC0415

    if column.null_count:
        raise _Flawed
    if pa.types.is_date32(column.type):
        return _plain(column.view(pa.int32())).astype("int64") * DAY_MS
    if pa.types.is_timestamp(column.type):
        if named and column.type.tz not in {None, "UTC"}:
            raise _Flawed
        times, over = _PER_MS[column.type.unit]
        return _exact(_plain(column.view(pa.int64())).astype("int64", copy=False), times, over)
    if not pa.types.is_integer(column.type) or not len(column):
        raise _Flawed
    stamps = _plain(column).astype("int64")
    digits = {len(str(stamps.min())), len(str(stamps.max()))}
    for shortest, longest, times, over in _UNITS:
        if shortest <= min(digits) and max(digits) <= longest and stamps.min() > 0:
            return stamps * times // over
    raise _Flawed


def _exact(stamps: "NDArray[np.int64]", times: int, over: int) -> "NDArray[np.int64]":
    if over > 1 and (stamps % over).any():
        raise _Flawed
    return stamps * times // over


def _counted(gone: "NDArray[np.int64]") -> Counter[int]:
    """Return how often each distance between neighbours is there, in the order in which they turn up."""
    import numpy as np  # noqa: PLC0415

    steps, first, count = np.unique(gone, return_index=True, return_counts=True)
    turn = np.argsort(first)
    return Counter(dict(zip(steps[turn].tolist(), count[turn].tolist(), strict=True)))


def _longest(gaps: Gaps, time: "NDArray[np.int64]", gone: "NDArray[np.int64]") -> Gaps:
    """Return the longest distance so far, milliseconds, and when the bar before it opened."""
    if not gone.size or int(gone.max()) <= gaps[1]:
        return gaps
    place = int(gone.argmax())
    return 0, int(gone[place]), int(time[place])


def _over(gaps: Gaps, steps: Counter[int], frame: int) -> Gaps:
    """Return how many distances are longer than a bar, and the longest in seconds."""
    count = sum(many for step, many in steps.items() if step > frame)
    return (count, gaps[1] / 1000.0, int(gaps[2])) if count else (0, 0.0, 0)
