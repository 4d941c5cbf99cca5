"""Where the price of each symbol was within the last minute, as one account's worker has seen it.

One wild tick is a price to nobody else: an order is held against the middle of what was seen before it.
"""

from collections import deque
from statistics import median

_SECOND_MS = 1_000
WINDOW_MS = 60_000
"""So far back is looked; a minute before, exactly, is no more: recorded minutes know one price each."""
ENOUGH = 5
"""Of so many seconds a price must be known; before, what a bar closed at is all that can be known."""
CLOSED_MS = 3_600_000
"""Of a bar that closed longer ago than this its close says nothing of a price."""


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

    def usual(self, symbol: str, at: int, closed: tuple[int, float] = (0, 0.0)) -> float:
        """Return the median of the minute up to now, or to what was seen last.

        Where too little was seen it is what the last bar closed at (`closed`: when, and at which price), if that was
        just now; NaN where nobody can say.
        """
        there = self._seen.get(symbol) or ()
        begins = max(at, there[-1][0] if there else at) - WINDOW_MS
        known = [price for time, price in there if time > begins]
        if len(known) >= ENOUGH:
            return median(known)
        return closed[1] if closed[1] > 0.0 and at - closed[0] <= CLOSED_MS else float("nan")
