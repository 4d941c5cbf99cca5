"""Requests and limits to test gate, worker and session with: gold of `tests/trade_server.py`, at its first tick."""

from typing import Any

from brokers.limits import Limits
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from tests.trade_server import HISTORY, HOUR, START

NOW = START + HISTORY * HOUR
BID, ASK = 2004.0, 2004.2
LIMITS = Limits(
    max_volume=5.0, max_value=500_000.0, max_positions=4, max_risk=0.02, max_daily_loss=0.05, max_spread=50.0,
    max_orders_per_minute=5, collar=0.02, max_age_s=30.0,
)  # fmt: skip


def entry(ident: int = 1, **changes: Any) -> EntryRequest:  # noqa: ANN401 - fields of EntryRequest
    """Return a market order for gold, ten ounces, with its stop."""
    given: dict[str, Any] = {
        "id": ident, "symbol": "GOLD", "side": 1, "kind": "market", "volume": 0.1, "price": ASK, "stop": 1990.0,
        "target": 2100.0, "magic": 1000 + ident, "comment": "tg 1.1.1", "decided_at": NOW,
    }  # fmt: skip
    return EntryRequest(**(given | changes))


def resting(ident: int = 1, **changes: Any) -> EntryRequest:  # noqa: ANN401 - fields of EntryRequest
    """Return an order that rests below the market."""
    return entry(ident, **({"kind": "limit", "price": 1999.0} | changes))


def close(ident: int = 1, **changes: Any) -> CloseRequest:  # noqa: ANN401 - fields of CloseRequest
    """Return the order that closes a long position of ten ounces."""
    given: dict[str, Any] = {
        "id": ident, "symbol": "GOLD", "position": 9, "side": 1, "volume": 0.1, "price": BID, "magic": 1001,
        "comment": "tg exit", "decided_at": NOW,
    }  # fmt: skip
    return CloseRequest(**(given | changes))


def stop_at(price: float = 1995.0, ident: int = 1, **changes: Any) -> StopRequest:  # noqa: ANN401 - fields of StopRequest
    """Return the request that moves a stop."""
    given: dict[str, Any] = {"id": ident, "symbol": "GOLD", "position": 9, "target": 0.0, "decided_at": NOW}
    return StopRequest(stop=price, **(given | changes))


def cancel(ident: int = 1, **changes: Any) -> CancelRequest:  # noqa: ANN401 - fields of CancelRequest
    """Return the request that takes a resting order back."""
    given: dict[str, Any] = {"id": ident, "symbol": "GOLD", "order": 9, "decided_at": NOW}
    return CancelRequest(**(given | changes))


def modify(ident: int = 1, **changes: Any) -> ModifyRequest:  # noqa: ANN401 - fields of ModifyRequest
    """Return the request that moves a resting order."""
    given: dict[str, Any] = {
        "id": ident, "symbol": "GOLD", "order": 9, "price": 1999.0, "stop": 1990.0, "decided_at": NOW,
    }  # fmt: skip
    return ModifyRequest(**(given | changes))


def close_by(ident: int = 1, **changes: Any) -> CloseByRequest:  # noqa: ANN401 - fields of CloseByRequest
    """Return the request that closes two positions by each other."""
    given: dict[str, Any] = {"id": ident, "symbol": "GOLD", "position": 9, "by": 10, "magic": 1001, "decided_at": NOW}
    return CloseByRequest(**(given | changes))


EACH: dict[str, AnyRequest] = {
    "entry": entry(), "resting": resting(), "close": close(), "operator": close(operator=True), "stop": stop_at(),
    "cancel": cancel(), "modify": modify(), "close by": close_by(), "operator by": close_by(operator=True),
}  # fmt: skip
"""One request of each kind a gate tells apart."""
