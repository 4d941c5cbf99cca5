"""Writers of a journal, killed with -9 at moments nobody chose, again and again: what was acknowledged must be there.

`python -m tests.journal_kills COUNT --on sqlite|postgresql [--minutes M]` kills COUNT times, in a state file to go on
from. On PostgreSQL the whole server falls each time, before or after its writer.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sqlalchemy import func, select

from config.journal import Where
from runtime.journal.entries import Entry, Head
from runtime.journal.reader import JournalReader
from runtime.journal.schema import decisions
from runtime.journal.segments import START
from runtime.journal.ticket import Ticket
from runtime.journal.verify import check, check_rows, stored_head
from runtime.journal.writer import JournalWriter
from tests.journals import on_server
from tests.postgres import Postgres
from tests.resumed import ROOT, begun, commit_now, keep, work_on

STATE = ROOT / ".journal_kills.json"
ANEW = 100
"""Kills after which another journal is begun, and the old one checked from its first row."""
LONGEST_S = 0.03
"""How long a writer lives after its first acknowledgement, at most."""


class Kills(msgspec.Struct, kw_only=True):
    """What the kills of one database came to."""

    kills: int = 0
    acknowledged: int = 0
    """Rows that were told to be on disk."""
    beyond: int = 0
    """Rows that were on disk and not told yet."""
    seconds: float = 0.0
    failures: list[str] = []


class State(msgspec.Struct, kw_only=True):
    """How many kills were made with one commit, by database."""

    commit: str
    by: dict[str, Kills] = {}


def write(where: Where, pipe: int) -> None:
    """Write entries for ever, with a decision each, and tell each number that is on disk."""

    def tell(ticket: Ticket) -> None:
        os.write(pipe, b"%d\n" % ticket.result())

    with JournalWriter(where, linger=0.002, patience=10.0) as writer:
        while True:
            seq = writer.next_seq
            rows = (("decisions", {"id": f"1-{seq}", "seq": seq}), ("orders", {"instruction": seq % 7, "run": seq}))
            ticket = writer.append(Entry("K", seq, seq, b"%d" % seq, bytes(seq % 900), rows), durable=seq % 3 == 0)
            ticket.add_done_callback(tell)
            if seq % 50 == 0:
                writer.snapshot(seq, bytes(5000))
            if seq % 5 == 0:
                time.sleep(0.0002)


def killed(where: Where, draw: random.Random, fall: Callable[[], None]) -> int:
    """Begin a writer, kill it some time after its first row is on disk, and return the last row it told so."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            sys.stderr.close()
            write(where, writing)
        finally:
            os._exit(1)
    os.close(writing)
    told = os.read(reading, 4096)
    time.sleep(draw.random() * LONGEST_S)
    first, second = (fall, lambda: os.kill(child, signal.SIGKILL))[:: draw.choice((1, -1))]
    first()
    second()
    os.waitpid(child, 0)
    while more := os.read(reading, 65536):
        told += more
    os.close(reading)
    return max((int(line) for line in told.split(b"\n")[:-1]), default=0)


def wrong(where: Where, before: Head, told: int) -> tuple[Head, list[str]]:
    """Return where the journal ends now, and what is wrong behind the row where it ended before."""
    with JournalReader(where) as reader, reader.asking() as connection:
        verdict, end = check_rows(connection, before), stored_head(connection)
        later = select(func.count(), func.min(decisions.c.seq), func.max(decisions.c.seq)).where(
            decisions.c.seq > before.seq
        )
        projected = tuple(connection.execute(later).one())
    found = [] if verdict.ok else [verdict.problem]
    if end.seq < told:
        found.append(f"row {told} was told to be on disk, and the last is {end.seq}")
    if projected != ((end.seq - before.seq, before.seq + 1, end.seq) if end.seq > before.seq else (0, None, None)):
        found.append(f"{projected} decisions of {end.seq - before.seq} rows")
    return end, found


def rounds(
    place: Callable[[], Where], fall: Callable[[], None], rise: Callable[[], None], kills: Kills
) -> Iterator[Kills]:
    """Kill for ever, telling after each kill what all came to."""
    draw = random.Random(f"kill {kills.kills}")
    while True:
        where, end = place(), START
        for _ in range(ANEW):
            began = time.monotonic()
            told = killed(where, draw, fall)
            rise()
            last = end
            end, found = wrong(where, last, told)
            kills.kills += 1
            kills.acknowledged += max(told - last.seq, 0)
            kills.beyond += end.seq - max(told, last.seq)
            kills.failures += found
            kills.seconds += time.monotonic() - began
            yield kills
        with JournalReader(where) as reader, reader.asking() as connection:
            verdict = check(connection)
            kills.failures += [] if verdict.ok else [verdict.problem]


@contextmanager
def world(database: str) -> Iterator[tuple[Callable[[], Where], Callable[[], None], Callable[[], None]]]:
    """Yield what names a new journal, what falls with the writer, and what rises again."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        if database == "sqlite":
            numbers = iter(range(sys.maxsize))
            yield lambda: Path(folder) / f"{next(numbers)}.sqlite", lambda: None, lambda: None
            return
        server = Postgres()
        try:
            yield lambda: on_server(server.url()), server.kill, server.start
        finally:
            server.close()


def run(count: int, database: str, minutes: float, file: Path) -> State:
    """Kill until so many kills were made of a database, or so many minutes are over."""
    deadline = time.monotonic() + minutes * 60.0
    state = begun(file, State(commit=commit_now()))
    kills = state.by.setdefault(database, Kills())
    with world(database) as (place, fall, rise):
        told = rounds(place, fall, rise, kills)
        work_on(told, lambda: (kills.kills, bool(kills.failures)), "kills", count, deadline, lambda: keep(file, state))
    return state


def main(argv: list[str] | None = None) -> int:
    """Kill by command; returns 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.journal_kills", description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=5000)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--state", type=Path, default=STATE, help="the file to go on from")
    given = parser.parse_args(argv)
    state = run(given.count, given.on, given.minutes, given.state)
    found = state.by[given.on]
    sys.stdout.write(
        f"{found.kills} kills of {given.on} at commit {state.commit}, {found.seconds:.0f} s: {found.acknowledged} rows "
        f"acknowledged, {len(found.failures)} failures; {found.beyond} rows were on disk and not told yet\n"
    )
    for failure in found.failures:
        sys.stdout.write(f"{failure}\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
