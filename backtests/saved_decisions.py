"""The table of a backtest's decisions on disk: typed, narrow columns, written part after part.

What does not change over a run, the limits of risk, is said once in the file, and not in every row.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.scratch import parts_of
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


Columns = dict[str, Any]
"""By field: an array (n,), a table (n, m) of as many lists, words that are coded, or a list of values."""


def written(file: Path, decisions: Sequence[Decision]) -> None:
    """Write decisions as Parquet."""
    from pyarrow import parquet  # noqa: PLC0415 - slow to import, and only a backtest that is saved needs it

    limits = limits_of(decisions)
    schema = schema_of(limits)
    with parquet.ParquetWriter(file, schema, compression="zstd") as out:
        for batch in batches_of(decisions, schema):
            out.write_batch(batch)


def batches_of(decisions: Sequence[Decision], schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    """Yield decisions part after part: from the columns of the drive that has written some, else made of words."""
    import pyarrow as pa  # noqa: PLC0415 - likewise

    told: Callable[[int, int], Columns] = getattr(decisions, "saved", lambda b, e: _worded(decisions[b:e]))
    for begin, end in parts_of(len(decisions), ROWS):
        columns = told(begin, end)
        yield pa.record_batch([_filled(columns[f.name], f.type) for f in schema], schema=schema)


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
        return pa.DictionaryArray.from_arrays(pa.array(column.places, pa.int32()), pa.array(column.words, pa.string()))
    if isinstance(column, np.ndarray) and column.ndim == 2:
        ends = np.arange(len(column) + 1, dtype=np.int32) * column.shape[1]
        return pa.ListArray.from_arrays(ends, pa.array(column.reshape(-1), kind.value_type))
    if pa.types.is_dictionary(kind):
        return pa.array(column, pa.string()).dictionary_encode()
    return pa.array(column, kind)
