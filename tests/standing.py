"""A daemon's stand-in that can be made to stand still: `standing.py STATE [KEYS PORT]`, then a word on stdin for how.

It holds the account's lock, beats and listens as a daemon does, and does nothing else. What it logs goes to stderr: the
first word on stdout is `up`, however soon a bus answers. `gil` holds the interpreter in C code, `python` keeps the loop
busy, `consumer` lets the loop turn while nothing is worked through, `go` goes on.
"""

import asyncio
import contextlib
import ctypes
import sys
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from config.bus import BusSection
from runtime.bus.hooks import Hooks, Listening
from runtime.clock import Clock
from runtime.heart import BEAT_S, Heart
from runtime.operator import latch
from runtime.operator.control import Control
from runtime.processes import barred

LONG_S = 60
ACCOUNT = "standing"


async def live(heart: Heart) -> None:
    """Work, idle, until told otherwise."""
    loop = asyncio.get_running_loop()
    words: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(0, lambda: words.put_nowait(sys.stdin.readline().strip()))
    working = True
    with heart.beating(loop):
        sys.stdout.write("up\n")
        sys.stdout.flush()
        while True:
            if working:
                heart.work()
            try:
                async with asyncio.timeout(BEAT_S):
                    word = await words.get()
            except TimeoutError:
                continue
            match word:
                case "gil":
                    ctypes.PyDLL(None).sleep(LONG_S)
                case "python":
                    until = time.monotonic() + LONG_S
                    while time.monotonic() < until:
                        pass
                case "consumer":
                    working = False
                case "go":
                    working = True
                case _:
                    return


def listener(state: Path, keys: Path, port: int, status: Callable[[], dict[str, Any]]) -> Listening:
    """Return who listens at a broker of this machine; `keys` is the folder of the daemon's key and of the ring."""
    from runtime.bus.assembly import bus_of  # noqa: PLC0415 - most stand-ins hear no bus

    section = BusSection(
        host="localhost", port=port, tls=False, key=str(keys / "daemon.jwk"), operators=str(keys / "ring.json")
    )
    hooks = Hooks(status=status, loosen=refuse, wake=lambda: None, tell=lambda _: None, at=lambda: 0)
    return bus_of(section, ACCOUNT, state, Clock())(hooks, {})


def refuse(*_: object) -> Any:  # noqa: ANN401 - it is never asked
    """Loosen nothing."""
    raise AssertionError("nobody loosens here")


def main(state: Path, *bus: str) -> None:
    """Stand in."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with barred(state, 0.0) or sys.exit("another has it"):
        heart = Heart(state, 0.5)
        heart.base_s = heart.patience_s = 0.5

        def status() -> dict[str, Any]:
            now = latch.read(state)
            counted = {"resting": 0, "in_doubt": 0, "positions": 0}
            return {"running": True, "level": now.level, "generation": now.generation, **counted}

        with contextlib.ExitStack() as stack:
            stack.callback(Control(state, status, refuse, lambda: None).close)
            if bus:
                heard = listener(state, Path(bus[0]), int(bus[1]), status)
                stack.callback(heard.close)
                heard.begin()
            asyncio.run(live(heart))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
