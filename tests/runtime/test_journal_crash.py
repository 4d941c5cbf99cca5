"""What was acknowledged is on disk, whatever then happens to the process."""

import subprocess
import sys

from pathlib import Path

from runtime.journal.reader import JournalReader

CHILD = """
import itertools, sys
from runtime.journal.entries import Entry
from runtime.journal.writer import JournalWriter

writer = JournalWriter(sys.argv[1])
for _ in itertools.count():
    seq = writer.next_seq
    row = ("decisions", {"id": str(seq), "seq": seq})
    ticket = writer.append(Entry("K", seq, seq, b"%d" % seq, bytes(seq % 900), (row,)), durable=seq % 3 == 0)
    if seq % 3 == 0:
        print(ticket.wait(), flush=True)
    if seq % 50 == 0:
        writer.snapshot(seq, bytes(5000))
"""


def killed_after(path: Path, acknowledgements: int) -> int:
    """Let a process write until it has acknowledged so many times, kill it, and return its last acknowledged seq."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child, child.stdout:
        lines = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        lines += child.stdout.readlines()
    return max(int(line) for line in lines if line.endswith("\n"))


def test_every_acknowledged_entry_survives_a_kill(tmp_path: Path) -> None:
    """A process killed while writing loses nothing it acknowledged, leaves no gap, and its successor goes on."""
    path = tmp_path / "account.db"
    for number in (1, 2, 3):
        acknowledged = killed_after(path, 60)

        with JournalReader(path) as reader:
            verdict = reader.verify()
            rows = [row.seq for row in reader.rows()]
            decided = [line["seq"] for line in reader.decisions()]
            runs = {row.run for row in reader.rows()}
        assert verdict.ok, verdict.problem
        assert acknowledged <= verdict.seq
        assert list(range(1, verdict.seq + 1)) == rows == decided
        assert set(range(1, number + 1)) == runs
