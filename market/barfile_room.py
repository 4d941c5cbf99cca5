"""Room for the columns of bars: in memory, or where they are very many in a file that has no name.

What lies in such a file is read like any column, and takes memory only as long as it is looked at.
"""

import mmap
import os
import tempfile

from array import array
from collections.abc import Iterable
from typing import Any, Literal

from market.bars import COLUMNS

MANY = 4_000_000
"""Bars from which on their columns lie in a file: a quarter of a gigabyte."""


def columns_for(bars: int, many: int = MANY) -> dict[str, Any]:
    """Return columns of so many bars, all 0; of `many` and more in files."""
    return {name: _column("q" if name == "time" else "d", bars, in_file=bars >= many) for name in COLUMNS}


def _column(kind: Literal["q", "d"], length: int, *, in_file: bool) -> Any:  # noqa: ANN401 - an array, or what reads like one
    return memoryview(nameless(8 * length)).cast(kind) if in_file else array(kind, bytes(8 * length))


def nameless(size: int) -> mmap.mmap:
    """Return so many bytes, all 0, in a file that has no name; OSError where the disk has not so much left."""
    with tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # a disk that is full says so here, not in mid-loop
        else:
            file.truncate(size)
        return mmap.mmap(file.fileno(), size)


def let_go(columns: Iterable[Any]) -> None:
    """Give back the memory that columns in files take just now; their numbers stay, and so do columns in memory."""
    for held in files_of(columns):
        if hasattr(held, "madvise"):
            held.madvise(mmap.MADV_DONTNEED)


def files_of(columns: Iterable[Any]) -> list[mmap.mmap]:
    """Return the files of those columns that lie in one: who lets go of them often asks for them once."""
    return [held for held in map(_file_of, columns) if held is not None]


def _file_of(column: Any) -> mmap.mmap | None:  # noqa: ANN401 - an array of any sort, or what reads like one
    """Return the file that a column lies in; None where it lies in memory."""
    while column is not None and not isinstance(column, mmap.mmap):
        column = column.obj if isinstance(column, memoryview) else getattr(column, "base", None)
    return column
