"""The moments at which a file of recorded ticks or bars saw a symbol quoted, on the clock of the file."""

import csv

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from numpy.typing import NDArray

from market.barcheck import BarFileError, Policy
from market.barfile import read_bars
from market.bartext import lines_of, time_of
from market.types import TIMEFRAMES

_FORGIVING = Policy(unreadable="drop", price="drop", range="repair", duplicate="drop", backward="repair", clock="drop")
"""When something was quoted is asked, not at which price."""


class Stamps(msgspec.Struct, frozen=True, kw_only=True):
    """When there were quotes: `time` in milliseconds of the file's clock, ascending."""

    time: NDArray[np.int64]
    frame: int
    """Each stands for so many milliseconds: a bar's length; 0 for ticks."""


def read_stamps(path: Path) -> Stamps:
    """Return the moments of a file of ticks or bars; BarFileError where it is neither, or has nothing in it."""
    columns = _columns(path)
    if {"bid", "ask"} <= columns and "open" not in columns:
        times = _parquet_ticks(path, columns) if _is_parquet(path) else np.fromiter(_text_ticks(path), np.int64)
        if not times.size:
            raise BarFileError(f"{path}: no tick in it; is it a file of ticks?")
        return Stamps(time=np.sort(times), frame=0)
    bars, _ = read_bars(path, "any", policy=_FORGIVING, clock=lambda wall: wall)
    if bars.frame > TIMEFRAMES["H1"] * 1000:
        raise BarFileError(f"{path}: bars of {bars.timeframe} do not tell hours; give ticks, or bars up to H1")
    return Stamps(time=np.asarray(bars.time, np.int64), frame=bars.frame)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in {".parquet", ".pq"}


def _columns(path: Path) -> set[str]:
    """Return the names of a file's columns; histdata's files, which have none, name nothing."""
    if _is_parquet(path):
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - only who reads Parquet needs it

        try:
            return {name.lower() for name in parquet.read_schema(path).names}
        except (OSError, ArrowException) as error:
            raise BarFileError(f"{path}: cannot be read ({error}); is it a Parquet file?") from error
    with lines_of(path) as lines:
        return set(_names(next(lines, "")))


def _names(header: str) -> list[str]:
    delimiter = max("\t;,", key=header.count)
    return [name.strip(" <>").lower() for name in next(csv.reader([header], delimiter=delimiter), [])]


def _parquet_ticks(path: Path, columns: set[str]) -> NDArray[np.int64]:
    """Return the times as they are labelled: what MetaTrader's package gives is the server's clock dressed as UTC."""
    from pyarrow import parquet  # noqa: PLC0415 - see above

    if "time_msc" in columns:
        return parquet.read_table(path, columns=["time_msc"]).column(0).to_numpy().astype(np.int64)  # type: ignore[no-any-return]  # pyarrow has no types
    stamps = parquet.read_table(path, columns=["time"]).column(0).to_numpy()
    if stamps.dtype.kind == "M":
        return stamps.astype("datetime64[ms]").astype(np.int64)  # type: ignore[no-any-return]  # pyarrow has no types
    return np.fromiter((time_of(str(stamp)) for stamp in stamps), np.int64)


def _text_ticks(path: Path) -> Iterator[int]:
    """Yield the times of a tick export; a row that has none is passed over."""
    with lines_of(path) as lines:
        header = next(lines, "")
        names = _names(header)
        at = [names.index(name) for name in ("date", "time_msc", "time", "datetime", "timestamp") if name in names]
        at = at[:2] if "date" in names else at[:1]
        for fields in csv.reader(lines, delimiter=max("\t;,", key=header.count)):
            try:
                yield time_of(" ".join(fields[i].strip() for i in at))
            except (ValueError, IndexError):
                continue
