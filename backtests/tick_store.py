"""Ticks on disk as plain columns: a file of them is read once, and looked at ever after without being in memory."""

import hashlib
import mmap
import shutil
import tempfile

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from platformdirs import user_cache_path

from brokers.mt5.zone import to_utc
from market.barcheck import BarFileError, Policy, Report
from market.tickfile import TickFile, Told
from market.ticks import Ticks
from market.undecoded import UNDECODED

FORMAT = 1
"""Of what lies on disk; what was written by another is read from its file again."""
MANIFEST = "manifest.json"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of ticks is to be read: another reading has a place of its own."""

    path: str
    policy: Policy
    digits: int | None
    zone: str
    format: int = FORMAT


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What file the columns were read from, as it was then, and what was wrong with it."""

    size: int
    changed: int
    report: Report


def stored_ticks(
    path: Path,
    symbol: str,
    policy: Policy,
    *,
    digits: int | None,
    zone: str,
    told: Told = lambda _done, _all: None,
    place: Path | None = None,
) -> tuple[Ticks, Report]:
    """Return the ticks of a file as views of columns on disk, which are written where they are not there yet.

    They take 24 bytes a tick in the user's cache, or in `place`; a file that has changed is read again. `zone` is the
    rule of the file's clock, empty for that of its form. Raises BarFileError as `market.tickfile.TickFile` does.
    """
    asked = Asked(path=str(path.absolute()), policy=policy, digits=digits, zone=zone)
    name = hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]
    folder = (place or user_cache_path("tidegate")) / "ticks" / name
    try:
        seen = path.stat()
    except OSError as error:
        raise BarFileError(f"{path}: cannot be read ({error}); is it a file of ticks?") from error
    kept = _kept(folder)
    if kept is None or (kept.size, kept.changed) != (seen.st_size, seen.st_mtime_ns):
        kept = _write(folder, asked, (seen.st_size, seen.st_mtime_ns), told)
    time, bid, ask = (_column(folder / "time", "q"), _column(folder / "bid", "d"), _column(folder / "ask", "d"))
    return Ticks(symbol=symbol, time=time, bid=bid, ask=ask), kept.report


def _kept(folder: Path) -> Manifest | None:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, *UNDECODED):
        return None


def _write(folder: Path, asked: Asked, seen: tuple[int, int], told: Told) -> Manifest:
    """Read the file, and put its columns into their place in one go: two that read it at once disturb nobody."""
    clock: Callable[[int], int] | None = partial(to_utc, asked.zone) if asked.zone else None
    file = TickFile(asked.path, asked.policy, digits=asked.digits, clock=clock)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    try:
        with (draft / "time").open("wb") as time, (draft / "bid").open("wb") as bid, (draft / "ask").open("wb") as ask:
            for part in file.parts(told):
                part[0].tofile(time)
                part[1].tofile(bid)
                part[2].tofile(ask)
        manifest = Manifest(size=seen[0], changed=seen[1], report=file.report())
        (draft / MANIFEST).write_bytes(msgspec.json.encode(manifest))
        shutil.rmtree(folder, ignore_errors=True)
        try:
            draft.rename(folder)
        except OSError:  # another process has just put the same there
            if _kept(folder) != manifest:
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _column(path: Path, code: Literal["q", "d"]) -> Any:  # noqa: ANN401 - a view of whole numbers, or of others
    """Return a column as numbers; the file stays where it is, and is read where it is looked at."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast(code)
