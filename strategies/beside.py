"""Bars of other symbols and timeframes beside those of a function: which it is shown when one of its own has closed.

They are aligned on their close: of each feed the function is shown the last bars that had closed when its own bar did,
and had been told by then. What closed later it is never shown, though it was told before: its own bar may be told late.
Where the other market is silent its last closed bar stands, unless it is older than somebody allows.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import msgspec

from market.types import TIMEFRAMES
from strategies.protocol import StrategyError

Columns = dict[str, list[int | float]]
"""A ring, as `strategies.window` keeps it."""
LATE_MS = 3 * 24 * 3_600_000
"""How late a bar of its own may be told, after a weekend above all: for so long other bars are kept that came since."""


class Beside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which other bars a function is shown."""

    symbol: str
    timeframe: str
    window: int
    """How many of them."""
    fresh_s: float = 0.0
    """So old the last of them may be when its own bar closes, seconds from close to close; 0.0: of any age.

    Where it is older the function is not called, and nothing is wanted.
    """
    lag_s: float = 0.0
    """It is shown only what closed so long before its own bar did, or longer."""

    @property
    def key(self) -> tuple[str, str]:
        """The feed."""
        return self.symbol, self.timeframe

    @property
    def frame(self) -> int:
        """Length of its bars, milliseconds."""
        return TIMEFRAMES[self.timeframe] * 1000

    @property
    def kept(self) -> int:
        """How many bars of the feed are kept."""
        return self.window + LATE_MS // self.frame

    def problem(self) -> str:
        """Return what cannot be meant; empty where it can."""
        if self.timeframe not in TIMEFRAMES:
            return f"expected one of the timeframes {', '.join(TIMEFRAMES)}, got {self.timeframe!r}"
        if self.window < 1 or not (self.fresh_s >= 0.0 and self.lag_s >= 0.0):
            return "expected window of 1 or more, and no negative fresh_s or lag_s"
        return ""


def aligned(ring: Columns, beside: Beside, closed: int) -> Columns | None:
    """Return the rows to be shown when a bar closes at `closed` (UTC ms); None: too few, or none that is fresh."""
    times = ring["time"]
    end = bisect_right(times, closed - beside.frame - int(1000.0 * beside.lag_s))
    if end < beside.window:
        return None
    age = closed - int(times[end - 1]) - beside.frame
    if beside.fresh_s > 0.0 and age > 1000.0 * beside.fresh_s:
        return None
    return {name: column[end - beside.window : end] for name, column in ring.items()}


def beside_of(params: Mapping[str, Any]) -> dict[str, Beside]:
    """Return the other bars that a function's parameters name, by its names for them; StrategyError where it cannot.

    >>> beside_of({"window": 5, "others": {"gold": {"symbol": "XAUUSD", "timeframe": "H1", "window": 20}}})["gold"].key
    ('XAUUSD', 'H1')
    """
    others = params.get("others")
    if "window" not in params or not isinstance(others, Mapping):
        return {}  # a class may call something of its own so
    try:
        found = msgspec.convert(dict(others), dict[str, Beside], strict=True)
    except msgspec.ValidationError as error:
        raise StrategyError(f"params.others: {error}".replace("$", "params.others")) from error
    for name, beside in found.items():
        if problem := beside.problem():
            raise StrategyError(f"params.others.{name}: {problem}")
    return found
