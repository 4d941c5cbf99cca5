"""The process that plays points of a sweep: an account and its points come in by line, what came of them goes out.

It reads bars and models once, plays one point at a time and keeps nothing of it, and ends when nothing more comes.
"""

import gc
import sys

from datetime import date
from typing import BinaryIO

import msgspec

from backtests.grid import Values, turned
from backtests.model_place import ready_models
from backtests.recorded import tapes_of
from backtests.tried import Tried, tried
from config.account import AccountConfig
from config.errors import ConfigError, one_line


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What all points have in common."""

    config: AccountConfig
    keys: tuple[str, ...]
    first: date | None = None
    last: date | None = None
    bars: int | None = None


def serve(inward: BinaryIO, outward: BinaryIO) -> None:
    """Play points as they come in, until no more do."""
    work = msgspec.json.decode(inward.readline(), type=Work)
    tapes, models = tapes_of(work.config), ready_models(work.config, lambda _text: None)

    def play(values: Values) -> Tried:
        try:
            config = turned(work.config, work.keys, values)
        except ConfigError as error:
            return Tried(values=values, refused=str(error))
        asked = {"first": work.first, "last": work.last, "bars": work.bars}
        try:
            return tried(config, values, models=models, recorded=tapes, **asked)
        except Exception as error:  # noqa: BLE001 - whatever a strategy raises is of this point, and told with it
            return Tried(values=values, refused=one_line(f"{type(error).__name__}: {error}"))

    for line in iter(inward.readline, b""):
        outward.write(msgspec.json.encode(play(tuple(msgspec.json.decode(line)))) + b"\n")
        outward.flush()
        gc.collect()


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr  # what a strategy prints is no result
    serve(sys.stdin.buffer, out.buffer)
