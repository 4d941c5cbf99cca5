"""Tick files (MetaTrader 5 exports, histdata.com, CSV, Parquet), read in parts with an account of every flaw."""

import math
import re

from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from market.barcheck import ADVICE, BarFileError, Policy, Report, Tally
from market.barfile import is_parquet, zone_of
from market.barorder import utc
from market.bartext import Clock, form_of, lines_of, text_size, time_of, unreadable
from market.money import nearest
from market.ticks import Ticks
from market.ticktext import Moments, Sides, TickRow, csv_ticks, histdata_ticks, tick_columns

Part = tuple["array[int]", "array[float]", "array[float]"]
"""Some ticks: times (UTC milliseconds), bids, asks."""
Told = Callable[[int, int], None]
"""Is told how much of how much was read."""

PART = 1 << 17
"""Ticks in a part: what is in memory at a time is some megabytes, however long the file."""
PAUSE = 3_600_000
"""Milliseconds without a tick from which on it is counted as a gap."""
MEGABYTE = 1_000_000
_HISTDATA = re.compile(r"\d{8} \d{9},")
_ADVICE = ADVICE | {
    "range": 'mend the tick, or read with range="repair" (the ask is the bid) or "drop"',
    "duplicate": 'read with duplicate="drop"',
    "backward": 'sort the file, or read with backward="drop"',
}


class TickFile:
    """One file of ticks, to be read once from its beginning to its end."""

    def __init__(
        self, path: str | Path, policy: Policy | None = None, *, digits: int | None = None, clock: Clock | None = None
    ) -> None:
        """Take a file as `market.barfile.read_bars` takes one of bars: its form shows in its first line or its name.

        Of `policy`, `clock` has no meaning here, and ticks are never sorted: BarFileError where that is asked for.
        """
        self.path, self.digits, self.clock = Path(path), digits, clock
        self.tally = Tally(str(path), policy or Policy(), _ADVICE)
        if self.tally.policy.backward == "repair":
            raise BarFileError(f'{path}: ticks are not sorted here: sort the file, or read with backward="drop"')
        self.form = ""
        self._rows = self._kept = self._gaps = 0
        self._first = self._last = self._longest = self._where = 0

    def parts(self, told: Told = lambda _done, _all: None) -> Iterator[Part]:
        """Yield the ticks, some at a time; `told` hears how many of how many megabytes, or rows, were read.

        Raises:
            BarFileError: the file cannot be read, has no tick, or has a problem that the policy refuses.

        """
        part: Part = (array("q"), array("d"), array("d"))
        for time, bid, ask in self._checked(self._read(told)):
            part[0].append(time)
            part[1].append(bid)
            part[2].append(ask)
            if len(part[0]) == PART:
                yield part
                part = (array("q"), array("d"), array("d"))
        if not self._kept:
            raise BarFileError(f"{self.path}: no tick among {self._rows} rows; is it a file of ticks?")
        if part[0]:
            yield part

    def report(self) -> Report:
        """Return what was found and done, once all parts are read."""
        return Report(
            file=str(self.path), form=self.form, zone=zone_of(self.form, self.clock),
            rows=self._rows + self.tally.count("unreadable"), bars=self._kept, first=self._first, last=self._last,
            gaps=self._gaps, longest_gap_s=self._longest / 1000.0, longest_gap_at=self._where,
            problems=self.tally.problems(), of="ticks",
        )  # fmt: skip

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _read(self, told: Told) -> Iterator[TickRow]:
        if is_parquet(self.path):
            self.form = "parquet"
            yield from _parquet_rows(self.path, self.tally, self.clock, told)
            return
        with lines_of(self.path) as lines:
            whole = text_size(self.path)
            first = next(lines, "")
            self.form = form_of(first, _HISTDATA)
            if self.form == "histdata":
                yield from histdata_ticks(counted(chain([first], lines), whole, told), self.tally, self.clock)
                return
            yield from csv_ticks(first, counted(lines, whole, told), self.tally, self.clock)

    def _checked(self, rows: Iterator[TickRow]) -> Iterator[tuple[int, float, float]]:
        """Yield the ticks that can be meant, rounded to the digits."""
        scale, note = 0.0 if self.digits is None else float(10**self.digits), self.tally.note
        last = (-(1 << 62), 0.0, 0.0)
        for line, time, bid, ask in rows:
            self._rows += 1
            if scale:
                bid, ask = nearest(bid * scale) / scale, nearest(ask * scale) / scale  # noqa: PLW2901 - the same, rounded
            if not (0.0 < bid < math.inf and 0.0 < ask < math.inf):
                note("price", line, f"bid {bid:g}, ask {ask:g}: not both are prices")
                continue
            if ask < bid:
                if note("range", line, f"bid {bid:g} is above ask {ask:g}") == "drop":
                    continue
                ask = bid  # noqa: PLW2901 - mended
            tick = time, bid, ask
            if time < last[0]:
                note("backward", line, f"{utc(time)} comes after {utc(last[0])}")
            elif tick == last:
                note("duplicate", line, f"the tick of {utc(time)} was told just before")
            else:
                self._count(line, time)
                last = tick
                yield tick

    def _count(self, line: int, time: int) -> None:
        """Count a tick, and the pause before it."""
        self._kept += 1
        if self._kept == 1:
            self._first = self._last = time
        pause, policy = time - self._last, self.tally.policy
        if pause > PAUSE:
            self._gaps += 1
            if pause > self._longest:
                self._longest, self._where = pause, self._last
            if policy.gap == "refuse" and pause > policy.longest_gap_s * 1000.0:
                self.tally.note("gap", line, f"nothing between {utc(self._last)} and {utc(time)}")
        self._last = time


def read_ticks(
    path: str | Path,
    symbol: str,
    policy: Policy | None = None,
    *,
    digits: int | None = None,
    clock: Clock | None = None,
) -> tuple[Ticks, Report]:
    """Return all ticks of a file, oldest first, in memory, and the report of what was found and done.

    Arguments and errors are those of `market.barfile.read_bars`.
    """
    file = TickFile(path, policy, digits=digits, clock=clock)
    time, bid, ask = array("q"), array("d"), array("d")
    for times, bids, asks in file.parts():
        time += times
        bid += bids
        ask += asks
    return Ticks(symbol=symbol, time=time, bid=bid, ask=ask), file.report()


def counted(lines: Iterator[str], whole: int, told: Told) -> Iterator[str]:
    """Yield lines, and tell now and then how many megabytes of all they are."""
    done, said = 0, 0
    for line in lines:
        done += len(line)
        if done - said > MEGABYTE:
            said = done
            told(done // MEGABYTE, max(whole, done) // MEGABYTE)
        yield line


def _parquet_rows(path: Path, tally: Tally, clock: Clock | None, told: Told) -> Iterator[TickRow]:
    """Yield rows of a Parquet file, numbered from 1."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 - the daemon reads no Parquet and need not have it

    try:
        file = parquet.ParquetFile(path)
        at = tick_columns([name.lower() for name in file.schema_arrow.names], tally.file)
        names = [file.schema_arrow.names[at[key]] for key in _wanted(at)]
        fine = names[0].lower() == "time_msc"
        line, sides, moments = 0, Sides(), Moments(clock)
        for batch in file.iter_batches(PART, columns=names):
            columns = [batch.column(name).to_pylist() for name in names]
            flags = columns[3] if len(columns) > len(("time", "bid", "ask")) else [None] * len(batch)
            for stamp, bid, ask, changed in zip(*columns[:3], flags, strict=True):
                line += 1
                try:
                    time = moments.turned(stamp) if fine and type(stamp) is int else time_of(str(stamp), clock)
                    yield (line, time, *sides.told(float(bid or 0.0), float(ask or 0.0), changed, hollow=False))
                except (TypeError, ValueError) as error:
                    unreadable(tally, line, f"{stamp} {bid} {ask}", error, "tick")
            told(line, file.metadata.num_rows)
    except (OSError, ArrowException) as error:
        raise BarFileError(f"{path}: cannot be read ({error}); is it a Parquet file of ticks?") from error


def _wanted(at: dict[str, int]) -> list[str]:
    return ["time" if "time" in at else "date", "bid", "ask", *(["flags"] if "flags" in at else [])]
