"""One symbol's recorded prices on the server's clock: which bars are closed, which is forming, and the last quote.

Position 0 is always the current bar. Until it is played only its open exists; what comes after does not exist at all.
Where ticks are recorded the bar forms out of them, and the replayed bars are those that the ticks make.
"""

import copy

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Self

import msgspec

from brokers.fills import shift
from brokers.mt5.lookalike.barrow import ROW, BarRow
from brokers.mt5.lookalike.frame import Frame, length_of, opening
from brokers.mt5.lookalike.setup import Columns, SymbolSetup
from brokers.mt5.lookalike.tape import Tape, TickColumns
from brokers.mt5.zone import to_server
from market import calendar
from market.types import TIMEFRAMES, Symbol

_HOUR = 3_600_000


def dial_of(zone: str) -> Callable[[int], int]:
    """Return what tells for a moment in UTC what the server's clock shows; rules change on the hour."""
    offsets: dict[int, int] = {}

    def dial(at: int) -> int:
        hour = at // _HOUR
        offset = offsets.get(hour)
        if offset is None:
            offset = offsets[hour] = to_server(zone, hour * _HOUR) - hour * _HOUR
        return at + offset

    return dial


class Series:
    """Prices of one symbol and the place of the clock in them."""

    __slots__ = (
        "_bars", "_forming", "_frames", "_packed", "ask", "at", "bid", "index", "played", "setup", "step", "tape",
        "time",
    )  # fmt: skip

    def __init__(
        self, setup: SymbolSetup, bars: Columns, start: int, zone: str = "UTC", ticks: TickColumns | None = None
    ) -> None:
        """Stand before the first bar or tick from `start` (UTC) on; the server's clock keeps a zone's rule."""
        dial = dial_of(zone)
        self.setup = setup
        self.step = TIMEFRAMES[setup.timeframe] * 1000
        self.tape = None if ticks is None else Tape(ticks, start, dial)
        bars, self.time, self.index = _on_the_dial(bars, start, dial)
        if self.tape is not None:
            self._form(bars, opening(setup.timeframe), self.tape)
        self._bars, self._forming, self._frames = bars, BarRow(0.0, 0.0, 0.0, 0.0, 0, 0), dict[str, Frame]()
        self._packed = b"".join(self._row(i).packed(at) for i, at in enumerate(self.time))
        self.played = True
        self.bid = self.ask = 0.0
        self.at = 0
        if self.index >= 0:
            self._quote(self.end, bars.close[self.index])

    def _form(self, bars: Columns, opened: Callable[[int], int], tape: Tape) -> None:
        """Put the bars that the ticks to come make in the place of the recorded ones."""
        left = tape.left
        while self.index >= 0 and left and self.time[self.index] >= opened(left[0]):
            self.index -= 1
        for name in bars.__struct_fields__:
            del getattr(bars, name)[self.index + 1 :]
        del self.time[self.index + 1 :]
        for i in range(tape.index + 1, len(tape.time)):
            at, bar = opened(tape.time[i]), self._of_tick(tape, i)
            if len(self.time) > self.index + 1 and self.time[-1] == at:
                bar = _grown(BarRow(*(getattr(bars, name)[-1] for name in BarRow._fields)), bar.close)
                for name, value in zip(BarRow._fields, bar, strict=True):
                    getattr(bars, name)[-1] = value
            else:
                self.time.append(at)
                bars.time.append(at)
                for name, value in zip(BarRow._fields, bar, strict=True):
                    getattr(bars, name).append(value)

    def _of_tick(self, tape: Tape, i: int) -> BarRow:
        """Return the bar that has only this tick."""
        bid, ask = tape.columns.bid[i], tape.columns.ask[i]
        return BarRow(bid, bid, bid, bid, 1, round((ask - bid) * self.setup.symbol.scale))

    @property
    def name(self) -> str:
        """The symbol's name."""
        return self.setup.symbol.name

    @property
    def moments(self) -> list[int]:
        """When something is still to come, in order."""
        return self.time[self.index + 1 :] if self.tape is None else self.tape.left

    @property
    def end(self) -> int:
        """Last millisecond of the current bar."""
        end, after = self.time[self.index] + self.step, self.index + 1
        return (min(end, self.time[after]) if after < len(self.time) else end) - 1

    @property
    def spread(self) -> float:
        """The current bar's own spread in points; 0.0 where it has none."""
        return self._bars.spread[self.index]

    @property
    def open_price(self) -> float:
        """Open of the current bar."""
        return self._bars.open[self.index]

    @property
    def extremes(self) -> tuple[float, float, float]:
        """High, low and close of the current bar, to be told only when it is played."""
        return self._bars.high[self.index], self._bars.low[self.index], self._bars.close[self.index]

    def is_open(self, at: int) -> bool:
        """Tell whether the symbol is traded: its calendar says so, or it has a tick at this very moment."""
        hours = self.setup.calendar
        return hours is None or self.at == at or calendar.is_open(hours, at)

    def _quote(self, at: int, bid: float) -> None:
        points = self.spread if self.spread > 0.0 else self.setup.costs.spread
        self.at, self.bid, self.ask = at, bid, shift(bid, points, self.setup.symbol.scale)

    # --- the clock goes on ------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Let the current bar have its high, low and close; one that formed out of ticks has them."""
        self.played = True
        if self.tape is None:
            self._quote(self.end, self._bars.close[self.index])

    def come(self, at: int) -> bool:
        """Open the bar of this moment, or let its next tick come; False where there is none."""
        if self.tape is not None:
            return self._tick(self.tape, at)
        after = self.index + 1
        if after >= len(self.time) or self.time[after] != at:
            return False
        self.index, self.played = after, False
        self._quote(at, self.open_price)
        o = self.open_price
        self._forming = BarRow(o, o, o, o, 1, int(self.spread))
        return True

    def _tick(self, tape: Tape, at: int) -> bool:
        if not tape.go_on(at):
            return False
        bid, after = tape.columns.bid[tape.index], self.index + 1
        if after < len(self.time) and self.time[after] <= at:
            self.index, self.played = after, False
            self._forming = self._of_tick(tape, tape.index)
        else:
            self._forming = _grown(self._forming, bid)
        self.at, self.bid, self.ask = at, bid, tape.columns.ask[tape.index]
        return True

    def frozen(self) -> Self:
        """Return the series as it is now; its clock stands still."""
        still = copy.copy(self)
        still.tape, still._frames = copy.copy(self.tape), {}  # noqa: SLF001 - its own
        return still

    def respecify(self, symbol: Symbol) -> None:
        """Let the symbol have another contract."""
        self.setup = msgspec.structs.replace(self.setup, symbol=symbol)

    def at_time(self, time: int) -> int | None:
        """Return the index of the bar that opens at `time`, None where there is none."""
        i = bisect_left(self.time, time)
        return i if i < len(self.time) and self.time[i] == time else None

    def revise(self, time: int, prices: tuple[float, float, float, float]) -> None:
        """Tell another story of the bar that opened at `time`: open, high, low, close."""
        i, b = self.at_time(time), self._bars
        if i is None:
            return
        b.open[i], b.high[i], b.low[i], b.close[i] = prices
        self._packed = self._packed[: i * ROW.size] + self._row(i).packed(time) + self._packed[(i + 1) * ROW.size :]
        self._frames.clear()

    # --- what a terminal shows --------------------------------------------------------------------------------------

    def frame(self, name: str) -> "Series | Frame | None":
        """Return the bars of a timeframe, None for one that cannot be made of the recorded one."""
        if name == self.setup.timeframe:
            return self
        if length_of(name) % (self.step // 1000):
            return None
        if name not in self._frames:
            self._frames[name] = Frame(self, name)
        return self._frames[name]

    def _row(self, i: int) -> BarRow:
        b = self._bars
        return BarRow(b.open[i], b.high[i], b.low[i], b.close[i], int(b.volume[i]), int(b.spread[i]))

    def bar(self, i: int) -> BarRow:
        """Return a bar that exists, as far as it has come."""
        return self._forming if i == self.index and not self.played else self._row(i)

    def rates(self, first: int, last: int) -> bytes:
        """Return bars `first` to `last` (indices, both included, cut to what exists), packed, oldest first."""
        first, last = max(first, 0), min(last, self.index)
        if first > last:
            return b""
        if last < self.index or self.played:
            return self._packed[first * ROW.size : (last + 1) * ROW.size]
        return self._packed[first * ROW.size : last * ROW.size] + self._forming.packed(self.time[last])

    def before(self, seconds: int) -> int:
        """Return the index of the last existing bar that opened at or before a time, -1 for none."""
        return bisect_right(self.time, seconds * 1000, hi=self.index + 1) - 1

    def since(self, seconds: int) -> int:
        """Return the index of the first existing bar that opened at or after a time."""
        return bisect_left(self.time, seconds * 1000, hi=self.index + 1)


def _grown(bar: BarRow, bid: float) -> BarRow:
    """Return a bar after another tick."""
    return BarRow(bar.open, max(bar.high, bid), min(bar.low, bid), bid, bar.volume + 1, bar.spread)


def _on_the_dial(bars: Columns, start: int, dial: Callable[[int], int]) -> tuple[Columns, list[int], int]:
    """Return the bars of which the server's clock can tell, their times on it, and the last one before `start`.

    An hour that autumn shows twice is shown once: the bars of its second pass are left out.
    """
    kept, latest = [], -1
    for i, time in enumerate(bars.time):
        at = dial(time)
        if at > latest:
            kept.append(i)
            latest = at
    chosen = {name: [getattr(bars, name)[i] for i in kept] for name in bars.__struct_fields__}
    return Columns(**chosen), [dial(bars.time[i]) for i in kept], bisect_left(chosen["time"], start) - 1
