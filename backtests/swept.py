"""A sweep from beginning to end: points made, played into the file, judged, and drawn where that is asked for."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from backtests.grid import Axis, Values, axes_of, points_of, turned
from backtests.model_place import ready_models
from backtests.recorded import read_ahead, tapes_of
from backtests.screen import Watch
from backtests.sweep import Crew, play_all
from backtests.sweep_file import Head, SweepFile, head_of
from backtests.sweep_local import Local
from backtests.sweep_optuna import Proposed
from backtests.sweep_page import write_sweep_page
from backtests.sweep_parts import SUFFIX, SweepParts
from backtests.sweep_points import Listed, Points, Scores
from backtests.sweep_ray import HERE, OverRay
from backtests.sweep_told import Sweep, sweep_of
from backtests.sweep_worker import Work
from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from market.bars import Bars
from runtime.core.feeds import FeedKey

Method = Literal["grid", "random", "optuna"]
ON = ("local", HERE, "ray://")
"""Where points are played: on this machine, on a Ray cluster that is begun here, on one that is running."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep shall do."""

    grid: Sequence[str]
    """`key=value,value` of each axis."""
    method: Method = "grid"
    """Every point of the grid, some drawn by dice, or those that Optuna proposes one after the other."""
    points: int | None = None
    """How many are drawn or proposed; None: every point of the grid."""
    seed: int = 1
    processes: int = 1
    on: str = "local"
    first: date | None = None
    last: date | None = None
    bars: int | None = None

    def __post_init__(self) -> None:
        """UsageError for what does not go together."""
        if (self.method == "grid") != (self.points is None):
            wants = "plays every point: say --method random or optuna" if self.points else "needs --points"
            raise UsageError(f"--method {self.method} {wants}")
        if self.on not in ON[:2] and not (self.on.startswith(ON[2]) and len(self.on) > len(ON[2])):
            raise UsageError(f"--on {self.on}: expected local, ray or ray://host:port")


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, and whether it was interrupted before its end."""

    found: Sweep
    interrupted: bool


def swept(config: AccountConfig, asked: Asked, file: Path, report: Path | None, watch: Watch) -> Swept:
    """Play a sweep into its file; interrupted, what is done is judged all the same."""
    axes = axes_of(asked.grid)
    keys = tuple(axis.key for axis in axes)
    _looked_at(config, keys, tuple(axis.values[0] for axis in axes))
    models = ready_models(config, watch.stage)
    read_ahead(config, watch.stage, watch.progress)
    watch.stage("reading bars")
    tapes, days = tapes_of(config), (asked.first, asked.last, asked.bars)
    head = head_of(config, keys, tapes, models, days)
    interrupted = False
    with kept_in(file, head) as kept:
        points = _points(axes, asked, kept.scores)
        left = len(points) - points.done
        work = Work(
            config=config, keys=keys, points=left, first=asked.first, last=asked.last, bars=asked.bars, models=models
        )
        watch.stage(f"playing {len(points):,} points")
        try:
            play_all(points, kept, _crew(work, tapes, asked), watch.progress)
        except KeyboardInterrupt:
            interrupted = True
        watch.stage("judging the points")
        found = sweep_of(keys, kept.rows(), len(points), str(file), asked.method)
    if report is not None:
        found = msgspec.structs.replace(found, report=str(write_sweep_page(report, found)))
    return Swept(found=found, interrupted=interrupted)


def kept_in(file: Path, head: Head) -> SweepFile | SweepParts:
    """Return what keeps the points of a sweep: a file of lines, or a folder of Parquet where it is called so."""
    return SweepParts(file, head) if file.suffix == SUFFIX else SweepFile(file, head)


def _points(axes: Sequence[Axis], asked: Asked, known: Scores) -> Points:
    if asked.method == "optuna":
        return Proposed(axes, asked.points or 0, asked.seed, known)
    return Listed(points_of(axes, asked.points, asked.seed), known)


def _crew(work: Work, tapes: Mapping[FeedKey, Bars], asked: Asked) -> Crew:
    processes = min(asked.processes, work.points)
    return Local(work, tapes, processes) if asked.on == "local" else OverRay(work, tapes, processes, asked.on)


def _looked_at(config: AccountConfig, keys: tuple[str, ...], point: Values) -> None:
    """Refuse keys that nothing can be turned by, before anything is played; a value may be wrong for a point alone."""
    try:
        turned(config, keys, point)
    except ConfigError:
        return
