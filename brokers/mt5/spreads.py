"""What spread is usual in each hour of the day, as one account's worker has seen it."""

import contextlib

from collections import deque
from pathlib import Path
from statistics import median

import msgspec

from brokers.mt5.inplace import content, replace
from market.types import HOUR_MS, MINUTE_MS
from market.undecoded import UNDECODED

SPREADS_FILE = "gateway.spreads"
KEPT = 240
"""Spreads of an hour of the day that are remembered, one a minute: of four days."""
ENOUGH = 30
"""As many say what is usual; before, those of all hours do, and before there are so many, nobody knows."""
_SAVED_MS = 600_000

_Kept = dict[str, list[list[float]]]


class Spreads:
    """Spreads of each symbol by hour of UTC, in points; kept in a file, for workers come and go."""

    def __init__(self, folder: Path) -> None:
        """Go on with what was seen before; a file that cannot be read is none."""
        self._path = folder / SPREADS_FILE
        self._seen: dict[str, list[deque[float]]] = {}
        self._last: dict[str, int] = {}
        self._saved = 0
        try:
            kept = msgspec.json.decode(content(str(self._path)) or b"{}", type=_Kept)
        except UNDECODED:
            kept = {}
        for name, hours in kept.items():
            if len(hours) == 24:
                self._seen[name] = [deque(hour, KEPT) for hour in hours]

    def seen(self, symbol: str, at: int, points: float) -> None:
        """Take in the spread at a moment of server time, UTC milliseconds; one a minute counts, and none below zero."""
        if not points >= 0.0 or at < self._last.get(symbol, 0) + MINUTE_MS:
            return
        self._last[symbol] = at
        hours = self._seen.setdefault(symbol, [deque(maxlen=KEPT) for _ in range(24)])
        hours[at // HOUR_MS % 24].append(points)
        if at >= self._saved + _SAVED_MS:
            self._saved = at
            with contextlib.suppress(OSError):  # a full disk keeps nobody from the price; it is tried again
                self.save()

    def usual(self, symbol: str, at: int) -> float:
        """Return the median spread of the hour of the day, points, a point at least; NaN where too little was seen."""
        hours = self._seen.get(symbol, [])
        here = hours[at // HOUR_MS % 24] if hours else ()
        told = here if len(here) >= ENOUGH else [points for hour in hours for points in hour]
        return max(1.0, median(told)) if len(told) >= ENOUGH else float("nan")

    def save(self) -> None:
        """Write down what was seen; what a power cut takes is seen again."""
        kept = {name: [list(hour) for hour in hours] for name, hours in self._seen.items()}
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(kept))
        replace(draft, self._path)
