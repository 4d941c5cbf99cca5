"""The tables of a journal for analysts: Parquet files, a DuckDB database of views over them, and data frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Double, Text, select

from config.journal import Where
from config.places import find
from runtime.journal.reader import ORDER, JournalReader
from runtime.journal.schema import tables

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DATABASE = "journal.duckdb"
MOMENTS = frozenset({
    *("at", "bar_time", "opened", "closed", "started", "ended", "wall", "at_decided", "at_answered"),
})  # fmt: skip
"""Columns of UTC milliseconds: moments in what is exported, 0 as none."""
AT_ONCE = 50_000


def export(journal: Where, folder: Path) -> dict[str, int]:
    """Write each table as a Parquet file, and a DuckDB database whose views are these; return rows by table.

    The views name the files by their whole path: a folder that is moved is exported anew.
    """
    import duckdb  # noqa: PLC0415 - of an extra, and slow to import

    from pyarrow import parquet  # noqa: PLC0415

    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    with JournalReader(journal) as reader:
        for name in ORDER:
            with parquet.ParquetWriter(folder / f"{name}.parquet", schema_of(name)) as out:
                counts[name] = 0
                for part in _parts(reader, name):
                    out.write_table(part)
                    counts[name] += len(part)
    with duckdb.connect(str(folder / DATABASE)) as database:
        for name in counts:
            place = str(folder / f"{name}.parquet").replace("'", "''")
            database.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet('{place}')")  # noqa: S608 - names of ours, a path quoted
    return counts


def frame(account: str, table: str) -> "pd.DataFrame":
    """Return a table of an account, named as commands name it, as a pandas frame; moments are UTC."""
    import pyarrow as pa  # noqa: PLC0415

    with JournalReader(find(account).journal) as reader:
        found: pd.DataFrame = pa.concat_tables([schema_of(table).empty_table(), *_parts(reader, table)]).to_pandas()
    return found


def schema_of(table: str) -> "pa.Schema":
    """Return how a table is exported: numbers, texts, and moments where the journal has milliseconds."""
    import pyarrow as pa  # noqa: PLC0415

    def kind(column: Any) -> pa.DataType:  # noqa: ANN401 - a column of any type
        if column.name in MOMENTS:
            return pa.timestamp("ms", tz="UTC")
        return pa.string() if isinstance(column.type, Text) else (
            pa.float64() if isinstance(column.type, Double) else pa.int64()
        )  # fmt: skip

    return pa.schema([(column.name, kind(column)) for column in tables.tables[table].c])


def _parts(reader: JournalReader, name: str) -> Iterator["pa.Table"]:
    """Yield a table's rows in its order, so many at once."""
    import pyarrow as pa  # noqa: PLC0415

    table, schema = tables.tables[name], schema_of(name)
    query = select(table).order_by(*(table.c[column] for column in ORDER[name]))
    for rows in reader.stream(query, AT_ONCE):
        columns = [
            [None if value == 0 and field.name in MOMENTS else value for value in column]
            for field, column in zip(schema, zip(*rows, strict=True), strict=True)
        ]
        yield pa.table([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema=schema)
