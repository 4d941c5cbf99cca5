"""What a fault makes of an answer: times of a wrong clock, history cut short. Pure: values in, values out."""

import struct

from typing import Any

from brokers.mt5.lookalike.structs import SymbolInfo, Tick, TradeDeal, TradeOrder, TradePosition, names_of

_STRUCTURES = {
    "tick": Tick,
    "symbol": SymbolInfo,
    "symbols": SymbolInfo,
    "positions": TradePosition,
    "orders": TradeOrder,
    "history_orders": TradeOrder,
    "history_deals": TradeDeal,
}
_SINGLE = {"tick", "symbol"}
_TIMES = {
    verb: [(i, 1000 if name.endswith("_msc") else 1) for i, name in enumerate(names_of(kind)) if name[:4] == "time"]
    for verb, kind in _STRUCTURES.items()
}
PACKED = {"rates_from_pos": (), "rates_from": (2,), "rates_range": (2, 3), "ticks_from": (1,), "ticks_range": (1, 2)}
"""Verbs that answer with packed rows, and which of their arguments are dates."""
_ROW = 60
_TICK_MSC = 40
_I8 = struct.Struct("<q")


def shifted_arguments(verb: str, arguments: list[Any], seconds: int) -> list[Any]:
    """Return a call's arguments as the right clock has them, where the client reads a wrong one."""
    if verb == "done":
        return [arguments[0] - seconds * 1000]
    if verb in PACKED:
        return [value - seconds if i in PACKED[verb] else value for i, value in enumerate(arguments)]
    if arguments and arguments[0] == "dates":
        first, last, group = arguments[1]
        return ["dates", [first - seconds, last - seconds, group]]
    return arguments


def shifted(verb: str, value: Any, seconds: int) -> Any:  # noqa: ANN401 - each verb has its own value
    """Return an answer whose times are so many seconds ahead."""
    if verb in {"done", "state"}:
        return {**value, "at": value["at"] + seconds * 1000}
    if verb in PACKED:
        return _shifted_rows(value, seconds, ticks=verb.startswith("ticks"))
    if verb not in _TIMES:
        return value
    return _ahead(verb, value, seconds) if verb in _SINGLE else [_ahead(verb, row, seconds) for row in value]


def _ahead(verb: str, row: list[Any], seconds: int) -> list[Any]:
    new = list(row)
    for i, unit in _TIMES[verb]:
        new[i] += seconds * unit if new[i] else 0
    return new


def _shifted_rows(packed: bytes, seconds: int, *, ticks: bool) -> bytes:
    out = bytearray(packed)
    for start in range(0, len(out), _ROW):
        _I8.pack_into(out, start, _I8.unpack_from(out, start)[0] + seconds)
        if ticks:
            at = start + _TICK_MSC
            _I8.pack_into(out, at, _I8.unpack_from(out, at)[0] + seconds * 1000)
    return bytes(out)


def cut_short(verb: str, value: Any, rows: int) -> Any:  # noqa: ANN401 - each verb has its own value
    """Return what is there of a history of which only so many rows have arrived; None for nothing."""
    if verb in PACKED:
        return (value[-rows * _ROW :] if rows else b"") or None
    return value[:rows] or None if isinstance(value, list) else value
