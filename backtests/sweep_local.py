"""Players on this machine: processes of our own, each with a thread that hands it points and hears what came of it."""

import os
import queue
import subprocess
import sys
import tempfile
import threading

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import msgspec

from backtests.grid import Values
from backtests.sweep import AHEAD, LIVES, LOOK_S, given_up
from backtests.sweep_worker import Work, put_down
from market.bars import Bars
from runtime.core.feeds import FeedKey

QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""One thread to a process: there are as many of these as there is work for."""
Waiting = queue.SimpleQueue[Values | None]
"""Points to be played; None: there will be no more."""
Told = queue.SimpleQueue[bytes | Exception]


class Local:
    """So many processes of this machine, which share one copy of the bars."""

    def __init__(self, work: Work, tapes: Mapping[FeedKey, Bars], processes: int) -> None:
        """Be ready to start."""
        self.work, self.tapes, self.processes, self.room = work, tapes, processes, AHEAD * processes
        self.waiting: Waiting = queue.SimpleQueue()
        self.heard: Told = queue.SimpleQueue()

    def __enter__(self) -> Self:
        # On Windows nobody may remove what a process that has just been killed still looks at.
        self.folder = tempfile.TemporaryDirectory(prefix="tidegate-sweep-", ignore_cleanup_errors=True)
        put_down(Path(self.folder.name), self.work, self.tapes)
        self.players = [Player(Path(self.folder.name), self.waiting, self.heard) for _ in range(self.processes)]
        for player in self.players:
            player.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for player in self.players:
            player.stop()
            self.waiting.put(None)
        for player in self.players:
            player.join()
        self.folder.cleanup()

    def give(self, values: Values) -> None:
        """Have a point played by whoever is free."""
        self.waiting.put(values)

    def told(self) -> bytes:
        """Return the next point that was played; raises what a player met."""
        while True:
            try:
                found = self.heard.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if isinstance(found, Exception):
                raise found
            return found


class Player(threading.Thread):
    """One process that plays, and the thread that hands it points."""

    def __init__(self, folder: Path, waiting: Waiting, told: Told) -> None:
        """Be ready to start."""
        super().__init__(daemon=True)
        self.folder, self.waiting, self.told = folder, waiting, told
        self.process: subprocess.Popen[bytes] | None = None
        self.given: deque[Values] = deque()
        """Points it has, the one at play first."""
        self.died = 0
        """How often the one at play has ended its process."""
        self.stopped = False

    def run(self) -> None:
        """Play until nothing comes any more, or somebody stops it."""
        try:
            while self._take() and not self.stopped:
                line = self._answer()
                if not self.stopped:
                    self._hear(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that waits has to know of it
            self.told.put(error)
        finally:
            self._end()

    def stop(self) -> None:
        """End it now: the points it has are not kept."""
        self.stopped = True
        if self.process is not None:
            self.process.kill()

    def _take(self) -> bool:
        """Take points up to as many as it may have, and wait for one where it has none; tell whether it has any."""
        while len(self.given) < AHEAD:
            try:
                values = self.waiting.get(block=not self.given)
            except queue.Empty:
                break
            if values is None:
                break
            self.given.append(values)
            self._send([values])
        return bool(self.given)

    def _hear(self, line: bytes) -> None:
        """Tell what came of the point at play; where its process has died, another one begins with it again."""
        if not line:
            self._end()
            self.died += 1
            if self.died == LIVES:
                line = given_up(self.given[0])
        if line:
            self.given.popleft()
            self.died = 0
            self.told.put(line)
        if self.process is None:
            self._send(self.given)

    def _send(self, points: "list[Values] | deque[Values]") -> None:
        """Hand points to the process, begun if there is none."""
        if not points or self.stopped:
            return
        if self.process is None:
            self.process = begun(self.folder)
            if self.stopped:  # since this was asked: whoever stops it has not seen the process
                self.process.kill()
        inward = cast("IO[bytes]", self.process.stdin)
        try:
            inward.write(b"".join(msgspec.json.encode(values) + b"\n" for values in points))
            inward.flush()
        except BrokenPipeError:
            return  # it has died, and answers nothing

    def _answer(self) -> bytes:
        """Return the next line of the process; empty where it has died."""
        if self.process is None:
            return b""
        line = cast("IO[bytes]", self.process.stdout).readline()
        return line if line.endswith(b"\n") else b""

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def begun(folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that plays; its session is its own, so that Ctrl-C reaches it through us alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "backtests.sweep_worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **QUIET},
    )
