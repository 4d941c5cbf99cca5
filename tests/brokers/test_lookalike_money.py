"""Money as the package shows it: conversion through pairs, flows and credit, margin levels, deals that show late."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import AccountSetup, SymbolSetup, read_setup, write_setup
from market.types import Symbol
from tests.trade_server import GOLD, HISTORY, HOUR, OIL, START, bars_of, serving, set_up

OPEN = START + HISTORY * HOUR
ALWAYS = (0, 2_000_000_000)
BUY = {"action": 1, "symbol": "GOLD", "volume": 0.1, "type": 0, "price": 2004.2, "sl": 1990.0, "type_filling": 1}
POUND = Symbol(
    name="GBPUSD", digits=2, tick_size=0.01, contract_size=100_000.0, volume_min=0.01, volume_max=50.0,
    volume_step=0.01, currency_base="GBP", currency_profit="USD", calc="forex",
)  # fmt: skip
Broker = Callable[..., None]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Return what serves GOLD and the pound to an account of one's own, and connects to it."""
    with ExitStack() as stack:

        def begin(**account: Any) -> None:  # noqa: ANN401 - fields of AccountSetup
            home = set_up(tmp_path / "broker")
            symbols = tuple(SymbolSetup(symbol=s, timeframe="H1") for s in (GOLD, OIL, POUND))
            setup = type(read_setup(home).setup)(
                accounts=(AccountSetup(login=7, password="open", **account),), symbols=symbols,
                start=START + HISTORY * HOUR,
            )  # fmt: skip
            bars = {"GOLD": bars_of("GOLD", 2000.0), "OIL": bars_of("OIL", 70.0), "GBPUSD": bars_of("GBPUSD", 6.0)}
            write_setup(home, setup, bars)
            stack.enter_context(serving(home))
            assert m.initialize(str(home))
            assert m.symbol_select("GOLD")
            stack.callback(m.shutdown)

        yield begin


def account() -> Any:  # noqa: ANN401 - an AccountInfo
    """Return the account."""
    return m.account_info()


def test_profit_and_margin_are_converted_at_the_pairs_quote(broker: Broker) -> None:
    """A pound is 10.00 to 10.20: who earned dollars sells them at the ask, who lost them buys them at the bid."""
    broker(currency="GBP", leverage=100)
    gain = m.order_calc_profit(m.ORDER_TYPE_BUY, "GOLD", 1.0, 2000.0, 2010.2)
    loss = m.order_calc_profit(m.ORDER_TYPE_SELL, "GOLD", 1.0, 2000.0, 2010.0)
    margins = [m.order_calc_margin(kind, "GOLD", 1.0, 2040.0) for kind in (m.ORDER_TYPE_BUY, m.ORDER_TYPE_SELL)]
    info: Any = m.symbol_info("GOLD")

    assert (100.0, -100.0) == (gain, loss)
    assert [204.0, 200.0] == margins
    assert [pytest.approx(1.0 / 10.2), 0.1] == [info.trade_tick_value_profit, info.trade_tick_value_loss]


def test_a_credit_is_equity_and_no_balance(broker: Broker) -> None:
    """Credit, charge and deposit are deals of their own types; the credit stands beside the balance."""
    broker()
    for flow, amount in (("credit", 300.0), ("charge", -2.5), ("balance", 50.0)):
        control.happen("flowed", login=7, amount=amount, flow=flow, comment=flow)
    deals: Any = m.history_deals_get(*ALWAYS)
    a = account()

    assert [m.DEAL_TYPE_BALANCE, m.DEAL_TYPE_CREDIT, m.DEAL_TYPE_CHARGE, m.DEAL_TYPE_BALANCE] == [d.type for d in deals]
    assert (100_047.5, 300.0, 100_347.5, 100_347.5, 0.0) == (a.balance, a.credit, a.equity, a.margin_free, a.profit)


def test_a_deal_may_show_only_later(broker: Broker) -> None:
    """By the server's clock: the position is there at once, its deal and what it cost come after their time."""
    broker(visible_after_ms=HOUR)
    result: Any = m.order_send(BUY)
    during = (len(m.history_deals_get(*ALWAYS) or ()), m.positions_total(), m.history_orders_get(ticket=result.order))
    position: Any = (m.positions_get() or (None,))[0]
    control.done(OPEN)
    deals: Any = m.history_deals_get(position=result.order)
    control.done(OPEN + HOUR)

    assert (0, 1, ()) == during
    assert m.POSITION_REASON_EXPERT == position.reason
    assert [result.deal] == [d.ticket for d in deals]


def test_an_account_may_be_called_in_money(broker: Broker) -> None:
    """Then both levels are sums of equity, and the mode says so."""
    broker(stop_out_money=500.0, margin_call=800.0)
    a = account()

    assert (m.ACCOUNT_STOPOUT_MODE_MONEY, 800.0, 500.0) == (a.margin_so_mode, a.margin_so_call, a.margin_so_so)


def test_a_check_changes_nothing(broker: Broker) -> None:
    """What a request would bind is told, and nothing is bound; what would be refused says why."""
    broker()
    before = (account(), m.positions_get(), m.history_deals_get(*ALWAYS))
    passed: Any = m.order_check(BUY)
    refused: Any = m.order_check(BUY | {"volume": 50.0})

    assert (0, "Done", pytest.approx(200.42)) == (passed.retcode, passed.comment, passed.margin)
    assert (10019, "No money") == (refused.retcode, refused.comment)
    assert before == (account(), m.positions_get(), m.history_deals_get(*ALWAYS))
