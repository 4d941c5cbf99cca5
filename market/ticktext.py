"""Rows of text files of ticks: MetaTrader 5's tick export, histdata.com's archives, and any CSV with a header."""

import csv

from collections.abc import Iterator, Sequence

from market.barcheck import Tally
from market.bartext import EST, Clock, columns_of, header_of, midnight_of, time_of, unreadable

TickRow = tuple[int, int, float, float]
"""Line in the file, time (UTC milliseconds), bid, ask; a side of 0.0 was never told yet."""

BID, ASK = 2, 4
"""Bits of a terminal's flags: which side a tick has changed. Others stand beside them, documented or not."""
_MINUTE = 60_000
_LENGTHS = frozenset({len("YYYY.MM.DD HH:MM:SS"), len("YYYY.MM.DD HH:MM:SS.nnn")})
_NAMES = {
    "date": ("date", "day"),
    "time": ("time_msc", "time", "datetime", "timestamp", "date time", "time (utc)", "gmt time", "ts"),
    "bid": ("bid", "bid price", "bidprice", "bid_price"),
    "ask": ("ask", "ask price", "askprice", "ask_price", "offer"),
    "flags": ("flags",),
}


def histdata_ticks(lines: Iterator[str], tally: Tally, clock: Clock | None) -> Iterator[TickRow]:
    """Yield rows of `YYYYMMDD HHMMSSNNN,bid,ask,volume`, EST (UTC-5) the whole year unless `clock` says otherwise."""
    for number, line in enumerate(lines, 1):
        try:
            stamp, bid, ask, _ = line.split(",")
            seconds = int(stamp[9:11]) * 3600 + int(stamp[11:13]) * 60 + int(stamp[13:15])
            wall = midnight_of(stamp[:9]) + seconds * 1000 + int(stamp[15:])
            yield number, wall + EST if clock is None else clock(wall), float(bid), float(ask)
        except ValueError as error:
            unreadable(tally, number, line, error, "tick")


def csv_ticks(header: str, lines: Iterator[str], tally: Tally, clock: Clock | None) -> Iterator[TickRow]:
    """Yield rows of a file with a header; times are turned by `clock`, or taken as UTC.

    MetaTrader 5 leaves the side empty that a tick has not changed: it stays as it was.
    """
    delimiter, names = header_of(header)
    at = tick_columns(names, tally.file)
    stamps = [at[key] for key in ("date", "time") if key in at]
    bid, ask, flags, sides, moment = at["bid"], at["ask"], at.get("flags", -1), Sides(), Moments(clock)
    reader = csv.reader(lines, delimiter=delimiter)
    for fields in reader:
        if not fields:
            continue
        try:
            time = moment.of(" ".join([fields[i].strip() for i in stamps]))
            changed = int(fields[flags]) if flags >= 0 else None
            told = sides.told(float(fields[bid] or 0.0), float(fields[ask] or 0.0), changed, hollow=True)
            yield (reader.line_num + 1, time, *told)
        except (ValueError, IndexError) as error:
            unreadable(tally, reader.line_num + 1, delimiter.join(fields), error, "tick")


class Moments:
    """Reads the moments of ticks, many of which share a minute: that is read once."""

    __slots__ = ("_at", "_clock", "_minute", "_turned", "_wall")

    def __init__(self, clock: Clock | None) -> None:
        """Turn the file's time by `clock`, or take it as `time_of` does."""
        self._clock = clock
        self._minute, self._at = "", 0
        self._wall, self._turned = -1, 0

    def of(self, text: str) -> int:
        """Return UTC milliseconds of a stamp; ValueError where it is none."""
        if len(text) not in _LENGTHS or text[16] != ":":
            return time_of(text, self._clock)
        minute, seconds, rest = text[:16], text[17:19], text[19:]
        if not seconds.isdecimal() or seconds > "59" or (rest and (rest[0] != "." or not rest[1:].isdecimal())):
            return time_of(text, self._clock)
        if minute != self._minute:
            self._minute, self._at = minute, time_of(minute, self._clock)
        return self._at + int(seconds) * 1000 + int(rest[1:] or 0)

    def turned(self, wall: int) -> int:
        """Return UTC milliseconds of milliseconds on the file's clock."""
        if self._clock is None:
            return wall
        if wall // _MINUTE != self._wall:
            self._wall = wall // _MINUTE
            self._turned = self._clock(self._wall * _MINUTE) - self._wall * _MINUTE
        return wall + self._turned


class Sides:
    """Both sides of the quote, of ticks that may tell one of them only."""

    __slots__ = ("ask", "bid")

    def __init__(self) -> None:
        """Begin before the first tick."""
        self.bid = self.ask = 0.0

    def told(self, bid: float, ask: float, flags: int | None, *, hollow: bool) -> tuple[float, float]:
        """Return both sides after a tick; one of 0.0 stays as it was where the tick says that it has not changed it.

        It says so by its flags, and where it has none by leaving the side empty (`hollow`).
        """
        if bid == 0.0 and (hollow if flags is None else not flags & BID):
            bid = self.bid
        if ask == 0.0 and (hollow if flags is None else not flags & ASK):
            ask = self.ask
        self.bid, self.ask = bid, ask
        return bid, ask


def tick_columns(names: Sequence[str], file: str) -> dict[str, int]:
    """Return where each of time or date, bid, ask and flags stands, by the names it may have; the finest time first."""
    found = columns_of(names, file, _NAMES, ("bid", "ask"), "is it a file of ticks?")
    if "time_msc" in names:
        found.pop("date", None)
    return found
