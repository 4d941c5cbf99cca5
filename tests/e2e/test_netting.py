"""A netting account: the daemon over a trade server that nets trades as its backtest does, killed or not."""

import pytest

from tests.compare import journaled, unlike
from tests.demos import BREAKOUT, MakeDemo
from tests.oracle import complaints


def test_the_demo_of_a_netting_account_is_its_backtest(make_demo: MakeDemo) -> None:
    """One strategy, one net position: no field of any decision or deal differs."""
    demo = make_demo(bars=250, strategies=BREAKOUT, positions="netting")
    demo.begin()
    demo.end()

    _, deals = journaled(demo.journal)
    assert [] == complaints(demo.ledger, demo.journal)
    assert [] == unlike(demo.journal, demo.backtest())
    assert 10 < len(deals)


@pytest.mark.parametrize("who", [("daemon",), ("worker",)])
def test_a_kill_doubles_nothing_on_a_netting_account(make_demo: MakeDemo, who: tuple[str, ...]) -> None:
    """A close sent twice would open the opposite: every deal still belongs to one decision."""
    demo = make_demo(bars=200, strategies=BREAKOUT, positions="netting", call_timeout_s=1.0, settle_s=1.0)
    demo.begin()
    demo.until_bar(60)
    demo.kill(*who)
    if "daemon" in who:
        demo.start()
    demo.end()

    _, deals = journaled(demo.journal)
    assert [] == complaints(demo.ledger, demo.journal)
    assert {"in", "out", "none"} >= {deal.entry for deal in deals}


def test_an_account_that_nets_though_it_was_configured_to_hedge_is_not_traded(make_demo: MakeDemo) -> None:
    """The daemon links, looks, pages, and sends nothing."""
    demo = make_demo(bars=200, strategies=BREAKOUT, positions="netting")
    text = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(text.replace('positions = "netting"', 'positions = "hedging"'), encoding="utf-8")
    demo.serve()
    demo.start()
    demo.until(lambda: demo.status().get("bars", 0) > 100)
    holds = demo.status()["holds"]
    demo.stop()

    assert "account.positions" in holds["WRONG_TERMINAL"]
    assert [] == demo.requests()
