"""Work of hours that may be stopped and gone on with: what it came to so far lies in a file, and is of one commit."""

import subprocess
import time

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from rich.progress import Progress

ROOT = Path(__file__).parents[1]


class State(Protocol):
    """What work came to so far."""

    commit: str


S = TypeVar("S", bound=State)


def commit_now() -> str:
    """Return the commit that is tried, with a plus where files differ from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    return head.strip() + ("+" if changed.strip() else "")


def begun(file: Path, new: S) -> S:
    """Return the state that a file keeps, or a new one where it is of another commit, or there is none."""
    if not file.exists():
        return new
    found = msgspec.json.decode(file.read_bytes(), type=type(new))
    return found if found.commit == new.commit else new


def keep(file: Path, state: State) -> None:
    """Put a state into its file."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(state)))


def work_on(
    steps: Iterator[object], tally: Callable[[], tuple[int, bool]], what: str, wanted: int, deadline: float,
    kept: Callable[[], None],
) -> None:  # fmt: skip
    """Take steps until so many are counted, one has failed, or it is so late, and have that kept now and then.

    tally: how many are counted, and whether one has failed. deadline: by the monotonic clock, seconds.
    """
    done, failed = tally()
    with Progress(transient=True) as progress:
        bar = progress.add_task(what, total=wanted, completed=done)
        while done < wanted and not failed and time.monotonic() < deadline:
            next(steps)
            done, failed = tally()
            if done % 10 == 0 or failed:
                kept()
            progress.update(bar, completed=done)
    kept()
