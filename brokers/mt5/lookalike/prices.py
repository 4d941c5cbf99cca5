"""The verbs about symbols, quotes and bars."""

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike import rows
from brokers.mt5.lookalike.client import NOT_FOUND, Failed
from brokers.mt5.lookalike.contract import symbol_row
from brokers.mt5.lookalike.frame import Frame
from brokers.mt5.lookalike.seat import CALL_FAILED, INVALID_PARAMS, Seat
from brokers.mt5.lookalike.selection import in_group
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.tape import Tape

FRAMES: dict[int, str] = {
    getattr(c, name): name.removeprefix("TIMEFRAME_") for name in vars(c) if name.startswith("TIMEFRAME_")
}


def _series(seat: Seat, symbol: str) -> Series:
    series = seat.series.get(symbol)
    if series is None:
        raise Failed(*NOT_FOUND)
    return series


def _symbol(seat: Seat, series: Series) -> list[Any]:
    return symbol_row(series, seat.account.venue.worth(series.name), selected=series.name in seat.selected)


def symbols_total(seat: Seat) -> int:
    """Return the number of symbols."""
    return len(seat.series)


def symbols(seat: Seat, group: str | None) -> list[Any]:
    """Return SymbolInfos of a group."""
    return [_symbol(seat, s) for s in seat.series.values() if in_group(s.name, group)]


def symbol(seat: Seat, symbol: str) -> list[Any]:
    """Return a SymbolInfo."""
    return _symbol(seat, _series(seat, symbol))


def tick(seat: Seat, symbol: str) -> list[Any]:
    """Return a Tick; a symbol outside the market watch has none."""
    if symbol not in seat.selected:
        raise Failed(*NOT_FOUND)
    return rows.tick_row(seat.series[symbol])


def select(seat: Seat, symbol: str, on: bool) -> bool:  # noqa: FBT001 - it comes off the wire
    """Select a symbol or not; one that is traded stays."""
    _series(seat, symbol)
    if not on and seat.account.trades(symbol):
        raise Failed(*CALL_FAILED)
    seat.x.select(seat.place, symbol, on=on)
    return True


def _framed(seat: Seat, symbol: str, frame: int) -> Series | Frame:
    series = _series(seat, symbol)
    if frame not in FRAMES:
        raise Failed(*INVALID_PARAMS)
    bars = series.frame(FRAMES[frame])
    if bars is None:
        raise Failed(*NOT_FOUND)
    return bars


def rates_from_pos(seat: Seat, symbol: str, frame: int, start: int, count: int) -> bytes:
    """Return packed bars counted back from the current one."""
    series = _framed(seat, symbol, frame)
    if start < 0 or count <= 0:
        raise Failed(*INVALID_PARAMS)
    last = series.index - start
    if last < 0:
        raise Failed(*CALL_FAILED)
    return series.rates(last - count + 1, last)


def rates_from(seat: Seat, symbol: str, frame: int, date: int, count: int) -> bytes:
    """Return packed bars counted back from a date."""
    series = _framed(seat, symbol, frame)
    if count <= 0:
        raise Failed(*INVALID_PARAMS)
    last = series.before(date)
    return series.rates(last - count + 1, last)


def rates_range(seat: Seat, symbol: str, frame: int, date_from: int, date_to: int) -> bytes:
    """Return packed bars that opened between two dates, both included."""
    series = _framed(seat, symbol, frame)
    return series.rates(series.since(date_from), series.before(date_to))


def ticks_from(seat: Seat, symbol: str, date: int, count: int, flags: int) -> bytes:
    """Return the first packed ticks from a date on."""
    if count <= 0:
        raise Failed(*INVALID_PARAMS)
    return _tape(seat, symbol).since(date, count, flags)


def ticks_range(seat: Seat, symbol: str, date_from: int, date_to: int, flags: int) -> bytes:
    """Return packed ticks between two dates, both included."""
    return _tape(seat, symbol).between(date_from, date_to, flags)


def _tape(seat: Seat, symbol: str) -> Tape:
    tape = _series(seat, symbol).tape
    if tape is None:
        raise Failed(*NOT_FOUND)
    return tape


VERBS = (
    symbols_total, symbols, symbol, tick, select, rates_from_pos, rates_from, rates_range, ticks_from, ticks_range,
)  # fmt: skip
