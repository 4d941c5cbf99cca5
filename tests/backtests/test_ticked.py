"""Bars made of ticks: what a terminal would show of them, whatever they are, and whichever file they come from."""

import re

from pathlib import Path

import pyarrow as pa
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from backtests.backtest import run_backtest
from backtests.drive import Drive
from backtests.future import look
from backtests.record import Record, record_of_drive
from backtests.recorded import read_ahead, tapes_of
from backtests.summary import summary_of
from backtests.tick_store import stored_ticks
from backtests.ticked import bars_of_ticks
from brokers.mt5.zone import to_server
from config.account import AccountConfig
from config.errors import ConfigError
from config.load import parse
from market.barcheck import BarFileError, Policy
from market.bars import COLUMNS
from market.ticks import Ticks
from tests.records import TARGETED
from tests.terminal_bars import made, shown
from tests.venues import EURUSD, HOUR, MONDAY

SUNDAY = MONDAY - 5 * HOUR // 2
"""Half past nine in the evening before: a bar is under way."""


def ticks_of(rows: list[tuple[int, int, int]]) -> Ticks:
    """Return ticks of (milliseconds since the one before, bid in points, spread in points)."""
    time, times = SUNDAY, []
    for after, _, _ in rows:
        time += after
        times.append(time)
    bids = [bid / 1e5 for _, bid, _ in rows]
    asks = [(bid + spread) / 1e5 for _, bid, spread in rows]
    return Ticks(symbol="EURUSD", time=times, bid=bids, ask=asks)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([0, 1, 999, 59_000, 600_000, 5_400_000, 90_000_000]),
            st.integers(100_000, 100_050),
            st.integers(0, 30),
        ),
        min_size=1,
        max_size=60,
    ),
    timeframe=st.sampled_from(["M1", "M15", "H1", "H4", "D1", "W1"]),
    zone=st.sampled_from(["UTC", "UTC+2 EU", "New York close"]),
)
@settings(max_examples=60)
def test_bars_of_ticks_are_those_that_a_terminal_shows(
    rows: list[tuple[int, int, int]], timeframe: str, zone: str
) -> None:
    """Bid prices, as many ticks as volume, the spread of the first; days and weeks begin by the server's clock."""
    ticks = ticks_of(rows)

    assert shown(ticks, timeframe, zone) == made(bars_of_ticks(ticks, timeframe, zone, EURUSD.scale), zone)


def test_a_file_of_ticks_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    """What was wrong with it is still known the second time."""
    file, told = tmp_path / "ticks.csv", list[int]()

    def stored() -> tuple[int, int, int]:
        ticks, report = stored_ticks(
            file, "EURUSD", Policy(price="drop"), digits=5, zone="", told=lambda done, _: told.append(done),
            place=tmp_path / "cache",
        )  # fmt: skip
        return len(ticks), report.count("price"), len(told)

    rows = [f"{MONDAY + n},1.1,1.2" for n in range(50_000)]
    file.write_text("\n".join(["time,bid,ask", f"{MONDAY - 1},0,0", *rows]), encoding="utf-8")
    first = stored()
    second = stored()
    file.write_text("\n".join(["time,bid,ask", *rows[:-1]]), encoding="utf-8")

    assert [(50_000, 1, 1), (50_000, 1, 1), (49_999, 0, 2)] == [first, second, stored()]
    assert 1 == len(list((tmp_path / "cache" / "ticks").iterdir()))


def test_a_file_of_ticks_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """Nor does one that is not there."""
    (tmp_path / "ticks.csv").write_text(f"time,bid,ask\n{MONDAY},1.1,1.2\n{MONDAY - 1},1.1,1.2\n", encoding="utf-8")
    for name in ("ticks.csv", "none.csv"):
        with pytest.raises(BarFileError):
            stored_ticks(tmp_path / name, "EURUSD", Policy(), digits=5, zone="", place=tmp_path / "cache")

    assert [] == list((tmp_path / "cache" / "ticks").iterdir())


# --- from the account -------------------------------------------------------------------------------------------------

ACCOUNT = """
[account]
name = "ticks"
user = "A"
owner = "B"
login = 1
server = "S"
currency = "USD"
zone = "UTC+2"
mode = "paper"

[terminal]
kind = "lookalike"
path = "terminal"

[symbols.EURUSD.spec]
digits = 5
tick_size = 0.00001
contract_size = 100000.0
volume_min = 0.01
volume_max = 100.0
volume_step = 0.01
currency_base = "EUR"
currency_profit = "USD"
calc = "forex"

[limits]
max_volume = 1.0
max_value = 200000.0
max_positions = 2
max_risk = 0.01
max_daily_loss = 0.5
max_spread = 300.0
max_orders_per_minute = 100

[feed]
warmup = 20

[[strategies]]
name = "trend"
use = "trend"
symbol = "EURUSD"
timeframe = "M5"
risk = 0.0005
params = { fast = 3, slow = 8, atr = 5, stop_atr = 1.0 }

[data.EURUSD]
"""


def account(folder: Path, data: str) -> AccountConfig:
    """Return an account whose recorded data are said by some lines."""
    return parse(f"{ACCOUNT}{data}\n", folder=folder, name="account.toml")


def test_an_account_names_a_file_of_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars are made of them, in the server's time of the file and by the server's clock of the account."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ticks = ticks_of([(20_000, 100_000 + n % 7, 8) for n in range(50)])
    columns = {"time_msc": [time + 2 * HOUR for time in ticks.time], "bid": ticks.bid, "ask": ticks.ask}
    parquet.write_table(pa.table(columns), tmp_path / "ticks.parquet")
    config = account(tmp_path, 'file = "ticks.parquet"\nformat = "ticks"\ntimeframe = "M5"\nzone = "UTC+2"')
    said: list[str] = []
    read_ahead(config, said.append, lambda _done, _whole: None)

    assert ["reading ticks.parquet"] == said
    assert made(bars_of_ticks(ticks, "M5", "UTC", EURUSD.scale), "UTC") == made(tapes_of(config)["EURUSD", "M5"], "UTC")


def test_ticks_are_no_file_that_may_know_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They tell the ways of bars that are over: an account that is looked at for the future opens nothing else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    recorded(tmp_path)
    config = account(tmp_path, TICKS.replace("[data.EURUSD]\n", "").replace('"M15"', '"M5"'))
    looked = look(config, {}, tapes_of(config), bars=60, cuts=3)

    assert (True, []) == (looked.ok, looked.opened)
    assert looked.decisions > 200


def test_only_files_hold_ticks(tmp_path: Path) -> None:
    """What comes with a package are bars."""
    with pytest.raises(ConfigError, match=r'data\.EURUSD\.format: expected "bars" without a file, got "ticks"'):
        account(tmp_path, 'source = "sp500"\nformat = "ticks"')


# --- the page on it ---------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
TICKS, FINER, LATENCY = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def recorded(folder: Path) -> Ticks:
    """Write and return a day and a half of ticks that swing; write the bars that they make up, too."""
    rows = [(17_000, 100_000 + 40 * ((n // 23) % 5) - 13 * (n % 7) + n // 50, 8) for n in range(7_000)]
    ticks = ticks_of(rows)
    shown = [to_server("UTC+2 EU", time) for time in ticks.time]
    columns = {"time_msc": shown, "bid": ticks.bid, "ask": ticks.ask}
    parquet.write_table(pa.table(columns), folder / "eurusd-ticks.parquet")
    for timeframe in ("M1", "M15"):
        bars = bars_of_ticks(ticks, timeframe, "UTC", EURUSD.scale)
        lines = [",".join(str(getattr(bar, name)) for name in COLUMNS) for bar in bars]
        text = "\n".join([",".join(COLUMNS), *lines])
        (folder / f"eurusd-{timeframe.lower()}.csv").write_text(text, encoding="utf-8")
    return ticks


def by_the_page(folder: Path, *parts: str) -> tuple[Drive, Record]:
    """Play the page's lines, in an account that wants a target near its stop."""
    text = ACCOUNT.replace('use = "trend"', 'use = "targeted_in_ticks:Targeted"').replace('"M5"', '"M15"')
    text = re.sub(r"params = .*\n", "", text).replace("[data.EURUSD]\n", "")
    (folder / "targeted_in_ticks.py").write_text(TARGETED, encoding="utf-8")
    config = parse("\n".join([text, *parts]), folder=folder, name="account.toml")
    drive, tapes = run_backtest(config)
    return drive, record_of_drive(drive, tapes, config, {})


def test_the_page_on_data_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars alone leave exits open, minutes fewer, ticks none; latency is played with ticks and named on top."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    times = set(recorded(tmp_path).time)
    alone, _ = by_the_page(tmp_path, FINER.replace('finer = "eurusd-minutes"', ""))
    minutes, _ = by_the_page(tmp_path, FINER)
    ticks, record = by_the_page(tmp_path, TICKS, LATENCY)
    summary = summary_of(record)

    assert alone.ambiguous > 3
    assert (0, {}) == (alone.resolved, alone.within)
    assert minutes.resolved > minutes.ambiguous
    assert {"EURUSD": "M1 bars"} == minutes.within
    assert (0, 0) == (minutes.apart, ticks.apart)
    assert (0, ticks.resolved, {"EURUSD": "ticks"}) == (summary.ambiguous, summary.resolved, summary.within)
    assert ticks.resolved > 3
    assert "ticks tell what goes on within the bars of EURUSD" == ticks.why
    assert [] == [deal for deal in record.deals if deal.entry == "in" and deal.at - 180 not in times]
    assert any("latency 180 ms" in fault.sentence for fault in summary.faults)
