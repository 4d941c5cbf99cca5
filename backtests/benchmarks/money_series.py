"""The real series that a gate's money is reckoned on: their returns, features, and what it costs to enter or leave.

The S&P 500 and the Nasdaq are price indices: no dividends, and cash earns nothing. EURUSD is made of the minutes of
2018, whose file is stamped in New York's wall clock. Its costs: half of the median spread of that hour of the week, on
a dial whose midnight is New York's 17:00, in nine days of ticks of September 2025, and a commission; no swap.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray
from pyarrow import parquet

from backtests.benchmarks import indices
from brokers.mt5.zone import NEW_YORK_CLOSE, to_server, to_utc
from market.barcheck import Policy
from market.barfile import read_bars
from market.bars import Bars, bars_of
from market.features import FeatureRef, FeatureSet
from market.hours_of_week import HOURS, MONDAY
from market.hours_of_week import hour_of_week as on_the_dial
from market.sp500 import read_nasdaq
from market.types import HOUR_MS, TIMEFRAMES

Array = NDArray[np.float64]

MINUTES = Path("prices") / "eurusd-m1-2018.histdata.zip"
TICKS = Path("mt5") / "eurusd-ticks-2025-09.parquet"

NEW_YORK = "UTC-5 US"
INDEX_COST = 0.001
"""Ten basis points of the price for each entry and each exit."""
COMMISSION = 0.000035
"""Dollars for a euro and side: 3.50 a lot. Assumed: an account whose median spread is 0 pays so, and the ticks do not
say how much."""
RETURN: FeatureRef = ("log_return", ())
GARMAN_KLASS: FeatureRef = ("garman_klass", ())
YEAR = 252
"""Trading days."""


class Series(NamedTuple):
    """What happened, bar by bar; all arrays have a row for each bar."""

    name: str
    returns: Array
    """(n,) from close to close, as a share."""
    features: dict[str, Array]
    """(n, d) by what they are called; NaN where there is no value. The first one is the log return."""
    costs: dict[str, Array]
    """(n,) share of the price that entering or leaving at the close of a bar costs; the first is the stated one."""
    window: int
    """Bars that a model learns from."""
    every: int
    """Bars between two refits."""
    per_year: float
    """Bars."""


def sp500(data: Path) -> Series:
    """Return the S&P 500 from 1962 to 2020."""
    return _index("S&P 500, 1962 to 2020", indices.sp500(data))


def nasdaq() -> Series:
    """Return the Nasdaq composite from 1999 to 2018, which ships with `arch`."""
    return _index("Nasdaq, 1999 to 2018", read_nasdaq())


def _index(name: str, bars: Bars) -> Series:
    intrabar = values(bars, (RETURN, GARMAN_KLASS))[1:]
    cost = np.full(len(intrabar), INDEX_COST)
    features = {"return": intrabar[:, :1], "return, Garman-Klass": intrabar}
    return Series(name, np.expm1(intrabar[:, 0]), features, {"10 bp": cost}, 2000, 126, YEAR)


def eurusd(data: Path, timeframe: str, window: int, every: int) -> Series:
    """Return EURUSD in 2018 in a coarser timeframe, with the volatility realised in the minutes of each bar beside."""
    minutes, _ = read_bars(
        data / MINUTES, "EURUSD", "M1", Policy(duplicate="drop", backward="drop"), clock=lambda t: to_utc(NEW_YORK, t)
    )
    return pair(f"EURUSD {timeframe}, 2018", minutes, timeframe, hourly_spread(data / TICKS), window, every)


def pair(name: str, minutes: Bars, timeframe: str, hours: Array, window: int, every: int) -> Series:
    """Return a year of minutes in a coarser timeframe, at the spread (168,) in dollars of each hour of the week."""
    bars, ends = coarser(minutes, timeframe)
    realised = values(minutes, (("log_realised_vol", (float(bars.frame // 60_000),)),))[ends]
    plain = values(bars, (RETURN,))
    table = np.column_stack((plain, realised))[1:]
    opened = np.asarray(bars.time)
    traded = np.append(opened[2:], opened[-1])  # the open of the bar after each: there its close is traded
    spread = hours[[hour_of_week(t) for t in traded.tolist()]]
    price = np.asarray(bars.close)[1:]
    costs = {"spread, commission": (spread / 2.0 + COMMISSION) / price, "spread alone": spread / 2.0 / price}
    features = {"return": table[:, :1], "return, realised in M1": table}
    return Series(name, np.expm1(table[:, 0]), features, costs, window, every, float(len(bars)))


def values(bars: Bars, refs: tuple[FeatureRef, ...]) -> Array:
    """Return features (n, d) at every bar, folded as a daemon folds them."""
    folds = FeatureSet(refs)
    state = folds.init()
    return np.array([folds.step(state, bar) for bar in bars], dtype=np.float64)


def coarser(bars: Bars, timeframe: str) -> tuple[Bars, list[int]]:
    """Return bars put together to a longer timeframe, and the place of the last one in each."""
    frame = TIMEFRAMES[timeframe] * 1000
    starts = np.asarray(bars.time) // frame
    firsts = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1)).tolist()
    ends = [*(first - 1 for first in firsts[1:]), len(bars) - 1]
    rows = [
        (
            int(starts[i]) * frame,
            bars.open[i],
            max(bars.high[i : j + 1]),
            min(bars.low[i : j + 1]),
            bars.close[j],
            sum(bars.volume[i : j + 1]),
            0.0,
        )
        for i, j in zip(firsts, ends, strict=True)
    ]
    return bars_of(bars.symbol, timeframe, rows), ends


def hour_of_week(utc_ms: int) -> int:
    """Return the hour since Monday 00:00 on a dial whose midnight is New York's 17:00."""
    return on_the_dial(to_server(NEW_YORK_CLOSE, utc_ms))


def hourly_spread(ticks: Path) -> Array:
    """Return the median spread (168,) in dollars of each hour of the week; of hours without ticks that of all.

    The ticks' times are the server's own, as MetaTrader tells them.
    """
    table = parquet.read_table(ticks, columns=["time_msc", "bid", "ask"])
    hours = (table.column("time_msc").to_numpy() // HOUR_MS + MONDAY) % HOURS
    spread = table.column("ask").to_numpy() - table.column("bid").to_numpy()
    found = np.full(HOURS, np.median(spread))
    for hour in np.unique(hours):
        found[hour] = np.median(spread[hours == hour])
    return found
