"""A strategy that is an ordinary function over the last N closed bars, and the ring in which those are kept.

The function sees exactly N rows in every drive, the bar that has just closed the last of them; as long as there are
fewer, or a feature that it asks for is not warm, it is not called. All it may remember is in these rows, so its state
is they, and it is restored with them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from market.feature import NAN
from market.types import Bar
from strategies.beside import Beside, Columns
from strategies.protocol import FeatureRef, View, Want

COLUMNS = ("time", "open", "high", "low", "close", "volume", "spread")
"""What is kept of a bar, in the order in which a window's columns stand."""


NOBODY: Mapping[str, Columns] = MappingProxyType({})
"""The rows of others, where there are no others."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What the function is shown: the last N closed bars as columns, oldest first, and the position it has.

    Columns are arrays of doubles (`time`: of whole numbers), made anew for every call; numpy and pandas take them as
    they are.
    """

    symbol: str
    timeframe: str
    time: "array[int]"
    """When each bar opened, UTC milliseconds."""
    open: "array[float]"
    """Bid prices."""
    high: "array[float]"
    low: "array[float]"
    close: "array[float]"
    volume: "array[float]"
    """Ticks, or whatever the source of the bars counts."""
    spread: "array[float]"
    """Ask minus bid over the bar, in points."""
    position: int
    """-1 short, 0 none, 1 long."""
    held: int
    """Closed bars since the entry."""
    features: dict[str, float] = {}
    """Features of the last bar, by the strategy's names for them; folded over all bars there were, none of them NaN."""
    refs: dict[str, FeatureRef] = {}
    """Which features these are."""
    others: dict[str, "Window"] = {}
    """Bars of other feeds that had closed when the last of these did, by the strategy's names for them."""

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.close)

    def columns(self) -> "dict[str, array[Any]]":
        """Return the columns by name, as a table is made of them: `pandas.DataFrame(w.columns())`."""
        return {name: getattr(self, name) for name in COLUMNS}


Function = Callable[..., tuple[Want, float]]
"""What a user writes: `function(window, **params) -> (Entry | Exit | None, score)`."""


class WindowStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """An ordinary function as a strategy; its state is the ring of the bars it is shown."""

    name: str
    function: Function | None
    """None: it is called in a process of its own, and what it answers is told as a fact."""
    use: str = ""
    """Where it is found, as `module:function`."""
    window: int
    """Bars it is shown."""
    version: int = 1
    params: dict[str, Any] = {}
    """What it is called with beside the window, by name."""
    refs: dict[str, FeatureRef] = {}
    """Features it is shown, by its own names."""
    others: dict[str, Beside] = {}
    """Other bars that it is shown, by its own names."""
    deadline_s: float = 5.0
    """So long it may take in a process of its own before that is killed."""

    def features(self) -> dict[str, FeatureRef]:
        """Return those it is shown; most functions compute what they need of their rows."""
        return self.refs

    def init(self) -> dict[str, Any]:
        """Return an empty ring."""
        return {name: [] for name in COLUMNS}

    def decide(
        self, state: dict[str, Any], view: View, others: Mapping[str, Columns] | None = NOBODY
    ) -> tuple[Want, float]:
        """Take the bar in, and ask the function once there are enough; None: there are not of the others."""
        put(state, view.bar, self.window)
        if others is None or len(state["time"]) < self.window or any(x != x for x in view.features.values()):
            return None, NAN
        bar = view.bar
        window = window_of(state, bar.symbol, bar.timeframe, view.position, view.held)
        return self.asked(window, dict(view.features), others)

    def asked(
        self, window: Window, features: dict[str, float], others: Mapping[str, Columns] = NOBODY
    ) -> tuple[Want, float]:
        """Call the function; TypeError where it is to be called elsewhere."""
        if self.function is None:
            raise TypeError(f"strategy {self.name}: {self.use} is called in a process of its own")
        if self.refs:
            window = msgspec.structs.replace(window, features=features, refs=self.refs)
        if others:
            named = {name: window_of(rows, *self.others[name].key, 0, 0) for name, rows in others.items()}
            window = msgspec.structs.replace(window, others=named)
        return self.function(window, **self.params)


def put(ring: Columns, bar: Bar, size: int) -> None:
    """Put a bar where its time belongs, in the place of one of that time; the oldest falls out of a ring of `size`.

    >>> ring = {name: [] for name in COLUMNS}
    >>> for day in (1, 2, 3, 2):
    ...     put(ring, Bar("X", "D1", day, 1.0, 1.0, 1.0, float(len(ring["time"]))), 2)
    >>> ring["time"], ring["close"]
    ([2, 3], [2.0, 2.0])
    """
    times = ring["time"]
    place = bisect_left(times, bar.time)
    told = place < len(times) and times[place] == bar.time
    for name in COLUMNS:
        column = ring[name]
        column[place : place + told] = [getattr(bar, name)]
        del column[:-size]


def window_of(ring: Columns, symbol: str, timeframe: str, position: int, held: int) -> Window:
    """Return what a function is shown of a ring."""
    columns: dict[str, Any] = {name: array("d", ring[name]) for name in COLUMNS if name != "time"}
    columns["time"] = array("q", ring["time"])
    return Window(symbol=symbol, timeframe=timeframe, position=position, held=held, **columns)
