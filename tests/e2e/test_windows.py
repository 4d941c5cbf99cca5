"""A function over the last closed bars decides in the daemon what it decides in the backtest."""

import datetime
import os
import signal

from pathlib import Path

import msgspec
import pytest

from backtests.parity import parity
from backtests.replay import replay
from runtime.core.decision import Decision
from tests.compare import OF_A_RUN, TICKETS, differences, journaled, told
from tests.demos import Demo, MakeDemo

DIP = """
[[strategies]]
name = "dip"
use = "tests.windows:dip"
symbol = "SP500"
timeframe = "D1"
risk = 0.01
params = { window = 40, entry = 0.8 }
"""


@pytest.mark.parametrize("mode", ["live", "paper"])
def test_a_windows_decisions_and_deals_are_the_backtests(make_demo: MakeDemo, mode: str) -> None:
    """Bit for bit, its score made of every number it was shown, over a restart in mid-way too."""
    demo = make_demo(bars=300, strategies=DIP, mode=mode)
    demo.begin()
    demo.until_bar(150)
    demo.stop()
    demo.start()
    demo.end()

    drive = demo.backtest()
    decisions, deals = journaled(demo.journal)

    assert [] == differences(decisions, drive.decisions, OF_A_RUN)
    assert [] == differences(deals, told(drive), TICKETS | OF_A_RUN)
    assert len(deals) > 20
    assert len({decision.score for decision in decisions}) == len(decisions)


APART = DIP.replace("window = 40", "window = 40, process = true")
SHOWN = APART.replace("window = 40", 'window = 40, features = { z = ["zscore", 20], rsi = ["rsi", 14] }')


@pytest.mark.parametrize("strategies", [APART, SHOWN], ids=["rows", "features"])
def test_a_function_in_a_process_of_its_own_decides_what_it_decides_in_the_backtest(
    make_demo: MakeDemo, strategies: str
) -> None:
    """Bit for bit too, its answers told as facts; a replay of the journal needs no process."""
    demo = make_demo(bars=300, strategies=strategies)
    demo.begin()
    demo.end()

    drive = demo.backtest()
    decisions, deals = journaled(demo.journal)

    again = parity(demo.journal, day_of(decisions[200]))

    assert (1, {}) == (again.same, again.causes)
    assert [] == differences(decisions, drive.decisions)
    assert [] == differences(deals, told(drive), TICKETS)
    assert len(deals) > 20
    assert replay(demo.journal).decisions == len(decisions)


def test_a_function_whose_process_is_killed_enters_nothing_until_another_one_answers(make_demo: MakeDemo) -> None:
    """Bars in between are held, each says why; then it trades on, and the journal replays."""
    demo = make_demo(bars=1500, strategies=APART)
    demo.begin()
    demo.until_bar(60)
    os.kill(ready(demo)[-1], signal.SIGKILL)
    demo.end()

    decisions, _ = journaled(demo.journal)
    held = [n for n, decision in enumerate(decisions) if "MODEL:dip" in decision.holds]

    assert {"its process has ended"} == {decisions[n].reasons[0] for n in held}
    assert {"held", "in_position"} >= {decisions[n].outcome for n in held}
    assert any(decision.outcome == "traded" for decision in decisions[held[-1] :])
    assert 2 == len(ready(demo))
    assert replay(demo.journal).decisions == len(decisions)
    assert {"hold": 1} == parity(demo.journal, day_of(decisions[held[0]])).causes


def test_a_functions_process_dies_with_its_daemon(make_demo: MakeDemo) -> None:
    """However that ends: none is left behind."""
    demo = make_demo(bars=2000, strategies=APART)
    demo.begin()
    demo.until_bar(30)
    (pid,) = ready(demo)
    alive = runs(pid)
    demo.kill("daemon")
    demo.daemon = None

    demo.until(lambda: not runs(pid))
    assert alive


def runs(pid: int) -> bool:
    """Say whether a process is there, and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def day_of(decision: Decision) -> datetime.date:
    """Return the day whose bar was decided."""
    return datetime.datetime.fromtimestamp(decision.bar_time / 1000, datetime.UTC).date()


def ready(demo: Demo) -> list[int]:
    """Return the processes of functions that the daemon says have come."""
    lines = [line for line in demo.log.read_text(encoding="utf-8").splitlines() if "model ready" in line]
    return [msgspec.json.decode(line)["pid"] for line in lines]
