"""The gateway: the last look at an order, in the process that sends it, on a fresh tick, against the halt latch.

It marks SENDING in the shared word around check and send. Whoever tightens the latch writes the word first and looks at
the mark after; so either the gateway sees the new level, or the mark names the order that is still in flight.
"""

import os

from pathlib import Path

from brokers.facts import Refused
from brokers.latch import Latch, agreed, concerns, decode_latch, read_word
from brokers.limits import GATES, Limits, spread_points
from brokers.mt5.inplace import READ_WRITE, content, read_at, write_at
from brokers.mt5.pace import TAKES_RISK, Broken, Pace
from brokers.mt5.priced import Priced, Tick, priced
from brokers.mt5.recent import Recent
from brokers.mt5.spreads import Spreads
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from brokers.word import LATCH_FILE, SENDING_AT, WORD_FILE, WORD_SIZE
from market.types import Symbol

_LEVEL_OF = {
    EntryRequest: {"run"},
    StopRequest: {"run", "close-only"},
    CancelRequest: {"run", "close-only", "halt", "flatten"},
    ModifyRequest: {"run"},
}


class Gateway:
    """The order gate of one account."""

    def __init__(self, folder: Path, limits: Limits, symbols: dict[str, Symbol], currency: str) -> None:
        """Open the shared word; where it cannot be opened, everything reads as halt."""
        self.folder, self.limits, self.symbols, self.currency = folder, limits, symbols, currency
        self.pace, self.spreads, self.recent = Pace(folder, limits), Spreads(folder), Recent()
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

    def latch(self) -> Latch:
        """Return the latch that both copies agree on; halt where one is absent, corrupt or another."""
        raw = content(self._file_path)
        word = read_at(self._word, WORD_SIZE, 0) if self._word >= 0 else b""
        return agreed(decode_latch(raw), read_word(word))

    def saw(self, symbol: str, at: int, bid: float, ask: float, now: int) -> None:
        """Learn of a price: what spread is usual, and where it was; `now` is the newest time of all symbols."""
        if symbol in self.symbols and bid > 0.0:
            self.spreads.seen(symbol, at, spread_points(bid, ask, self.symbols[symbol].scale))
            self.recent.seen(symbol, now, bid, ask)

    def tick(
        self, symbol: str, at: int, bid: float, ask: float, age_s: float, closed: tuple[int, float] = (0, 0.0)
    ) -> Tick:
        """Return a price that was read for one order with what is known of those before it, and of its last bar."""
        return Tick(at, bid, ask, self.spreads.usual(symbol, at), age_s, self.recent.usual(symbol, at, closed))

    def mark(self, number: int) -> None:
        """Write the SENDING mark; a system call orders it before the reading of the level that follows."""
        if number:
            self._open()
        if self._word >= 0:
            write_at(self._word, number.to_bytes(8, "little"), SENDING_AT)

    def check(self, request: AnyRequest, tick: Tick, silent_s: float = 0.0) -> Refused | None:
        """Return why a request must not be sent, or None; call only with the mark set.

        silent_s: how long the daemon had not been heard before it asked, by the worker's own clock.
        """
        name, why = self._broken(request, tick, silent_s)
        if not name:
            name, why = self.pace.passed(request, tick.at)
        return Refused(at=tick.at, id=request.id, code=1 + GATES.index(name), reason=why) if name else None

    def _broken(self, request: AnyRequest, tick: Tick, silent_s: float) -> Broken:
        """Return the first check that a request breaks, in a fixed order: the latch first, the count last."""
        if why := self._latched(request):
            return "halted", why
        if request.symbol not in self.symbols:
            return "symbol allowed", f"{request.symbol} is not a symbol of this account"
        if isinstance(request, TAKES_RISK):
            if not request.stop > 0.0:
                return "stop present", f"a stop at {request.stop} protects nothing"
            if silent_s > self.limits.lease_s and not isinstance(request, StopRequest):
                return "lease", f"the daemon was silent for {silent_s:.1f} s, at most {self.limits.lease_s:g}"
        spec = self.symbols[request.symbol]
        if isinstance(request, Priced) and (said := priced(request, tick, self.limits, spec, self.currency))[0]:
            return said
        return self.pace.broken(request, tick.at)

    def _latched(self, request: AnyRequest) -> str:
        """Return which level forbids a request: the account's, or that of a scope it is in."""
        latch = self.latch()
        if isinstance(request, CloseRequest | CloseByRequest):
            allowed = {"run", "close-only", "halt", "flatten"} if request.operator else {"run", "close-only"}
        else:
            allowed = _LEVEL_OF[type(request)]
        if latch.level not in allowed:
            return f"the latch is at {latch.level}"
        scopes = None if request.scopes is None else {*request.scopes, f"symbol:{request.symbol}"}
        for one in latch.scopes:
            if one.level not in allowed and concerns(one.scope, scopes):
                return f"the latch is at {one.level} for {one.scope}"
        return ""
