"""Bars become numbers: the feature folds of one account, fed by symbol and timeframe."""

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from market.feature import Of, told_of
from market.features import FEATURES
from market.halts import TELLS_NOTHING, halt_init, halt_step
from market.types import TIMEFRAMES, Bar
from strategies.beside import Columns
from strategies.protocol import FeatureRef
from strategies.window import COLUMNS, put

FeedKey = tuple[str, str]
"""(symbol, timeframe)."""


KNOWN = 3
"""Bars remembered as they were folded in, to be held against what the terminal tells later, and taken back."""


class FeedBefore(NamedTuple):
    """What a feed was before it was told a bar."""

    bars: int
    last_time: int
    states: list[list[float]]
    values: list[float]
    halt: list[float]


class Feed:
    """All features wanted of one symbol and timeframe, each folded once a bar."""

    __slots__ = (
        "bars", "before", "folds", "halt", "kept", "key", "known", "last_time", "picks", "ring", "states",
        "timeframe_ms", "values", "warm_after",
    )  # fmt: skip

    def __init__(self, key: FeedKey) -> None:
        """Begin with nothing wanted."""
        self.key = key
        self.timeframe_ms = TIMEFRAMES[key[1]] * 1000
        self.picks: dict[FeatureRef, int] = {}
        self.folds: list[tuple[Any, tuple[float, ...], Of]] = []
        """Each feature's step, its parameters, and what of a bar it is given."""
        self.states: list[list[float]] = []
        self.values: list[float] = []
        self.halt = halt_init()
        self.bars = 0
        self.warm_after = 0
        self.last_time = 0
        self.known: deque[Bar] = deque(maxlen=KNOWN)
        self.before: deque[FeedBefore] = deque(maxlen=KNOWN)
        """What it was before each bar that is known."""
        self.kept = 0
        self.ring: Columns = {name: [] for name in COLUMNS}
        """Its last bars, so many as are kept, for strategies of other feeds; the same lists for as long as it lives."""

    def keep(self, bars: int, shown: int) -> Columns:
        """Keep so many bars from now on, and be warm with as many as are shown; return where they will be."""
        self.kept, self.warm_after = max(self.kept, bars), max(self.warm_after, shown)
        return self.ring

    def told_anew(self, bar: Bar) -> None:
        """Put a bar among those that are kept as it is told now."""
        if self.kept:
            put(self.ring, bar, self.kept)

    def want(self, ref: FeatureRef) -> int:
        """Return the place of a feature among `values`, adding it if it is new."""
        if ref not in self.picks:
            name, params = ref
            feature = FEATURES[name]
            self.picks[ref] = len(self.folds)
            self.folds.append((feature.step, params, feature.of))
            self.states.append(feature.init(params))
            self.values.append(float("nan"))
            self.warm_after = max(self.warm_after, feature.warmup(params))
        return self.picks[ref]

    def forget(self) -> None:
        """Be as before the first bar."""
        born = Feed(self.key)
        for name, params in self.picks:
            born.want((name, params))
        restore_feed(self, feed_snapshot(born))

    @property
    def warm(self) -> bool:
        """Every feature has seen as many bars as it needs."""
        return self.bars >= self.warm_after

    @property
    def halted(self) -> bool:
        """Its last bar is one of a halt, or the first after one: of the market it tells nothing."""
        return self.halt[TELLS_NOTHING] > 0.0

    def fold(self, bar: Bar) -> None:
        """Fold one closed bar into every feature."""
        told, t = told_of(bar), bar.time / 1000.0
        values, states = self.values, self.states
        self.before.append(
            FeedBefore(self.bars, self.last_time, [list(s) for s in states], list(values), list(self.halt))
        )
        halt_step(self.halt, bar.close)
        for i, (step, params, of) in enumerate(self.folds):
            values[i] = step(states[i], params, *told[of], t)
        self.bars += 1
        self.last_time = bar.time
        self.known.append(bar)
        self.told_anew(bar)

    def peek(self, bar: Bar, picks: Iterable[int]) -> list[float]:
        """Return what some of the features will be once a bar is folded in; nothing is folded by that."""
        told, t = told_of(bar), bar.time / 1000.0
        folds = [(self.folds[i], list(self.states[i])) for i in picks]
        return [step(state, params, *told[of], t) for (step, params, of), state in folds]

    @property
    def hurried(self) -> str:
        """Say that its bars are of a shorter timeframe than it asked for; empty: they may be what they are called.

        They follow one another too soon, and not once alone: where a clock is put forward one bar is short, too.
        """
        if len(self.known) < KNOWN or any(b.time - a.time >= self.timeframe_ms for a, b in pairwise(self.known)):
            return ""
        return f"the last follow one another sooner than bars of {self.key[1]} can"

    def take_back(self, bars: int) -> None:
        """Be what it was before its last bars, so many of those that are known."""
        for _ in range(bars):
            self.known.pop()
            self.bars, self.last_time, self.states, self.values, self.halt = self.before.pop()


class FeedSnapshot(msgspec.Struct, frozen=True):
    """A feed at rest."""

    bars: int
    last_time: int
    states: list[list[float]]
    values: list[float]
    known: tuple[Bar, ...] = ()
    before: tuple[FeedBefore, ...] = ()
    halt: list[float] = []
    ring: Columns = {}


def feed_snapshot(feed: Feed) -> FeedSnapshot:
    """Return all that moves in a feed."""
    return FeedSnapshot(
        feed.bars, feed.last_time, [list(s) for s in feed.states], list(feed.values), tuple(feed.known),
        tuple(feed.before), list(feed.halt), {name: list(column) for name, column in feed.ring.items()},
    )  # fmt: skip


def restore_feed(feed: Feed, snapshot: FeedSnapshot) -> None:
    """Put a feed back where it was."""
    feed.bars, feed.last_time = snapshot.bars, snapshot.last_time
    feed.states = [list(s) for s in snapshot.states]
    feed.values = list(snapshot.values)
    feed.known = deque(snapshot.known, maxlen=KNOWN)
    feed.before = deque(snapshot.before, maxlen=KNOWN)
    feed.halt = list(snapshot.halt) or halt_init()
    for name, column in feed.ring.items():
        column[:] = snapshot.ring.get(name, [])
