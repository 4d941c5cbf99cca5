"""Which rule a server's clock keeps: what the openings of weeks say, and what a live tick says.

Currencies open on Sunday at 17:00 in New York, all over the world and all the year. A server's history has those
openings on the server's own clock; a rule of that clock is right when it brings them to 17:00 every week. Rules are
told apart by the weeks in which one keeps summer time and the other does not.
"""

import datetime

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from brokers.mt5.zone import NEW_YORK_CLOSE, offset_seconds, to_server, to_utc
from market.types import DAY_MS

_HOUR = 3_600_000
_QUARTER = 900_000
_WEEK = 7 * DAY_MS
_MONDAY = 4 * DAY_MS
"""The first one after 1970 began."""
_WEEKENDS = (40 * _HOUR, 60 * _HOUR)
"""A pause so long is a weekend; one lengthened by a holiday is left out."""
_LATE_MS = 15 * 60_000
"""A currency may open so much after 17:00; an hour's bar shows the full hour."""
_VERY_LATE_MS = 2 * _HOUR
"""Metals and indices, as a rule an hour later; how much is their broker's, so their offset proves nothing."""
_MANY = 0.25
"""Share of weeks that a rule must explain to be worth refuting by name."""

RULES: tuple[str, ...] = (
    NEW_YORK_CLOSE,
    "UTC+2 EU",
    *(f"UTC{hours:+d}" if hours else "UTC" for hours in range(-12, 15)),
    *(f"UTC{hours:+d} EU" if hours else "UTC EU" for hours in range(-1, 10) if hours != 2),  # noqa: PLR2004 - above
    *(f"UTC{hours:+d} US" if hours else "UTC US" for hours in range(-8, 10) if hours != 2),  # noqa: PLR2004 - above
)
"""All that are tried, the likely ones first."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the openings of weeks say of one rule."""

    rule: str
    weeks: int
    """Openings that it brings to where they belong."""
    of: int
    refuted: int = 0
    """The first opening that it does not, UTC milliseconds by the rule; 0: it fits."""
    off_ms: int = 0
    """By how much that one is late."""

    @property
    def fits(self) -> bool:
        """Nothing speaks against it."""
        return self.of > 0 and not self.refuted

    @property
    def day(self) -> datetime.date:
        """The Sunday that refutes it."""
        return datetime.date(1970, 1, 1) + datetime.timedelta(milliseconds=self.refuted)


def openings(bars: Sequence[int]) -> list[int]:
    """Return when weeks opened: the times of bars that follow a weekend, in the clock the times are of."""
    return [b for a, b in pairwise(bars) if _WEEKENDS[0] <= b - a <= _WEEKENDS[1]]


def judge(rule: str, opens: Sequence[int], *, currency: bool) -> Verdict:
    """Return what openings on the server's clock say of a rule.

    One week that is an hour off is a holiday's, unless American and European summer time differ in it.
    """
    if not opens:
        return Verdict(rule=rule, weeks=0, of=0)
    moments = [to_utc(rule, dial) for dial in opens]
    late = [_late(at) for at in moments]
    usual = Counter(late).most_common(1)[0][0]
    base = usual if 0 <= usual <= (_LATE_MS if currency else _VERY_LATE_MS) else 0
    off = [(at, ms - base) for at, ms in zip(moments, late, strict=True) if not 0 <= ms - base < _LATE_MS]
    wrong = off if len(off) > 1 or len(off) == len(late) else [(at, ms) for at, ms in off if differ(at)]
    fitting = Verdict(rule=rule, weeks=len(late) - len(off), of=len(late))
    if not wrong:
        return fitting
    at, off_ms = next((pair for pair in wrong if differ(pair[0])), wrong[0])
    return msgspec.structs.replace(fitting, refuted=at, off_ms=off_ms)


def weigh(opens: Sequence[int], *, currency: bool, rules: Iterable[str] = RULES) -> tuple[list[Verdict], list[Verdict]]:
    """Return the rules that fit, and those that explain many weeks and are refuted by one."""
    verdicts = [judge(rule, opens, currency=currency) for rule in rules]
    refuted = [v for v in verdicts if v.refuted and v.weeks >= _MANY * v.of]
    return [v for v in verdicts if v.fits], sorted(refuted, key=lambda v: -v.weeks)


def differ(at: int) -> bool:
    """Return whether summer time is kept on one side of the Atlantic only."""
    return offset_seconds("UTC US", at) != offset_seconds("UTC EU", at)


def ahead(dial: int, now: int) -> int | None:
    """Return by how many milliseconds a server's clock is ahead of UTC, by a tick that came just now.

    To the quarter of an hour, as zones go; None where that is no clock of this world: recorded time.
    """
    quarters = round((dial - now) / _QUARTER)
    return quarters * _QUARTER if abs(quarters) <= 14 * 4 else None


def _late(at: int) -> int:
    """Return by how much a moment is after Sunday, 17:00 in New York; negative before it, in milliseconds."""
    since = (to_server(NEW_YORK_CLOSE, at) - _MONDAY) % _WEEK
    return since if since < _WEEK // 2 else since - _WEEK
