"""A real worker and trade server on which somebody else trades too: a flatten closes that where it is asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from runtime.operator import latch
from runtime.operator.keyboard import command_of
from tests.daemons import Living, lived, still_server
from tests.trade_server import attended


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Serve a still market, and be logged in there by hand."""
    with attended(still_server(tmp_path / "server")) as home:
        assert m.login(7, "open", "Lookalike-Demo")
        assert m.symbol_select("GOLD")
        yield home


def traded(**more: Any) -> Any:  # noqa: ANN401 - the package's
    """Have a person open a position, or place an order; return what the server said."""
    tick: Any = m.symbol_info_tick("GOLD")
    request = {
        "action": m.TRADE_ACTION_DEAL, "symbol": "GOLD", "volume": 0.1, "type": m.ORDER_TYPE_BUY, "price": tick.ask,
        "sl": tick.ask - 100.0, "type_filling": m.ORDER_FILLING_IOC, "type_time": m.ORDER_TIME_GTC,
    } | more  # fmt: skip
    result: Any = m.order_send(request)
    assert result.retcode == m.TRADE_RETCODE_DONE, result
    return result


def rest() -> None:
    """Have a person place an order far away."""
    tick: Any = m.symbol_info_tick("GOLD")
    price = tick.bid - 50.0
    traded(
        action=m.TRADE_ACTION_PENDING, type=m.ORDER_TYPE_BUY_LIMIT, price=price, sl=price - 50.0,
        type_filling=m.ORDER_FILLING_RETURN,
    )  # fmt: skip


@pytest.mark.parametrize("foreign", [True, False])
def test_what_a_person_holds_is_closed_only_where_it_is_asked_for(home: Path, tmp_path: Path, foreign: bool) -> None:  # noqa: FBT001 - a case
    """Order first, then the position, once; each end is told, and the flatten ends at halt either way."""
    state = tmp_path / "a" / "state"

    async def act(living: Living) -> None:
        await living.ready()
        traded()
        rest()
        await living.until(lambda: living.daemon.ledger.foreign and living.daemon.ledger.foreign_orders)
        latch.tighten(state, command_of("flatten", "home time", "direct", "ann", foreign=foreign))
        living.daemon.wake()
        await living.until(lambda: latch.read(state).level == "halt")

    living = lived(home, tmp_path / "a", act)
    positions: Any = m.positions_get()
    orders: Any = m.orders_get()
    ends = [(one.foreign, one.state) for one in living.daemon.ledger.leaving.values()]

    assert ((0, 0) if foreign else (1, 1)) == (len(positions), len(orders))
    assert ([(True, "closed")] if foreign else []) == ends
