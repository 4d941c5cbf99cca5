"""What a fault makes of an answer: a wrong clock's times, history cut short, a deal unsaid; values in, values out."""

import struct

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.requests import comment_of
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
_HISTORIES = {"history_orders", "history_deals"}
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
    return value[:rows] or None if verb in _HISTORIES else value


def hiding(code: int, said: list[Any]) -> list[Any]:
    """Return a result that says nothing of what was done."""
    return [code, 0, 0, 0.0, 0.0, 0.0, 0.0, comment_of(code), *said[8:]]


def pending(said: list[Any]) -> list[Any]:
    """Return the result of a request that was taken and whose deal is not known yet."""
    if said[0] != c.TRADE_RETCODE_DONE:
        return said
    code = c.TRADE_RETCODE_PLACED
    return [code, 0, said[2], said[3], 0.0, 0.0, 0.0, comment_of(code), *said[8:]]
