"""A daemon whose interpreter is held by C code: how soon a person's halt and its guardian's stop the orders.

Lightweight daemons beat and listen as real ones do, and are held again and again. For the guardian many of them hang
at a time, each for longer than it bears with. For the person one hangs while orders go on leaving through the real
gateway; `tidegate halt` is started as a shell would start it, and timed from before its process exists.
"""

import argparse
import asyncio
import concurrent.futures
import ctypes
import os
import subprocess
import sys
import tempfile
import time

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backtests.benchmarks.halt import SENT, SENT_FILE, SHARES, level, send, shared
from backtests.benchmarks.timing import tail, tail_head
from brokers.latch import Command
from brokers.word import HALT, LEVEL_AT, WORD_FILE
from runtime.guardian import Guarded, Guardian
from runtime.heart import Heart, progress_of
from runtime.operator import latch
from runtime.operator.control import Control
from runtime.operator.keyboard import command_of
from runtime.processes import barred

COMMAND_MS, GUARDIAN_MS = 50.0, 1200.0
BEAR_S = 1.0
"""The guardian's, as it is set by default."""
HELD_S, GUARDED_S = 0.25, 1.6
"""How long the interpreter is held for a person's halt, and for a guardian's."""
REST_S = 0.1
"""Between two trials of one daemon: it beats again."""
GAP_S = 0.0005
"""Between two orders."""
KEPT_LINES = 200


def daemon(folder: Path) -> None:
    """Beat and listen as a daemon does; each line of stdin holds the interpreter for so many seconds."""

    def status() -> dict[str, Any]:
        now = latch.read(folder)
        return {"level": now.level, "generation": now.generation, "resting": 0, "in_doubt": 0, "positions": 0}

    def loosen(_: Command) -> "concurrent.futures.Future[dict[str, Any]]":
        raise NotImplementedError

    async def live() -> None:
        loop = asyncio.get_running_loop()
        asked: asyncio.Queue[str] = asyncio.Queue()
        loop.add_reader(0, lambda: asked.put_nowait(sys.stdin.readline()))
        heart = Heart(folder, 60.0)
        with heart.beating(loop):
            while seconds := (await asked.get()).strip():
                ctypes.PyDLL(None).usleep(int(float(seconds) * 1e6))
                heart.work()

    with barred(folder, 0.0) or sys.exit("another has it"):
        ear = Control(folder, status, loosen, lambda: None)
        asyncio.run(live())
        ear.close()


def guard(home: Path) -> None:
    """Guard every account in a folder, until killed."""
    guardian = Guardian()
    for folder in sorted(home.iterdir()):
        guardian.take(Guarded(folder.name, folder, BEAR_S, 0.0))
    guardian.run()


class Hung:
    """One such daemon, its account, and what is asked of it."""

    def __init__(self, folder: Path) -> None:
        """Begin it, and wait until it lives."""
        self.folder = folder
        latch.create(folder, command_of("run", "measured", "direct", "me"))
        self.word = os.open(folder / WORD_FILE, os.O_RDONLY)
        self.process = began("daemon", folder)
        while (seen := progress_of(folder)) is None or not seen.live:
            time.sleep(0.02)
        self.trials = 0

    def hold(self, seconds: float) -> None:
        """Have its interpreter held from now on."""
        assert self.process.stdin is not None  # noqa: S101 - asked for
        self.process.stdin.write(f"{seconds}\n".encode())
        self.process.stdin.flush()

    def halted(self) -> bool:
        """Say whether the word, which every gateway reads, stands at halt."""
        return os.pread(self.word, 1, LEVEL_AT)[0] == HALT

    def again(self) -> None:
        """Let it trade again."""
        level(self.folder, "run")
        self.trials += 1
        if self.trials % KEPT_LINES == 0:
            (self.folder / latch.LOG_FILE).write_bytes(b"")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()
        os.close(self.word)


def began(what: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Begin one of these processes."""
    command = [sys.executable, "-m", "backtests.benchmarks.hung", "--as", what, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def by_guardian(one: Hung) -> Iterator[float | None]:
    """Hang, again and again; yields milliseconds until the guardian had halted it, None while it has not."""
    while True:
        one.hold(GUARDED_S)
        asked = time.monotonic()
        while not one.halted() and time.monotonic() < asked + 10.0:
            yield None
        yield (time.monotonic() - asked) * 1000.0
        while time.monotonic() < asked + GUARDED_S + REST_S:
            yield None
        one.again()


def guarded(home: Path, many: int, at_once: int) -> list[float]:
    """Return how long daemons hung before their guardian had halted them, milliseconds."""
    found: list[float] = []
    with ExitStack() as stack:
        hung = [Hung(home / f"guarded-{number}") for number in range(at_once)]
        for one in hung:
            stack.callback(one.close)
        guardian = began("guard", home)
        stack.callback(guardian.wait)
        stack.callback(guardian.kill)
        time.sleep(2.0)
        turns = [by_guardian(one) for one in hung]
        while len(found) < many:
            for turn in turns:
                took = next(turn)
                if took is not None:
                    found.append(took)
            time.sleep(0.002)
    return found[:many]


def by_person(one: Hung, sent: Any) -> tuple[float, float, float]:  # noqa: ANN401 - shared memory
    """Return after how many milliseconds the last order left, who and why were latched, and the command returned."""
    one.hold(HELD_S)
    time.sleep(0.02)
    program = Path(sys.executable).with_name("tidegate")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "tidegate.cli"]
    before = latch.read(one.folder).generation
    asked = time.monotonic_ns()
    process = subprocess.Popen([*start, "halt", str(one.folder), "--reason", "measured"], stdout=subprocess.DEVNULL)
    while latch.read(one.folder).generation == before:
        time.sleep(0.0005)
    latched = time.monotonic_ns()
    process.wait()
    returned = time.monotonic_ns()
    last = SENT.unpack(sent)[0]
    one.again()
    time.sleep(REST_S)
    return max(0, last - asked) / 1e6, (latched - asked) / 1e6, (returned - asked) / 1e6


def commanded(home: Path, many: int) -> list[tuple[float, float, float]]:
    """Return the same of many halts, one after the other."""
    with ExitStack() as stack:
        one = Hung(home / "commanded")
        stack.callback(one.close)
        (one.folder / SENT_FILE).write_bytes(bytes(SENT.size))
        orders = began("orders", one.folder)
        stack.callback(orders.communicate)
        stack.callback(orders.kill)
        sent = shared(one.folder)
        while not SENT.unpack(sent)[1]:
            time.sleep(0.02)
        return [by_person(one, sent) for _ in range(many)]


def measure(home: Path, many: int, at_once: int) -> None:
    """Print the table."""
    head = tail_head(SHARES)
    found = guarded(home / "guarded", many, at_once)
    (home / "guarded").rename(home / "done")
    asked = commanded(home, many)
    last, latched, returned = ([one[place] for one in asked] for place in range(3))
    print(head)
    print(tail(f"from starting `tidegate halt` to the last order (aim: {COMMAND_MS:g} ms)", last, "ms", SHARES))
    print(tail("to its latch, with who and why", latched, "ms", SHARES))
    print(tail(f"to its return, the interpreter held for {HELD_S * 1000:g} ms", returned, "ms", SHARES))
    print(tail(f"from the hang to the guardian's halt (aim: {GUARDIAN_MS:g} ms)", found, "ms", SHARES))
    commands, guards = sum(one <= COMMAND_MS for one in last), sum(one <= GUARDIAN_MS for one in found)
    print(f"\nwithin their aim: {commands:,} of {len(last):,} commands, {guards:,} of {len(found):,} guardian's halts")
    print(f"load after {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure, or be one of those that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100, help="of each")
    parser.add_argument("--at-once", type=int, default=20, help="daemons that one guardian has")
    parser.add_argument("--folder", type=Path, help="where the latches lie; without it a temporary folder")
    parser.add_argument("--as", dest="role", nargs=2)
    args = parser.parse_args()
    match args.role:
        case ["daemon", to]:
            daemon(Path(to))
        case ["guard", to]:
            guard(Path(to))
        case ["orders", to]:
            send(Path(to), GAP_S)
        case _:
            with tempfile.TemporaryDirectory(dir=args.folder) as name:
                measure(Path(name), args.trials, args.at_once)


if __name__ == "__main__":
    main()
