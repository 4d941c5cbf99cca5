"""The hours of a symbol in UTC: its calendar, read by the rule of the server's clock."""

from itertools import islice, takewhile

import msgspec

from brokers.mt5.zone import offset_seconds, to_server, to_utc
from market import calendar
from market.calendar import Calendar, Day
from market.types import DAY_MS

_STEADY = 60 * DAY_MS
"""A clock that is put forward is not put back within so long."""


class Hours(msgspec.Struct, frozen=True):
    """When a symbol is traded; all times are UTC milliseconds."""

    calendar: Calendar
    zone: str

    def dial(self, at: int) -> int:
        """Return what the server's clock shows."""
        return to_server(self.zone, at)

    def is_open(self, at: int) -> bool:
        """Return whether a session is on."""
        return calendar.is_open(self.calendar, self.dial(at))

    def today(self, at: int) -> Day:
        """Return the sessions of the server's day, in milliseconds of that day."""
        return calendar.sessions(self.calendar, self.dial(at) // DAY_MS)

    def next_open(self, at: int) -> int | None:
        """Return the first moment from `at` on at which a session is on; None for never."""
        dial = self.dial(at)
        found = calendar.next_open(self.calendar, dial)
        return at if found == dial else self._utc(found)

    def next_close(self, at: int) -> int | None:
        """Return when the session that is on, or else the next one, ends; None for never."""
        return self._utc(calendar.next_close(self.calendar, self.dial(at)))

    def last_close(self, at: int) -> int | None:
        """Return when the last session that had ended ended; None where none had."""
        return self._utc(calendar.last_close(self.calendar, self.dial(at)))

    def open_ms(self, since: int, until: int) -> int:
        """Return for how many milliseconds sessions were on between two moments."""
        if until <= since:
            return 0
        steady = offset_seconds(self.zone, since) == offset_seconds(self.zone, until - 1)
        if steady and until - since <= _STEADY:
            dial = self.dial(since)
            return calendar.open_ms(self.calendar, dial, dial + until - since)
        middle = (since + until) // 2  # halved until the clock is not put forward or back within
        return self.open_ms(since, middle) + self.open_ms(middle, until)

    def bars_missed(self, last: int, until: int, length: int, most: int) -> int:
        """Return how many bars of a timeframe of `length` should have closed after the one that opened at `last`.

        No more than `most` are counted. A bar without a session in it is none; bars begin by the server's clock.
        """
        ends, closes = self.dial(until), calendar.closes(self.calendar, self.dial(last), length)
        return sum(1 for _ in takewhile(lambda closed: closed <= ends, islice(closes, 1, most + 1)))

    def closes_after(self, last: int, length: int, bars: int) -> int | None:
        """Return when the last of so many bars closes that come after the one that opened at `last`; None for never."""
        return self._utc(next(islice(calendar.closes(self.calendar, self.dial(last), length), bars, None), None))

    def opens_within(self, at: int, length: int) -> bool:
        """Return whether a session is on at a tick; a recorded bar's stamp stands for the first tick of its `length`.

        A day's bar is stamped midnight, where its first tick may come with the session at five past. A tick that is
        not stamped so is taken at its own time.
        """
        if self.is_open(at):
            return True
        if self.dial(at) % min(length, DAY_MS):
            return False
        opens = self.next_open(at)
        return opens is not None and opens < at + length

    def _utc(self, dial: int | None) -> int | None:
        return None if dial is None else to_utc(self.zone, dial)
