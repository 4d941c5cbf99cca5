"""The order of a bar file's rows: which timeframe they are, and what stands twice, backward or not at all."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from market.barcheck import BarFileError, Row, Tally
from market.types import TIMEFRAMES

_HOUR = 3_600_000
_SLACK = 300_000  # around a turned-back hour: minutes without a trade have no bar

Gaps = tuple[int, float, int]
"""How many, the longest in seconds, when the bar before it opened."""


def utc(time: int) -> str:
    """Return a time for people.

    >>> utc(1328054400000)
    '2012-02-01 00:00:00'
    """
    return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def timeframe_of(rows: Sequence[Row], file: str) -> str:
    """Return the timeframe as long as the most frequent distance between neighbours; BarFileError if none is."""
    step = _usual_step(rows)
    if not step:
        raise BarFileError(f"{file}: one bar does not tell its timeframe; name it")
    if name := timeframe_as_long(step):
        return name
    raise BarFileError(f"{file}: bars are mostly {step / 1000:g} s apart, which is no timeframe; name the one meant")


def timeframe_as_long(step: int) -> str:
    """Return the timeframe whose bars are so many milliseconds long; empty: none.

    >>> timeframe_as_long(300_000), timeframe_as_long(301_000)
    ('M5', '')
    """
    return next((name for name, length in TIMEFRAMES.items() if length * 1000 == step), "")


def refuse_finer(rows: Sequence[Row], timeframe: str, file: str) -> None:
    """Raise BarFileError where bars mostly follow one another faster than the timeframe says."""
    step = _usual_step(rows)
    if 0 < step < TIMEFRAMES[timeframe] * 1000:
        raise BarFileError(
            f"{file}: bars are mostly {step / 1000:g} s apart, too close for {timeframe}; name their own"
        )


def _usual_step(rows: Sequence[Row]) -> int:
    times = sorted({row[1] for row in rows})
    return most_frequent(Counter(b - a for a, b in pairwise(times)))


def most_frequent(steps: Counter[int]) -> int:
    """Return the distance that is there most often; 0: there is none."""
    return steps.most_common(1)[0][0] if steps else 0


def put_in_order(rows: list[Row], frame: int, tally: Tally) -> list[Row]:
    """Return rows at strictly rising times; `frame` is a bar's length in milliseconds."""
    if all(a[1] < b[1] for a, b in pairwise(rows)):
        return rows
    forward = _forward(rows, frame, tally)
    forward.sort(key=lambda row: row[1])
    return _once(forward, tally)


def find_gaps(rows: Sequence[Row], frame: int, tally: Tally) -> Gaps:
    """Return the places where more than one frame lies between two bars; `frame` in milliseconds."""
    limit = max(tally.policy.longest_gap_s * 1000.0, frame)
    count, longest, where = 0, 0, 0
    for a, b in pairwise(rows):
        step = b[1] - a[1]
        if step > frame:
            count += 1
            if step > longest:
                longest, where = step, a[1]
            if step > limit and tally.policy.gap == "refuse":
                tally.note("gap", b[0], f"nothing between {utc(a[1])} and {utc(b[1])}")
    return count, longest / 1000.0, where


def _forward(rows: Sequence[Row], frame: int, tally: Tally) -> list[Row]:
    """Take out what goes backward and is not to stay; equal times stay side by side."""
    kept: list[Row] = []
    last, i = -(1 << 62), 0
    while i < len(rows):
        row = rows[i]
        again = _told_again(rows, i, last, frame) if row[1] < last else 0
        for repeated in rows[i : i + again]:
            tally.note("clock", repeated[0], f"the clock was turned back an hour, {utc(last)} to {utc(row[1])}")
        if again:
            i += again
            continue
        if row[1] >= last or tally.note("backward", row[0], f"{utc(row[1])} comes after {utc(last)}") == "repair":
            kept.append(row)
        last, i = max(last, row[1]), i + 1
    return kept


def _told_again(rows: Sequence[Row], i: int, last: int, frame: int) -> int:
    """Return how many rows from i on tell again the hour that ended with the bar at `last`; 0 if that is not so."""
    if not _HOUR - _SLACK <= last + frame - rows[i][1] <= _HOUR + _SLACK:
        return 0
    end = i + 1
    while end < len(rows) and rows[end - 1][1] < rows[end][1] <= last:
        end += 1
    return end - i if end - i > 1 and last - rows[end - 1][1] <= _SLACK else 0


def _once(rows: Sequence[Row], tally: Tally) -> list[Row]:
    """Return rows, which are in order, with one for each time."""
    kept: list[Row] = []
    for row in rows:
        if not kept or row[1] > kept[-1][1]:
            kept.append(row)
        elif tally.note("duplicate", row[0], f"{utc(row[1])} was told in line {kept[-1][0]} already") == "repair":
            kept[-1] = row
    return kept
