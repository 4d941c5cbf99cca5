"""Archived rows of a log, read where they are asked for: a journal and its segments as one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.journal import Where
from runtime.journal.entries import EVER, LogRow, Snapshot, Span
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.segments import Segment

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

FOLDER = "segments"
"""Beside a journal: where its segments lie if nobody says otherwise."""
COLUMNS = LogRow.__struct_fields__
STATES = ("snapshot_run", "snapshot_schema", "state", "snapshot_hash")
"""Of a row behind which a snapshot was taken; null of all others."""


class Archived:
    """Reads the segments of one journal: where they were written to, or where they were moved to."""

    def __init__(self, *folders: Path) -> None:
        """Look into folders too, the first first."""
        self._folders = folders

    def rows(self, segment: Segment, span: Span = EVER, *, backwards: bool = False) -> Iterator[LogRow]:
        """Yield the rows of a segment whose numbers are in a span, or the last first; a group of them is in memory."""
        with self._opened(segment) as file:
            for columns in _groups(file, segment, span, COLUMNS, backwards=backwards):
                group = (LogRow(*row) for row in zip(*columns, strict=True))
                rows = [row for row in group if span[0] <= row.seq < span[1]]
                yield from rows[::-1] if backwards else rows

    def snapshot_before(self, segment: Segment, seq: int) -> Snapshot | None:
        """Return the last snapshot that was taken before a row; None of a segment that was written without any."""
        with self._opened(segment) as file:
            if STATES[-1] not in file.schema_arrow.names:
                return None
            for columns in _groups(file, segment, (0, seq), ("seq", *STATES, "hash"), backwards=True):
                found = [row for row in zip(*columns, strict=True) if row[0] < seq and row[3] is not None]
                if found:
                    number, run, schema, state, its, prev = found[-1]
                    return Snapshot(number, run, schema, state, prev, its)
        return None

    @contextmanager
    def _opened(self, segment: Segment) -> "Iterator[ParquetFile]":
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - of an extra, and slow to import

        path = self._path(segment)
        try:
            with parquet.ParquetFile(path) as file:
                yield file
        except (ArrowException, OSError, TypeError) as error:
            raise JournalError(f"{path} is no segment of a log: {error}: put back a copy of it") from error

    def _path(self, segment: Segment) -> Path:
        written = Path(segment.file)
        places = [*(folder / written.name for folder in self._folders), written]
        if there := next((path for path in places if path.is_file()), None):
            return there
        raise JournalError(
            f"rows {segment.first} to {segment.last} of the log are in {written}, which is not there: put it back, "
            "or name the folder to which it was moved by --segments"
        )


def _groups(
    file: "ParquetFile", segment: Segment, span: Span, columns: Sequence[str], *, backwards: bool
) -> Iterator[list[list[Any]]]:
    """Yield the values by column of each group of rows that a span touches."""
    sizes = (file.metadata.row_group(number).num_rows for number in range(file.num_row_groups))
    bounds = enumerate(pairwise(accumulate(sizes, initial=segment.first)))
    wanted = [number for number, (first, end) in bounds if first < span[1] and span[0] < end]
    for number in wanted[::-1] if backwards else wanted:
        table = file.read_row_group(number, [*columns])
        yield [table.column(name).to_pylist() for name in columns if name in table.column_names]


def joined(journal: Where, moved: Path | None = None) -> JournalReader:
    """Return a reader of a journal and all that was archived of it, from a folder to which it was moved."""
    return JournalReader(journal, beside(journal, moved))


def beside(journal: Where, moved: Path | None = None) -> Archived:
    """Return what reads the segments of a journal: in a folder that is named, beside it, or where they were written."""
    home = [journal.parent / FOLDER, journal.parent] if isinstance(journal, Path) else []
    return Archived(*([moved] if moved else []), *home)
