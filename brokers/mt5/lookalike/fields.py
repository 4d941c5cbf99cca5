"""The fields of a trade request: of which kind each is, and what a missing one means."""

from collections.abc import Callable, Mapping
from typing import Any

from brokers.mt5.lookalike.arguments import (
    ARGUMENTS,
    NUMBER,
    TEXT_MOST,
    UNNAMED,
    Invalid,
    int64,
    named,
    real,
    text,
    uint32,
    uint64,
)


def _short(value: object, complaint: str) -> str:
    return text(value, TEXT_MOST, complaint)


REQUEST: dict[str, tuple[Callable[[object, str], Any], Any]] = {
    "action": (uint32, 0),
    "magic": (uint64, 0),
    "order": (uint64, 0),
    "symbol": (_short, ""),
    "volume": (real, 0.0),
    "price": (real, 0.0),
    "stoplimit": (real, 0.0),
    "sl": (real, 0.0),
    "tp": (real, 0.0),
    "deviation": (uint64, 0),
    "type": (uint32, 0),
    "type_filling": (uint32, 0),
    "type_time": (uint32, 0),
    "expiration": (int64, 0),
    "comment": (_short, ""),
    "position": (uint64, 0),
    "position_by": (uint64, 0),
}
"""Field, how it is taken and what a missing one is, in the order of TradeRequest, in which they are looked at."""


def request(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """Take a trade request, as one dict or as keywords, and return its fields in the order of TradeRequest.

    Unknown fields are ignored, and a missing one is zero: `order_send(request=d)` asks for nothing at all.
    """
    if args and kwargs:
        raise Invalid(UNNAMED)
    if len(args) > 1 or not (args or kwargs):
        raise Invalid(NUMBER)
    fields = args[0] if args else kwargs
    if not isinstance(fields, dict):
        raise Invalid(ARGUMENTS)
    return [take(fields[n], named(n)) if n in fields else nothing for n, (take, nothing) in REQUEST.items()]
