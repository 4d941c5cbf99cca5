"""What is read of regimes: the filter of each model, fed by what the features of its bars say."""

import math

from collections import deque
from typing import NamedTuple

import msgspec

from regimes.bundle import RegimeModel
from regimes.filter import filter_init, filter_step
from regimes.gate import most_likely
from regimes.likeness import contradiction, likeness_count, likeness_init, likeness_params, likeness_verdict
from regimes.novelty import SHARE, WHICH, name_of, novelty_init, novelty_step
from regimes.pit import pit_init, pit_step
from runtime.core.feeds import KNOWN, Feed

REMEMBERED = 1000
"""Rows of features a reading remembers, for a model that comes after its own: a filter forgets what is older."""
SETTLED = 50
"""Rows with a value for every feature that a filter must have read: before that it tells where it began."""
UNREAD = 1 << 30
"""So many bars have told nothing, and more, where none has told anything yet."""


NONE: tuple[tuple[float, ...], bool] = ((), False)
"""No row was forgotten."""


class ReadingBefore(NamedTuple):
    """What a regime reading was before it read a row."""

    state: list[float]
    strange: list[float]
    novel: bool
    novelty: float
    blind: int
    ordinal: int
    log_density: float
    posterior: tuple[float, ...]
    forgot: tuple[float, ...]
    """The row that fell out of memory for it; (): none did."""
    forgot_halt: bool
    """Whether that was of a halt."""


class RegimeReading:
    """The filter of one regime model, and what it last said; and whether any of its regimes explains what it reads."""

    __slots__ = (
        "alike", "bars", "before", "blind", "doubted", "ends", "feed", "halts", "log_density", "marks", "model", "name",
        "novel", "novelty", "ordinal", "picks", "posterior", "rows", "rule", "state", "strange", "unlike", "weights",
        "x", "z",
    )  # fmt: skip

    def __init__(self, name: str, model: RegimeModel, feed: Feed, rule: tuple[float, ...] = (), ends: int = 0) -> None:
        """Begin before the first bar; `rule` says when bars are novel, (): never; `ends` is when the model is too old.

        That is a moment, UTC milliseconds; 0: never.
        """
        self.name = name
        self.feed = feed
        self.picks = tuple(feed.want(ref) for ref in model.features)
        self.x = [float("nan")] * len(self.picks)
        self.rows: deque[tuple[float, ...]] = deque(maxlen=REMEMBERED)
        """What was told last, the newest at the end."""
        self.halts: deque[bool] = deque(maxlen=REMEMBERED)
        """Which of these are of a halt, so that nothing was read of them."""
        self._begin(model, rule, ends)

    def _begin(self, model: RegimeModel, rule: tuple[float, ...], ends: int) -> None:
        """Have read nothing yet by a model."""
        self.model, self.ends = model, ends
        self.weights = model.weights
        self.state: list[float] = filter_init(model.weights)
        self.before: deque[ReadingBefore] = deque(maxlen=KNOWN)
        """What it was before each of the last rows."""
        self.bars = 0
        self.blind = UNREAD
        """Bars in a row, the last among them, that told nothing: a feature had no value."""
        self.ordinal = -1
        self.log_density = float("nan")
        self.posterior: tuple[float, ...] = ()
        self.rule = rule
        self.z = pit_init(model.weights, model.evidence)
        self.strange: list[float] = novelty_init(rule) if rule else []
        self.novel = False
        self.novelty = float("nan")
        """The largest statistic as a share of its limit; NaN where nobody looks."""
        self.unlike = ""
        self.count_again()

    def count_again(self) -> None:
        """Hold all rows that are remembered against those that the model learnt from."""
        self.marks = likeness_params(self.model.quantiles)
        self.alike = likeness_init(self.marks)
        for row in self.rows:
            likeness_count(self.alike, self.marks, row, 1.0)
        self._compare()

    def _compare(self) -> None:
        """Say in words what contradicts that its bars are of the kind that the model learnt from; empty: nothing."""
        before = self.unlike
        verdict = likeness_verdict(self.alike, self.marks)
        self.unlike = self.feed.hurried or contradiction(verdict, self.model.features)
        self.doubted = bool(self.unlike and not before)
        """Since this very bar."""

    def forget(self) -> None:
        """Be as before the first bar, by the model that it reads by."""
        self.rows.clear()
        self.halts.clear()
        self._begin(self.model, self.rule, self.ends)

    def become(self, model: RegimeModel, rule: tuple[float, ...], ends: int) -> None:
        """Go on by another model of the same features, as if it had read all rows that are remembered.

        To the bit what it would be had it read the history from the first of them; what came before is forgotten.
        """
        self._begin(model, rule, ends)
        for row, halt in zip(self.rows, self.halts, strict=True):
            self.x[:] = row
            self._read(halt=halt)

    def take_back(self, rows: int) -> None:
        """Be what it was before the last rows, so many of those that it remembers itself before."""
        for _ in range(rows):
            was = self.before.pop()
            self.rows.pop()
            self.halts.pop()
            if was.forgot:
                self.rows.appendleft(was.forgot)
                self.halts.appendleft(was.forgot_halt)
            self.bars -= 1
            self.state, self.strange, self.novel, self.novelty = was.state, was.strange, was.novel, was.novelty
            self.blind, self.ordinal, self.log_density, self.posterior = was[4:8]
        if rows:
            self.count_again()

    @property
    def outlived(self) -> bool:
        """Its last bar closed when the model was too old already: a fact of the bars, whatever the clock says."""
        return 0 < self.ends <= self.feed.last_time + self.feed.timeframe_ms

    @property
    def outlived_now(self) -> bool:
        """It has outlived its model with the last bar, or with the first that it has read at all."""
        known = self.feed.known
        before = known[-2].time + self.feed.timeframe_ms if len(known) > 1 else 0
        return self.outlived and (self.bars == 1 or before < self.ends)

    def fold(self) -> None:
        """Take the feed's newest values into the filter."""
        values, x = self.feed.values, self.x
        for i, pick in enumerate(self.picks):
            x[i] = values[pick]
        if self.model.quantiles:
            self._count()
        self._compare()
        forgot = (self.rows[0], self.halts[0]) if len(self.rows) == REMEMBERED else NONE
        self.rows.append(tuple(x))
        self.halts.append(self.feed.halted)
        self._read(forgot, halt=self.feed.halted)

    def _count(self) -> None:
        """Count one more row, and no more the one that falls out of memory for it."""
        if len(self.rows) == REMEMBERED:
            likeness_count(self.alike, self.marks, self.rows[0], -1.0)
        likeness_count(self.alike, self.marks, self.x, 1.0)

    def _read(self, forgot: tuple[tuple[float, ...], bool] = NONE, *, halt: bool) -> None:
        """Read one row, for which another may have been forgotten; one of a halt tells nothing."""
        x = self.x
        if halt:
            x[:] = [math.nan] * len(x)
        self.before.append(
            ReadingBefore(
                list(self.state), list(self.strange), self.novel, self.novelty, self.blind, self.ordinal,
                self.log_density, self.posterior, *forgot,
            )
        )  # fmt: skip
        self.log_density = filter_step(self.state, self.weights, x)
        self.bars += 1
        self.blind = 0 if self.log_density == self.log_density else self.blind + 1
        self.posterior = tuple(self.state[: self.model.states])
        self.ordinal = most_likely(self.state, self.model.states)
        if self.rule:
            self._judge()

    def _judge(self) -> None:
        """Take what the filter did not expect into the test of novelty; a bar that told nothing says so there too."""
        if self.log_density == self.log_density:
            pit_step(self.z, self.state, self.weights)
        else:
            self.z[0] = self.log_density
        self.novel = novelty_step(self.strange, self.rule, self.z) > 0.0
        self.novelty = self.strange[SHARE]

    @property
    def strangest(self) -> str:
        """The statistic that is nearest to its limit, or furthest beyond it, in words."""
        return name_of(int(self.strange[WHICH]), [name for name, _ in self.model.features])


class ReadingSnapshot(msgspec.Struct, frozen=True):
    """A regime reading at rest."""

    bars: int
    ordinal: int
    log_density: float
    posterior: tuple[float, ...]
    state: list[float]
    strange: list[float] = []
    novel: bool = False
    novelty: float = math.nan
    blind: int = 0
    model: RegimeModel | None = None
    """The one it reads by: another may have been activated since the run began. None: that of the plan."""
    rule: tuple[float, ...] = ()
    rows: list[tuple[float, ...]] = []
    before: tuple[ReadingBefore, ...] = ()
    halts: list[bool] = []


def reading_snapshot(reading: RegimeReading) -> ReadingSnapshot:
    """Return all that moves in a regime reading."""
    return ReadingSnapshot(
        reading.bars, reading.ordinal, reading.log_density, reading.posterior, list(reading.state),
        list(reading.strange), reading.novel, reading.novelty, reading.blind, reading.model, reading.rule,
        list(reading.rows), tuple(reading.before), list(reading.halts),
    )  # fmt: skip


def restore_reading(reading: RegimeReading, snapshot: ReadingSnapshot) -> None:
    """Put a regime reading back where it was, by the model that it read by then."""
    if snapshot.model is not None:
        reading.model, reading.weights, reading.rule = snapshot.model, snapshot.model.weights, snapshot.rule
        reading.z = pit_init(reading.weights, reading.model.evidence)
    reading.rows = deque(snapshot.rows, maxlen=REMEMBERED)
    reading.before = deque(snapshot.before, maxlen=KNOWN)
    reading.halts = deque(snapshot.halts or [False] * len(snapshot.rows), maxlen=REMEMBERED)
    reading.count_again()
    reading.bars, reading.blind, reading.ordinal = snapshot.bars, snapshot.blind, snapshot.ordinal
    reading.log_density, reading.posterior = snapshot.log_density, snapshot.posterior
    reading.state = list(snapshot.state)
    if snapshot.strange or snapshot.model is not None:
        reading.strange, reading.novel, reading.novelty = list(snapshot.strange), snapshot.novel, snapshot.novelty
