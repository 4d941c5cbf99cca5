"""Bars as the look-alike's terminal shows them of ticks, beside bars that are made of the same."""

from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import Columns, SymbolSetup
from brokers.mt5.lookalike.tape import TickColumns
from brokers.mt5.zone import to_server
from market.bars import Bars
from market.ticks import Ticks
from tests.venues import EURUSD


def shown(ticks: Ticks, timeframe: str, zone: str) -> list[tuple[float, ...]]:
    """Return the bars that the look-alike's terminal shows of ticks: its clock's times, prices, volumes and spreads."""
    many = len(ticks)
    columns = TickColumns(
        time=list(ticks.time), bid=list(ticks.bid), ask=list(ticks.ask), last=[0.0] * many, volume=[0.0] * many,
        flags=[6] * many,
    )  # fmt: skip
    empty = Columns(time=[], open=[], high=[], low=[], close=[], volume=[], spread=[])
    series = Series(SymbolSetup(symbol=EURUSD, timeframe=timeframe), empty, 0, zone, columns)
    return [(at, *series.bar(i)) for i, at in enumerate(series.time)]


def made(bars: Bars, zone: str) -> list[tuple[float, ...]]:
    """Return bars in the same way; a terminal has no word for a spread that is known to be none."""
    return [(to_server(zone, b.time), b.open, b.high, b.low, b.close, b.volume, float(int(b.spread))) for b in bars]
