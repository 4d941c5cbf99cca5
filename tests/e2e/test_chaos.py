"""Kills at moments nobody chose, drawn by a seed: of worker, daemon, both, trade server and its connection."""

import random
import time

from pathlib import Path

import pytest

from tests.camps import camp
from tests.compare import OF_A_RUN, TICKETS, differences, journaled, told
from tests.demos import BREAKOUT, Demo, MakeDemo
from tests.oracle import complaints, table

BARS = 250
KILLS = 10


@pytest.mark.parametrize("seed", [0, 1])
def test_ten_kills_double_and_lose_nothing(tmp_path: Path, seed: int) -> None:
    """A busy account is struck ten times: its record and journal agree, and every order has come to its end."""
    fallen, wrong = camp(tmp_path / "camp", seed, KILLS)

    assert ([], KILLS) == (wrong, fallen.total())


def disturb(demo: Demo, draw: random.Random) -> list[str]:
    """Kill worker, daemon or both again and again while the demo runs, at moments nobody chose; return who fell."""
    fallen = []
    for bar in sorted(draw.sample(range(10, BARS - 40), 3)):
        demo.until_bar(bar)
        demo.until(lambda: demo.status().get("worker"))
        time.sleep(draw.random() * 0.02)
        who = draw.choice([("worker",), ("daemon",), ("worker", "daemon")])
        demo.kill(*who)
        fallen.append("+".join(who))
        if "daemon" in who:
            demo.start()
    return fallen


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_doubled_or_lost_whatever_is_killed(make_demo: MakeDemo, seed: int) -> None:
    """Every deal belongs to one decision, every bar is decided once, and what is missing is MISSING or refused."""
    draw = random.Random(seed)
    demo = make_demo(bars=BARS, strategies=draw.choice(["", BREAKOUT]), call_timeout_s=1.0, settle_s=1.0)
    demo.begin()
    fallen = disturb(demo, draw)
    demo.end()

    drive = demo.backtest()
    decisions, deals = journaled(demo.journal)
    orders = table(demo.journal, "orders")
    lost = [row for row in orders if row["state"] not in {"FILLED", "CANCELLED"}]
    moment = min((row["at_decided"] for row in lost), default=1 << 62)
    before = [deal for deal in deals if deal.at < moment]

    assert [] == complaints(demo.ledger, demo.journal), fallen
    assert [(d.strategy, d.bar_time) for d in drive.decisions] == [(d.strategy, d.bar_time) for d in decisions]
    assert {row["state"] for row in lost} <= {"MISSING", "REFUSED"}
    assert [] == differences(before, told(drive)[: len(before)], TICKETS | OF_A_RUN), fallen
    assert lost or len(deals) == len(told(drive))
