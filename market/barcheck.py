"""The contract of a file of bars or ticks: what may be wrong with its rows, what is then done, and an account of it.

Nothing is mended silently: every row that is dropped or changed is counted, and the first few are quoted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from market.bars import are_prices, holds, price_problem
from market.money import nearest

Row = tuple[int, int, float, float, float, float, float, float]
"""Line in the file, time (UTC milliseconds), open, high, low, close, volume, spread (points)."""


class BarFileError(ValueError):
    """A bar file that cannot be used as it is; the message names file, line and what to do."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with each problem; whatever is not asked for is refused."""

    unreadable: Literal["refuse", "drop"] = "refuse"
    """A row that is not a bar at all."""
    price: Literal["refuse", "drop"] = "refuse"
    """A price that is zero, negative or not a number."""
    range: Literal["refuse", "drop", "repair"] = "refuse"
    """High below low, or open or close outside them. repair: high and low are widened to hold all four. Of ticks: an
    ask below the bid. repair: the ask is the bid."""
    duplicate: Literal["refuse", "drop", "repair"] = "refuse"
    """A bar told twice. drop: what was told first stays. repair: what was told last stays. Of ticks: the very same one
    again. Either way one stays."""
    backward: Literal["refuse", "drop", "repair"] = "refuse"
    """A row older than the one before. repair: rows are sorted by time, and then looked at for duplicates; ticks are
    too many for it."""
    clock: Literal["refuse", "drop"] = "refuse"
    """The file's clock was turned back an hour. drop: the hour's second telling goes. Bars on one side of it may be
    an hour off; which side, the file does not say."""
    gap: Literal["keep", "refuse"] = "keep"
    """A missing stretch longer than `longest_gap_s`."""
    longest_gap_s: float = 0.0
    """Gaps are refused, where they are, from this length on, in seconds between two bars' openings; 0: any gap."""


ADVICE = {
    "unreadable": 'mend the row, or read with unreadable="drop"',
    "price": 'mend the row, or read with price="drop"',
    "range": 'mend the row, or read with range="repair" (widen) or "drop"',
    "duplicate": 'read with duplicate="drop" (first stays) or "repair" (last stays)',
    "backward": 'sort the file, or read with backward="repair" (sort) or "drop"',
    "clock": 'cut the file there, or read with clock="drop"; bars before or after it may be an hour off',
    "gap": 'fill it from another source, or read with gap="keep"',
}

_EXAMPLES = 3


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of problem: how often, what was done, the first few."""

    kind: str
    count: int
    done: str
    examples: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and everything that was wrong with it."""

    file: str
    form: str
    """How the file was understood: "mt5", "histdata", "csv", "parquet"."""
    zone: str
    """How its clock was understood."""
    rows: int
    """Rows of data in the file."""
    bars: int
    """Bars that are left."""
    first: int
    """When the first bar opened, UTC milliseconds."""
    last: int
    gaps: int
    """Places where the next bar is not the next in time; weekends are among them."""
    longest_gap_s: float
    longest_gap_at: int
    """When the bar before the longest gap opened."""
    problems: tuple[Problem, ...] = ()
    of: Literal["bars", "ticks"] = "bars"
    """Of what the file is: `bars` and `first` count and name those."""

    def count(self, kind: str) -> int:
        """Return how many rows had this problem."""
        return sum(problem.count for problem in self.problems if problem.kind == kind)

    def lines(self) -> list[str]:
        """Return the report for people."""
        head = f"{self.file}: {self.rows} rows ({self.form}, {self.zone}), {self.bars} {self.of}"
        gaps = f"gaps: {self.gaps}, the longest {self.longest_gap_s / 3600.0:g} h"
        return [head, gaps, *(f"{p.kind}: {p.count} ({p.done}), first {'; '.join(p.examples)}" for p in self.problems)]


class Tally:
    """Counts problems while a file is read; raises BarFileError at the first that the policy refuses."""

    def __init__(self, file: str, policy: Policy, advice: Mapping[str, str] = ADVICE) -> None:
        self.file = file
        self.policy = policy
        self.advice = advice
        self._count: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def note(self, kind: str, line: int, what: str) -> str:
        """Count a problem and return what is to be done; BarFileError where that is to refuse."""
        done: str = getattr(self.policy, kind)
        if done == "refuse":
            raise BarFileError(f"{self.file}, line {line}: {what}; {self.advice[kind]}")
        self._count[kind] += 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < _EXAMPLES:
            examples.append(f"line {line}: {what}")
        return done

    def count(self, kind: str) -> int:
        """Return how often a problem was met."""
        return self._count[kind]

    def problems(self) -> tuple[Problem, ...]:
        """Return what was found, in the order of the policy's fields."""
        return tuple(
            Problem(kind=k, count=self._count[k], done=getattr(self.policy, k), examples=tuple(self._examples[k]))
            for k in ADVICE
            if self._count[k]
        )


def check_prices(rows: Iterable[Row], tally: Tally, digits: int | None) -> list[Row]:
    """Round prices to `digits` and drop or mend those that no bar can have."""
    scale = 0.0 if digits is None else float(10**digits)
    kept: list[Row] = []
    for line, time, *prices, volume, spread in rows:
        o, h, l, c = [nearest(x * scale) / scale for x in prices] if scale else prices
        if not are_prices(o, h, l, c):
            tally.note("price", line, price_problem(o, h, l, c))
            continue
        if not holds(o, h, l, c):
            if tally.note("range", line, price_problem(o, h, l, c)) == "drop":
                continue
            h, l = max(o, h, l, c), min(o, h, l, c)
        kept.append((line, time, o, h, l, c, volume, spread))
    return kept
