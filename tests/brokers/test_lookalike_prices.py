"""Prices of the trade server beside its recorded bars: ticks, longer timeframes, a clock with summer time, sessions."""

import datetime as dt

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import SetupError, SymbolSetup, columns, read_setup, write_setup
from brokers.mt5.lookalike.tape import TickColumns
from market.calendar import Calendar
from market.types import Bar
from tests.trade_server import GOLD, HISTORY, HOUR, OIL, START, bars_of, serving, set_up

OPEN = START + HISTORY * HOUR
BUY = {"action": 1, "symbol": "GOLD", "volume": 0.1, "type": 0, "price": 2004.2, "sl": 1990.0, "type_filling": 1}
QUOTES = [(-1500, 2003.5), (-900, 2003.6), (0, 2004.0), (250, 2004.6), (250, 2004.4), (1800_000, 2003.1)]
QUOTES += [(HOUR + 10, 2003.9), (HOUR + 400, 2004.2), (3 * HOUR, 2006.0)]
"""Milliseconds from the first replayed hour on, and a bid; no tick comes in the third hour."""
TICKS = TickColumns(
    time=[OPEN + after for after, _ in QUOTES],
    bid=[bid for _, bid in QUOTES],
    ask=[round(bid + 0.3, 2) for _, bid in QUOTES],
    last=[0.0] * len(QUOTES),
    volume=[0.0] * len(QUOTES),
    flags=[134, 130, 4, 6, 134, 134, 88, 134, 6],
)


def with_ticks(folder: Path) -> Path:
    """Set up a folder in which GOLD has recorded ticks and OIL has bars."""
    set_up(folder)
    bars = {"GOLD": bars_of("GOLD", 2000.0), "OIL": bars_of("OIL", 70.0)}
    write_setup(folder, read_setup(folder).setup, bars, {"GOLD": TICKS})
    return folder


@pytest.fixture
def ticking(tmp_path: Path) -> Iterator[Path]:
    """Serve recorded ticks, with the look-alike connected."""
    folder = with_ticks(tmp_path / "terminal")
    with serving(folder):
        assert m.initialize(str(folder))
        m.symbol_select("GOLD")
        yield folder
        m.shutdown()


def forming() -> list[Any]:
    """Return the forming bar: time since the first replayed hour, open, high, low, close, ticks, spread."""
    rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 1)
    row = rates[0]
    return [int(row["time"]) * 1000 - OPEN, *list(row)[1:7]]


def go_on() -> int:
    """Let the clock go on, and return its moment, from the first replayed hour on."""
    state: Any = control.state()
    told: Any = control.done(state["at"])
    return int(told["at"]) - OPEN


# --- ticks ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ticking")
def test_a_bar_forms_out_of_its_ticks() -> None:
    """Each tick moves the clock, the quote and the forming bar; ticks of one millisecond come together."""
    seen = [forming()]
    moments = [go_on(), go_on(), go_on()]
    seen.append(forming())
    whole: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 1, 1)

    assert [250, 1800_000, HOUR] == moments  # OIL opens on the hour
    assert [0, 2004.0, 2004.0, 2004.0, 2004.0, 1, 30] == seen[0]
    assert [0, 2004.0, 2004.6, 2003.1, 2003.1, 4, 30] == seen[1]
    assert [2003.0, 2004.5] == [float(whole[0]["open"]), float(whole[0]["high"])]


@pytest.mark.usefixtures("ticking")
def test_ticks_are_found_by_whole_seconds() -> None:
    """From a date on, or between two, as far as the clock has come; with flags as recorded, 0x80 too."""
    go_on()
    second = OPEN // 1000
    everything: Any = m.copy_ticks_from("GOLD", second - 60, 100, m.COPY_TICKS_ALL)
    two: Any = m.copy_ticks_from("GOLD", second - 1, 2, m.COPY_TICKS_ALL)
    here: Any = m.copy_ticks_range("GOLD", second, second, m.COPY_TICKS_ALL)
    nothing: Any = m.copy_ticks_from("GOLD", second + 1, 100, m.COPY_TICKS_ALL)

    assert TICKS.time[:5] == [int(t) for t in everything["time_msc"]]
    assert [134, 130, 4, 6, 134] == [int(f) for f in everything["flags"]]
    assert [2003.6, 2004.0] == list(two["bid"])
    assert [OPEN] == [int(t) for t in here["time_msc"]]
    assert (0, 60) == (len(nothing), everything.dtype.itemsize)


@pytest.mark.usefixtures("ticking")
def test_ticks_are_filtered_by_what_changed() -> None:
    """Quotes have the bits of bid or ask, trades those of last or volume; the recorded rest does not count."""
    while go_on() < HOUR + 10:
        pass
    quotes: Any = m.copy_ticks_from("GOLD", 0, 100, m.COPY_TICKS_INFO)
    trades: Any = m.copy_ticks_from("GOLD", 0, 100, m.COPY_TICKS_TRADE)
    tick: Any = m.symbol_info_tick("GOLD")

    assert (6, [88]) == (len(quotes), [int(f) for f in trades["flags"]])
    assert (OPEN + HOUR + 10, 2003.9, 2004.2, 88) == (tick.time_msc, tick.bid, tick.ask, tick.flags)


@pytest.mark.usefixtures("ticking")
def test_orders_are_filled_tick_by_tick() -> None:
    """A stop inside a bar is hit by the tick that reaches it, at that tick's price, and at its time."""
    ticket: Any = m.order_send(BUY | {"sl": 2003.2})
    while m.positions_total():
        go_on()
    deal: Any = (m.history_deals_get(position=ticket.order) or ())[-1]

    assert (OPEN + 1800_000, 2003.1, m.DEAL_REASON_SL) == (deal.time_msc, deal.price, deal.reason)


def test_the_bars_of_ticks_are_whole_when_all_is_over(tmp_path: Path) -> None:
    """At the end each replayed bar is that of its ticks, an hour without any has none, and a restart repeats it."""
    x = Exchange(with_ticks(tmp_path))
    while not x.replay.ended:
        x.go_on()
    gold = x.series["GOLD"]
    closes = [gold.bar(i).close for i in range(HISTORY - 1, len(gold.time))]
    x.close()
    again = Exchange(tmp_path)
    again.close()

    assert [2004.0, 2003.1, 2004.2, 2006.0] == closes
    assert [0, 1, 3] == [(time - OPEN) // HOUR for time in gold.time[HISTORY:]]
    assert gold.rates(0, 99) == again.series["GOLD"].rates(0, 99)
    assert gold.bid == again.series["GOLD"].bid == 2006.0


def test_ticks_out_of_order_are_refused(tmp_path: Path) -> None:
    """Recorded ticks do not go back in time."""
    setup = read_setup(set_up(tmp_path)).setup
    row = [1.0, 1.0]
    broken = TickColumns(time=[2, 1], bid=row, ask=row, last=row, volume=row, flags=[6, 6])
    bars = {"GOLD": bars_of("GOLD", 2000.0), "OIL": bars_of("OIL", 70.0)}
    write_setup(tmp_path, setup, bars, {"GOLD": broken})

    with pytest.raises(SetupError, match=r"ticks of GOLD\.ticks do not ascend"):
        read_setup(tmp_path)


def test_real_ticks_come_out_as_they_were_recorded(shared_data: Path, tmp_path: Path) -> None:
    """An hour of a real broker's ticks: times, prices and raw flags, and the minute bars they make."""
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(shared_data / "mt5" / "eurusd-ticks-2025-09.parquet").slice(0, 2000)
    kept = {name: table.column(name).to_pylist() for name in table.column_names}
    start = kept["time_msc"][0]
    ticks = TickColumns(
        time=kept["time_msc"], bid=kept["bid"], ask=kept["ask"], last=kept["last"],
        volume=[float(v) for v in kept["volume"]], flags=kept["flags"],
    )  # fmt: skip
    euro = type(GOLD)(
        name="EURUSD", digits=5, tick_size=1e-5, contract_size=1e5, volume_min=0.01, volume_max=50.0,
        volume_step=0.01, currency_base="EUR", currency_profit="USD", calc="forex",
    )  # fmt: skip
    setup = read_setup(set_up(tmp_path / "a")).setup
    home = tmp_path / "b"
    symbols = (SymbolSetup(symbol=euro, timeframe="M1"),)
    write_setup(
        home, type(setup)(accounts=setup.accounts, symbols=symbols, start=start), {"EURUSD": []}, {"EURUSD": ticks}
    )
    x = Exchange(home)
    while not x.replay.ended:
        x.go_on()
    x.close()
    series = x.series["EURUSD"]
    assert series.tape is not None

    assert {134, 130, 4, 6} >= set(kept["flags"])
    assert [(t, f) for t, f in zip(kept["time_msc"], kept["flags"], strict=True)] == [
        (row[5], row[6]) for row in map(series.tape.row, range(2000))
    ]
    assert 2000 == sum(series.bar(i).volume for i in range(len(series.time)))
    assert max(kept["bid"]) == max(series.bar(i).high for i in range(len(series.time)))


# --- longer timeframes ----------------------------------------------------------------------------------------------


def rows(series: Series, frame: str) -> list[tuple[Any, ...]]:
    """Return all bars of a frame as (hours since the start, open, high, low, close, volume)."""
    import numpy as np  # noqa: PLC0415 - the trade server has none

    from brokers.mt5.lookalike.arrays import RATES  # noqa: PLC0415

    bars = series.frame(frame)
    assert bars is not None
    found = np.frombuffer(bars.rates(0, 99), dtype=RATES)
    return [((int(r[0]) * 1000 - START) // HOUR, *r.tolist()[1:6]) for r in found]


def test_longer_bars_are_made_of_shorter_ones(tmp_path: Path) -> None:
    """Four hours begin at midnight; the forming bar holds what has been, and nothing of what comes."""
    x = Exchange(set_up(tmp_path))
    gold = x.series["GOLD"]
    at_first = rows(gold, "H4")
    x.go_on()
    later = rows(gold, "H4")
    x.close()

    assert [(0, 2000.0, 2004.5, 1999.5, 2004.0, 28), (4, 2004.0, 2004.0, 2004.0, 2004.0, 1)] == at_first
    assert [at_first[0], (4, 2004.0, 2005.5, 2003.5, 2005.0, 8)] == later


def test_days_weeks_and_months_open_on_the_servers_clock(tmp_path: Path) -> None:
    """On Monday, 2024-01-01 the week is that of Sunday before; a frame that does not divide is not made."""
    x = Exchange(set_up(tmp_path))
    gold = x.series["GOLD"]
    x.close()

    assert [[0], [-24], [0]] == [[row[0] for row in rows(gold, frame)] for frame in ("D1", "W1", "MN1")]
    assert gold.frame("M30") is None


def test_the_package_gives_longer_bars_too(tmp_path: Path) -> None:
    """By position, by date and by range; a revised bar is in them."""
    with serving(set_up(tmp_path / "terminal")):
        m.initialize(str(tmp_path / "terminal"))
        day: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_D1, 0, 5)
        fours: Any = m.copy_rates_range("GOLD", m.TIMEFRAME_H4, START // 1000, OPEN // 1000)
        past: Any = m.copy_rates_from("GOLD", m.TIMEFRAME_H2, OPEN // 1000 - 1, 2)
        control.happen("revised", symbol="GOLD", time=START, open=2000.0, high=2111.0, low=1999.0, close=2001.0)
        revised: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_D1, 0, 1)
        m.shutdown()

    assert [2000.0] == list(day["open"])
    assert [2000.0, 2004.0] == list(fours["open"])
    assert [START // 1000, START // 1000 + 7200] == [int(t) for t in past["time"]]
    assert [2111.0] == list(revised["high"])


# --- the clock ------------------------------------------------------------------------------------------------------


def hours_around(day: dt.date) -> list[Bar]:
    """Return hourly bars of three days, the given one in the middle."""
    first = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * 1000 - 24 * HOUR
    return [Bar("GOLD", "H1", first + i * HOUR, 1.0, 2.0, 0.5, 1.5, 7.0, 20.0) for i in range(72)]


@pytest.mark.parametrize(
    ("zone", "day", "before", "after", "count"),
    [
        ("New York close", dt.date(2024, 3, 10), 2, 3, 72),
        ("New York close", dt.date(2024, 11, 3), 3, 2, 71),
        ("UTC+2 EU", dt.date(2024, 3, 31), 2, 3, 72),
        ("UTC+2 EU", dt.date(2024, 10, 27), 3, 2, 71),
        ("UTC+5:30", dt.date(2024, 3, 31), 5.5, 5.5, 72),
    ],
)
def test_the_servers_clock_keeps_a_rule(zone: str, day: dt.date, before: float, after: float, count: int) -> None:
    """It is put forward and back by the law of its zone; the hour that autumn shows twice is shown once."""
    bars = hours_around(day)
    series = Series(SymbolSetup(symbol=GOLD, timeframe="H1"), columns(bars), 0, zone)
    ahead = [(series.time[i] - bars[j].time) / HOUR for i, j in ((0, 0), (-1, -1))]

    assert [before, after] == ahead
    assert count == len(series.time) == len(set(series.time))


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    """The setup says which rules there are."""
    with pytest.raises(SetupError, match="zone: expected"):
        read_setup(set_up(tmp_path, zone="Mars/Olympus"))


# --- sessions -------------------------------------------------------------------------------------------------------

MORNINGS = Calendar(week=(((0, 5 * HOUR),),) * 7)
"""Traded until five."""


def test_outside_its_sessions_a_symbol_is_not_traded(tmp_path: Path) -> None:
    """With another symbol's clock going on: 10018, its tick stays the last one, and nothing of it can be changed."""
    symbols = (SymbolSetup(symbol=GOLD, timeframe="H1", calendar=MORNINGS), SymbolSetup(symbol=OIL, timeframe="H1"))
    folder = set_up(tmp_path / "terminal", symbols=symbols)
    bars = {"GOLD": bars_of("GOLD", 2000.0, missing=(5, 6, 7, 8, 9)), "OIL": bars_of("OIL", 70.0)}
    write_setup(folder, read_setup(folder).setup, bars)
    with serving(folder):
        m.initialize(str(folder))
        m.symbol_select("GOLD")
        opened: Any = m.order_send(BUY)
        control.done(OPEN)
        control.done(OPEN + HOUR)
        moved = {"action": 6, "position": opened.order, "sl": 1980.0}
        refused: Any = [m.order_send(BUY), m.order_send(moved | {"symbol": "GOLD"})]
        oil: Any = m.order_send(BUY | {"symbol": "OIL", "sl": 60.0})
        tick: Any = m.symbol_info_tick("GOLD")
        m.shutdown()

    assert [10009, 10009] == [opened.retcode, oil.retcode]
    assert [(10018, "Market closed")] * 2 == [(r.retcode, r.comment) for r in refused]
    assert OPEN + HOUR - 1 == tick.time_msc


def test_a_recorded_tick_proves_that_the_market_is_open(tmp_path: Path) -> None:
    """A day's bar is stamped midnight, where the session begins at five past."""
    late = Calendar(week=(((5 * 60_000, 24 * HOUR),),) * 7)
    daily = SymbolSetup(symbol=GOLD, timeframe="D1", calendar=late)
    setup = read_setup(set_up(tmp_path / "a")).setup
    bars = [Bar("GOLD", "D1", START + i * 24 * HOUR, 1.0, 2.0, 0.5, 1.5) for i in range(3)]
    write_setup(tmp_path / "b", type(setup)(accounts=setup.accounts, symbols=(daily,), start=START), {"GOLD": bars})
    x = Exchange(tmp_path / "b")
    x.close()

    assert x.series["GOLD"].is_open(x.replay.at)
    assert not x.series["GOLD"].is_open(x.replay.at + 1)
    assert x.series["GOLD"].is_open(x.replay.at + 300_000)
