"""How a process of ours is begun: with a token that no list of processes shows, and without secrets it does not need.

A secret that was put into the environment stands in `/proc/PID/environ` of every process that inherits it, for as long
as that lives; so only who reads it there is given it.
"""

import contextlib
import os
import subprocess
import sys

from collections.abc import Iterable
from pathlib import Path

from brokers.mt5.mortal import tie


def inherited(withheld: Iterable[str]) -> dict[str, str]:
    """Return our environment without the variables `withheld`."""
    names = {_one(name) for name in withheld}
    return {name: value for name, value in os.environ.items() if _one(name) not in names}


def _one(name: str) -> str:
    """Return a variable's name as the system compares it."""
    return name.upper() if sys.platform == "win32" else name


def begun(program: list[str], token: bytes, withheld: Iterable[str]) -> subprocess.Popen[bytes]:
    """Begin a worker that dies with us, and give it its token by standard input."""
    home = str(Path(__file__).parents[2])
    env = inherited(withheld)
    env["PYTHONPATH"] = os.pathsep.join(p for p in (home, env.get("PYTHONPATH", "")) if p)
    process = subprocess.Popen(program, stdin=subprocess.PIPE, env=env)
    tie(process)
    assert process.stdin is not None  # noqa: S101 - asked for above
    with contextlib.suppress(BrokenPipeError):  # it has ended already, which is found out by who waits for it
        process.stdin.write(token)
        process.stdin.flush()
    return process
