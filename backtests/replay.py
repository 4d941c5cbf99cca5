"""Replay: a journal's facts through a fresh core, every step compared bit for bit with the one written down."""

import datetime

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from backtests.archived import joined
from backtests.recorded import day_ms
from config.errors import UsageError
from config.journal import Where
from market.types import DAY_MS
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact, decode_step, encode
from runtime.revive import Pair, next_pair, woken_before


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
        runs = {row["run"]: row for row in reader.runs()}
        if run is not None and run not in runs:
            raise UsageError(f"no run {run} in {journal}: it has {', '.join(map(str, runs)) or 'none'}")
        first = day_ms(day) if day is not None else None
        return _replay(reader, runs, (run, first), progress)


def _replay(
    reader: JournalReader, runs: dict[int, dict[str, Any]], only: tuple[int | None, int | None],
    progress: Callable[[int], None] | None,
) -> Replayed:  # fmt: skip
    number, first = only
    pair: Pair | None = None
    facts = decisions = instructions = 0
    for row in reader.rows():
        if row.kind == "RunOpened":
            pair = next_pair(pair, runs[row.run])
        if not row.fact or pair is None:
            continue
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

    Every step on the way is compared bit for bit: ReplayMismatch names the first that differs from the journaled one.
    """
    with joined(journal, segments) as reader:
        runs = {row["run"]: row for row in reader.runs()}
        pair, first = woken_before(reader, runs, seq)
        for row in reader.rows(first):
            if row.kind == "RunOpened":
                pair = next_pair(pair, runs[row.run])
            if row.fact and pair is not None:
                fact = decode_fact(row.fact)
                step = pair[0].handle(fact)
                pair[1].observe(fact, step)
                if encode(step) != row.step:
                    raise _mismatch(row.seq, decode_step(row.step), step)
            if row.seq >= seq:
                break
    return first - 1


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
