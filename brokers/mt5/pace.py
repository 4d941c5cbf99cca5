"""What a gateway has let through: how much in a second, a minute and a day, and whether this was among it."""

import os
import struct

from collections import deque
from pathlib import Path

from brokers.limits import Limits
from brokers.mt5.inplace import READ_WRITE, content, write_at
from brokers.requests import AnyRequest, EntryRequest, ModifyRequest, StopRequest
from market.types import DAY_MS

Broken = tuple[str, str]
"""Name of the check, and what is wrong; both empty where nothing is."""

DAY_FILE = "gateway.day"
_DAY = struct.Struct("<QQ")
_MINUTE_MS, _SECOND_MS = 60_000, 1_000
_REMEMBERED = 4096
FINE: Broken = ("", "")
TAKES_RISK = EntryRequest | StopRequest | ModifyRequest
"""Requests that are held to a pace; what closes or takes back is not."""


class Pace:
    """The count of one account, by server time; that of the day lies in a file, since workers come and go."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Go on with the day's count, where there is one."""
        self.limits = limits
        self.sent: dict[int, None] = {}
        """Instructions, in the order they were sent."""
        self.times: deque[int] = deque()
        """Of the last minute."""
        self.lately: deque[int] = deque()
        """Of the last second."""
        self._entries: dict[tuple[int, str, int, str], tuple[int, float]] = {}
        self._path = folder / DAY_FILE
        raw = content(str(self._path)) or b""
        self._day, self._count = _DAY.unpack(raw) if len(raw) == _DAY.size else (0, 0)

    def broken(self, request: AnyRequest, at: int) -> Broken:
        """Return which limit a request would break; what takes back or closes is held to none but being new."""
        for times, span in ((self.times, _MINUTE_MS), (self.lately, _SECOND_MS)):
            while times and at - times[0] >= span:
                times.popleft()
        if isinstance(request, TAKES_RISK) and (said := self._fast(at))[0]:
            return said
        if request.id in self.sent:
            return "duplicate", f"instruction {request.id} was sent before"
        return self._repeated(request, at) if isinstance(request, EntryRequest) else FINE

    def _fast(self, at: int) -> Broken:
        limits = self.limits
        if len(self.times) >= limits.max_orders_per_minute:
            return "rate", f"{len(self.times)} requests within 60 s, at most {limits.max_orders_per_minute}"
        if len(self.lately) >= limits.max_orders_per_second:
            return (
                "rate a second",
                f"{len(self.lately)} requests within a second, at most {limits.max_orders_per_second}",
            )
        today = self._today(at)
        if today >= limits.max_orders_per_day:
            return (
                "rate a day",
                f"{today} requests since UTC's midnight, at most {limits.max_orders_per_day}",
            )
        return FINE

    def _today(self, at: int) -> int:
        """Return the count of the day; a clock that falls back begins no new one."""
        return self._count if at // DAY_MS <= self._day else 0

    def _repeated(self, r: EntryRequest, at: int) -> Broken:
        before, volume = self._entries.get(_same(r), (0, 0.0))
        if before and volume == r.volume and at - before < self.limits.repeat_s * 1000:
            return "repeated", f"the same entry was sent {(at - before) / 1000:.1f} s ago: twice what was meant once?"
        return FINE

    def passed(self, request: AnyRequest, at: int) -> Broken:
        """Count a request before it is sent: one that the venue refuses was sent as well.

        What takes risk and cannot be counted is not sent.
        """
        self._count, self._day = self._today(at) + 1, max(self._day, at // DAY_MS)
        try:
            self._written()
        except OSError as error:
            if isinstance(request, TAKES_RISK):
                return "rate a day", f"the day's count cannot be written: {error}"
        self.sent[request.id] = None
        if len(self.sent) > _REMEMBERED:
            del self.sent[next(iter(self.sent))]
        self.times.append(at)
        self.lately.append(at)
        if isinstance(request, EntryRequest) and request.magic >> 48:
            self._entries[_same(request)] = at, request.volume
        return FINE

    def _written(self) -> None:
        number = os.open(self._path, READ_WRITE | os.O_CREAT, 0o600)
        try:
            write_at(number, _DAY.pack(self._day, self._count), 0)
        finally:
            os.close(number)


def _same(r: EntryRequest) -> tuple[int, str, int, str]:
    """Return what two entries have in common that are one: a strategy's, on a symbol, to a side, of a kind."""
    return r.magic >> 48, r.symbol, r.side, r.kind
