"""A walk forward from beginning to end: its folds, and what all of them together are worth."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from backtests.folds import Window, windows_of
from backtests.grid import axes_of, points_of, turned
from backtests.record import record_of_drive
from backtests.recorded import read_ahead, tapes_of
from backtests.report import write_report
from backtests.screen import Watch
from backtests.summary import Summary, summary_of
from backtests.walkforward import Fold, Walk
from backtests.words import number, share
from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from config.refits import age_problem


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How to walk; spans are of calendar time."""

    learn: str = "60 months"
    trade: str = "12 months"
    embargo: str = "5 days"
    anchored: bool = False
    grid: Sequence[str] = ()
    """`key=value,value` of each axis: of its points the best of each window is traded."""
    processes: int = 1
    """That play the points of a window side by side."""
    trials: int = 1
    """Walks that were tried, this one among them: what a window chooses from is no trial."""


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    keys: tuple[str, ...]
    points: int
    """Among which each window chose."""
    planned: int
    """Folds that there are; fewer were played where somebody interrupted it."""
    folds: list[Fold]
    learnt_sharpe: float
    """Mean over the windows that were learnt from, a year."""
    sentence: str
    summary: Summary
    """Of all stretches that were traded, one after the other."""


def walked_forward(config: AccountConfig, asked: Asked, report: Path | None, watch: Watch) -> Walked:
    """Walk forward; interrupted, the folds that are done are judged all the same.

    KeyboardInterrupt where not one is.
    """
    _spans(asked)
    axes = axes_of(asked.grid)
    keys = tuple(axis.key for axis in axes)
    points = points_of(axes)
    _known(config, keys, points)
    read_ahead(config, watch.stage, watch.progress)
    watch.stage("reading bars")
    tapes = tapes_of(config)
    walk = Walk(config, tapes, (keys, points), processes=asked.processes)
    first = max(tape.time[min(config.feed.warmup, len(tape) - 1)] for tape in tapes.values())
    end = max(tape.time[-1] for tape in tapes.values()) + 1
    windows = windows_of((first, end), asked.learn, asked.trade, asked.embargo, anchored=asked.anchored)
    watch.stage(f"walking forward, {len(windows)} folds")
    _all(walk, windows, len(points) + 1, watch)
    watch.stage("counting what came of it")
    record = record_of_drive(walk.whole(), tapes, walk.config, walk.models)
    last = record.decisions[-1].at if record.decisions else 0
    cut = {key: tape.between(0, last) for key, tape in record.tapes.items()}
    record = msgspec.structs.replace(record, learnt={}, tapes=cut)
    summary = summary_of(record, trials=asked.trials)
    summary = msgspec.structs.replace(summary, notes=[*_notes(walk.folds), *summary.notes])
    if report is not None:
        summary = msgspec.structs.replace(summary, report=str(write_report(report, record, summary)))
    learnt = fmean(fold.learnt_sharpe for fold in walk.folds)
    return Walked(
        keys=keys, points=len(points), planned=len(windows), folds=walk.folds, learnt_sharpe=learnt,
        sentence=_sentence(walk.folds, learnt, summary), summary=summary,
    )  # fmt: skip


def _all(walk: Walk, windows: Sequence[Window], backtests: int, watch: Watch) -> None:
    """Walk through all windows, or until somebody interrupts."""
    done = 0

    def played() -> None:
        nonlocal done
        done += 1
        watch.progress(done, backtests * len(windows))

    try:
        for window in windows:
            if walk.balance > 0.0:
                walk.step(window, played)
    except KeyboardInterrupt:
        if not walk.folds:
            raise


def _spans(asked: Asked) -> None:
    for name in ("learn", "trade", "embargo"):
        text = getattr(asked, name)
        if not text or age_problem(text):
            raise UsageError(f'--{name}: expected a span like "12 months" or "5 days", got "{text}"')


def _known(config: AccountConfig, keys: tuple[str, ...], points: Sequence[tuple[object, ...]]) -> None:
    """Refuse keys that nothing can be turned by, before anything is played."""
    try:
        turned(config, keys, points[0])
    except ConfigError:
        return


def _notes(folds: Sequence[Fold]) -> Iterator[str]:
    yield (
        f"Traded in {len(folds)} stretches, by models and parameters that had learnt from nothing in them or after; at "
        f"the end of each all positions are closed: {sum(fold.left for fold in folds)}."
    )
    kept = sum(said.startswith("kept") for fold in folds for said in fold.models.values())
    if kept:
        yield (
            f"Models that were kept because the states of their successors would have meant something else: {kept}; "
            "they went on with what they had learnt before."
        )


def _sentence(folds: Sequence[Fold], learnt: float, summary: Summary) -> str:
    if summary.worth is None:
        return "Too little was traded to hold it against what was learnt from."
    left = summary.worth.sharpe / learnt if learnt > 0.0 else 1.0
    kept = f": {share(left, 0)} of it is left" if 0.0 <= left < 1.0 else ""
    good = sum(fold.net > 0.0 for fold in folds)
    return (
        f"Over the windows that were learnt from the Sharpe ratio was {number(learnt, 2)} a year in the mean, over the "
        f"stretches after them, which nothing had learnt from, it is {number(summary.worth.sharpe, 2)}{kept}. "
        f"{good} of {len(folds)} folds made money."
    )
