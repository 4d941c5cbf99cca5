"""A sweep: every point of a grid played by processes side by side; what came of each is in the file as it comes.

Which process plays a point, and when, changes nothing of what comes of it. Interrupted, the file holds what is done,
and the same sweep goes on from there.
"""

import os
import queue
import subprocess
import sys
import threading

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

import msgspec

from backtests.grid import Values
from backtests.sweep_file import SweepFile, key_of
from backtests.sweep_worker import Work
from backtests.tried import Tried

LOOK_S = 0.5
"""Seconds between two looks whether somebody wants it to end: Windows wakes no thread that waits for a lock."""
LIVES = 2
"""How often a point is given to a process before it is left: one that kills its process would kill them all."""
QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""One thread to a process: there are as many of these as there is work for."""


def play_all(
    work: Work, points: Sequence[Values], file: SweepFile, processes: int, progress: Callable[[int, int], None]
) -> None:
    """Play the points that a file does not hold yet, side by side, and add each to it as it comes."""
    waiting: queue.SimpleQueue[Values] = queue.SimpleQueue()
    left = [values for values in points if key_of(values) not in file.done]
    for values in left:
        waiting.put(values)
    progress(len(points) - len(left), len(points))
    told: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    with _players(work, min(processes, len(left)), waiting, told):
        for number in range(len(left)):
            file.add(_next(told))
            progress(len(points) - len(left) + number + 1, len(points))


def _next(told: "queue.SimpleQueue[bytes | Exception]") -> bytes:
    """Return the next point that was played; raises what a player met."""
    while True:
        try:
            found = told.get(timeout=LOOK_S)
        except queue.Empty:
            continue
        if isinstance(found, Exception):
            raise found
        return found


@contextmanager
def _players(
    work: Work,
    count: int,
    waiting: "queue.SimpleQueue[Values]",
    told: "queue.SimpleQueue[bytes | Exception]",
) -> Iterator[None]:
    """Have so many players take points and tell what came of them; at the end, or when interrupted, they are gone."""
    players = [Player(work, waiting, told) for _ in range(count)]
    try:
        for player in players:
            player.start()
        yield
    finally:
        for player in players:
            player.stop()
        for player in players:
            player.join()


class Player(threading.Thread):
    """One process that plays, and the thread that hands it a point at a time."""

    def __init__(
        self,
        work: Work,
        waiting: "queue.SimpleQueue[Values]",
        told: "queue.SimpleQueue[bytes | Exception]",
    ) -> None:
        """Be ready to start."""
        super().__init__(daemon=True)
        self.work, self.waiting, self.told = work, waiting, told
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def run(self) -> None:
        """Play until nothing waits any more, or somebody stops it."""
        try:
            while not self.stopped and not self.waiting.empty():
                values = self.waiting.get_nowait()
                told = self._played(values)
                if not self.stopped:
                    self.told.put(told)
        except queue.Empty:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that waits has to know of it
            self.told.put(error)
        finally:
            self._end()

    def stop(self) -> None:
        """End it now: the point it plays is not kept."""
        self.stopped = True
        if self.process is not None:
            self.process.kill()

    def _played(self, values: Values) -> bytes:
        """Return what came of a point, as a line; one that ends its process twice is refused."""
        for _ in range(LIVES):
            if self.stopped:
                break
            if line := self._asked(values):
                return line
            self._end()
        return msgspec.json.encode(Tried(values=values, refused="the process that played it died"))

    def _asked(self, values: Values) -> bytes:
        """Return the answer of the process, begun if there is none; empty where it has died."""
        first: list[bytes] = []
        if self.process is None:
            self.process = begun()
            first = [msgspec.json.encode(self.work)]
        lines = [*first, msgspec.json.encode(values)]
        try:
            inward, outward = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
            inward.write(b"".join(line + b"\n" for line in lines))
            inward.flush()
            line = outward.readline()
        except BrokenPipeError:
            return b""
        return line if line.endswith(b"\n") else b""

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def begun() -> subprocess.Popen[bytes]:
    """Start a process that plays; its session is its own, so that Ctrl-C reaches it through us alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "backtests.sweep_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **QUIET},
    )
