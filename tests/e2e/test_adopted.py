"""An old bot's position is taken over at a running daemon, and left by the strategy's own rule: by it alone, once."""

import datetime
import math

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from tests.demos import Demo, toml
from tests.oracle import deals_of, table

OLD = 77
"""The old bot's magic number."""
BARS = 8000
STOP, POSITION = 7, 15
"""Places of stop and position among the fields of a trade request."""
REFUSED = 11
MINUTES = """
[[strategies]]
name = "trend"
use = "trend"
symbol = "SP500"
timeframe = "M1"
risk = 0.01
params = { fast = 10, slow = 40 }
"""
WHY = ("--reason", "a test")


def waves() -> Iterator[str]:
    """Yield minutes that rise for two hours and fall for two, as a file tells them."""
    begin = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    yield "time,open,high,low,close"
    for n in range(BARS):
        at, (open_, close) = begin + datetime.timedelta(minutes=n), (price(n), price(n + 1))
        yield f"{at:%Y-%m-%d %H:%M},{open_},{max(open_, close) + 0.1:.2f},{min(open_, close) - 0.1:.2f},{close}"


def price(n: int) -> float:
    """Return where the wave stands at a minute."""
    return round(1000.0 + 20.0 * math.sin(n * math.tau / 240), 2)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Return an account whose minutes pass as fast as they are decided, and which is looked at every few of them."""
    text = toml(tmp_path, strategies=MINUTES, reconcile_s=0.01, warmup=100)
    text = text[: text.index("[regimes.")] + text[text.index("[[strategies]]") :]
    (tmp_path / "bars.csv").write_text("\n".join(waves()), encoding="utf-8")
    text = text.replace('source = "sp500"', f'file = "{tmp_path / "bars.csv"}"').replace('"D1"', '"M1"')
    demo = Demo.set_up(tmp_path / "demo", text, bars=None)
    yield demo
    m.shutdown()
    demo.close()


def bought(demo: Demo) -> int:
    """Buy a lot as the old bot does, from a terminal beside the daemon's; return its position."""
    assert m.initialize(str(demo.home)), m.last_error()
    assert m.symbol_select("SP500"), m.last_error()
    result: Any = m.order_send({
        "action": m.TRADE_ACTION_DEAL, "symbol": "SP500", "volume": 1.0, "type": m.ORDER_TYPE_BUY, "sl": 500.0,
        "magic": OLD, "type_filling": m.ORDER_FILLING_IOC,
    })  # fmt: skip
    assert m.TRADE_RETCODE_DONE == result.retcode, result
    return int(result.order)


def test_an_old_bots_position_is_taken_over_and_left_by_the_strategys_rule_once(demo: Demo) -> None:
    """It is refused until the old bot was seen idle for as long as asked for; then it gets its stop, and its end."""
    demo.tidegate("close-only", *WHY)  # the strategy holds nothing of its own, and may leave what it is given
    demo.begin()
    demo.until_bar(5)
    position = bought(demo)
    asked = ("--magic", str(OLD), "--strategy", "trend", "--stop", "900", *WHY)

    refused = demo.tidegate("adopt", *asked, "--quiet", "100000", code=REFUSED)
    demo.until_bar(demo.done() + 100)
    taken = demo.tidegate("adopt", *asked, "--quiet", "30")
    demo.until(lambda: any(deal["entry"] == "out" for deal in deals_of(demo.ledger)))
    demo.until_bar(demo.done() + 100)
    demo.stop()

    ours = [(r[0], r[STOP]) for r in demo.requests() if r[POSITION] == position]
    orders = [(row["kind"], row["state"]) for row in table(demo.journal, "orders")]
    (outcome,) = table(demo.journal, "outcomes")
    (out,) = [deal for deal in deals_of(demo.ledger) if deal["entry"] == "out"]
    assert ("seen idle for" in refused, f"taken over position {position}" in taken) == (True, True)
    assert [0, 1] == [row["accepted"] for row in table(demo.journal, "commands") if row["command"] == "adopt"]
    assert [(m.TRADE_ACTION_SLTP, 900.0), (m.TRADE_ACTION_DEAL, 0.0)] == ours
    assert [("move stop", "FILLED"), ("close", "FILLED")] == orders
    assert ("trend", "adopted", "strategy", float(out["profit"])) == tuple(
        outcome[name] for name in ("strategy", "tag", "exit_reason", "net")
    )
    assert (position, 1.0) == (out["position"], out["volume"])
