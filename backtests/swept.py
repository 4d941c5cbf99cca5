"""A sweep from beginning to end: points made, played into the file, judged, and drawn where that is asked for."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from backtests.grid import axes_of, points_of, turned
from backtests.model_place import ready_models
from backtests.recorded import tapes_of
from backtests.screen import Watch
from backtests.sweep import play_all
from backtests.sweep_file import SweepFile, head_of
from backtests.sweep_local import Local
from backtests.sweep_page import write_sweep_page
from backtests.sweep_points import Listed
from backtests.sweep_told import Sweep, sweep_of
from backtests.sweep_worker import Work
from config.account import AccountConfig
from config.errors import ConfigError


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep shall do."""

    grid: Sequence[str]
    """`key=value,value` of each axis."""
    random_points: int | None = None
    seed: int = 1
    processes: int = 1
    first: date | None = None
    last: date | None = None
    bars: int | None = None


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, and whether it was interrupted before its end."""

    found: Sweep
    interrupted: bool


def swept(config: AccountConfig, asked: Asked, file: Path, report: Path | None, watch: Watch) -> Swept:
    """Play a sweep into its file; interrupted, what is done is judged all the same."""
    axes = axes_of(asked.grid)
    keys, points = tuple(axis.key for axis in axes), points_of(axes, asked.random_points, asked.seed)
    _looked_at(config, keys, points)
    models = ready_models(config, watch.stage)
    watch.stage("reading bars")
    tapes, days = tapes_of(config), (asked.first, asked.last, asked.bars)
    head = head_of(config, keys, tapes, models, days)
    interrupted = False
    with SweepFile(file, head) as kept:
        watch.stage(f"playing {len(points):,} points")
        wanted = Listed(points, kept.scores)
        left = len(points) - wanted.done
        work = Work(
            config=config, keys=keys, points=left, first=asked.first, last=asked.last, bars=asked.bars, models=models
        )
        try:
            play_all(wanted, kept, Local(work, tapes, min(asked.processes, left)), watch.progress)
        except KeyboardInterrupt:
            interrupted = True
        watch.stage("judging the points")
        found = sweep_of(keys, kept.rows(), len(points), str(file))
    if report is not None:
        found = msgspec.structs.replace(found, report=str(write_sweep_page(report, found)))
    return Swept(found=found, interrupted=interrupted)


def _looked_at(config: AccountConfig, keys: tuple[str, ...], points: Sequence[tuple[object, ...]]) -> None:
    """Refuse keys that nothing can be turned by, before anything is played; a value may be wrong for a point alone."""
    try:
        turned(config, keys, points[0])
    except ConfigError:
        return
