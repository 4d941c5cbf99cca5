"""A sweep over a year of EURUSD minutes: what a point costs, how much of the cores it uses, and whether memory grows.

Each row is a process of its own, which plays a grid of the demo's trend strategy by so many processes of its own; all
of it is counted, from reading the bars to judging the points. Processor time over wall time times their number is the
share of their cores that they had; on a machine with other work it is less than what they could have used, so beside it
stands how often they were running or ready to, and how much of the machine nobody used. Files of the same points have
to be the same, whoever played them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

from pathlib import Path

import msgspec

from backtests.benchmarks.drive import MINUTES, minutes_config
from backtests.demo import demo_config
from backtests.recorded import tapes_of
from backtests.screen import Watch
from backtests.swept import Asked, swept
from config.load import load

KIB = 1024.0
FASTS = range(5, 45)
"""One axis of the grid; the other is as long as it has to be."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep took."""

    points: int
    processes: int
    bars: int
    """Of a point."""
    seconds: float
    share: float
    """Processor time of all its processes over wall time times the number of those that play."""
    playing: float
    """The same from the first process that plays to the end of the last one."""
    ready: float
    """Share of looks at the players at which one was running, or ready to: what they would use of free cores."""
    idle: float
    """Share of the machine's cores that nobody used meanwhile."""
    parent: float
    """MiB at most, of the process that hands out points."""
    player: float
    """MiB at most, of the largest that plays them; what they share is counted in each."""


def played(account: Path, points: int, processes: int) -> Row:
    """Play a grid of so many points, in this process and its children."""
    fasts = FASTS[: min(points, len(FASTS))]
    slows = range(50, 50 + -(-points // len(fasts)))
    grid = [
        f"strategies.trend.params.{name}={','.join(map(str, axis))}"
        for name, axis in (("fast", fasts), ("slow", slows))
    ]
    config, report = load(account), account.parent / "sweep.html"
    began, idle = time.perf_counter(), _idle()
    eye, stages = Eye(processes), Stages()
    eye.start()
    asked = Asked(grid=grid, method="random", points=points, processes=processes)
    swept(config, asked, account.parent / f"{points}-{processes}.jsonl", report, stages)
    wall = time.perf_counter() - began
    mine, busy, unused = resource.getrusage(resource.RUSAGE_SELF), _busy(), _idle() - idle
    (begin, before), (end, after) = stages.seen["playing"], stages.seen["judging"]
    return Row(
        points=points, processes=processes, bars=sum(map(len, tapes_of(config).values())), seconds=wall,
        share=busy / (wall * processes), playing=(after - before) / ((end - begin) * processes),
        ready=eye.share, idle=unused / (wall * (os.cpu_count() or 1)), parent=mine.ru_maxrss / KIB,
        player=eye.most / KIB,
    )  # fmt: skip


class Stages(Watch):
    """Remembers when each stage began, and the processor time that all processes had had by then."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, tuple[float, float]] = {}
        """By the first word of the stage: seconds, and seconds."""

    def stage(self, text: str) -> None:
        """Say what is done from here on."""
        self.seen[text.split(maxsplit=1)[0]] = time.perf_counter(), _busy()
        super().stage(text)


def _busy() -> float:
    """Return the processor time of this process and of those that it has begun and that have ended, seconds."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in both)


class Eye(threading.Thread):
    """Looks at the processes that this one has begun: what they hold, and whether they would compute (Linux).

    What the system tells of those that have ended begins with what this one held when it began them; and processor time
    is what others left to them. One that is running, or ready to, would use a core that is free.
    """

    def __init__(self, processes: int) -> None:
        super().__init__(daemon=True)
        self.processes = processes
        self.most = 0.0
        """KiB that one of them held."""
        self.looks = self.ready = 0

    def run(self) -> None:
        """Look for as long as this process lives."""
        while True:
            players = [told for path in Path("/proc").glob("[0-9]*/status") if (told := _ours(path))]
            if players:
                self.looks += 1
                self.ready += sum(_is_ready(Path("/proc", told["Pid"].strip())) for told in players)
                self.most = max(self.most, *(float(told.get("VmHWM", "0 kB").split()[0]) for told in players))
            time.sleep(0.25)

    @property
    def share(self) -> float:
        """Of the looks at all places for a player: how often one was running, or ready to."""
        return self.ready / max(1, self.looks * self.processes)


def _ours(status: Path) -> dict[str, str]:
    """Return what the system tells of a process; nothing where it is none that this one has begun, or has ended."""
    try:
        told = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    except OSError:
        return {}
    return told if int(told["PPid"]) == os.getpid() else {}


def _is_ready(process: Path) -> bool:
    """Say whether a thread of a process is running, or ready to."""
    try:
        states = [
            path.read_text(encoding="utf-8").rpartition(")")[2].split()[0] for path in process.glob("task/*/stat")
        ]
    except OSError:
        return False
    return "R" in states


def _idle() -> float:
    """Return the seconds that all cores together had nothing to do since the machine was started (Linux)."""
    *_, idle, waiting = Path("/proc/stat").read_text(encoding="ascii").split()[:6]
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("TIDEGATE_DATA", "")
    asked.add_argument("--data", type=Path, default=Path(data) if data else None)
    asked.add_argument("--points", type=int, nargs="+", default=[50, 1000])
    asked.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    asked.add_argument("--gated", action="store_true", help="With the regime of the demo, and its gate.")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    asked.add_argument("--make", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one:
        account, points, processes = json.loads(options.one)
        print(msgspec.json.encode(played(Path(account), points, processes)).decode())
    elif options.data is None:
        print("no minutes: name their folder with --data or TIDEGATE_DATA")
    elif options.make:  # what a process held at most is told of those it starts, too
        demo_config(Path(options.make))
        minutes_config(Path(options.make), options.data / MINUTES, gated=options.gated)
    else:
        _table(options)


def _table(options: argparse.Namespace) -> None:
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"{'gated' if options.gated else 'ungated'}; {os.cpu_count()} cores, load before {load}\n")
    columns = ("points", "processes", "seconds", "bars/s", "of their cores", "while playing", "ready", "cores idle")
    print(f"| {' | '.join(columns)} | parent, MiB | largest player, MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        gated = ["--gated"] if options.gated else []
        _in_a_process("--data", str(options.data), "--make", home, *gated)
        account = Path(home) / ("gated" if options.gated else "plain") / "minutes.toml"
        for points in options.points:
            for processes in options.processes:
                print(_line(_row(account, points, processes)), flush=True)
            files = {_lines(account.parent / f"{points}-{n}.jsonl") for n in options.processes}
            print(f"\n{points} points: {'the same' if len(files) == 1 else 'NOT the same'} by any of these\n")


def _row(account: Path, points: int, processes: int) -> Row:
    one = json.dumps([str(account), points, processes])
    return msgspec.json.decode(_in_a_process("--one", one), type=Row)


def _in_a_process(*words: str) -> bytes:
    command = [sys.executable, "-m", "backtests.benchmarks.sweep", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def _line(row: Row) -> str:
    shares = " | ".join(f"{100.0 * share:.0f} %" for share in (row.share, row.playing, row.ready, row.idle))
    rate = row.points * row.bars / row.seconds
    return (
        f"| {row.points:,} | {row.processes} | {row.seconds:,.1f} | {rate:,.0f} | {shares} | {row.parent:,.0f} | "
        f"{row.player:,.0f} |"
    )


def _lines(file: Path) -> tuple[str, ...]:
    return tuple(sorted(file.read_text(encoding="utf-8").splitlines()))


if __name__ == "__main__":
    main()
