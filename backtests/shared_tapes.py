"""Bars in files that processes share: written once, then looked at by each of them as if they were its own memory.

A file is a line that says whose bars these are, then their columns as they lie in memory, so that nothing is parsed and
a year of minutes is not held once for every process. It is of this machine, and of no use afterwards.
"""

import mmap

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from market.bars import COLUMNS, WITHIN, Bars
from runtime.core.feeds import FeedKey

WORD = 8
"""Bytes of a number."""
SUFFIX = ".tape"


class _Head(msgspec.Struct, frozen=True):
    symbol: str
    timeframe: str
    made: str
    lengths: tuple[int, ...]
    """Of the columns."""


def share(folder: Path, tapes: Mapping[FeedKey, Bars]) -> None:
    """Write each tape into a folder, which is there and holds none."""
    for number, tape in enumerate(tapes.values()):
        with (folder / f"{number}{SUFFIX}").open("wb") as file:
            file.writelines(_parts(tape))


def _parts(tape: Bars) -> Iterator[bytes | memoryview]:
    columns = [getattr(tape, name) for name in (*COLUMNS, *WITHIN)]
    line = msgspec.json.encode(_Head(tape.symbol, tape.timeframe, tape.made, tuple(map(len, columns))))
    yield line + b" " * (-(len(line) + 1) % WORD) + b"\n"
    yield from (memoryview(column).cast("B") for column in columns if len(column))


def shared(folder: Path) -> dict[FeedKey, Bars]:
    """Return the tapes of a folder, which are read as they are looked at: whoever looks first reads them for all."""
    found = [_tape(path) for path in sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: int(path.stem))]
    return {(tape.symbol, tape.timeframe): tape for tape in found}


def _tape(path: Path) -> Bars:
    with path.open("rb") as file:
        line = file.readline()
        # Private where it is written to, and nobody does: loops are compiled for arrays that may be.
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    head = msgspec.json.decode(line, type=_Head)
    columns, at = dict[str, Any](), len(line)
    for name, length in zip((*COLUMNS, *WITHIN), head.lengths, strict=True):
        part = whole[at : at + length * WORD]
        columns[name] = cast("array[Any]", part.cast("q") if name == "time" else part.cast("d"))
        at += length * WORD
    return Bars(symbol=head.symbol, timeframe=head.timeframe, made=head.made, **columns)
