"""The log's old rows as Parquet: written, read back, then taken out of the journal; read where they are asked for."""

import os

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sqlalchemy import select

from brokers.mt5.inplace import sync_folder
from config.journal import Where
from runtime.journal.archiving import archivable, take_away
from runtime.journal.entries import Head, LogRow
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import open_to_read
from runtime.journal.packing import Words
from runtime.journal.schema import words
from runtime.journal.segments import Segment
from runtime.journal.verify import ROWS, follow

if TYPE_CHECKING:
    import pyarrow as pa

WORDS = b"words"
"""Under which name the words of its rows stand in a file, as JSON."""
AT_ONCE = 2000
"""Rows of a group: one is held in memory at a time."""


def archive(where: Where, before: int, folder: Path, wall: int) -> Segment | None:
    """Move rows that were written before a moment to a Parquet file in a folder; None where there are none to move.

    They leave the journal when the file was read back, its chain followed and its name is on disk. Nobody may write
    meanwhile. before, wall (now): clock of this machine, UTC milliseconds. JournalError where anything is not whole.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with explaining(where), closing(open_to_read(where)) as connection:
        begin, last = archivable(connection, before)
        if begin == last:
            return None
        name = f"log-{begin.seq + 1:010}-{last.seq:010}-{last.hash.hex()[:8]}.parquet"
        segment = Segment(
            first=begin.seq + 1, last=last.seq, prev=begin.hash.hex(), hash=last.hash.hex(), file=str(folder / name)
        )
        found = connection.execute(ROWS, {"first": segment.first}).yield_per(AT_ONCE)
        said = [Words(*row) for row in connection.execute(select(words).where(words.c.seq <= last.seq))]
        _write((LogRow(*row) for row in found if row.seq <= last.seq), said, folder / name)
    _must_be_whole(segment, begin)
    take_away(where, segment, wall)
    return segment


def _write(rows: Iterable[LogRow], said: list[Words], path: Path) -> None:
    """Write rows to a file that has its name only when it is whole; one of that name is written anew.

    The words that rows are packed against stand beside the schema, so that the file can be read without its journal.
    """
    from pyarrow import parquet  # noqa: PLC0415 - of an extra, and slow to import

    making = path.with_name(f"{path.name}.making")
    try:
        with making.open("wb") as file:
            schema = _schema().with_metadata({WORDS: msgspec.json.encode(said)})
            with parquet.ParquetWriter(file, schema, compression="zstd") as out:
                for group in _groups(rows):
                    out.write_batch(group.cast(schema))
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
    sync_folder(path.parent)


def _groups(rows: Iterable[LogRow]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa  # noqa: PLC0415

    waiting: list[LogRow] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            yield pa.RecordBatch.from_pylist([msgspec.structs.asdict(one) for one in waiting], _schema())
            waiting = []
    if waiting:
        yield pa.RecordBatch.from_pylist([msgspec.structs.asdict(one) for one in waiting], _schema())


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415

    longs, blobs = ("seq", "run", "at", "wall"), ("fact", "step", "prev", "hash")
    return pa.schema([
        *((name, pa.int64()) for name in longs), ("kind", pa.string()), ("schema", pa.int64()),
        *((name, pa.binary()) for name in blobs),
    ])  # fmt: skip


def _must_be_whole(segment: Segment, begin: Head) -> None:
    """Follow the chain of what was written: its last hash is the journal's only where every byte is."""
    verdict, last = follow((msgspec.structs.astuple(row) for row in read(segment)), begin)
    if not verdict.ok or (last.seq, last.hash.hex()) != (segment.last, segment.hash):
        said = verdict.problem or f"it ends at row {last.seq}"
        raise JournalError(f"{segment.file}: {said}: it was not written as it should be, and nothing was taken away")


def read(segment: Segment, folder: Path | None = None) -> Iterator[LogRow]:
    """Yield the rows of a segment, from another folder where it was moved; JournalError where it is not there."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415

    path = Path(segment.file) if folder is None else folder / Path(segment.file).name
    if not path.is_file():
        raise JournalError(
            f"rows {segment.first} to {segment.last} of the log are in {path}, which is not there: put it back"
        )
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(AT_ONCE):
                for row in batch.to_pylist():
                    yield LogRow(**row)
    except (ArrowException, TypeError) as error:
        raise JournalError(f"{path} is no segment of a log: {error}: put back a copy of it") from error
