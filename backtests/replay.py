"""Replay: a journal's facts through a fresh core, every step compared bit for bit with the one written down."""

import datetime
import math

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from backtests.archived import joined
from backtests.recorded import day_ms
from config.errors import DataError, UsageError
from config.journal import Where
from market.types import DAY_MS
from runtime.journal.entries import Row
from runtime.journal.errors import JournalError
from runtime.journal.projections import rows_of
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact, decode_step, encode
from runtime.revive import Pair, Runs, next_pair, woken_before

NEAR = 1e-8
"""How near a number of the table of decisions must be to what was decided: features and others are told shortened."""


class ReplayMismatch(ValueError):
    """A fresh core decided something else than was journaled: at which row, in which field."""

    def __init__(self, seq: int, field: str, journaled: object, replayed: object) -> None:
        """Name the first difference."""
        super().__init__(f"row {seq}: {field}: journaled {journaled!r}, replayed {replayed!r}")
        self.seq, self.field = seq, field


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay went through without finding a difference."""

    runs: int
    facts: int
    decisions: int
    instructions: int


def replay(
    journal: Where, run: int | None = None, progress: Callable[[int], None] | None = None, *,
    day: datetime.date | None = None, segments: Path | None = None,
) -> Replayed:  # fmt: skip
    """Replay a journal from its first row, comparing every step, or those of one run or day; raise ReplayMismatch."""
    with joined(journal, segments) as reader:
        runs = Runs(reader)
        if run is not None and run not in runs:
            raise UsageError(f"no run {run} in {journal}: it has {', '.join(map(str, runs)) or 'none'}")
        found = _replay(reader, runs, (run, day_ms(day) if day is not None else None), progress)
        if day is not None and not found.facts:
            raise DataError(f"{journal}: nothing happened on {day}: name a day on which the account ran")
        return found


def _replay(
    reader: JournalReader, runs: Runs, only: tuple[int | None, int | None],
    progress: Callable[[int], None] | None,
) -> Replayed:  # fmt: skip
    number, first = only
    pair: Pair | None = None
    facts = decisions = instructions = 0
    for row in reader.rows():
        if row.kind == "RunOpened":
            pair = next_pair(pair, runs[row.run])
        if not row.fact:
            continue
        if pair is None:
            raise JournalError(f"row {row.seq} is of no run that the log tells: nobody knows what its core was")
        fact = decode_fact(row.fact)
        step = pair[0].handle(fact)
        pair[1].observe(fact, step)
        if number in {None, row.run} and (first is None or first <= row.at < first + DAY_MS):
            if encode(step) != row.step:
                raise _mismatch(row.seq, decode_step(row.step), step)
            facts, decisions = facts + 1, decisions + len(step.decisions)
            instructions += len(step.instructions)
        if progress is not None:
            progress(row.seq)
    return Replayed(
        runs=len(runs) if number is None else 1, facts=facts, decisions=decisions, instructions=instructions
    )


def recompute(journal: Where, seq: int, segments: Path | None = None) -> int:
    """Recompute row `seq` from the facts before it, the last snapshot's state on; return the row it began behind.

    So is what the table of decisions shows of it. Every step on the way is compared bit for bit: ReplayMismatch names
    the first that differs from the journaled one.
    """
    with joined(journal, segments) as reader:
        runs = Runs(reader)
        pair, first = woken_before(reader, runs, seq)
        for row in reader.rows(first):
            if row.kind == "RunOpened":
                pair = next_pair(pair, runs[row.run])
            if row.fact and pair is not None:
                fact = decode_fact(row.fact)
                step = pair[0].handle(fact)
                outcomes = pair[1].observe(fact, step)
                if encode(step) != row.step:
                    raise _mismatch(row.seq, decode_step(row.step), step)
                if row.seq == seq:
                    _as_shown(reader, seq, rows_of(seq, fact, step, outcomes, pair[0], pair[1].live))
            if row.seq >= seq:
                break
    return first - 1


def _as_shown(reader: JournalReader, seq: int, rows: Sequence[Row]) -> None:
    """Hold the decisions that people read against those of a row of the log; ReplayMismatch names what was changed."""
    for _, made in (row for row in rows if row[0] == "decisions"):
        shown = reader.decision(str(made["id"])) or {}
        for name, value in made.items():
            if not _alike(_read(shown.get(name)), _read(value)):
                raise ReplayMismatch(seq, f"decisions.{name}", shown.get(name), value)


def _read(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """Return a cell as people read it; rows of before have zeros, and checks of what was not there."""
    if isinstance(value, str) and value.startswith("["):
        return _read(msgspec.json.decode(value))
    if isinstance(value, list):
        return [_read(one) for one in value if not (isinstance(one, list) and one[1:2] == [None])]
    return value if value and value == value else None


def _alike(shown: Any, made: Any) -> bool:  # noqa: ANN401 - any cells that were read
    if isinstance(shown, list) and isinstance(made, list):
        return len(shown) == len(made) and all(map(_alike, shown, made))
    if isinstance(shown, float) and isinstance(made, float):
        return math.isclose(shown, made, rel_tol=NEAR, abs_tol=NEAR)
    return bool(shown == made)


def _mismatch(seq: int, journaled: msgspec.Struct, replayed: msgspec.Struct) -> ReplayMismatch:
    path, a, b = first_difference(msgspec.to_builtins(journaled), msgspec.to_builtins(replayed)) or ("bytes", "?", "?")
    return ReplayMismatch(seq, path, a, b)


def first_difference(a: Any, b: Any, path: str = "") -> tuple[str, Any, Any] | None:  # noqa: ANN401 - plain values
    """Return the path of the first difference between two plain values, and both; NaN equals NaN."""
    if isinstance(a, dict) and isinstance(b, dict):
        return _first(
            (f"{path}.{key}".lstrip("."), a.get(key), b.get(key)) for key in [*a, *(k for k in b if k not in a)]
        )
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"{path}.length".lstrip("."), len(a), len(b)
        return _first((f"{path}[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b, strict=True)))
    return None if repr(a) == repr(b) else (path, a, b)


def _first(pairs: Any) -> tuple[str, Any, Any] | None:  # noqa: ANN401 - an iterator of plain triples
    return next((found for path, x, y in pairs if (found := first_difference(x, y, path))), None)
