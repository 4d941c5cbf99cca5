"""The trade server's recorded clock: the phases of a bar in lock-step, histories, and time going on by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import Columns, read_setup, write_setup
from tests.trade_server import HISTORY, HOUR, START, connected, serving, set_up

OPEN = START + HISTORY * HOUR
"""The first replayed bar opens here."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Serve a fresh folder with the look-alike connected to it."""
    with connected(tmp_path / "terminal") as home:
        yield home


def bars(count: int, symbol: str = "GOLD") -> list[tuple[float, ...]]:
    """Return the last bars as (hours since the start, open, high, low, close)."""
    rates: Any = m.copy_rates_from_pos(symbol, m.TIMEFRAME_H1, 0, count)
    return [((int(r["time"]) * 1000 - START) // HOUR, r["open"], r["high"], r["low"], r["close"]) for r in rates]


def tick(symbol: str = "GOLD") -> tuple[int, float, float]:
    """Return time, bid and ask of the last tick."""
    t: Any = m.symbol_info_tick(symbol)
    return t.time_msc, t.bid, t.ask


@pytest.mark.usefixtures("folder")
def test_at_the_opening_tick_only_the_open_of_the_new_bar_exists() -> None:
    """The bar before is visible as closed; of the forming one there is the open alone."""
    expected = [(3, 2003.0, 2004.5, 2002.5, 2004.0), (4, 2004.0, 2004.0, 2004.0, 2004.0)]

    assert expected == bars(2)
    assert tick() == (OPEN, 2004.0, 2004.2)


@pytest.mark.usefixtures("folder")
def test_done_plays_the_bar_and_opens_the_next() -> None:
    """After done the bar is told whole and the clock stands at the next opening tick."""
    said = control.done(OPEN)

    assert said == {"ended": False, "at": OPEN + HOUR, "news": 1}
    assert bars(2) == [(4, 2004.0, 2005.5, 2003.5, 2005.0), (5, 2005.0, 2005.0, 2005.0, 2005.0)]
    assert tick() == (OPEN + HOUR, 2005.0, 2005.2)


@pytest.mark.usefixtures("folder")
def test_done_of_another_tick_changes_nothing() -> None:
    """Done is idempotent: said twice, or of a tick that is not the present one, it moves nothing."""
    once = control.done(OPEN)
    again = [control.done(OPEN), control.done(OPEN + 9 * HOUR), control.done(0)]

    assert [once] * 3 == again


@pytest.mark.usefixtures("folder")
def test_a_symbol_without_a_bar_at_that_time_keeps_its_last_one() -> None:
    """OIL has no bar in the second replayed hour: its last bar is whole, its quote is that bar's close."""
    m.symbol_select("OIL")
    control.done(OPEN)

    assert bars(1, "OIL") == [(4, 74.0, 75.5, 73.5, 75.0)]
    assert tick("OIL") == (OPEN + HOUR - 1, 75.0, 75.2)
    control.done(OPEN + HOUR)
    assert tick("OIL") == (OPEN + 2 * HOUR, 76.0, 76.2)


@pytest.mark.usefixtures("folder")
def test_at_the_end_the_last_bar_is_position_zero_and_whole() -> None:
    """After the last bar the state is ended, the quote its close, the clock its last millisecond."""
    at = OPEN
    while not (said := control.done(at) or {})["ended"]:
        at = said["at"]

    last = START + 10 * HOUR - 1
    assert said == {"ended": True, "at": last, "news": 1}
    assert control.done(last) == said
    assert bars(1) == [(9, 2009.0, 2010.5, 2008.5, 2010.0)]
    assert tick() == (last, 2010.0, 2010.2)
    assert control.state() == {"at": last, "ended": True, "index": 5, "total": 6, "lockstep": True, "news": 1}


@pytest.mark.usefixtures("folder")
def test_bars_are_found_by_date() -> None:
    """From a date bars are counted back, a range has both its ends, and no bar of the future is found."""
    back: Any = m.copy_rates_from("GOLD", m.TIMEFRAME_H1, (START + 2 * HOUR) // 1000 + 5, 2)
    between: Any = m.copy_rates_range("GOLD", m.TIMEFRAME_H1, START // 1000 + HOUR // 1000, (START + 90 * HOUR) // 1000)

    assert [2001.0, 2002.0] == list(back["open"])
    assert [2001.0, 2002.0, 2003.0, 2004.0] == list(between["open"])
    assert np.uint64 == back["tick_volume"].dtype
    assert [20, 20] == list(back["spread"])


@pytest.mark.usefixtures("folder")
def test_what_is_not_recorded_is_not_found() -> None:
    """Frames that are shorter, unknown symbols, ticks and depth of market give None and say so."""
    answers = [
        m.copy_rates_from_pos("GOLD", m.TIMEFRAME_M30, 0, 1),
        m.copy_rates_from_pos("SILVER", m.TIMEFRAME_H1, 0, 1),
        m.symbol_info("SILVER"),
        m.symbol_info_tick("OIL"),
        m.copy_ticks_from("GOLD", 1, 10, m.COPY_TICKS_ALL),
        m.market_book_get("GOLD"),
    ]

    assert [None] * 6 == answers
    assert m.last_error() == (-4, "Terminal: Not found")


def test_times_are_the_servers_wall_clock(tmp_path: Path) -> None:
    """A server two hours ahead of UTC tells all times two hours later, as if they were UTC."""
    with serving(set_up(tmp_path / "terminal", zone="UTC+2")):
        m.initialize(str(tmp_path / "terminal"))
        m.symbol_select("GOLD")
        rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 1)
        deals: Any = m.history_deals_get(0, 2_000_000_000)
        seen = {tick()[0] // 1000, int(rates["time"][0]), deals[0].time}
        m.shutdown()

    assert {(OPEN + 2 * HOUR) // 1000} == seen


def test_without_lockstep_the_clock_goes_on_by_itself(tmp_path: Path) -> None:
    """At full speed the recording ends without anybody saying done."""
    with serving(set_up(tmp_path / "terminal", lockstep=False)):
        m.initialize(str(tmp_path / "terminal"))
        for _ in range(1000):
            if (control.state() or {})["ended"]:
                break
        state = control.state()
        m.shutdown()

    assert state is not None
    assert (True, 5) == (state["ended"], state["index"])


def test_a_long_history_comes_whole(tmp_path: Path) -> None:
    """Far more bars than fit a socket's buffer arrive in one piece, and the next call is answered too."""
    count = 60_000
    prices = [2000.0 + i % 7 for i in range(count)]
    long = Columns(
        time=[START + i * HOUR for i in range(count)],
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=prices,
        spread=prices,
    )
    folder = set_up(tmp_path / "terminal")
    setup = msgspec.structs.replace(read_setup(folder)[0], start=long.time[-1])
    write_setup(folder, setup, {"GOLD": long, "OIL": long})
    with serving(folder):
        m.initialize(str(folder))
        rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, count)
        total = m.symbols_total()
        m.shutdown()

    assert prices == list(rates["open"])
    assert total == 2
