"""A sweep over the demo's account: what a point costs, how much of the cores it uses, and whether memory grows.

Each row is a process of its own, which plays a grid by so many processes of its own. Processor time of those over wall
time times their number is the share of their cores that they had; on a machine with other work it is less than what
they could have used. Files of the same points have to be the same, whoever played them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

from pathlib import Path

import msgspec

from backtests.demo import demo_config
from backtests.model_place import ready_models
from backtests.screen import Watch
from backtests.swept import Asked, swept

KIB = 1024.0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep took."""

    points: int
    processes: int
    seconds: float
    share: float
    """Processor time of the players over wall time times their number."""
    parent: float
    """MiB at most, of the process that hands out points."""
    player: float
    """MiB at most, of the largest that plays them."""


def played(folder: Path, points: int, processes: int, bars: int) -> Row:
    """Play a grid of so many points, in this process and its children."""
    grid = f"strategies.reversion.params.n={','.join(str(5 + n) for n in range(points))}"
    asked = Asked(grid=[grid], processes=processes, bars=bars)
    config = demo_config(folder)
    began = time.perf_counter()
    swept(config, asked, folder / f"{points}-{processes}.jsonl", None, Watch())
    wall = time.perf_counter() - began
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = theirs.ru_utime + theirs.ru_stime
    return Row(
        points=points, processes=processes, seconds=wall, share=busy / (wall * processes),
        parent=mine.ru_maxrss / KIB, player=theirs.ru_maxrss / KIB,
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--bars", type=int, default=1000)
    asked.add_argument("--points", type=int, nargs="+", default=[20, 200])
    asked.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    asked.add_argument("--one", help=argparse.SUPPRESS)
    asked.add_argument("--train", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one:
        folder, points, processes = json.loads(options.one)
        print(msgspec.json.encode(played(Path(folder), points, processes, options.bars)).decode())
        return
    if options.train:
        ready_models(demo_config(Path(options.train)), lambda _text: None)
        return
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"{options.bars:,} bars a point; {os.cpu_count()} cores, load before {load}\n")
    print("| points | processes | seconds | bars/s | of their cores | parent, MiB | largest player, MiB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        _in_a_process("--train", home)  # what a process held at most is told of those it starts, too
        for points in options.points:
            for processes in options.processes:
                print(_line(_row(Path(home), points, processes, options.bars), options.bars), flush=True)
            files = {_lines(Path(home) / f"{points}-{n}.jsonl") for n in options.processes}
            print(f"\n{points} points: {'the same' if len(files) == 1 else 'NOT the same'} by any of these\n")


def _row(folder: Path, points: int, processes: int, bars: int) -> Row:
    one = json.dumps([str(folder), points, processes])
    return msgspec.json.decode(_in_a_process("--bars", str(bars), "--one", one), type=Row)


def _in_a_process(*words: str) -> bytes:
    command = [sys.executable, "-m", "backtests.benchmarks.sweep", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def _line(row: Row, bars: int) -> str:
    return (
        f"| {row.points:,} | {row.processes} | {row.seconds:,.1f} | {row.points * bars / row.seconds:,.0f} | "
        f"{100.0 * row.share:.0f} % | {row.parent:,.0f} | {row.player:,.0f} |"
    )


def _lines(file: Path) -> tuple[str, ...]:
    return tuple(sorted(file.read_text(encoding="utf-8").splitlines()))


if __name__ == "__main__":
    main()
