"""The words of a broker's calendar file; what they mean stands in `config/calendar.py`."""

import datetime

from typing import Annotated

import msgspec

from market.calendar import SwapDays

Hours = tuple[str, ...]
Factor = Annotated[float, msgspec.Meta(ge=0, le=14)]
Texts = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class WeekTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sessions of a week."""

    monday: Hours = ()
    tuesday: Hours = ()
    wednesday: Hours = ()
    thursday: Hours = ()
    friday: Hours = ()
    saturday: Hours = ()
    sunday: Hours = ()


class SwapTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many nights' swap the night counts that begins on a day."""

    monday: Factor = 1.0
    tuesday: Factor = 1.0
    wednesday: Factor = 1.0
    thursday: Factor = 1.0
    friday: Factor = 1.0
    saturday: Factor = 0.0
    sunday: Factor = 0.0
    dates: dict[str, Factor] = msgspec.field(default_factory=dict)
    """Dates like 2026-12-24 whose night counts otherwise than its weekday's."""

    @property
    def days(self) -> SwapDays:
        """The factors, Monday first."""
        return (
            self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday,
        )  # fmt: skip


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day that is not like its weekday: closed, or open for the hours given."""

    date: datetime.date
    closed: bool = False
    hours: Hours = ()
    symbols: tuple[str, ...] = ()
    """Symbols and groups; none: all."""
    name: str = ""
    """What is kept that day, for people."""


class CalendarFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a calendar file may say."""

    zone: str = ""
    """The rule of the clock its times are of; empty: `account.zone`, with which it has to agree."""
    groups: dict[str, Texts] = msgspec.field(default_factory=dict)
    """Symbols by patterns of their names, like ["XAU*", "XAG*"]."""
    sessions: dict[str, WeekTable] = msgspec.field(default_factory=dict)
    swap: dict[str, SwapTable] = msgspec.field(default_factory=dict)
    holidays: tuple[Holiday, ...] = ()
    holidays_to: datetime.date | None = None
    """The last day up to which the holidays are all there; empty: the last holiday."""
