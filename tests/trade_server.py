"""A small trade server to test against: two symbols, ten bars each, all in easy numbers."""

import contextlib
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brokers.mt5.lookalike as m

from brokers.costs import Costs
from brokers.mt5.lookalike.launch import launch, stop
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from market.types import Bar, Symbol

HOUR = 3_600_000
START = 1_704_067_200_000  # Monday, 2024-01-01 00:00 UTC
HISTORY = 4
BARS = 10
GOLD = Symbol(
    name="GOLD",
    digits=2,
    tick_size=0.01,
    contract_size=100.0,
    volume_min=0.01,
    volume_max=50.0,
    volume_step=0.01,
    currency_base="XAU",
    currency_profit="USD",
)
OIL = Symbol(
    name="OIL",
    digits=2,
    tick_size=0.01,
    contract_size=100.0,
    volume_min=0.1,
    volume_max=50.0,
    volume_step=0.1,
    currency_base="OIL",
    currency_profit="USD",
)


def bars_of(symbol: str, price: float, *, missing: tuple[int, ...] = ()) -> list[Bar]:
    """Return bars that each rise by 1.0, reach 0.5 above their close and 0.5 below their open; spread 20 points."""
    return [
        Bar(symbol, "H1", START + i * HOUR, price + i, price + i + 1.5, price + i - 0.5, price + i + 1.0, 7.0, 20.0)
        for i in range(BARS)
        if i not in missing
    ]


def set_up(folder: Path, **changes: Any) -> Path:  # noqa: ANN401 - fields of ServerSetup
    """Write a server's folder: four bars of history, six to replay; OIL has no bar in the second replayed hour."""
    defaults: dict[str, Any] = {
        "accounts": (AccountSetup(login=7, password="open", name="A"), AccountSetup(login=8, password="sesame")),
        "symbols": (
            SymbolSetup(symbol=GOLD, timeframe="H1", costs=Costs(commission=2.0)),
            SymbolSetup(symbol=OIL, timeframe="H1"),
        ),
        "start": START + HISTORY * HOUR,
    }
    bars = {"GOLD": bars_of("GOLD", 2000.0), "OIL": bars_of("OIL", 70.0, missing=(HISTORY + 1,))}
    write_setup(folder, ServerSetup(**(defaults | changes)), bars)
    return folder


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a server running for the folder."""
    server = launch(folder)
    try:
        yield server
    finally:
        stop(server)


@contextlib.contextmanager
def attended(folder: Path) -> Iterator[Path]:
    """Have a server running for the folder, and a look-alike of this process connected to it."""
    with serving(folder):
        assert m.initialize(str(folder))
        yield folder
        m.shutdown()


@contextlib.contextmanager
def connected(folder: Path) -> Iterator[Path]:
    """Serve a folder with the look-alike connected to it, logged in to the first account, gold in its Market Watch."""
    with serving(set_up(folder)):
        assert m.initialize(str(folder), login=7, password="open", server="Lookalike-Demo")
        assert m.symbol_select("GOLD")
        yield folder
        m.shutdown()


def by_hand(**more: Any) -> Any:  # noqa: ANN401 - the package's
    """Have a hand open a position in GOLD, or send another request; return what the server said."""
    tick: Any = m.symbol_info_tick("GOLD")
    request = {
        "action": m.TRADE_ACTION_DEAL, "symbol": "GOLD", "volume": 0.1, "type": m.ORDER_TYPE_BUY, "price": tick.ask,
        "sl": tick.ask - 100.0, "type_filling": m.ORDER_FILLING_IOC, "type_time": m.ORDER_TIME_GTC,
    } | more  # fmt: skip
    result: Any = m.order_send(request)
    assert result.retcode == m.TRADE_RETCODE_DONE, result
    return result


def resting_by_hand(**more: Any) -> Any:  # noqa: ANN401 - the package's
    """Have a hand place an order far away."""
    tick: Any = m.symbol_info_tick("GOLD")
    price = tick.bid - 50.0
    return by_hand(
        action=m.TRADE_ACTION_PENDING, type=m.ORDER_TYPE_BUY_LIMIT, price=price, sl=price - 50.0,
        type_filling=m.ORDER_FILLING_RETURN, **more,
    )  # fmt: skip
