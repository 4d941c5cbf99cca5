"""Bars made of recorded ticks, as a terminal makes them: bid prices, the first tick's spread, a tick one of volume.

Which spread a terminal's own bars have, its documentation does not say, and observers contradict each other (the least
of the bar, the greatest). Here it is that of the first tick: what is decided on the bar before is filled at it.
"""

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from backtests.dials import dials, runs
from brokers.mt5.lookalike.frame import opening
from brokers.mt5.zone import to_server, to_utc
from market.bars import NO_SPREAD, Bars
from market.money import nearest
from market.ticks import Ticks
from market.types import HOUR_MS, TIMEFRAMES


def bars_of_ticks(ticks: Ticks, timeframe: str, zone: str, scale: float) -> Bars:
    """Return the bars that ticks make up; they begin by the server's clock, whose rule is `zone`.

    scale: points in one unit of price. A moment without a tick has no bar.
    """
    time, bid, ask = (np.asarray(column) for column in (ticks.time, ticks.bid, ticks.ask))
    opened = _opened(time, timeframe, zone)
    first = np.flatnonzero(np.concatenate(([True], opened[1:] != opened[:-1])))
    last = np.append(first[1:], len(time)) - 1
    columns: dict[str, Any] = {
        "open": bid[first],
        "high": np.maximum.reduceat(bid, first),
        "low": np.minimum.reduceat(bid, first),
        "close": bid[last],
        "volume": (last - first + 1).astype(np.float64),
        "spread": np.maximum(nearest((ask[first] - bid[first]) * scale), NO_SPREAD),
    }
    found: dict[str, Any] = {name: array("d", np.asarray(column).tobytes()) for name, column in columns.items()}
    return Bars(symbol=ticks.symbol, timeframe=timeframe, time=array("q", opened[first].tobytes()), **found)


def _opened(time: Any, timeframe: str, zone: str) -> Any:  # noqa: ANN401 - arrays
    """Return for each moment when the bar opened to which it belongs, both UTC milliseconds."""
    frame, begins = TIMEFRAMES[timeframe] * 1000, opening(timeframe)
    if frame <= HOUR_MS:
        return time - dials(zone, time) % frame
    hours = runs(time // HOUR_MS)  # rules change on the hour, and so do bars that are longer
    opens = [_begun(begins, zone, int(time[begin]) // HOUR_MS * HOUR_MS) for begin, _ in hours]
    return np.repeat(opens, [end - begin for begin, end in hours])


def _begun(begins: Callable[[int], int], zone: str, at: int) -> int:
    return to_utc(zone, begins(to_server(zone, at)))
