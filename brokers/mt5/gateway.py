"""The gateway: the last look at an order, in the process that sends it, on a fresh tick, against the halt latch.

It marks SENDING in the shared word around check and send. Whoever tightens the latch writes the word first and looks at
the mark after; so either the gateway sees the new level, or the mark names the order that is still in flight.
"""

import os

from collections import deque
from pathlib import Path

from brokers.book import mode_of, units_of
from brokers.facts import Refused
from brokers.fills import CROSS, unit_rate
from brokers.latch import LATCH_FILE, SENDING_AT, WORD_FILE, WORD_SIZE, agreed, decode_latch, read_word
from brokers.limits import GATES, LONGEST_NAME, Limits, collar_distance, order_value, spread_points, units
from brokers.mt5.inplace import READ_WRITE, content, read_at, write_at
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from market.types import Symbol

_LEVEL_OF = {
    EntryRequest: {"run"},
    StopRequest: {"run", "close-only"},
    CancelRequest: {"run", "close-only", "halt", "flatten"},
    ModifyRequest: {"run"},
}
Priced = EntryRequest | CloseRequest | CloseByRequest | ModifyRequest
"""Requests that are right for the moment they were decided at, and for its price.

But for a person's close: the latch says at every moment whether it is still wanted, and between two facts the core does
not know how late it is.
"""

_RATE_MS = 60_000
_REMEMBERED = 4096


class Gateway:
    """The order gate of one account."""

    def __init__(self, folder: Path, limits: Limits, symbols: dict[str, Symbol], currency: str) -> None:
        """Open the shared word; where it cannot be opened, everything reads as halt."""
        self.folder, self.limits, self.symbols, self.currency = folder, limits, symbols, currency
        self.sent: deque[int] = deque(maxlen=_REMEMBERED)
        self.times: deque[int] = deque()
        self._file_path, self._word_path = str(folder / LATCH_FILE), folder / WORD_FILE
        self._word = -1
        self._open()
        self.mark(0)  # what the last gateway was sending when it died is the core's doubt now, not in flight

    def _open(self) -> None:
        """Open the word that lies there now: it may have been made, or made anew, since the last send."""
        try:
            found = self._word_path.stat()
            if self._word >= 0 and os.fstat(self._word).st_ino == found.st_ino:
                return
            self.close()
            self._word = os.open(self._word_path, READ_WRITE)
        except OSError:
            self.close()

    def close(self) -> None:
        """Let go of the word; without it everything reads as halt."""
        if self._word >= 0:
            os.close(self._word)
        self._word = -1

    def level(self) -> str:
        """Return the level both copies of the latch agree on; halt where one is absent, corrupt or another."""
        raw = content(self._file_path)
        word = read_at(self._word, WORD_SIZE, 0) if self._word >= 0 else b""
        return agreed(decode_latch(raw), read_word(word))

    def mark(self, number: int) -> None:
        """Write the SENDING mark; a system call orders it before the reading of the level that follows."""
        if number:
            self._open()
        if self._word >= 0:
            write_at(self._word, number.to_bytes(8, "little"), SENDING_AT)

    def check(self, request: AnyRequest, at: int, bid: float, ask: float) -> Refused | None:
        """Return why a request must not be sent, or None; call only with the mark set."""
        reason, code = self._latched(request), 1
        if not reason and request.symbol not in self.symbols:
            reason, code = f"{request.symbol} is not a symbol of this account", _code("symbol allowed")
        if not reason and isinstance(request, StopRequest | ModifyRequest) and not request.stop > 0.0:
            reason, code = f"a stop at {request.stop} protects nothing", _code("stop present")
        if not reason and isinstance(request, Priced):
            reason, code = self._priced(request, at, bid, ask)
        if not reason:
            reason, code = self._paced(request, at)
        if reason:
            return Refused(at=at, id=request.id, code=code, reason=reason)
        self.sent.append(request.id)
        self.times.append(at)
        return None

    def _latched(self, request: AnyRequest) -> str:
        level = self.level()
        if isinstance(request, CloseRequest | CloseByRequest):
            allowed = {"run", "close-only", "halt", "flatten"} if request.operator else {"run", "close-only"}
        else:
            allowed = _LEVEL_OF[type(request)]
        return "" if level in allowed else f"the latch is at {level}"

    def _priced(self, request: Priced, at: int, bid: float, ask: float) -> tuple[str, int]:
        if not (bid > 0.0 and ask >= bid):
            return f"no price of {request.symbol}", _code("no price")
        comment = "" if isinstance(request, ModifyRequest) else request.comment
        if units(request.symbol) > LONGEST_NAME or units(comment) > LONGEST_NAME:
            return f"symbol and comment may have {LONGEST_NAME} UTF-16 units", _code("symbol allowed")
        operator = isinstance(request, CloseRequest | CloseByRequest) and request.operator
        if not operator and at - request.decided_at > self.limits.max_age_s * 1000:
            return f"decided {(at - request.decided_at) / 1000:.1f} s ago, at most {self.limits.max_age_s}", _code(
                "age"
            )
        if isinstance(request, EntryRequest):
            return self._sized(request, bid, ask)
        return self._collared(request, bid, ask) if isinstance(request, ModifyRequest) else ("", 0)

    def _collared(self, r: EntryRequest | ModifyRequest, bid: float, ask: float) -> tuple[str, int]:
        """Hold every price at which an order may rest against the collar."""
        for price in (r.price, r.limit or r.price):
            if not (price > 0.0 and collar_distance(price, bid, ask) <= self.limits.collar):
                return f"price {price} is further than {self.limits.collar:.1%} from {bid}/{ask}", _code("collar")
        return "", 0

    def _sized(self, r: EntryRequest, bid: float, ask: float) -> tuple[str, int]:
        """Hold an entry against the limits; a number that is none (NaN) is within no limit."""
        limits, spec = self.limits, self.symbols[r.symbol]
        for price in (r.price, r.limit or r.price):
            if not (r.stop > 0.0 and (price - r.stop) * r.side > 0.0):
                return f"no protective stop on the losing side: {r.stop} at {price}", _code("stop present")
        spread = spread_points(bid, ask, spec.scale)
        if not spread <= limits.max_spread:
            return f"spread {spread:.1f} points, at most {limits.max_spread}", _code("spread")
        if not 0.0 < r.volume <= limits.max_volume:
            return f"volume {r.volume}, at most {limits.max_volume}", _code("volume")
        far = self._collared(r, bid, ask)
        if far[0]:
            return far
        value = self._value(r, spec, bid)
        if not value <= limits.max_value:
            return f"value {value}, at most {limits.max_value}", _code("value")
        return "", 0

    def _value(self, r: EntryRequest, spec: Symbol, bid: float) -> float:
        """Return the value as the core reckons it, at this tick; NaN, which no limit allows, where none can be said."""
        mode = mode_of(spec, self.currency)
        rate = unit_rate(CROSS if mode is None else mode, bid)
        return order_value(r.volume, units_of(spec, self.currency), r.price, rate)

    def _paced(self, request: AnyRequest, at: int) -> tuple[str, int]:
        while self.times and at - self.times[0] >= _RATE_MS:
            self.times.popleft()
        takes_risk = isinstance(request, EntryRequest | StopRequest | ModifyRequest)
        if takes_risk and len(self.times) >= self.limits.max_orders_per_minute:
            return f"{len(self.times)} requests within 60 s, at most {self.limits.max_orders_per_minute}", _code("rate")
        if request.id in self.sent:
            return f"instruction {request.id} was sent before", _code("duplicate")
        return "", 0


def _code(gate: str) -> int:
    return 1 + GATES.index(gate)
