"""What a process costs: what it writes is its own; a file's pages are, too, while nobody else has them in use."""

import subprocess
import sys

from pathlib import Path

import pytest

from backtests.benchmarks.processes import cost

MIB = 1 << 20
SIZE_MIB = 8.0
READER = f"""
import mmap, sys
with open(sys.argv[1], "rb") as file:
    seen = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
total = sum(seen[n] for n in range(0, len(seen), 4096))
print("read", flush=True)
sys.stdin.readline()
more = bytearray(b"x") * {3 * MIB}
print("written", flush=True)
sys.stdin.readline()
"""


class Reader:
    """A process that has a file's pages in use."""

    def __init__(self, file: Path) -> None:
        """Begin it, and wait until it has read every page."""
        program = [sys.executable, "-c", READER, str(file)]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.heard()

    def heard(self) -> None:
        """Wait for its next word."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline()

    def write(self) -> None:
        """Have it write three mebibytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.heard()

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_what_a_neighbour_lets_go_of_is_private_and_not_written(tmp_path: Path) -> None:
    """Pages of a file that two processes read belong to neither; the one that is left has taken nothing for it."""
    file = tmp_path / "library"
    file.write_bytes(b"x" * int(SIZE_MIB * MIB))
    ours, neighbour = Reader(file), Reader(file)
    try:
        beside = cost(ours.process.pid)
        neighbour.end()
        alone = cost(ours.process.pid)
        ours.write()
        later = cost(ours.process.pid)
    finally:
        ours.end()
        neighbour.end()

    assert alone.private_mib - beside.private_mib >= SIZE_MIB
    assert pytest.approx(beside.written_mib, abs=0.5) == alone.written_mib
    assert pytest.approx(alone.written_mib + 3.0, abs=0.5) == later.written_mib
