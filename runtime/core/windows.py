"""Named windows of time: in which of them a strategy is, and what is done before one begins.

A core acts when bars close, so a window is prepared for on the last bar that closes before it begins: what rests is
taken back then, and where it says flatten, what is open is closed. An entry at the market is forbidden in the window
itself; one that would rest, or that would be closed, also where it begins before the strategy's next bar closes.
"""

import bisect

from collections.abc import Iterator

import msgspec

from brokers.mt5.zone import to_server
from config.sessions import span_of
from config.windows import Act, News, WindowsSection, hour_of_week
from market.types import DAY_MS, Symbol

_WEEK = 7 * DAY_MS
_MONDAY = 4 * DAY_MS
"""1970 began on a Thursday."""


class Windows(msgspec.Struct, frozen=True):
    """The windows of an account, and what its file of news announces."""

    said: WindowsSection = WindowsSection()
    news: tuple[News, ...] = ()
    zone: str = "UTC"

    def on(self, symbol: Symbol, first: int, last: int) -> Iterator[tuple[str, Act]]:
        """Yield each window that is on at some moment from `first` up to and including `last`, UTC ms, with its act."""
        rollover, news, friday = self.said.rollover, self.said.news, self.said.friday_close
        begins, ends = to_server(self.zone, first), to_server(self.zone, last)
        if rollover is not None and (span := span_of(rollover.hours)) and _in(span, DAY_MS, begins, ends):
            yield "rollover", rollover.act
        if news is not None:
            since, until = first - int(news.after * 60_000), last + int(news.before * 60_000)
            concerned = {"", symbol.currency_base, symbol.currency_profit}
            if any(one.currency in concerned for one in self._between(since, until)):
                yield "news", news.act
        if friday is not None:
            opens, closes = hour_of_week(friday.opens) or 0, hour_of_week(friday.closes) or 0
            span = (closes, opens if opens > closes else opens + _WEEK)
            if _in(span, _WEEK, begins - _MONDAY, ends - _MONDAY):
                yield "friday_close", friday.act

    def _between(self, since: int, until: int) -> Iterator[News]:
        """Yield what is announced from a moment on and before another; the end of a window is not part of it."""
        place = bisect.bisect_right(self.news, since, key=_when)
        while place < len(self.news) and self.news[place].at <= until:
            yield self.news[place]
            place += 1


def _when(one: News) -> int:
    return one.at


def _in(span: tuple[int, int], every: int, first: int, last: int) -> bool:
    """Say whether a span that comes again and again is on at some moment from `first` to `last`; its end is no part."""
    since = (first - span[1]) // every + 1  # the first one that has not ended by then
    return since * every + span[0] <= last
