"""A backtest on disk: its numbers as JSON, its decisions, deals and trades as Parquet or CSV, to be compared later."""

import os

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from backtests.record import Record
from backtests.saved_decisions import Growing, with_limits
from backtests.summary import Summary
from config.errors import DataError
from market.undecoded import UNDECODED

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary.json"
TABLES = ("decisions", "deals", "trades")
SEVERAL = {"features", "posterior", "holds", "numbers", "limits", "reasons"}
"""Fields of several values."""
Form = Literal["parquet", "csv"]


def save(
    folder: Path, record: Record, summary: Summary, form: Form = "parquet", growing: Growing | None = None
) -> Path:
    """Write a backtest into a folder and return it; the summary comes last: without it nothing was saved.

    Fields are columns by the names they have in the journal; a field of several numbers is a list, in CSV one text with
    semicolons between. Moments are UTC milliseconds. `growing`: the decisions as they were written while they were
    made, at `growing_in` this folder.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    for name in TABLES:
        for other in ("parquet", "csv"):
            (folder / f"{name}.{other}").unlink(missing_ok=True)
        rows = getattr(record, name)
        if name == "decisions" and form == "parquet" and rows:
            with growing or growing_in(folder) as table:
                table.end(rows)
                os.replace(table.file, folder / f"{name}.{form}")  # noqa: PTH105 - the same, on Windows too
        else:
            _placed(folder / f"{name}.{form}", _write, columns_of(rows), form)
    _placed(folder / SUMMARY, Path.write_bytes, msgspec.json.format(msgspec.json.encode(summary)))
    return folder


def growing_in(folder: Path) -> Growing:
    """Return the table of decisions that will be saved in a folder."""
    return Growing(_beside(folder.absolute() / "decisions.parquet"))


def columns_of(rows: Sequence[msgspec.Struct]) -> dict[str, list[Any]]:
    """Return rows as columns; without rows there is none."""
    fields = rows[0].__struct_fields__ if rows else ()
    return {field: [getattr(row, field) for row in rows] for field in fields}


def read_summary(folder: Path) -> dict[str, Any]:
    """Return the numbers of a saved backtest; DataError where there is none."""
    try:
        found: dict[str, Any] = msgspec.json.decode((folder / SUMMARY).read_bytes(), type=dict[str, Any])
    except (OSError, *UNDECODED) as error:
        raise DataError(f"{folder}: no saved backtest ({error}): write one with `tidegate backtest --save`") from None
    return found


def read_table(folder: Path, name: str, keys: Sequence[str] = ()) -> "pd.DataFrame":
    """Return a table of a saved backtest, in either form; fields of several values are texts.

    DataError where it is not there, or has rows without these keys.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and only a comparison needs it

    from pyarrow import csv, parquet  # noqa: PLC0415 - likewise

    whole, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    try:
        if whole.exists():
            found = with_limits(parquet.read_table(whole))
            for place, field in enumerate(found.schema):
                if pa.types.is_dictionary(field.type):
                    found = found.set_column(place, field.name, found.column(place).cast(pa.string()))
        elif text.stat().st_size < 2:
            found = pa.table({})
        else:
            texts = csv.ConvertOptions(column_types=dict.fromkeys(SEVERAL, pa.string()), null_values=["", "nan"])
            found = csv.read_csv(text, convert_options=texts)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{folder}: its {name} cannot be read ({error})") from None
    frame: pd.DataFrame = found.to_pandas()
    if lacks := [key for key in keys if len(frame) and key not in frame.columns]:
        raise DataError(
            f"{folder}: its {name} have no {', '.join(lacks)}: save it again with `tidegate backtest --save`"
        )
    for column in SEVERAL & {*frame.columns}:
        frame[column] = frame[column].map(lambda cell: cell if isinstance(cell, str) else joined(cell))
    return frame


def joined(values: Any) -> str:  # noqa: ANN401 - a list, a tuple or an array
    """Return several values as one text.

    >>> joined((1.0, 2.5)), joined(("HALT", "LINK")), joined(())
    ('1.0;2.5', 'HALT;LINK', '')
    """
    return ";".join(str(float(v)) if isinstance(v, float) else str(v) for v in values)


def _write(file: Path, columns: Mapping[str, list[Any]], form: Form) -> None:
    import pyarrow as pa  # noqa: PLC0415 - slow to import, and only a backtest that is saved needs it

    from pyarrow import csv, parquet  # noqa: PLC0415 - likewise

    if form == "csv":
        texts = {name: [joined(v) if isinstance(v, tuple) else v for v in column] for name, column in columns.items()}
        csv.write_csv(pa.table(texts), file)
    else:
        parquet.write_table(pa.table(dict(columns)), file)


def _placed(file: Path, write: Callable[..., object], *content: Any) -> None:  # noqa: ANN401 - what `write` takes
    """Write a file beside its place, and put it there in one step."""
    beside = _beside(file)
    write(beside, *content)
    os.replace(beside, file)  # noqa: PTH105 - the same, on Windows too


def _beside(file: Path) -> Path:
    return file.with_suffix(file.suffix + ".part")
