"""Bar files (MetaTrader 5 exports, histdata.com archives, CSV, Parquet), read with an account of every flaw."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from market.barcheck import BarFileError, Policy, Report, Row, Tally, check_prices
from market.barfile_columns import clean_bars
from market.barorder import Gaps, find_gaps, put_in_order, refuse_finer, timeframe_of
from market.bars import Bars, bars_of
from market.bartext import Clock, columns_of, csv_rows, form_of, histdata_rows, lines_of, time_of
from market.types import TIMEFRAMES

_ZONES = {
    "histdata": "EST, UTC-5 the whole year",
    "mt5": "server time taken as UTC",
    "csv": "UTC, or as the stamps say",
    "parquet": "UTC, or as the stamps say",
}


def read_bars(
    path: str | Path,
    symbol: str,
    timeframe: str | None = None,
    policy: Policy | None = None,
    *,
    digits: int | None = None,
    clock: Clock | None = None,
) -> tuple[Bars, Report]:
    """Return a file's bars of bid prices, oldest first, and the report of what was found and done.

    Args:
        path: a file as MetaTrader 5 exports it, an archive of histdata.com, any CSV with a header (plain, gzip or zip),
            or Parquet.
        symbol: what the bars are of; the files do not say.
        timeframe: of `market.types.TIMEFRAMES`; None takes the most frequent distance between bars.
        policy: what to do with each problem; everything is refused unless it says otherwise.
        digits: prices are rounded to so many; None leaves them as they are.
        clock: turns the file's own time, dressed as UTC milliseconds, into UTC milliseconds: a MetaTrader 5 export has
            the server's time, and so has Parquet made by its Python package, though labelled UTC.

    Raises:
        BarFileError: the file cannot be read, has no bar, or has a problem that the policy refuses.

    """
    path = Path(path)
    if timeframe is not None and timeframe not in TIMEFRAMES:
        raise BarFileError(f"{path}: {timeframe!r} is no timeframe; use one of {', '.join(TIMEFRAMES)}")
    tally = Tally(str(path), policy or Policy())
    clean = clean_bars(path, symbol, timeframe, tally.policy, digits, clock) if is_parquet(path) else None
    if clean is not None:
        return clean.bars, _told(tally, clean.bars, len(clean.bars), clean.gaps, ("parquet", zone_of("parquet", clock)))
    form, rows = _rows(path, tally, clock)
    return _settle(rows, symbol, timeframe, tally, digits, (form, zone_of(form, clock)))


def is_parquet(path: Path) -> bool:
    """Tell by its name whether a file is Parquet."""
    return path.suffix.lower() in {".parquet", ".pq"}


def zone_of(form: str, clock: Clock | None) -> str:
    """Return in words how the clock of a file of bars or ticks of this form is understood."""
    return _ZONES[form] if clock is None else "turned into UTC by the clock given"


def _rows(path: Path, tally: Tally, clock: Clock | None) -> tuple[str, list[Row]]:
    if is_parquet(path):
        return "parquet", list(_parquet_rows(path, tally, clock))
    with lines_of(path) as lines:
        first = next(lines, "")
        form = form_of(first)
        if form == "histdata":
            return form, list(histdata_rows(chain([first], lines), tally, clock))
        return form, list(csv_rows(first, lines, tally, clock))


def _settle(
    rows: list[Row], symbol: str, timeframe: str | None, tally: Tally, digits: int | None, form: tuple[str, str]
) -> tuple[Bars, Report]:
    """Check, order and count rows as they stand in the file."""
    good = check_prices(rows, tally, digits)
    if not good:
        raise BarFileError(f"{tally.file}: no bar among {len(rows)} rows; is it a file of bars?")
    name = timeframe or timeframe_of(good, tally.file)
    frame = TIMEFRAMES[name] * 1000
    ordered = put_in_order(good, frame, tally)
    refuse_finer(ordered, name, tally.file)
    gaps = find_gaps(ordered, frame, tally)
    bars = bars_of(symbol, name, (row[1:] for row in ordered))
    return bars, _told(tally, bars, len(rows) + tally.count("unreadable"), gaps, form)


def _told(tally: Tally, bars: Bars, rows: int, gaps: Gaps, form: tuple[str, str]) -> Report:
    count, longest, where = gaps
    return Report(
        file=tally.file,
        form=form[0],
        zone=form[1],
        rows=rows,
        bars=len(bars),
        first=bars.time[0],
        last=bars.time[-1],
        gaps=count,
        longest_gap_s=longest,
        longest_gap_at=where,
        problems=tally.problems(),
    )


def _parquet_rows(path: Path, tally: Tally, clock: Clock | None) -> Iterator[Row]:
    """Yield rows of a Parquet file, numbered from 1."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 - the daemon reads no Parquet and need not have it

    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise BarFileError(f"{path}: cannot be read ({error}); is it a Parquet file of bars?") from error
    at = columns_of([name.lower() for name in table.column_names], tally.file)
    stamps = table.column(at["time"] if "time" in at else at["date"]).to_pylist()
    numbers = [table.column(at[key]).to_pylist() for key in ("open", "high", "low", "close")]
    extras = [table.column(at[key]).to_pylist() if key in at else [0.0] * len(stamps) for key in ("volume", "spread")]
    for line, (stamp, o, h, l, c, volume, spread) in enumerate(zip(stamps, *numbers, *extras, strict=True), 1):
        try:
            time = time_of(str(stamp), clock)
            if None in {o, h, l, c}:
                tally.note("unreadable", line, f"row {stamp} has no price in one of its columns")
                continue
            yield line, time, float(o), float(h), float(l), float(c), float(volume or 0.0), float(spread or 0.0)
        except (TypeError, ValueError) as error:
            tally.note("unreadable", line, f"row {stamp} is no bar ({error})")
