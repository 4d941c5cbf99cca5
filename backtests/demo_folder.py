"""The demo's own folder: it begins afresh at every run, so it must be empty, or have been made by a demo before."""

import contextlib

from collections.abc import Iterator
from pathlib import Path

from brokers.mt5.locks import taken
from config.errors import AlreadyRunning, UsageError

MARK = ".tidegate-demo"
WHAT = "Everything in this folder is written anew by each `tidegate demo`.\n"


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """Hold a folder for one demo; UsageError where it holds anything else, AlreadyRunning where another demo runs."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder for the demo")
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty and no demo made it: the demo would overwrite it; name another folder")
    with mark.open("a+", encoding="utf-8") as file:
        if not taken(file):
            raise AlreadyRunning(f"a demo runs in {folder} already: wait for it, or name another folder")
        if not mark.stat().st_size:
            file.write(WHAT)
            file.flush()
        yield folder
