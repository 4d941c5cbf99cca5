"""Real bar files, read whole: what is measured in them is what the readers say."""

from itertools import pairwise
from pathlib import Path

import pytest

from market.barcheck import BarFileError
from market.barfile import read_bars
from market.sp500 import read_sp500


def test_histdata_year_is_read_whole(shared_data: Path) -> None:
    """A year of EURUSD minutes: 372,607 bars, 850 gaps, the longest over the new year's first weekend, 4,729 flat."""
    bars, report = read_bars(shared_data / "prices" / "eurusd-m1-2018.histdata.zip", "EURUSD", digits=5)

    assert (372_607, "M1", 850, ()) == (len(bars), bars.timeframe, report.gaps, report.problems)
    assert (1_514_844_000_000, 1_546_293_540_000) == (report.first, report.last)
    assert 48.0 == pytest.approx(report.longest_gap_s / 3600.0, abs=0.02)
    assert 4_729 == sum(high == low for high, low in zip(bars.high, bars.low, strict=True))
    assert (1.20037, 1.201) == (bars.open[0], bars.close[0])


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_fxcm_month_is_read_whole(shared_data: Path, side: str) -> None:
    """A month of GBPUSD minutes, packed, with a header and stamps that name their zone."""
    bars, report = read_bars(shared_data / "prices" / f"gbpusd-m1-{side}-2012-02.csv.gz", "GBPUSD", digits=5)

    assert (30_117, "M1", ()) == (len(bars), bars.timeframe, report.problems)
    assert 1_328_054_400_000 == bars.time[0]


def test_long_daily_history_is_read_whole(shared_data: Path) -> None:
    """Ninety-two years of days, before 1970 too; the longest gap is the bank holiday of 1933."""
    bars, report = read_bars(shared_data / "prices" / "sp500-d1-1927-2020.csv.gz", "SP500", digits=2)

    assert (23_212, "D1", 12.0) == (len(bars), bars.timeframe, report.longest_gap_s / 86_400.0)
    assert -1_325_635_200_000 == bars.time[0]


def test_parquet_of_copy_rates_is_read_whole(shared_data: Path) -> None:
    """A month of five-minute bars as the terminal gives them, spreads included."""
    bars, report = read_bars(shared_data / "mt5" / "eurusd-m5-2023-01.parquet", "EURUSD", digits=5)

    assert (6_332, "M5", 122.0, ()) == (len(bars), bars.timeframe, bars.spread[0], report.problems)


def test_sp500_comes_with_arch() -> None:
    """Twenty years of days, rounded to the cents they were quoted in, in order and without a flaw."""
    bars = read_sp500()
    rows = list(bars)

    assert (5_031, "SP500", "D1") == (len(bars), bars.symbol, bars.timeframe)
    assert (915_408_000_000, 1229.23, 1248.81, 1219.1, 1228.1) == (
        rows[0].time,
        rows[0].open,
        rows[0].high,
        rows[0].low,
        rows[0].close,
    )
    assert (1_546_214_400_000, 2506.85) == (rows[-1].time, rows[-1].close)
    assert all(a.time < b.time for a, b in pairwise(rows))
    assert all(0.0 < b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in rows)
    assert all(x == float(f"{x:.2f}") for b in rows for x in (b.open, b.high, b.low, b.close))


def test_without_arch_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is not installed, the message names the extra that brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(BarFileError, match=r'install "tidegate\[demo\]"'):
        read_sp500()
