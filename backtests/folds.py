"""The folds of a walk forward: each a window of time to learn from, and the stretch after it that is traded then."""

from collections.abc import Iterator

import msgspec

from config.errors import DataError
from config.refits import after
from market.types import DAY_MS


class Window(msgspec.Struct, frozen=True):
    """One fold, in UTC milliseconds; what begins a stretch is in it, what ends it is not."""

    learn: tuple[int, int]
    trade: tuple[int, int]
    """Whole days; it begins an embargo after what was learnt from."""


def windows_of(span: tuple[int, int], learn: str, trade: str, embargo: str, *, anchored: bool = False) -> list[Window]:
    """Return the folds of the time from a moment to another: learn so long, leave the embargo out, trade so long.

    The stretches that are traded follow each other without a gap; windows to learn from move along, or, anchored, all
    begin with the first. What ends within the embargo, or later, cannot have been learnt from. Spans are of calendar
    time ("60 months", "5 days"). DataError where nothing is left to trade.
    """
    first, end = span
    found = list(_windows(first, end, (learn, trade, embargo), anchored=anchored))
    if not found:
        raise DataError(
            f"nothing is left to trade after {learn} to learn from and {embargo} of embargo: learn from less, or read "
            "more bars"
        )
    return found


def _windows(first: int, end: int, spans: tuple[str, str, str], *, anchored: bool) -> Iterator[Window]:
    learn, trade, embargo = spans
    begun, learnt = first, after(first, learn)
    while (opens := _midnight(after(learnt, embargo))) < end:
        later = after(learnt, trade)
        shuts = min(_midnight(after(later, embargo)), end)
        if opens < shuts:  # a month after the 29th, 30th and 31st of January are one day
            yield Window((begun, learnt), (opens, shuts))
        begun, learnt = begun if anchored else after(begun, trade), later


def _midnight(at: int) -> int:
    """Return the first midnight from a moment on."""
    return -(-at // DAY_MS) * DAY_MS
