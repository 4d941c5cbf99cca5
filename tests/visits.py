"""Visits to a terminal, made up: what a doctor would have seen there."""

from typing import Any

from brokers.mt5.frames import Connected
from market.types import Account, Symbol
from runtime.doctor_terminal import Visit

ACCOUNT = Account(
    login=7, server="Lookalike-Demo", currency="USD", leverage=100, hedging=True, demo=True, trade_allowed=True,
    balance=1000.0, equity=1000.0,
)  # fmt: skip


def a_visit(*symbols: Symbol, history: list[int], tick: int | None = None, **fields: Any) -> Visit:  # noqa: ANN401
    """Return a visit to a terminal with these symbols, whose first one's hours opened then; `wall` may be given."""
    at = tick or (history[-1] if history else 0)
    told = Connected(at=at, account=ACCOUNT, symbols=symbols, lockstep=False)
    given: dict[str, Any] = {
        "told": told,
        "ticks": {} if tick is None else {symbols[0].name: tick},
        "wall": at,
        "symbol": symbols[0].name,
        "history": tuple(history),
    }
    return Visit(**(given | fields))
