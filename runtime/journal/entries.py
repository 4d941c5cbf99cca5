"""The values that go into a journal and come out of it."""

from typing import Any

import msgspec

Row = tuple[str, dict[str, Any]]
"""A line of a projection: table, and values by column (plain SQL values; JSON as text). In `orders` and `runs` a
later row with the same key changes the columns it names and leaves the others."""

Span = tuple[int, int]
"""From one number up to another, that not included."""
EVER: Span = (-(2**62), 2**62)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A fact that was handled, the step it led to, and what people will read of it."""

    kind: str
    """Name of the fact's type."""
    at: int
    """Server time of the fact, UTC milliseconds."""
    wall: int
    """Clock of this machine when it was handled, UTC milliseconds."""
    fact: bytes
    step: bytes
    rows: tuple[Row, ...] = ()


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """A row of the log as it was stored."""

    seq: int
    run: int
    at: int
    wall: int
    kind: str
    schema: int
    fact: bytes
    step: bytes
    prev: bytes
    """Hash of the row before; empty where it is kept by that row alone, as it is since schema 9."""
    hash: bytes


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The core's state after the fact `seq`; `prev` is that fact's hash."""

    seq: int
    run: int
    schema: int
    state: bytes
    prev: bytes
    hash: bytes


class Head(msgspec.Struct, frozen=True):
    """Where a log ends: its last row, or seq 0 before the first."""

    seq: int
    hash: bytes


class Recovered(msgspec.Struct, frozen=True):
    """Where a journal stood when it was opened, and the number the next run may have."""

    seq: int
    hash: bytes
    next_run: int


class Verdict(msgspec.Struct, frozen=True):
    """What a check of the chain found: `seq` is the last good row, or the first at fault."""

    ok: bool
    seq: int
    problem: str = ""
