"""The power is cut while a journal and a latch are written, again and again: what was acknowledged must be there.

`python -m tests.power_cut COUNT [--minutes M]` cuts COUNT times, in a state file to go on from. A process's calls are
recorded once; each cut makes the disk as it might be then (`tests/power/unsynced.py`), and the account begins again.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from brokers.latch import LEVELS, RANK, Level
from config.errors import JournalRefused
from runtime.journal.segments import START
from runtime.journal.writer import JournalWriter
from runtime.operator import latch
from tests.journal_kills import wrong
from tests.power.recording import Call, record, why_not
from tests.power.unsynced import Disk, drawn
from tests.power.writing import JOURNAL, TOLD
from tests.resumed import ROOT, begun, commit_now, keep, work_on

STATE = ROOT / ".power_cut.json"
ROWS = 120
"""That a recorded process writes: its log is carried over some twenty times."""
ANEW = 500
"""Cuts after which another process is recorded."""


class Told(msgspec.Struct, kw_only=True):
    """What was acknowledged until a moment, and what had been asked."""

    row: int = 0
    latched: tuple[Level, int] = ("halt", 1)
    asked: Level | None = None

    def hear(self, line: str) -> None:
        """Take a line that the process wrote."""
        word, *rest = line.split()
        if word == "row":
            self.row = int(rest[0])
        elif word == "asked":
            self.asked = LEVELS[LEVELS.index(rest[0])]
        else:
            self.latched, self.asked = (LEVELS[LEVELS.index(rest[0])], int(rest[1])), None


class Cuts(msgspec.Struct, kw_only=True):
    """What the cuts made with one commit came to."""

    commit: str
    cuts: int = 0
    acknowledged: int = 0
    """Rows that were told to be on disk before each cut, all cuts together."""
    beyond: int = 0
    """Rows that were there and not told yet."""
    seconds: float = 0.0
    failures: list[str] = []


def recorded(folder: Path, safety: str = "", rows: int = ROWS) -> list[Call]:
    """Return the calls of a process that writes."""
    account = folder / "account"
    account.mkdir()
    return record(["tests.power.writing", str(account), str(rows), *([safety] if safety else [])], account, folder)


def until(calls: list[Call], moment: int) -> tuple[Disk, Told]:
    """Return the disk and what was acknowledged after so many calls."""
    disk, told = Disk(), Told()
    for call in calls[:moment]:
        if call.path != TOLD:
            disk.see(call)
        for line in call.content.decode().splitlines() if call.path == TOLD else ():
            told.hear(line)
    return disk, told


def moment_of(calls: list[Call], draw: random.Random) -> int:
    """Draw a moment: as often right behind an acknowledgement as anywhere."""
    told = [number for number, call in enumerate(calls, 1) if call.kind == "W" and call.path == TOLD]
    return draw.choice((draw.choice(told), draw.randint(0, len(calls))))


def cut(calls: list[Call], seed: int, folder: Path, cuts: Cuts) -> None:
    """Cut the power at a moment, begin again, and add what came of it."""
    draw = random.Random(f"power {seed}")
    began, moment, kept = time.monotonic(), moment_of(calls, draw), drawn(draw)
    disk, told = until(calls, moment)
    with tempfile.TemporaryDirectory(dir=folder) as there:
        disk.cut(Path(there), kept, draw)
        row, found = _journal(Path(there) / JOURNAL, told.row)
        found += _latch(Path(there), told)
    cuts.cuts += 1
    cuts.acknowledged += told.row
    cuts.beyond += max(row - told.row, 0)
    cuts.seconds += time.monotonic() - began
    cuts.failures += [f"cut {seed}, after call {moment}, {kept}: {problem}" for problem in found]


def _journal(file: Path, told: int) -> tuple[int, list[str]]:
    """Begin again with a journal; return its last row, and what is wrong with it."""
    try:
        with JournalWriter(file) as writer:
            row = writer.recover().seq
        found = wrong(file, START, told)[1]
        with closing(sqlite3.connect(file)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except (JournalRefused, sqlite3.Error) as error:
        return 0, [str(error)]
    return row, [*found, *([] if said == "ok" else [said])]


def _latch(folder: Path, told: Told) -> list[str]:
    """Return what is wrong with the latch: it is as it was told, or was asked meanwhile, or tighter."""
    found = latch.read(folder)
    level, generation = told.latched
    may = min(RANK[level], RANK[told.asked or level])
    known = {entry.generation for entry in latch.logged(folder, 0)}
    loose = [f"the latch reads {found.level}, and {level} was acknowledged"] if RANK[found.level] < may else []
    lost = {*range(2, generation + 1)} - known
    return loose + ([f"the latch's log has lost changes {sorted(lost)}"] if lost else [])


def rounds(cuts: Cuts, safety: str = "", rows: int = ROWS) -> Iterator[Cuts]:
    """Cut for ever, telling after each cut what all came to."""
    while True:
        with tempfile.TemporaryDirectory(prefix="power-") as folder:
            calls = recorded(Path(folder), safety, rows)
            for _ in range(ANEW):
                cut(calls, cuts.cuts, Path(folder), cuts)
                yield cuts


def run(count: int, minutes: float, file: Path) -> Cuts:
    """Cut until so many cuts were made, or so many minutes are over."""
    deadline = time.monotonic() + minutes * 60.0
    cuts = begun(file, Cuts(commit=commit_now()))
    work_on(rounds(cuts), lambda: (cuts.cuts, bool(cuts.failures)), "cuts", count, deadline, lambda: keep(file, cuts))
    return cuts


def main(argv: list[str] | None = None) -> int:
    """Cut by command; returns 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.power_cut", description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=5000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--state", type=Path, default=STATE, help="the file to go on from")
    given = parser.parse_args(argv)
    if problem := why_not():
        parser.error(problem)
    cuts = run(given.count, given.minutes, given.state)
    sys.stdout.write(
        f"{cuts.cuts} cuts at commit {cuts.commit}, {cuts.seconds:.0f} s: {cuts.acknowledged} rows acknowledged, "
        f"{len(cuts.failures)} failures; {cuts.beyond} rows were there and not told yet\n"
    )
    for failure in cuts.failures:
        sys.stdout.write(f"{failure}\n")
    return 1 if cuts.failures else 0


if __name__ == "__main__":
    sys.exit(main())
