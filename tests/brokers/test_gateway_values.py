"""What an order is worth at the gate: the same account money as in the core, by the symbol's way of reckoning."""

from pathlib import Path

import msgspec
import pytest

from brokers.limits import GATES, order_value
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.requests import EntryRequest
from market.types import Symbol
from runtime.core.contract import Contract
from tests.latches import latched
from tests.orders import LIMITS, NOW, entry
from tests.trade_server import GOLD
from tests.venues import USDJPY as YEN

FUTURE = Symbol(
    name="ESZ6", digits=2, tick_size=0.25, contract_size=1.0, volume_min=1.0, volume_max=50.0, volume_step=1.0,
    currency_base="USD", currency_profit="USD", calc="futures", tick_value=12.5,
)  # fmt: skip


def refusal(folder: Path, spec: Symbol, request: EntryRequest, *, currency: str = "USD", top: float) -> str:
    """Ask a gate with this highest value, at the request's own price; return the name of what refuses, or nothing."""
    limits = msgspec.structs.replace(LIMITS, max_value=top)
    gateway = Gateway(latched(folder, "run"), limits, {spec.name: spec}, currency)
    gateway.mark(request.id)
    refused = gateway.check(request, Tick(NOW, request.price, request.price))
    gateway.close()
    return GATES[refused.code - 1] if refused else ""


@pytest.mark.parametrize(
    ("spec", "currency", "price", "stop"),
    [
        (FUTURE, "USD", 5000.0, 4990.0),
        (YEN, "USD", 150.0, 149.0),
        (msgspec.structs.replace(GOLD, name="XAUUSD"), "USD", 2000.0, 1990.0),
    ],
)
def test_a_value_is_the_same_in_the_core_and_at_the_gate(
    tmp_path: Path, spec: Symbol, currency: str, price: float, stop: float
) -> None:
    """What the core reckons at a quote passes as the limit; of a limit a cent lower it is too much."""
    contract = Contract(spec, currency, 50, LIMITS)
    value = order_value(2.0, contract.contract, price, contract.rate(price))
    request = entry(symbol=spec.name, price=price, stop=stop, target=0.0, volume=2.0)
    limits = [value, value - 0.01]
    found = [refusal(tmp_path / str(top), spec, request, currency=currency, top=top) for top in limits]

    assert ["", "value"] == found


def test_an_order_of_a_future_is_worth_its_ticks(tmp_path: Path) -> None:
    """Two contracts at 5000, of fifty dollars a point, are half a million; three are too much for that limit."""
    requests = [entry(symbol="ESZ6", price=5000.0, stop=4990.0, target=0.0, volume=volume) for volume in (2.0, 3.0)]
    found = [refusal(tmp_path / str(r.volume), FUTURE, r, top=500_000.0) for r in requests]

    assert ["", "value"] == found


def test_an_order_whose_value_nobody_can_say_is_refused(tmp_path: Path) -> None:
    """A pair whose profit is in a third currency has no value in account money at its own price."""
    request = entry(symbol="USDJPY", price=150.0, stop=149.0)

    assert "value" == refusal(tmp_path, YEN, request, currency="EUR", top=1e12)
