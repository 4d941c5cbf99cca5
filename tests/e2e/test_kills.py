"""`kill -9` of worker, daemon or both in mid-demo: nothing is doubled, nothing is lost but what is named MISSING."""

import random
import signal

import pytest

from backtests.drive import Drive
from tests.compare import OF_A_RUN, TICKETS, differences, journaled, told
from tests.demos import BREAKOUT, Demo, MakeDemo
from tests.oracle import complaints, table

BARS = 200
WHO = [("worker",), ("daemon",), ("worker", "daemon")]
HASTY = {"call_timeout_s": 1.0, "settle_s": 1.0}
"""How long a terminal is waited for, and an order in doubt: a missing one costs four such windows."""
VICTIMS = pytest.mark.parametrize("who", WHO, ids=["worker", "daemon", "both"])


def doubted(demo: Demo) -> list[dict[str, object]]:
    """Return the orders of which nobody knew for a while what had become."""
    return [order for order in table(demo.journal, "orders") if "-doubt->" in order["story"]]


def carry_on(demo: Demo, who: tuple[str, ...]) -> None:
    """Kill, let the trade server go on, start again what does not start by itself, and wait for the end."""
    demo.kill(*who)
    demo.signal("server", signal.SIGCONT)
    if "daemon" in who:
        demo.start()
    demo.end()


def astray(demo: Demo, drive: Drive) -> list[str]:
    """Return how decisions and deals differ from undisturbed ones; what closed while we were away is never traded."""
    decisions, deals = journaled(demo.journal)
    missed = {(d.strategy, d.bar_time) for d in decisions if d.outcome == "missed"}
    live = [d for d in decisions if d.outcome != "missed"]
    due = [d for d in drive.decisions if (d.strategy, d.bar_time) not in missed]
    lost = [d.id for d in drive.decisions if d.instruction and (d.strategy, d.bar_time) in missed]
    return [
        *(f"decision {name} was to be traded, and was missed" for name in lost),
        *differences(live, due, OF_A_RUN),
        *differences(deals, told(drive), TICKETS | OF_A_RUN),
    ]


@VICTIMS
@pytest.mark.parametrize(("strategies", "mode"), [("", "live"), (BREAKOUT, "live"), (BREAKOUT, "paper")],
                         ids=["demo", "breakout", "paper"])  # fmt: skip
def test_a_kill_between_orders_changes_no_deal(
    make_demo: MakeDemo, who: tuple[str, ...], strategies: str, mode: str
) -> None:
    """With no order on its way, a kill costs nothing: every later decision and every deal is as if it had not been."""
    draw = random.Random(f"{who}{strategies}{mode}")
    demo = make_demo(bars=BARS, strategies=strategies, mode=mode)
    demo.begin()
    demo.until_bar(draw.randrange(40, 160))
    demo.freeze(sending=False)

    carry_on(demo, who)

    assert [] == doubted(demo)
    assert [] == astray(demo, demo.backtest())
    assert mode == "paper" or [] == complaints(demo.ledger, demo.journal)


def after_doubt(demo: Demo, order: int) -> None:
    """Assert what must hold when one order was on its way: nothing twice, at most that one missing, and it says so.

    Orders of the same bar that were not sent yet share its fate: they were wanted, and may not be sent later.
    """
    drive = demo.backtest()
    decisions, deals = journaled(demo.journal)
    orders = table(demo.journal, "orders")
    (moment,) = {row["at_decided"] for row in orders if row["instruction"] == order}
    together = [row for row in orders if row["at_decided"] == moment]
    lost = [row for row in together if row["state"] not in {"FILLED", "CANCELLED"}]
    before = [deal for deal in deals if deal.at < moment]
    alerts = [row["text"] for row in table(demo.journal, "alerts")]

    assert [] == complaints(demo.ledger, demo.journal)
    assert [] == differences(before, told(drive)[: len(before)], TICKETS | OF_A_RUN)
    assert [(d.strategy, d.bar_time) for d in drive.decisions] == [(d.strategy, d.bar_time) for d in decisions]
    assert {row["instruction"] for row in doubted(demo)} <= {row["instruction"] for row in together}
    assert all(row["state"] in {"MISSING", "REFUSED"} for row in lost)
    assert all(any(f"entry {row['instruction']} " in text for text in alerts)
               for row in lost if row["state"] == "MISSING")  # fmt: skip
    if not lost:
        assert [] == astray(demo, drive)


@VICTIMS
@pytest.mark.parametrize("strategies", ["", BREAKOUT], ids=["demo", "breakout"])
def test_a_kill_with_an_order_on_its_way_doubles_nothing(
    make_demo: MakeDemo, who: tuple[str, ...], strategies: str
) -> None:
    """The one order of which nobody knows is looked for, and is done once or MISSING; it is never sent again."""
    demo = make_demo(bars=BARS, strategies=strategies, **HASTY)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(random.Random(f"on its way {who}{strategies}").randrange(30, 120))
    order = demo.freeze(sending=True)

    carry_on(demo, who)

    after_doubt(demo, order)


def test_an_order_that_hangs_is_done_once(make_demo: MakeDemo) -> None:
    """A terminal that does not answer in time loses its worker; when it comes back, its order is not sent again."""
    demo = make_demo(bars=BARS, **HASTY)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(60)
    worker = demo.worker()
    order = demo.freeze(sending=True)

    demo.until(lambda: demo.status()["link"] != "up")
    assert 1 == demo.status()["in_doubt"]
    demo.signal("server", signal.SIGCONT)
    demo.until(lambda: demo.status().get("worker") not in {0, worker})
    demo.end()

    after_doubt(demo, order)


def test_the_bar_whose_end_was_outstanding_is_decided_once(make_demo: MakeDemo) -> None:
    """Killed while recorded time waits for it, the daemon decides that very bar after it has looked at the venue."""
    demo = make_demo(bars=BARS)
    demo.begin()
    demo.until_bar(70)
    demo.signal("daemon", signal.SIGSTOP)
    played = demo.done()
    demo.kill("daemon")

    demo.start()
    demo.until_bar(played + 2)
    demo.end()

    runs = {decision.run for decision in journaled(demo.journal)[0]}
    assert {1, 2} == runs
    assert [] == astray(demo, demo.backtest())
