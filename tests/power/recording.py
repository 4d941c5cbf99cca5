"""Recordings: every call by which a process writes into a folder, in its order, with the bytes."""

import os
import shutil
import struct
import subprocess
import sys

from functools import cache
from pathlib import Path
from typing import NamedTuple

HEAD = struct.Struct("<QQQII")
"""As `calls.c` has it: inode, position, bytes, length of the path, kind."""
SOURCE = Path(__file__).with_name("calls.c")


class Call(NamedTuple):
    """A call that was made.

    Kinds: O opened and made or emptied (`at` is 1), W wrote, T cut to the size `at`, S synced, D synced a folder,
    R renamed (`content` is the new path), U unlinked.
    """

    kind: str
    path: str
    file: int
    at: int
    content: bytes


def why_not() -> str:
    """Return what this machine lacks for recordings; empty where it lacks nothing."""
    if not sys.platform.startswith("linux"):
        return "calls are recorded on Linux"
    return "" if shutil.which("gcc") else "no gcc here"


@cache
def _shim(folder: Path) -> Path:
    library = folder / "calls.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)  # noqa: S607 - the machine's own
    return library


def record(program: list[str], folder: Path, scratch: Path) -> list[Call]:
    """Run a program of ours and return what it wrote into a folder; CalledProcessError where it fails."""
    into = scratch / "calls"
    env = os.environ | {"LD_PRELOAD": str(_shim(scratch)), "CALLS_OF": f"{folder.resolve()}", "CALLS_INTO": str(into)}
    subprocess.run([sys.executable, "-m", *program], check=True, env=env)
    calls = read(into.read_bytes(), folder.resolve())
    into.unlink()
    return calls


def read(raw: bytes, folder: Path) -> list[Call]:
    """Return the calls that were written down; paths are told from the folder on."""
    calls, at = [], 0
    while at < len(raw):
        file, place, size, length, kind = HEAD.unpack_from(raw, at)
        at += HEAD.size
        path, content = raw[at : at + length].decode(), raw[at + length : at + length + size]
        at += length + size
        if kind == ord("R"):
            content = os.path.relpath(content.decode(), folder).encode()
        calls.append(Call(chr(kind), os.path.relpath(path, folder), file, place, content))
    return calls
