"""A graph of ONNX, written as its bytes: what runs one is an extra, and what makes one nobody needs here."""

import struct

from collections.abc import Sequence

FLOAT = 1
"""The element type of single precision."""


def logistic(weights: Sequence[float], bias: float) -> bytes:
    """Return a model whose one output is the logistic function of a row's weighted sum."""
    size = len(weights)
    nodes = [_node("Gemm", ("row", "weights", "bias"), "sum"), _node("Sigmoid", ("sum",), "likely")]
    tensors = [_tensor("weights", (size, 1), weights), _tensor("bias", (1,), [bias])]
    graph = b"".join(_part(1, node) for node in nodes) + _part(2, b"logistic")
    graph += b"".join(_part(5, tensor) for tensor in tensors)
    graph += _part(11, _value("row", size)) + _part(12, _value("likely", 1))
    return _number(1, 8) + _part(8, _number(2, 13)) + _part(7, graph)


def _node(kind: str, takes: Sequence[str], gives: str) -> bytes:
    return b"".join(_part(1, name.encode()) for name in takes) + _part(2, gives.encode()) + _part(4, kind.encode())


def _tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *values)
    return b"".join(_number(1, n) for n in shape) + _number(2, FLOAT) + _part(8, name.encode()) + _part(9, raw)


def _value(name: str, columns: int) -> bytes:
    shape = _part(1, _part(2, b"rows")) + _part(1, _number(1, columns))
    return _part(1, name.encode()) + _part(2, _part(1, _number(1, FLOAT) + _part(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
