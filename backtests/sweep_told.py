"""What a sweep has found: its points by their Sharpe ratios, deflated by how many there were, and what that means."""

import math

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from backtests.overfit import Overfit, overfitting
from backtests.skill import SURE, best_of_luck, deflated
from backtests.tried import Tried
from backtests.words import many, number, share
from backtests.worth import FEWEST

HALF = 0.5
OTHERS = (
    "Every point of every sweep over these bars counts as a trial, those in other files too; "
    "`tidegate backtest --trials` takes their number."
)


CROWDED = (
    "Points that were proposed crowd where earlier ones were good, so they differ less than others would, and luck "
    "shows more than is said here: dice over the same values say how much."
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a sweep, in words that a table shows."""

    values: tuple[Any, ...]
    trades: int
    net: float
    sharpe: float
    """Of a year; 0 where its equity never moved."""
    deflated: float | None
    """How likely its true ratio is above the best of so many points without skill.

    None where it never moved, or over fewer days than anything can be said of.
    """
    drawdown: float


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep."""

    keys: tuple[str, ...]
    points: int
    """That were asked for."""
    done: int
    """Of these, and of earlier sweeps in the same file: so many trials there were."""
    refused: int
    """That cannot be played, mostly since they cannot be meant."""
    refusals: list[str]
    """Some of the reasons."""
    best_of_luck: float
    """Ratio of a year that the best of so many without skill is to be expected to show, were they independent."""
    overfit: Overfit | None
    lines: list[Line]
    """The best first."""
    sentences: list[str]
    file: str
    method: str = "grid"
    """How its points were found: grid, random, or by what was proposed."""
    report: str = ""


def sweep_of(keys: tuple[str, ...], rows: Sequence[Tried], points: int, file: str, method: str = "grid") -> Sweep:
    """Return what came of the points that were played."""
    played = [row for row in rows if not row.refused]
    ratios = [row.moments.sharpe if row.moments is not None else 0.0 for row in played]
    spread = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    year = math.sqrt(max((row.per_year for row in played), default=0.0))
    lines = [_line(row, len(played), spread) for row in played]
    lines.sort(key=lambda line: -line.sharpe)
    found = Sweep(
        keys=keys,
        points=points,
        done=len(played),
        refused=len(rows) - len(played),
        refusals=sorted({row.refused for row in rows if row.refused})[:3],
        best_of_luck=spread * best_of_luck(len(played)) * year,
        overfit=overfitting([row.sums for row in played if row.days]),
        lines=lines,
        sentences=[],
        file=file,
        method=method,
    )
    return msgspec.structs.replace(found, sentences=_sentences(found))


def _line(row: Tried, trials: int, spread: float) -> Line:
    known = row.moments
    return Line(
        values=row.values,
        trades=row.trades,
        net=row.net,
        sharpe=row.sharpe,
        deflated=deflated(known, trials, spread) if known is not None and known.count >= FEWEST else None,
        drawdown=row.drawdown,
    )


def _sentences(found: Sweep) -> list[str]:
    return [
        *_best(found),
        *([CROWDED] if found.method == "optuna" and found.lines else []),
        *_overfit(found),
        *_refused(found),
        OTHERS,
    ]


def _best(found: Sweep) -> Iterator[str]:
    if found.lines and (best := found.lines[0]).deflated is not None:
        proof = "" if best.deflated >= SURE else " That is no proof of skill."
        yield (
            f"The best of {many(found.done, 'point')} shows a Sharpe ratio of {number(best.sharpe, 2)} a year. "
            f"The best of "
            f"so many without any skill, as different as these are, is to be expected to show "
            f"{number(found.best_of_luck, 2)}; the true one is above that with a probability of {share(best.deflated)} "
            f"(deflated Sharpe ratio).{proof}"
        )
    elif any(line.sharpe for line in found.lines):
        yield f"Over fewer than {FEWEST} days nothing can be said of what a Sharpe ratio is worth: play more bars."
    elif found.lines:
        yield "No point has traded at all."


def _overfit(found: Sweep) -> Iterator[str]:
    if (worth := found.overfit) is not None:
        chance = " Choosing the best of them is no better than chance." if worth.probability >= HALF else ""
        yield (
            f"Overfitting: in {share(worth.probability)} of {worth.splits:,} ways to make two halves of the time, the "
            f"best point of one half was not above the middle of all points in the other, and in {share(worth.loss)} "
            f"it made nothing there.{chance}"
        )


def _refused(found: Sweep) -> Iterator[str]:
    if found.refused:
        yield f"Of {many(found.refused, 'point')} nothing came: {'; '.join(found.refusals)}."
