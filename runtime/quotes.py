"""Whether quotes can be believed: a symbol that stands still in an open market, a clock that contradicts its zone."""

from collections.abc import Iterator, Mapping

from brokers.facts import ClockDoubted, FeedFresh, FeedStale
from brokers.hours import Hours
from market.types import DAY_MS
from runtime.core.feeds import FeedKey

MOVING_S = 300.0
"""Without a calendar, a market in which a quote moved so shortly before is taken for open."""
PAUSE_S = 18 * 3600.0
"""No market pauses for so long on a weekday, holidays aside."""
_WEEKEND = {2, 3}
"""Saturday and Sunday: days since 1970 began, with a Thursday, modulo seven."""
QUARTER_MS = 900_000
"""Zones differ by quarters of an hour; what is less is the delay of a quote, or of this machine's clock."""
FARTHEST = 26 * 4
"""Quarters: no two clocks of the world are further apart; what is shows recorded time."""


class Silence:
    """Which symbols stand still although they are traded, and which histories are late. Moments: elapsed seconds."""

    def __init__(self, hours: Mapping[str, Hours], stale_s: float) -> None:
        """Know when symbols are traded; of one without hours nobody can say that it is silent."""
        self.hours, self.stale_s = hours, stale_s
        self.last: dict[str, int] = {}
        self.moved: dict[str, float] = {}
        self.late: dict[FeedKey, float] = {}
        self.stale: set[str] = set()

    def linked(self, now: float) -> None:
        """Begin to watch anew: nobody knows what happened while the terminal was away. What was stale needs a quote."""
        self.moved = {symbol: moved if symbol in self.stale else now for symbol, moved in self.moved.items()}
        self.late.clear()

    def fresh(self, ticks: Mapping[str, int], late: tuple[FeedKey, ...], now: float) -> Iterator[FeedFresh]:
        """Note when symbols were quoted last; yield those that were stale and are no more."""
        for symbol, at in ticks.items():
            if self.last.get(symbol) != at:
                self.last[symbol], self.moved[symbol] = at, now
        self.late = {key: self.late.get(key, now) for key in late}
        for symbol in sorted(self.stale):
            if not self._problem(symbol, now):
                self.stale.discard(symbol)
                yield FeedFresh(at=self.now(now), symbol=symbol)

    def grown_stale(self, now: float) -> Iterator[FeedStale]:
        """Yield the symbols that have become stale."""
        for symbol in sorted(self.moved.keys() | {key[0] for key in self.late}):
            problem = "" if symbol in self.stale else self._problem(symbol, now)
            if problem:
                self.stale.add(symbol)
                yield FeedStale(at=self.now(now), symbol=symbol, problem=problem)

    def now(self, now: float) -> int:
        """Return the server's time: the newest quote's, and what has passed since; 0 before the first."""
        newest = max(self.last, key=lambda symbol: self.last[symbol], default="")
        return self.last[newest] + int((now - self.moved[newest]) * 1000) if newest else 0

    def market_open(self, now: float, since: float) -> bool:
        """Say whether anything is traded now; without a calendar, whether quotes moved when they were `since` lost.

        What stood still then, before a weekend as a rule, is open on a weekday once no pause would last so long.
        """
        if self.hours:
            at = self.now(now)
            return not at or any(hours.is_open(at) for hours in self.hours.values())
        if not self.moved or any(since - moved <= MOVING_S for moved in self.moved.values()):
            return True
        return now - since >= PAUSE_S and self.now(now) // DAY_MS % 7 not in _WEEKEND

    def _problem(self, symbol: str, now: float) -> str:
        for (name, timeframe), since in self.late.items():
            if name == symbol and now - since >= self.stale_s:
                return f"the terminal's history of {timeframe} does not reach back to the last bar: open its chart"
        hours = self.hours.get(symbol)
        silent = now - self.moved.get(symbol, now)
        if hours is None or silent < self.stale_s:
            return ""
        window, at = int(self.stale_s * 1000), self.now(now)
        return "its quotes stand still in an open market" if hours.open_ms(at - window, at) >= window else ""


class ClockWatch:
    """Whether the server's clock is where its zone's rule has it: fresh quotes, held against this machine's clock."""

    def __init__(self, zone: str, agreeing_s: float) -> None:
        """Begin without an opinion; for so long every new quote must say the same before it is believed."""
        self.zone, self.agreeing_s = zone, agreeing_s
        self.newest = 0
        self.said: int | None = None
        """What the last quotes said: quarters of an hour ahead."""
        self.since = 0.0
        self.off = 0
        """By how many quarters of an hour the last quote contradicts the zone, believed or not."""

    def verdict(self, ticks: Mapping[str, int], wall: int, now: float) -> str | None:
        """Return what is wrong with the clock, "" where nothing is; None where nobody can say now."""
        newest = max(ticks.values(), default=0)
        fresh, self.newest = 0 < self.newest != newest, newest
        quarters = round((newest - wall) / QUARTER_MS)
        if not fresh:
            if not self.off and 0 < quarters <= FARTHEST:  # one that was there before may be old, but not of later
                self.off = quarters
            return None
        self.off = quarters if abs(quarters) <= FARTHEST else 0
        if quarters != self.said:
            self.said, self.since = quarters, now
        if now - self.since < self.agreeing_s or abs(quarters) > FARTHEST:
            return None
        return self.contradiction() if quarters else ""

    def contradiction(self) -> str:
        """Return in words how the last quote contradicts the zone."""
        ahead = f"{self.off * QUARTER_MS / 3_600_000:+g} h"
        return (
            f"quotes are {ahead} from this machine's clock: the server's zone is not {self.zone}, or a clock is wrong"
        )


def doubted(verdict: str | None, held: str, at: int) -> Iterator[ClockDoubted]:
    """Yield the fact that a verdict on the clock is, where it is not what is held already."""
    if verdict is not None and verdict != held:
        yield ClockDoubted(at=at, problem=verdict)
