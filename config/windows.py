"""Named windows of time in which no entry is taken, or before which all is closed: `[windows]` of an account's TOML."""

import csv
import datetime
import functools
import io

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from config.bounds import Text
from config.sessions import FORM, span_of
from market.types import DAY_MS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HEADER = ("time", "currency")
"""What the first line of a file of news must name; other columns are for people."""

Minutes = Annotated[float, msgspec.Meta(ge=0, le=10_080)]
Act = Literal["block", "flatten"]
"""block: no entry, and what rests is taken back before. flatten: what is open is closed before, too."""
_MINUTE = 60_000
_DAY_HOUR = 'a weekday and an hour "21:00"'


class News(msgspec.Struct, frozen=True):
    """Something that is told at a moment known before; UTC milliseconds."""

    at: int
    currency: str = ""
    """Whose symbols it concerns; empty: all."""


class RolloverSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of every day by the server's clock, past midnight where they end before they begin."""

    hours: str = "23:50-00:15"
    act: Act = "block"


class NewsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Minutes around what a file announces."""

    file: Text
    """CSV with a first line that names `time` (2024-05-03T12:30Z) and `currency` (empty: all of them)."""
    before: Minutes = 15.0
    after: Minutes = 15.0
    act: Act = "block"


class FridaySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a weekday's hour to another one's, every week, by the server's clock."""

    closes: str = "friday 21:00"
    opens: str = "monday 00:00"
    act: Act = "flatten"


class WindowsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The windows; what is not named is not kept."""

    rollover: RolloverSection | None = None
    news: NewsSection | None = None
    friday_close: FridaySection | None = None


@functools.cache
def hour_of_week(text: str) -> int | None:
    """Return the milliseconds of a week, Monday 00:00 first, that a text like "friday 21:00" names; None for any other.

    >>> hour_of_week("monday 00:00"), hour_of_week("friday 21:00"), hour_of_week("friday"), hour_of_week("friday 25:00")
    (0, 421200000, None, None)
    """
    day, _, clock = text.partition(" ")
    span = span_of(f"{clock}-24:00")
    return WEEKDAYS.index(day) * DAY_MS + span[0] if day in WEEKDAYS and span is not None else None


def window_problems(windows: WindowsSection | None) -> Iterator[str]:
    """Yield what of the windows cannot be read."""
    if windows is None:
        return
    if windows.rollover is not None and span_of(windows.rollover.hours) is None:
        yield f'windows.rollover.hours: expected {FORM}, got "{windows.rollover.hours}"'
    friday = windows.friday_close
    if friday is None:
        return
    for name in ("closes", "opens"):
        if hour_of_week(getattr(friday, name)) is None:
            yield f'windows.friday_close.{name}: expected {_DAY_HOUR}, got "{getattr(friday, name)}"'
    if friday.closes == friday.opens:
        yield f'windows.friday_close.opens: expected another hour than closes, got "{friday.opens}"'


def read_news(text: str) -> tuple[tuple[News, ...], list[str]]:
    """Return what a file announces, in the order of its times, and everything in it that cannot be read."""
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    missing = [name for name in HEADER if name not in (rows.fieldnames or ())]
    if missing:
        return (), [f"line 1: expected a column {missing[0]}, got {', '.join(rows.fieldnames or ()) or 'nothing'}"]
    found, wrong = [], []
    for row in rows:
        at = _moment(row["time"] or "")
        if at is None:
            wrong.append(f'line {rows.line_num}: expected a time like 2024-05-03T12:30Z, got "{row["time"] or ""}"')
        else:
            found.append(News(at, (row["currency"] or "").strip().upper()))
    return tuple(sorted(found, key=lambda one: (one.at, one.currency))), wrong


def _moment(text: str) -> int | None:
    """Return UTC milliseconds of a time with its zone; None for any other text: a time without one is anybody's."""
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if found.tzinfo is None else int(found.timestamp()) * 1000
