"""The server's own record, `ledger.jsonl`: one JSON line for each accepted input and each thing that came of it.

Lines of one input are appended in one write before anybody is answered, so a killed server has either done it or not.
The record is a function of the setup and its inputs; on restart the inputs are worked again, and every line must come
out the same.
"""

import os

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from brokers.mt5.inplace import READ_WRITE
from brokers.mt5.lookalike.events import AnyEvent
from brokers.mt5.lookalike.faults import Fault
from market.types import Deal, DealReason

LEDGER_FILE = "ledger.jsonl"


class RecordError(ValueError):
    """The record contradicts the server; the message says what to do."""


class Input(msgspec.Struct, frozen=True, kw_only=True, tag_field="in", omit_defaults=True):
    """Something the server accepted, at its wall clock in milliseconds."""

    at: int


class Begun(Input, frozen=True, kw_only=True, tag="begun"):
    """The first line: the setup by its SHA-256."""

    setup: str


class Went(Input, frozen=True, kw_only=True, tag="done"):
    """The tick at `at` was done: its bars were played and the next ones opened."""


class Asked(Input, frozen=True, kw_only=True, tag="request"):
    """A trade request, in the order of TradeRequest's fields."""

    login: int
    request: list[Any]
    refused: int = 0
    """The return code it was refused with before it was looked at."""
    share: float = 1.0
    """How much of its volume the market had."""
    by: DealReason = "expert"
    """Who made it."""


class LoggedIn(Input, frozen=True, kw_only=True, tag="login"):
    """A terminal changed its account."""

    login: int
    terminal: str = ""
    """Its place beneath the server's folder; empty for the folder itself."""


class Selected(Input, frozen=True, kw_only=True, tag="select"):
    """A symbol went into a terminal's market watch, or out of it."""

    symbol: str
    on: bool
    terminal: str = ""


class Faulted(Input, frozen=True, kw_only=True, tag="fault"):
    """A fault was asked for; its number is how many there were, it included."""

    fault: Fault


class Struck(Input, frozen=True, kw_only=True, tag="struck"):
    """A fault that hits only so many calls has hit one."""

    number: int


class Mended(Input, frozen=True, kw_only=True, tag="mend"):
    """A fault is over, or with 0 all of them."""

    number: int


class Happened(Input, frozen=True, kw_only=True, tag="happen"):
    """Something happened at the broker that was asked for while it ran."""

    event: AnyEvent


AnyInput = Begun | Went | Asked | LoggedIn | Selected | Faulted | Struck | Mended | Happened


class Output(msgspec.Struct, frozen=True, kw_only=True, tag_field="out"):
    """Something that came of an input, in an account."""

    login: int


class Dealt(Output, frozen=True, kw_only=True, tag="deal"):
    """A deal, and the balance after it."""

    deal: Deal
    balance: float


class Gone(Output, frozen=True, kw_only=True, tag="order_gone"):
    """A resting order rests no more."""

    at: int
    order: int
    end: str


class Answered(Output, frozen=True, kw_only=True, tag="answer"):
    """What a request came to."""

    retcode: int
    deal: int
    order: int
    volume: float
    price: float


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyInput).decode


def line_of(what: AnyInput | Output) -> bytes:
    """Return a line of the record."""
    return _encode(what) + b"\n"


class Record:
    """The file, open for appending; `lines` is what a former server left in it."""

    __slots__ = ("_file", "lines")

    def __init__(self, folder: Path) -> None:
        """Open the record and cut off a last line that was not written to its end."""
        path = folder / LEDGER_FILE
        self._file = os.open(path, READ_WRITE | os.O_CREAT | os.O_APPEND, 0o600)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.ftruncate(self._file, whole)
        self.lines = content[:whole].splitlines(keepends=True)

    def inputs(self) -> list[AnyInput]:
        """Return the recorded inputs, in order."""
        return [_decode(line) for line in self.lines if line.startswith(b'{"in":')]

    def append(self, lines: Iterable[bytes]) -> None:
        """Append whole lines; they outlive the process when this returns."""
        content = b"".join(lines)
        if content and os.write(self._file, content) != len(content):
            raise RecordError("the record could not be written whole: free some disk space and restart the server")

    def settle(self, made: list[bytes]) -> None:
        """Compare with what the recorded inputs made anew, and append what a killed server had still to write."""
        for number, (old, new) in enumerate(zip(self.lines, made, strict=False), 1):
            if old != new:
                raise RecordError(
                    f"line {number} of {LEDGER_FILE} cannot be repeated, keep the folder and set up another one: "
                    f"recorded {old.decode().strip()}, now {new.decode().strip()}"
                )
        if len(self.lines) > len(made):
            count = len(self.lines)
            raise RecordError(f"{LEDGER_FILE} has {count} lines, its inputs make {len(made)}: set up another folder")
        self.append(made[len(self.lines) :])
        self.lines = []

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
