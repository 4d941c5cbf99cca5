"""The file of a sweep: a line that says what was played, then a line for each point; a sweep goes on from it."""

import hashlib

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from backtests.grid import Values
from backtests.recorded import finer_files
from backtests.train import content_hash
from backtests.tried import Tried
from config.account import AccountConfig
from config.errors import DataError, UsageError
from config.load import digest
from config.making import strategies_of
from market.bars import Bars
from market.kernel import fingerprint
from market.undecoded import UNDECODED
from regimes.bundle import RegimeModel
from runtime.core.feeds import FeedKey
from strategies.registry import BUILT_IN

FORMAT = 1


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What was played: of another the points do not belong together."""

    sweep: int = FORMAT
    keys: tuple[str, ...]
    """Those that are turned."""
    config: str
    """Fingerprint of the account that they are turned in."""
    code: str
    """Fingerprint of all kernels and of the strategies' own files."""
    bars: str
    """Fingerprint of the bars, and of the files that tell the ways of prices within them."""
    models: tuple[str, ...]
    first: date | None = None
    last: date | None = None
    count: int | None = None
    """The days, or the number of bars, that were asked for."""


def head_of(
    config: AccountConfig,
    keys: Sequence[str],
    tapes: dict[FeedKey, Bars],
    models: dict[str, RegimeModel],
    asked: tuple[date | None, date | None, int | None],
) -> Head:
    """Return the head of a sweep over such keys, bars and models."""
    code = hashlib.sha256(fingerprint().encode())
    strategies_of(config)  # their modules can be found from here on
    for section in config.strategies:
        code.update(_source(section.use))
    bars = hashlib.sha256(" ".join(content_hash(tapes[key]) for key in sorted(tapes)).encode())
    for file in finer_files(config, sorted(tapes)):
        bars.update(_content(file))
    first, last, count = asked
    return Head(
        keys=tuple(keys), config=digest(config), code=code.hexdigest(), bars=bars.hexdigest(),
        models=tuple(model.fingerprint for _, model in sorted(models.items())), first=first, last=last, count=count,
    )  # fmt: skip


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _source(use: str) -> bytes:
    """Return the file of a user's strategy; that of a built-in one is all kernels, and those are in already."""
    spec = find_spec(use.rpartition(":" if ":" in use else ".")[0]) if use not in BUILT_IN else None
    return Path(spec.origin).read_bytes() if spec is not None and spec.origin else b""


class SweepFile:
    """The file of one sweep, open to be added to."""

    def __init__(self, path: Path, head: Head) -> None:
        """Begin it, or go on with it; UsageError where it holds another sweep."""
        self.path, self.head = path, head
        self.scores: dict[str, float | None] = {}
        """What came of each point that is there, by its key."""

    def __enter__(self) -> Self:
        whole = b""
        if self.path.exists():
            found = self.path.read_bytes()
            whole = found[: found.rfind(b"\n") + 1]  # the last line of a sweep that was cut off is played again
            if found and not whole:
                raise other_sweep(self.path)
        if whole:
            self._go_on(whole)
        self.file = self.path.open("wb")
        self.file.write(whole or msgspec.json.encode(self.head) + b"\n")
        self.file.flush()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.file.close()

    def _go_on(self, whole: bytes) -> None:
        first, _, rest = whole.partition(b"\n")
        try:
            same = msgspec.json.decode(first, type=Head) == self.head
        except UNDECODED:
            same = False
        if not same:
            raise other_sweep(self.path)
        self.scores = {key_of(row.values): score_of(row) for row in _rows(rest, self.path)}

    def add(self, line: bytes) -> Tried:
        """Write one point, and return it; it is there when this returns."""
        row = point_of(line, self.path)
        self.file.write(line.rstrip(b"\n") + b"\n")
        self.file.flush()
        self.scores[key_of(row.values)] = score_of(row)
        return row

    def rows(self) -> list[Tried]:
        """Return every point that is there, in the order of their values: in which they were played does not matter."""
        _, _, rest = self.path.read_bytes().partition(b"\n")
        return in_order(_rows(rest, self.path))


def key_of(values: Values) -> str:
    """Return a point as text, the same however it was read."""
    return msgspec.json.encode(values).decode()


def score_of(row: Tried) -> float | None:
    """Return what a point is judged by, its Sharpe ratio of a year; None where it was refused."""
    return None if row.refused else row.sharpe


def in_order(rows: Iterable[Tried]) -> list[Tried]:
    """Return points in the order of their values."""
    return sorted(rows, key=lambda row: _order(row.values))


def _order(values: Values) -> tuple[tuple[str, Any], ...]:
    return tuple(("", v) if isinstance(v, int | float) else (type(v).__name__, str(v)) for v in values)


def _rows(lines: bytes, path: Path) -> Iterator[Tried]:
    return (point_of(line, path) for line in lines.splitlines())


def point_of(line: bytes, path: Path) -> Tried:
    """Return a line as a point; DataError where it is none."""
    try:
        return msgspec.json.decode(line, type=Tried)
    except UNDECODED as error:
        raise DataError(f"{path}: a line of it is no point of a sweep ({error}): name another file") from None


def other_sweep(path: Path) -> UsageError:
    """Return what is said where a sweep cannot be added to a file."""
    return UsageError(
        f"{path}: holds another sweep (other keys, configuration, bars, models, code or days): name another file with "
        "--out"
    )
