"""What happened to an account in a time, told in order: for the colleague who takes over, and before a resume.

From the latch's log, the history of alerts and notes, and the journal; no daemon has to run.
"""

import contextlib

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import LEVELS
from config.journal import recalled
from runtime.alerts import shelf
from runtime.alerts.shelf import Line
from runtime.journal.errors import NoJournal
from runtime.journal.reader import JournalReader
from runtime.operator import latch

WORDS = {
    "opened": "alert", "called": "alert, called again", "failed": "not reached", "acknowledged": "alert taken",
    "over": "alert over", "note": "note", "held": "held", "lifted": "lifted",
}  # fmt: skip
"""What the history calls things, and people."""
UNDONE = ("REFUSED", "IN_DOUBT", "MISSING")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    at: int
    """UTC milliseconds: by the wall clock, or of what the venue did by the server's."""
    what: str
    who: str = ""
    text: str


def happened(folder: Path, since: int) -> list[Event]:
    """Return all that happened from a moment on, oldest first."""
    found = [*_levels(folder, since), *map(_told, shelf.history(folder, since))]
    with contextlib.suppress(NoJournal), JournalReader(recalled(folder)) as reader:
        found += [*_runs(reader, since), *_asked(reader, since), *_trades(reader, since), *_orders(reader, since)]
        found += _warned(reader, since)
    return sorted(found, key=lambda event: event.at)


def _levels(folder: Path, since: int) -> Iterator[Event]:
    for entry in latch.logged(folder, -1):
        command = entry.command
        if command.wall >= since:
            where = f" for {command.scope}" if command.scope else ""
            text = f"{command.level}{where}: {command.why} ({command.path})"
            yield Event(at=command.wall, what="level", who=command.who, text=text)


def _told(line: Line) -> Event:
    text = f"{line.text}: {line.why}" if line.why else line.text
    named = f"{line.id} ({line.kind}) {text}" if line.id else text
    return Event(at=line.at, what=WORDS.get(line.what, line.what), who=line.who, text=named)


def _runs(reader: JournalReader, since: int) -> Iterator[Event]:
    before: dict[str, Any] = {}
    for row in reader.runs():
        if row["started"] >= since:
            changes = [what for what, key in _CHANGES.items() if before and before[key] != row[key]]
            other = f", with another {' and another '.join(changes)}" if changes else ""
            yield Event(at=row["started"], what="run", text=f"run {row['run']} began ({row['mode']}){other}")
        if (row["ended"] or 0) >= since > 0:
            yield Event(at=row["ended"], what="run", text=f"run {row['run']} ended: {row['reason']}")
        before = row


_CHANGES = {"configuration": "config_hash", "model": "model_hashes", "program": "kernel_hash"}
"""What two runs may differ in, and its column."""


def _asked(reader: JournalReader, since: int) -> Iterator[Event]:
    """Yield what people asked for beyond levels and notes, and commands over the bus that were refused."""
    for row in reader.since("commands", "wall", since):
        known = row["command"] in LEVELS and row["accepted"]  # the latch's log tells of these
        if known or row["command"] == "note":
            continue
        said = row["answer"] or row["why"]
        text = f"{row['command']} {row['scope'] or ''}".strip() + f": {said}"
        yield Event(at=row["wall"], what="command" if row["accepted"] else "refused", who=row["who"], text=text)


def _trades(reader: JournalReader, since: int) -> Iterator[Event]:
    kinds = {row["deal"]: row["kind"] for row in reader.since("ledger", "at", since)}
    for row in reader.since("deals", "at", since):
        side, whose = "buy" if row["side"] > 0 else "sell", row["strategy"] or "foreign"
        if row["entry"] == "none":
            yield Event(at=row["at"], what="money", text=_paid(row, kinds))
        else:
            text = f"{whose}: {side} {row['volume']:g} {row['symbol']} at {row['price']:.10g} ({row['reason']})"
            yield Event(at=row["at"], what=f"deal {row['entry']}", who=whose, text=text)
    for row in reader.since("outcomes", "closed", since, book="live"):
        text = f"{row['strategy']}: {row['symbol']} {row['net']:+.2f}, {row['exit_reason']}"
        yield Event(at=row["closed"], what="trade", who=row["strategy"], text=text)


def _paid(row: dict[str, Any], kinds: dict[int, str]) -> str:
    """Return money that came or went without a trade, by its kind: a credit is no part of the balance."""
    return f"{kinds.get(row['ticket'], row['reason'])} {row['profit']:+.2f} {row['comment'] or ''}".strip()


def _orders(reader: JournalReader, since: int) -> Iterator[Event]:
    for row in reader.since("orders", "at_decided", since):
        if row["state"] in UNDONE:
            why = f": {row['reason']}" if row["reason"] else ""
            text = f"{row['strategy']}: {row['kind']} {row['symbol']} is {row['state']}{why}"
            yield Event(at=row["at_decided"], what="order", who=row["strategy"], text=text)


def _warned(reader: JournalReader, since: int) -> Iterator[Event]:
    for row in reader.since("alerts", "at", since):
        if row["severity"] == "warn":
            yield Event(at=row["at"], what="warning", text=row["text"])
