"""The daemon's decisions and deals, made by three processes, are those of the backtest, field by field."""

from pathlib import Path

import pytest

from backtests.backtest import run_backtest
from config.load import load
from market.sp500 import read_sp500
from tests.compare import OF_A_RUN, TICKETS, differences, journaled, told, unlike
from tests.demos import BREAKOUT, Demo, MakeDemo
from tests.oracle import complaints

SECOND = """
[symbols.HALF]
broker = "HALF.x"

[symbols.HALF.spec]
digits = 2
tick_size = 0.01
contract_size = 1.0
volume_min = 0.01
volume_max = 10000.0
volume_step = 0.01
currency_base = "USD"
currency_profit = "USD"
swap_long = -3.0
swap_short = 1.0

[symbols.HALF.costs]
spread = 30.0
slippage = 5.0
commission = 0.01
swap = true

[data.HALF]
file = "{file}"
timeframe = "{timeframe}"
"""


def test_the_whole_demo_is_the_backtest(whole: Demo) -> None:
    """All bars, both strategies, the gate: no field of any decision or deal differs."""
    assert [] == unlike(whole.journal, whole.backtest())


def test_one_point_of_spread_shows(whole: Demo, tmp_path: Path) -> None:
    """A backtest whose spread is a point wider is seen to be another one, in its decisions and in its deals."""
    text = whole.file.read_text(encoding="utf-8").replace("spread = 50.0", "spread = 51.0")
    file = tmp_path / "wider.toml"
    file.write_text(text, encoding="utf-8")
    decisions, deals = journaled(whole.journal)

    drive, _ = run_backtest(load(file))

    assert any("ask is" in line for line in differences(decisions, drive.decisions))
    assert any("price is" in line for line in differences(deals, told(drive)))


@pytest.mark.parametrize("mode", ["live", "paper"])
@pytest.mark.parametrize("strategies", ["", BREAKOUT], ids=["demo", "breakout"])
def test_every_mode_and_kind_of_order_is_the_backtest(make_demo: MakeDemo, mode: str, strategies: str) -> None:
    """Orders at market and resting ones, stops that trail, filled at the trade server or on paper: all alike."""
    demo = make_demo(bars=300, strategies=strategies, mode=mode)
    demo.begin()
    demo.end()

    drive = demo.backtest()

    assert [] == unlike(demo.journal, drive)
    assert len(told(drive)) > 20
    assert (mode == "live") == bool(demo.requests())


def test_observing_decides_and_sends_nothing(make_demo: MakeDemo) -> None:
    """An account that only observes decides every bar, and its terminal hears of no order."""
    demo = make_demo(bars=150, mode="observe")
    demo.begin()
    demo.end()

    decisions, deals = journaled(demo.journal)

    assert [] == differences(decisions, demo.backtest().decisions)
    assert any(decision.outcome == "observed" for decision in decisions)
    assert ([], []) == (deals, demo.requests())


def half_of_the_index(file: Path, hours: tuple[int, ...]) -> None:
    """Write a second symbol's bars: half the index, with other days off, moved by a week so that it goes its own way.

    A day becomes as many bars as `hours` names, which are when they open.
    """
    tape = read_sp500()
    rows = ["time,open,high,low,close"]
    for i in range(len(tape) - 7):
        if i % 11:
            o, h, low, c = (round(prices[i + 7] / 2, 2) for prices in (tape.open, tape.high, tape.low, tape.close))
            middle = round((h + low) / 2, 2)
            parts = [(o, max(o, middle), min(o, middle), middle), (middle, h, low, middle),
                     (middle, max(middle, c), min(middle, c), c)] if len(hours) > 1 else [(o, h, low, c)]  # fmt: skip
            for hour, prices in zip(hours, parts, strict=True):
                rows.append(",".join(map(str, (tape.time[i] // 1000 + hour * 3600, *prices))))
    file.write_text("\n".join(rows), encoding="utf-8")


@pytest.mark.parametrize(("timeframe", "hours"), [("D1", (0,)), ("H4", (4, 8, 20))])
def test_two_symbols_are_the_backtest(
    make_demo: MakeDemo, tmp_path: Path, timeframe: str, hours: tuple[int, ...]
) -> None:
    """Two symbols with gaps of their own, one renamed at the broker, with swap and commission: still alike."""
    half_of_the_index(tmp_path / "half.csv", hours)
    other = BREAKOUT.replace("SP500", "HALF").replace('"breakout"', '"second"', 1).replace("D1", timeframe)
    symbol = SECOND.format(file=tmp_path / "half.csv", timeframe=timeframe)
    demo = make_demo(bars=250, strategies=BREAKOUT + other, symbol=symbol)
    demo.begin()
    demo.end()

    drive = demo.backtest()

    assert [] == unlike(demo.journal, drive)
    assert [] == complaints(demo.ledger, demo.journal, {"HALF.x": "HALF"})
    assert {"SP500", "HALF"} == {deal.symbol for deal in told(drive)}


BESIDE = """
[[strategies]]
name = "spread"
use = "tests.windows:spread"
symbol = "SP500"
timeframe = "D1"
risk = 0.01

[strategies.params]
window = 30
process = {process}
others = {{ half = {{ symbol = "HALF", timeframe = "{timeframe}", window = 20, fresh_s = 200000.0 }} }}
"""


@pytest.mark.parametrize(
    ("timeframe", "hours", "process"), [("D1", (0,), "false"), ("H4", (4, 8, 20), "true")], ids=["called", "asked"]
)
def test_a_function_that_is_shown_another_symbol_is_the_backtests(
    make_demo: MakeDemo, tmp_path: Path, timeframe: str, hours: tuple[int, ...], process: str
) -> None:
    """Over a restart too, though the other one has gaps; its score is made of every number that it is shown."""
    half_of_the_index(tmp_path / "half.csv", hours)
    symbol = SECOND.format(file=tmp_path / "half.csv", timeframe=timeframe)
    demo = make_demo(bars=120, strategies=BESIDE.format(timeframe=timeframe, process=process), symbol=symbol)
    demo.begin()
    demo.until_bar(60)
    demo.stop()
    demo.start()
    demo.end()

    drive = demo.backtest()

    decisions, deals = journaled(demo.journal)
    scores = [decision.score for decision in decisions if decision.score == decision.score]
    assert [] == differences(decisions, drive.decisions, OF_A_RUN)
    assert [] == differences(deals, told(drive), TICKETS | OF_A_RUN)
    assert len(deals) > 5
    assert len(set(scores)) == len(scores) > 30
