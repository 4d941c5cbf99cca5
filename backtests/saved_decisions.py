"""The table of a backtest's decisions on disk: typed, narrow columns, written part after part.

What does not change over a run, the limits of risk, is said once in the file, and not in every row.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
import numpy as np

from numpy.typing import NDArray

from runtime.core.decision import Decision

if TYPE_CHECKING:
    import pyarrow as pa

Array = NDArray[Any]
ROWS = 1 << 16
"""Decisions of a part."""
LIMITS = b"limits"
"""Where the file says them: a JSON object, of each strategy its own."""


class Coded(NamedTuple):
    """A column of words, each of which is often said: places, and what stands there."""

    places: Array
    words: Sequence[str]


class Sparse(NamedTuple):
    """A column of lists of words, most of them empty: where in all words each list ends, from 0 on, and the words."""

    ends: Array
    words: Sequence[str]


Columns = dict[str, Any]
"""By field: an array (n,), a table (n, m) of as many lists, words that are coded, sparse lists, or a list of values."""


class Growing:
    """The table of decisions as Parquet, written part after part by a thread of its own while more of them are made."""

    def __init__(self, file: Path, rows: int = ROWS) -> None:
        """Write into a file, so many rows at once, begun with the first; it is taken away where it is not finished."""
        self.file, self.rows, self.done = file, rows, 0
        self._thread, self._parts = ThreadPoolExecutor(1, "decisions"), deque[Future[None]]()
        self._out: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._thread.shutdown(cancel_futures=True)
        if self._out is not None:
            self._out.close()
            self.file.unlink(missing_ok=True)

    def __call__(self, decisions: Sequence[Decision], count: int) -> None:
        """Be told that so many decisions are made; OSError where those before could not be written."""
        while self.done + self.rows <= count:
            self._write(decisions, self.done + self.rows)
        while self._parts and self._parts[0].done():
            self._parts.popleft().result()

    def end(self, decisions: Sequence[Decision]) -> None:
        """Write all that is left, and close the file; it has rows by then, or was never begun."""
        self(decisions, len(decisions))
        if self.done < len(decisions) or self._out is None:
            self._write(decisions, len(decisions))
        while self._parts:
            self._parts.popleft().result()
        out, self._out = self._out, None
        out.close()

    def _write(self, decisions: Sequence[Decision], end: int) -> None:
        self._parts.append(self._thread.submit(self._written, decisions, self.done, end))
        self.done = end

    def _written(self, decisions: Sequence[Decision], begin: int, end: int) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - slow to import, and only a backtest that is saved needs it

        if self._out is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._out = parquet.ParquetWriter(self.file, schema_of(limits_of(decisions)), compression="zstd")
        if begin < end:
            self._out.write_batch(batch_of(decisions, begin, end, self._out.schema))


def batch_of(decisions: Sequence[Decision], begin: int, end: int, schema: "pa.Schema") -> "pa.RecordBatch":
    """Return some decisions: from the columns of the drive that has written some, else made of words."""
    import pyarrow as pa  # noqa: PLC0415 - likewise

    told: Callable[[int, int], Columns] = getattr(decisions, "saved", lambda b, e: _worded(decisions[b:e]))
    columns = told(begin, end)
    return pa.record_batch([_filled(columns[f.name], f.type) for f in schema], schema=schema)


def limits_of(decisions: Sequence[Decision]) -> dict[str, tuple[float, ...]] | None:
    """Return the limits of each strategy; None where they have changed, and stand in every row."""
    known = getattr(decisions, "limits", None)
    if known is not None:
        return dict(known)
    found: dict[str, tuple[float, ...]] = {}
    for d in decisions:
        if found.setdefault(d.strategy, d.limits) != d.limits:
            return None
    return found


def with_limits(table: "pa.Table") -> "pa.Table":
    """Return the table with the limits in every row, where it says them once."""
    import pyarrow as pa  # noqa: PLC0415

    said = (table.schema.metadata or {}).get(LIMITS)
    if said is None:
        return table
    limits = msgspec.json.decode(said, type=dict[str, list[float]])
    rows = [limits[name] for name in table.column("strategy").to_pylist()]
    return table.append_column("limits", pa.array(rows, pa.list_(pa.float64())))


@cache
def _types() -> dict[str, "pa.DataType"]:
    """Return the type of each field, in the order of `runtime.core.decision.Decision`."""
    import pyarrow as pa  # noqa: PLC0415

    word, number, numbers = pa.dictionary(pa.int32(), pa.string()), pa.float64(), pa.list_(pa.float64())
    words = pa.list_(pa.string())
    narrow = {
        "run": pa.int32(), "n": pa.int64(), "at": pa.int64(), "bar_time": pa.int64(), "position": pa.int8(),
        "held_bars": pa.int32(), "regime": pa.int16(), "gate_open": pa.bool_(), "side": pa.int8(),
        "instruction": pa.int64(), "magic": pa.int64(), "features": numbers, "posterior": numbers, "numbers": numbers,
        "limits": numbers, "holds": words, "reasons": words,
    }  # fmt: skip
    texts = {"strategy", "symbol", "timeframe", "outcome", "kind", "gate_mode", "gate_reason", "shut", "level"}
    texts |= {"model", "config"}
    return {name: narrow.get(name, word if name in texts else number) for name in Decision.__struct_fields__}


def schema_of(limits: dict[str, tuple[float, ...]] | None) -> "pa.Schema":
    """Return the columns of the table; `limits` that are said once are none of them."""
    import pyarrow as pa  # noqa: PLC0415

    fields = [(name, kind) for name, kind in _types().items() if name != "limits" or limits is None]
    return pa.schema(fields, metadata=None if limits is None else {LIMITS: msgspec.json.encode(limits)})


def _worded(rows: Sequence[Decision]) -> Columns:
    return {name: [getattr(row, name) for row in rows] for name in Decision.__struct_fields__}


def _filled(column: Any, kind: "pa.DataType") -> "pa.Array":  # noqa: ANN401 - of Columns
    """Return a column as its type says."""
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(column, Coded):
        return pa.DictionaryArray.from_arrays(_plain(column.places, pa.int32()), _texts(column.words))
    if isinstance(column, Sparse):
        return pa.ListArray.from_arrays(_plain(column.ends, pa.int32()), _texts(column.words))
    if isinstance(column, np.ndarray) and column.ndim == 2:
        ends = np.arange(len(column) + 1, dtype=np.int32) * column.shape[1]
        return pa.ListArray.from_arrays(_plain(ends, pa.int32()), _plain(column.reshape(-1), kind.value_type))
    if isinstance(column, np.ndarray) and column.dtype != np.bool_:
        return _plain(column, kind)
    if pa.types.is_dictionary(kind):
        return pa.array(column, pa.string()).dictionary_encode()
    return pa.array(column, kind)


def _plain(numbers: Array, kind: "pa.DataType") -> "pa.Array":
    """Return numbers as a column of numbers; `pa.array` would import pandas to look whether they are a series of it."""
    import pyarrow as pa  # noqa: PLC0415

    held = np.ascontiguousarray(numbers, np.dtype(kind.to_pandas_dtype()))
    return pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(held)])


def _texts(words: Sequence[str]) -> "pa.Array":
    """Return words as a column, likewise."""
    import pyarrow as pa  # noqa: PLC0415

    told = [word.encode() for word in words]
    ends = np.zeros(len(told) + 1, np.int32)
    np.cumsum([len(word) for word in told], out=ends[1:])
    return pa.Array.from_buffers(pa.string(), len(told), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(told))])
