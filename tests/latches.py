"""Latches to test with: commands, and folders whose latch stands somewhere."""

import sys

from pathlib import Path

import pytest

from brokers.latch import Command, Level
from runtime.operator import latch


def command(level: Level, name: str = "", why: str = "a test", scope: str = "") -> Command:
    """Return a command that asks for a level, of the account or of a scope."""
    return Command(id=name or f"{level}-1", level=level, who="tester", why=why, wall=1, path="direct", scope=scope)


def latched(folder: Path, *levels: Level) -> Path:
    """Give a folder a latch that went through these levels."""
    latch.create(folder, command(levels[0]))
    for level in levels[1:]:
        latch.loosen(folder, command(level))
    return folder


def lose(path: Path) -> None:
    """Remove a file that a process has open; Windows does not let it go, and then there is nothing to test."""
    try:
        path.unlink()
    except PermissionError:
        if sys.platform != "win32":
            raise
        pytest.skip("Windows keeps a file that somebody has open")
