"""A daemon's stand-in that can be made to stand still: `standing.py STATE`, then a word on stdin for how.

It holds the account's lock, beats and listens as a daemon does, and does nothing else. `gil` holds the interpreter in C
code, `python` keeps the loop busy, `consumer` lets the loop turn while nothing is worked through, `go` goes on.
"""

import asyncio
import ctypes
import sys
import time

from pathlib import Path

from runtime.heart import BEAT_S, Heart
from runtime.operator import latch
from runtime.operator.control import Control
from runtime.processes import barred

LONG_S = 60


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


def main(state: Path) -> None:
    """Stand in."""
    with barred(state, 0.0) or sys.exit("another has it"):
        heart = Heart(state, 0.5)
        heart.base_s = heart.patience_s = 0.5

        def status() -> dict[str, object]:
            now = latch.read(state)
            counted = {"resting": 0, "in_doubt": 0, "positions": 0}
            return {"running": True, "level": now.level, "generation": now.generation, **counted}

        def refuse(_: object) -> object:
            raise AssertionError("nobody loosens here")

        ear = Control(state, status, refuse, lambda: None)  # type: ignore[arg-type] # it is never asked
        try:
            asyncio.run(live(heart))
        finally:
            ear.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
