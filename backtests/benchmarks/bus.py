"""Commands over the bus: how long a signed halt takes, and whether each is obeyed once while the broker dies.

A real Mosquitto under TLS, an account's ear in a process of its own, a person in this one. First halts on an open line,
each resumed over the same line: from signing until nothing new can leave (the latch's word is written: a third process
looks at it five thousand times a second), and to the verified answer. The latch is on disk before it is answered, and
how long that takes by itself is measured beside it. Then commands while the broker is killed, or stands still.
"""

import argparse
import bisect
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import threading
import time

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backtests.benchmarks.mosquitto import Mosquitto, certified
from backtests.benchmarks.timing import tail, tail_head
from brokers.latch import Command, Level, read_word
from brokers.word import WORD_FILE, WORD_SIZE
from config.bus import BusSection
from config.remote import RemoteSection
from runtime.bus.assembly import bus_of
from runtime.bus.caller import Caller, called
from runtime.bus.hooks import Hooks
from runtime.clock import Clock
from runtime.operator import latch
from runtime.operator.client import UnreachableError
from runtime.operator.keyboard import command_of
from runtime.operator.keyfiles import new_key

SHARES = (0.99, 0.999)
AIM_MS = 20.0
ACCOUNT = "measured"
SEEN = "seen"
LOOK_S = 0.0002
LEVELS: tuple[Level, Level] = ("halt", "flatten")
"""Sent in turn: neither is looser than the other, and each changes the latch."""


def listen(folder: Path, port: int) -> None:
    """Be an account's ear until stdin ends."""
    state = folder / "state"

    def status() -> dict[str, Any]:
        now = latch.read(state)
        return {"level": now.level, "generation": now.generation, "resting": 0, "in_doubt": 0, "positions": 0}

    def loosen(command: Command, since: int) -> "concurrent.futures.Future[dict[str, Any]]":
        latch.loosen(state, command, since)
        answer: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
        answer.set_result({"ok": True})
        return answer

    hooks = Hooks(status=status, loosen=loosen, wake=lambda: None, tell=lambda _: None, at=lambda: 0)
    section = BusSection(
        host="localhost", port=port, ca=str(folder / "ca.crt"), key=str(folder / "daemon.jwk"),
        operators=str(folder / "ring.json"),
    )  # fmt: skip
    listener = bus_of(section, ACCOUNT, state, Clock())(hooks, {})
    listener.begin()
    sys.stdin.read()
    listener.close()


def watch(folder: Path) -> None:
    """Write down when each generation of the latch's word was seen, until this process is ended."""
    number = os.open(folder / "state" / WORD_FILE, os.O_RDONLY)
    seen = -1
    with (folder / SEEN).open("w", buffering=1) as file:
        while True:
            generation = read_word(os.pread(number, WORD_SIZE, 0)).generation
            if generation != seen:
                file.write(f"{generation} {time.monotonic_ns()}\n")
                seen = generation
            time.sleep(LOOK_S)


def seen_at(folder: Path, generations: Sequence[int]) -> list[int]:
    """Return when each generation was seen, or a later one where it had to wait for a processor; monotonic ns."""
    seen = [tuple(map(int, line.split())) for line in (folder / SEEN).read_text().splitlines()]
    return [seen[bisect.bisect_left(seen, (generation, 0))][1] for generation in generations]


class Halted(NamedTuple):
    """One halt, a question, and a latch by itself."""

    generation: int
    asked: int
    """Monotonic nanoseconds."""
    halt_ms: float
    look_ms: float
    latch_ms: float


def halts(caller: Caller, state: Path, many: int) -> list[Halted]:
    """Halt over the bus again and again, and resume."""
    found = []
    for _ in range(many):
        asked = time.monotonic_ns()
        answer = caller.ask(caller.told("halt", "measured", -1, 60_000), 10.0)  # without what follows
        halted = time.monotonic_ns()
        caller.look()
        looked = time.monotonic_ns()
        latch.tighten(state, command_of("halt", "measured", "direct", "me"))
        ended = time.monotonic_ns()
        found.append(
            Halted(answer.generation, asked, (halted - asked) / 1e6, (looked - halted) / 1e6, (ended - looked) / 1e6)
        )
        caller.change("run", "measured")
    return found


def trouble(broker: Mosquitto, number: int) -> None:
    """Kill it, or have it stand still for a while."""
    if number % 4 == 0:
        broker.freeze()
        time.sleep(1.0)
        broker.thaw()
    else:
        broker.kill()
        broker.start()


def troubled(remote: RemoteSection, broker: Mosquitto, many: int) -> int:
    """Send commands through trouble; return how many were answered."""
    answered = 0
    for number in range(many):
        soon = threading.Timer(0.01, trouble, (broker, number // 5)) if number % 5 == 0 else None
        if soon is not None:
            soon.start()
        told = None
        for _ in range(50):
            try:
                with called(remote) as caller:
                    told = told or caller.told(LEVELS[number % 2], "measured", -1, 60_000)
                    caller.ask(told, 5.0)  # the same command is sent again
                    answered += 1
                    break
            except UnreachableError:
                time.sleep(0.05)
        if soon is not None:
            soon.join()
    return answered


def measure(folder: Path, many: int, commands: int) -> None:
    """Print the table."""
    latch.create(folder / "state", command_of("run", "measured", "direct", "me"))
    new_key(ACCOUNT, "daemon", folder / "ring.json", folder / "daemon.jwk")
    new_key("me", "operator", folder / "ring.json", folder / "me.jwk")
    broker = Mosquitto(folder, f"allow_anonymous true\n{certified(folder)}")
    remote = RemoteSection(
        account=ACCOUNT, host="localhost", port=broker.port, ca=str(folder / "ca.crt"), key=str(folder / "me.jwk"),
        operators=str(folder / "ring.json"),
    )  # fmt: skip
    ear, eye = (
        subprocess.Popen(
            [sys.executable, "-m", "backtests.benchmarks.bus", *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        for words in (("--listen", str(folder), str(broker.port)), ("--watch", str(folder)))
    )
    try:
        with called(remote) as caller:
            caller.look(30.0)
            halts(caller, folder / "state", 10)
            found = halts(caller, folder / "state", many)
        eye.kill()
        after = latch.read(folder / "state").generation
        answered = troubled(remote, broker, commands)
    finally:
        eye.kill()
        eye.communicate()
        ear.communicate()
        broker.kill()
    effects = [entry.command.id for entry in latch.logged(folder / "state", after)]
    seen = seen_at(folder, [one.generation for one in found])
    forced = [(at - one.asked) / 1e6 for at, one in zip(seen, found, strict=True)]
    print(tail_head(SHARES))
    print(
        tail(
            f"halt over MQTT, TLS and signatures, to nothing new leaving (aim: p99 {AIM_MS:g} ms)",
            forced,
            "ms",
            SHARES,
            2,
        )
    )
    print(tail("the same, to the verified answer", [one.halt_ms for one in found], "ms", SHARES, 2))
    print(tail("a question, which changes nothing", [one.look_ms for one in found], "ms", SHARES, 2))
    print(tail("a latch by itself, on this disk", [one.latch_ms for one in found], "ms", SHARES, 2))
    print(f"\n{answered} of {commands} commands answered, {len(set(effects))} obeyed, {len(effects)} effects")


def main() -> None:
    """Measure, or listen for the one who does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--halts", type=int, default=1000)
    parser.add_argument("--commands", type=int, default=50)
    parser.add_argument("--folder", help="where latch and broker keep their files; a disk, unless it is said")
    parser.add_argument("--listen", nargs=2, metavar=("FOLDER", "PORT"), help="be the ear; for this script itself")
    parser.add_argument("--watch", metavar="FOLDER", help="be the eye; for this script itself")
    args = parser.parse_args()
    if args.watch:
        watch(Path(args.watch))
    if args.listen:
        listen(Path(args.listen[0]), int(args.listen[1]))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        measure(Path(name), args.halts, args.commands)


if __name__ == "__main__":
    main()
