"""Whoever plays points of a sweep: its account, bars and models are in a folder, points come in, what came of them out.

It looks at the bars where they are, plays one point at a time and keeps nothing of it but what the next one may read,
too. As a process it takes points by line and ends when nothing more comes.
"""

import gc
import sys

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import BinaryIO

import msgspec

from backtests.grid import Values, turned
from backtests.kept_reading import KeptReading
from backtests.shared_tapes import share, shared
from backtests.tried import Tried, tried
from config.account import AccountConfig
from config.errors import ConfigError, one_line
from market.bars import Bars
from regimes.bundle import RegimeModel
from runtime.core.feeds import FeedKey

WORK = "work.msgpack"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What all points have in common."""

    config: AccountConfig
    keys: tuple[str, ...]
    points: int = 1
    """How many there are: what is compiled for one is compiled for all."""
    first: date | None = None
    last: date | None = None
    bars: int | None = None
    models: dict[str, RegimeModel] = {}


def put_down(folder: Path, work: Work, tapes: Mapping[FeedKey, Bars]) -> None:
    """Write what a player needs into a folder, which is there and empty."""
    share(folder, tapes)
    (folder / WORK).write_bytes(msgspec.msgpack.encode(work))


class Playing:
    """Plays points of one sweep."""

    def __init__(self, folder: Path) -> None:
        """Take up what was put down in a folder."""
        self.work = msgspec.msgpack.decode((folder / WORK).read_bytes(), type=Work)
        self.tapes, self.reading = shared(folder), KeptReading()
        self.settled = False

    def play(self, values: Values) -> bytes:
        """Return what came of a point, as a line without its end."""
        row = msgspec.json.encode(self._played(values))
        gc.collect()  # what a point leaves in circles may be large
        if not self.settled:
            gc.freeze()  # the modules and loops that are there by now stay: looking at them took longer than a point
            self.settled = True
        return row

    def _played(self, values: Values) -> Tried:
        work = self.work
        try:
            config = turned(work.config, work.keys, values)
        except ConfigError as error:
            return Tried(values=values, refused=str(error))
        asked = {"first": work.first, "last": work.last, "bars": work.bars, "times": work.points}
        try:
            return tried(config, values, models=work.models, recorded=self.tapes, reading=self.reading, **asked)
        except Exception as error:  # noqa: BLE001 - whatever a strategy raises is of this point, and told with it
            return Tried(values=values, refused=one_line(f"{type(error).__name__}: {error}"))


def serve(folder: Path, inward: BinaryIO, outward: BinaryIO) -> None:
    """Play points as they come in, until no more do."""
    playing = Playing(folder)
    for line in iter(inward.readline, b""):
        outward.write(playing.play(tuple(msgspec.json.decode(line))) + b"\n")
        outward.flush()


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr  # what a strategy prints is no result
    serve(Path(sys.argv[1]), sys.stdin.buffer, out.buffer)
