"""The points of a sweep as Parquet: a folder that gets another part every few seconds, to be read at any time.

Each part has a row a point: keys, numbers, and the line that a file of lines would have, from which a sweep goes on.
"""

import os
import time

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from backtests.sweep_file import Head, in_order, key_of, other_sweep, point_of, score_of
from backtests.tried import Tried
from config.errors import DataError
from market.undecoded import UNDECODED

SUFFIX = ".parquet"
HEAD = b"tidegate.sweep"
"""Under which the schema of each part says what was played."""
LINE = "point"
EVERY_S = 5.0
"""Seconds until a point that was played is in a part: as much is lost where the power fails, and played again."""
MOST = 10_000
"""Points of a part."""


class SweepParts:
    """The folder of one sweep, open to be added to."""

    def __init__(self, path: Path, head: Head) -> None:
        """Begin it, or go on with it; UsageError where it holds another sweep."""
        self.path, self.head = path, head
        self.scores: dict[str, float | None] = {}
        """What came of each point that is there, by its key."""
        self.fresh: list[tuple[Tried, bytes]] = []
        """Points that are in no part yet."""
        self.since = 0.0

    def __enter__(self) -> Self:
        if self.path.is_file():
            raise other_sweep(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        for part in self._parts():
            self._same(part)
        self.scores = {key_of(row.values): score_of(row) for row in self._rows()}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._write()

    def add(self, line: bytes) -> Tried:
        """Keep one point, and return it; it is in a part some seconds later, or when this is closed."""
        row = point_of(line, self.path)
        if not self.fresh:
            self.since = time.monotonic()
        self.fresh.append((row, line))
        self.scores[key_of(row.values)] = score_of(row)
        if time.monotonic() - self.since >= EVERY_S or len(self.fresh) >= MOST:
            self._write()
        return row

    def rows(self) -> list[Tried]:
        """Return every point that is there, in the order of their values."""
        self._write()
        return in_order(self._rows())

    def _parts(self) -> list[Path]:
        return sorted(self.path.glob(f"*{SUFFIX}"))

    def _same(self, part: Path) -> None:
        try:
            head = (pq.read_schema(part).metadata or {}).get(HEAD, b"")
            same = msgspec.json.decode(head, type=Head) == self.head
        except (pa.ArrowInvalid, *UNDECODED):
            same = False
        if not same:
            raise other_sweep(self.path)

    def _rows(self) -> Iterator[Tried]:
        for part in self._parts():
            try:
                lines = pq.read_table(part, columns=[LINE])[LINE].to_pylist()
            except (pa.ArrowInvalid, KeyError) as error:
                raise DataError(f"{part}: no part of a sweep ({error}): name another folder") from None
            yield from (point_of(line.encode(), part) for line in lines)

    def _write(self) -> None:
        """Put the points that are in no part into one, in one step."""
        if not self.fresh:
            return
        columns: dict[str, list[Any]] = {
            **{key: _told([row.values[i] for row, _ in self.fresh]) for i, key in enumerate(self.head.keys)},
            **{name: [getattr(row, name) for row, _ in self.fresh] for name in NUMBERS},
            LINE: [line.decode().rstrip("\n") for _, line in self.fresh],
        }
        table = pa.table(columns).replace_schema_metadata({HEAD: msgspec.json.encode(self.head)})
        number = max((int(part.stem) for part in self._parts() if part.stem.isdigit()), default=0) + 1
        unfinished = self.path / f".{number:06}"
        pq.write_table(table, unfinished)
        os.replace(unfinished, self.path / f"{number:06}{SUFFIX}")  # noqa: PTH105 - one step, on Windows too
        self.fresh = []


NUMBERS = ("refused", "trades", "net", "sharpe", "drawdown", "days", "per_year")


def _told(values: list[Any]) -> list[Any]:
    """Return the values of a key as one column: numbers as doubles, all else as it stands in JSON."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return [float(value) for value in values]
    return [msgspec.json.encode(value).decode() for value in values]
