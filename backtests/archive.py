"""Archiving a log's old rows as Parquet: they are written, read back, and only then taken out of the journal."""

import os

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sqlalchemy import Connection, select, text

from backtests.archived import COLUMNS, STATES, Archived
from brokers.mt5.inplace import sync_folder
from config.journal import Where
from runtime.journal.archiving import archivable, take_away
from runtime.journal.entries import Head
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import open_to_read
from runtime.journal.packing import Words
from runtime.journal.schema import words
from runtime.journal.segments import Segment
from runtime.journal.verify import follow

if TYPE_CHECKING:
    import pyarrow as pa

WORDS = b"words"
"""Under which name the words of its rows stand in a file, as JSON."""
AT_ONCE = 2000
"""Rows of a group: one is held in memory at a time."""
ROWS = text(
    f"SELECT {', '.join(f'l.{name}' for name in COLUMNS)}, s.run, s.schema, s.state, s.hash FROM log AS l "  # noqa: S608 - names of ours
    "LEFT JOIN snapshots AS s ON s.seq = l.seq WHERE l.seq BETWEEN :first AND :last ORDER BY l.seq"
)
"""Rows, and behind each the snapshot that was taken there."""

Progress = Callable[[int, int], None]
Stage = Callable[[str], None]


def archive(
    where: Where, before: int, folder: Path, wall: int,
    stage: Stage = lambda _text: None, progress: Progress = lambda _done, _total: None,
) -> Segment | None:  # fmt: skip
    """Move rows that were written before a moment to a Parquet file in a folder; None where there are none to move.

    They leave the journal when the file was read back, its chain followed and its name is on disk. Nobody may write
    meanwhile. before, wall (now): clock of this machine, UTC milliseconds. JournalError where anything is not whole.
    """
    folder = folder.absolute()
    with explaining(where), closing(open_to_read(where)) as connection:
        stage("looking for old rows")
        begin, last = archivable(connection, before)
        if begin == last:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        name = f"log-{begin.seq + 1:010}-{last.seq:010}-{last.hash.hex()[:8]}.parquet"
        segment = Segment(
            first=begin.seq + 1, last=last.seq, prev=begin.hash.hex(), hash=last.hash.hex(), file=str(folder / name)
        )
        stage(f"writing {name}")
        _write(connection, segment, progress)
    stage("reading it back")
    _must_be_whole(segment, begin, progress)
    stage("taking its rows out of the journal")
    take_away(where, segment, wall)
    return segment


def _write(connection: Connection, segment: Segment, progress: Progress) -> None:
    """Write rows to a file that has its name only when it is whole; one of that name is written anew.

    The words that rows are packed against stand beside the schema, so that the file can be read without its journal.
    """
    from pyarrow import parquet  # noqa: PLC0415 - of an extra, and slow to import

    path = Path(segment.file)
    making = path.with_name(f"{path.name}.making")
    said = [Words(*row) for row in connection.execute(select(words).where(words.c.seq <= segment.last))]
    schema = _schema().with_metadata({WORDS: msgspec.json.encode(said)})
    found = connection.execute(ROWS, {"first": segment.first, "last": segment.last}).yield_per(AT_ONCE)
    try:
        with making.open("wb") as file:
            with parquet.ParquetWriter(file, schema, compression="zstd") as out:
                for rows in found.partitions():
                    out.write_batch(_group(rows, schema))
                    progress(rows[-1][0] - segment.first + 1, segment.last - segment.first + 1)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
    sync_folder(path.parent)


def _group(rows: Sequence[Sequence[Any]], schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa  # noqa: PLC0415

    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415

    longs, texts = {"seq", "run", "at", "wall", "schema", *STATES[:2]}, {"kind"}
    types = {name: pa.int64() if name in longs else pa.string() if name in texts else pa.binary()
             for name in (*COLUMNS, *STATES)}  # fmt: skip
    return pa.schema(list(types.items()))


def _must_be_whole(segment: Segment, begin: Head, progress: Progress) -> None:
    """Follow the chain of what was written: its last hash is the journal's only where every byte is."""
    verdict, last = follow(_counted(segment, progress), begin)
    if not verdict.ok or (last.seq, last.hash.hex()) != (segment.last, segment.hash):
        said = verdict.problem or f"it ends at row {last.seq}"
        raise JournalError(f"{segment.file}: {said}: it was not written as it should be, and nothing was taken away")


def _counted(segment: Segment, progress: Progress) -> Iterator[Sequence[Any]]:
    for row in Archived().rows(segment):
        yield msgspec.structs.astuple(row)
        if row.seq % AT_ONCE == 0:
            progress(row.seq - segment.first + 1, segment.last - segment.first + 1)
