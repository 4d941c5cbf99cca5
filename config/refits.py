"""When a regime model is trained again, and how old it may get: what its TOML may say, and the moments that means."""

import calendar
import datetime
import re

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SPAN = re.compile(r"([1-9][0-9]{0,4}) (bar|day|week|month)s?")
AT = re.compile(rf"(?:({'|'.join(DAYS)}) )?([01][0-9]|2[0-3]):([0-5][0-9])")
WARNED = 0.7
"""Share of the greatest age at which people are told."""


class RefitSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a regime model is due to be trained again, and on how many bars."""

    every: str
    """Since the last bar it learnt from: "6 months", "26 weeks", "180 days" or "126 bars"."""
    at: str = "Sat 06:00"
    """UTC, of the day that then comes first, or of that day of the week."""
    window: Annotated[int, msgspec.Meta(ge=250)] = 2000
    """The newest bars it learns from."""
    activate: Literal["hand", "auto"] = "hand"
    """hand: what is staged waits for somebody; auto: it is put into use at once, unless any of the rules refuses it."""

    def __post_init__(self) -> None:
        """Refuse what is no span, or no moment."""
        if not SPAN.fullmatch(self.every):
            raise ValueError(f'every: expected a span like "6 months" or "126 bars", got "{self.every}"')
        if not AT.fullmatch(self.at):
            raise ValueError(f'at: expected a moment like "Sat 06:00" or "06:00", got "{self.at}"')


def age_problem(text: str) -> str:
    """Return why a text is no age in calendar time; empty for one, and for no text."""
    if not text or (SPAN.fullmatch(text) and "bar" not in text):
        return ""
    return f'expected an age like "12 months" or "200 days", got "{text}"'


def due_at(refit: RefitSection, last: int, closes: Sequence[int]) -> int | None:
    """Return when a model is due, UTC milliseconds; None while too few bars have closed to say.

    `last` is when the last bar that it learnt from closed, `closes` when each bar after it did.
    """
    count, unit = _span(refit.every)
    if unit == "bar":
        return _next(closes[count - 1], refit.at) if len(closes) >= count else None
    return _next(after(last, refit.every), refit.at)


def after(moment: int, span: str) -> int:
    """Return the moment, UTC milliseconds, that lies a span of calendar time after another; ValueError for bars."""
    count, unit = _span(span)
    begin = _utc(moment)
    if unit == "month":
        months = begin.year * 12 + begin.month - 1 + count
        year, month = months // 12, months % 12 + 1
        day = min(begin.day, calendar.monthrange(year, month)[1])
        return _ms(begin.replace(year=year, month=month, day=day))
    if unit == "bar":
        raise ValueError(f'"{span}" is no span of calendar time')
    return _ms(begin + datetime.timedelta(days=count * (7 if unit == "week" else 1)))


def aged(last: int, greatest: str, now: int) -> float:
    """Return how much of its greatest age a model has reached, 1 at the end of it; 0 where it may get as old as it may.

    `last` is when the last bar that it learnt from closed, `now` the moment asked about, both UTC milliseconds.
    """
    return max(0.0, (now - last) / (after(last, greatest) - last)) if greatest else 0.0


def _span(text: str) -> tuple[int, str]:
    found = SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no span: write it like "6 months"')
    return int(found[1]), found[2]


def _next(moment: int, at: str) -> int:
    """Return the first moment from this one on that is at such a time, of such a day."""
    found = AT.fullmatch(at)
    if found is None:
        raise ValueError(f'"{at}" is no moment: write it like "Sat 06:00"')
    begin = _utc(moment)
    day = begin.replace(hour=int(found[2]), minute=int(found[3]), second=0, microsecond=0)
    while day < begin or (found[1] and DAYS[day.weekday()] != found[1]):
        day += datetime.timedelta(days=1)
    return _ms(day)


def _utc(moment: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment / 1000, datetime.UTC)


def _ms(moment: datetime.datetime) -> int:
    return int(moment.timestamp()) * 1000
