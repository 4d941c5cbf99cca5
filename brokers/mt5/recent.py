"""Where the price of each symbol was within the last minute, as one account's worker has seen it.

One wild tick is a price to nobody else: an order is held against the middle of what was seen before it.
"""

from collections import deque
from statistics import median

_SECOND_MS = 1_000
WINDOW_MS = 60_000
"""So far back is looked; a minute before, exactly, is no more: recorded minutes know one price each."""
ENOUGH = 5
"""Of so many seconds a price must be known; before, nobody can say that one is wild."""


class Recent:
    """The middle of bid and ask of each symbol, one a second."""

    def __init__(self) -> None:
        """Begin having seen nothing: what a worker before has seen is a minute old."""
        self._seen: dict[str, deque[tuple[int, float]]] = {}

    def seen(self, symbol: str, at: int, bid: float, ask: float) -> None:
        """Take in a quote as it stood at a moment of server time, UTC milliseconds; a clock that falls back is late."""
        there = self._seen.setdefault(symbol, deque(maxlen=WINDOW_MS // _SECOND_MS))
        if 0.0 < bid <= ask and (not there or at >= there[-1][0] + _SECOND_MS):
            there.append((at, (bid + ask) / 2.0))

    def usual(self, symbol: str, at: int) -> float:
        """Return the median of the minute up to now, or to what was seen last; NaN where too little was seen."""
        there = self._seen.get(symbol)
        if not there:
            return float("nan")
        begins = max(at, there[-1][0]) - WINDOW_MS
        known = [price for time, price in there if time > begins]
        return median(known) if len(known) >= ENOUGH else float("nan")
