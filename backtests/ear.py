"""An ear for what comes from elsewhere while an account plays: files, programs, the network, and what reads unheard.

The interpreter tells of what it opens itself. Libraries that open files in code of their own tell nobody, so their
functions that read are listened for by name.
"""

import os
import sys

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".toml", ".nbi", ".nbc")
"""Files whose reading tells nothing of prices."""
SYSTEM = ("/proc", "/sys", "/dev", "/usr/share/zoneinfo")
FILES = {"open", "sqlite3.connect"}
"""What the interpreter tells of files; the path comes first."""
OTHERS = {
    "subprocess.Popen": "program", "os.system": "program", "os.exec": "program", "os.posix_spawn": "program",
    "socket.getaddrinfo": "network", "socket.connect": "network",
}  # fmt: skip
"""What it tells of other sources."""
UNHEARD = ("duckdb", "h5py", "polars", "pyarrow", "tables")
"""Libraries that open files in code of their own."""
READS = ("read", "scan", "open", "connect", "dataset", "load", "memory_map", "sql", "query")
"""How their functions are called that do."""


class Ear:
    """Hears of what is read; the interpreter never forgets one, so there is one for all who listen."""

    def __init__(self) -> None:
        """Hear of nothing yet."""
        self.placed = False
        self.heard: list[str] | None = None
        self.named: set[str] = set()
        """Libraries that were seen to read a file by its name: what they call then is no news."""

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Hear of what is read meanwhile, but for code."""
        if not self.placed:
            sys.addaudithook(self.hear)
            self.placed = True
        heard: list[str] = []
        self.heard, self.named = heard, set()
        try:
            yield heard
        finally:
            self.heard = None

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow each call meanwhile, too, which is slow: so the libraries are heard that tell nobody."""
        before = sys.getprofile()
        sys.setprofile(self.called)
        try:
            yield
        finally:
            sys.setprofile(before)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take what the interpreter tells of."""
        if self.heard is None or not (event in FILES or event in OTHERS):
            return
        if event in FILES:
            if isinstance(arguments[0], str | bytes | os.PathLike):
                self._file(os.fsdecode(arguments[0]))
        else:
            self.heard.append(f"{OTHERS[event]} {arguments[event == 'socket.connect']}")

    def called(self, frame: FrameType, event: str, what: Any) -> None:  # noqa: ANN401 - whatever is called
        """Take a call of a function that reads, of a library that tells nobody."""
        if self.heard is None:
            return
        if event == "call" and (name := frame.f_code.co_name).startswith(READS):
            self._read(_library(frame.f_code.co_filename), name, frame.f_locals)
        elif event == "c_call" and (name := what.__name__).startswith(READS):
            self._read(str(what.__module__).partition(".")[0].lstrip("_"), name, {})

    def _read(self, library: str, name: str, given: dict[str, Any]) -> None:
        if library not in UNHEARD:
            return
        paths = [os.fsdecode(value) for value in given.values() if isinstance(value, str | os.PathLike)]
        files = [path for path in paths if Path(path).exists()]
        for path in files:
            self._file(path)
        if self.heard is not None and not files and library not in self.named:
            self.heard.append(f"{library}.{name}")
        self.named |= {library} if files else set()

    def _file(self, name: str) -> None:
        own = (sys.prefix, sys.base_prefix, *SYSTEM)
        if self.heard is not None and not ("__pycache__" in name or name.endswith(CODE) or name.startswith(own)):
            self.heard.append(str(Path(name).absolute()))


def _library(file: str) -> str:
    """Return the unheard library that a file of code is of; empty: of none."""
    parts = Path(file).parts
    return next((library for library in UNHEARD if library in parts), "")


EAR = Ear()
