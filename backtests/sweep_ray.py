"""Players on a Ray cluster: actors that are each sent what all points have in common once, and then points.

A cluster is one that is running (`ray://host:port`, or its address where it is this machine's), or begun here for the
time of the sweep. An actor that is lost, with its machine or by itself, is replaced, and what it was playing is played
again; a point that loses its actor as often as a process of our own may die is left.
"""

import contextlib
import hashlib
import os
import sys
import tempfile

from collections import deque
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import backtests
import brokers
import config
import market
import regimes
import runtime
import strategies

from backtests.grid import Values
from backtests.shared_tapes import SUFFIX
from backtests.sweep import AHEAD, LIVES, LOOK_S, given_up
from backtests.sweep_file import key_of
from backtests.sweep_worker import Playing, Work, put_down
from config.errors import DataError, UsageError
from config.making import look_in
from market.bars import Bars
from runtime.core.feeds import FeedKey

CLOSE_S = 3.0
"""How long actors may take to end the point at play, when somebody interrupts it; then they are killed."""
HERE = "ray"
"""A cluster of this machine's, for as long as the sweep takes."""
OTHER = "another version of Tidegate, numpy, numba or Python is installed there"
ROOMS = (market, brokers, regimes, strategies, config, runtime, backtests)


class Remote:
    """What an actor is: a player that has the folder it was sent."""

    def __init__(self, files: dict[str, bytes], code: str) -> None:
        """Put the files down and take them up; RuntimeError where this machine's code is another."""
        if code_here() != code:
            raise RuntimeError(OTHER)
        self.folder = tempfile.TemporaryDirectory(prefix="tidegate-sweep-", ignore_cleanup_errors=True)
        place = Path(self.folder.name)
        for name, content in files.items():
            (place / name).write_bytes(content)
        look_in(place)
        self.playing = Playing(place)
        for tape in place.glob(f"*{SUFFIX}"):
            with contextlib.suppress(PermissionError):  # Windows removes nothing that is looked at
                tape.unlink()

    def play(self, values: Values) -> bytes:
        """Return the line of a point."""
        return self.playing.play(values)

    def close(self) -> None:
        """Leave nothing behind."""
        self.folder.cleanup()


class OverRay:
    """So many actors on a cluster."""

    def __init__(self, work: Work, tapes: Mapping[FeedKey, Bars], processes: int, on: str) -> None:
        """Be ready to start: as many as a running cluster has cores, or as asked for on one begun here."""
        # Begun by `uv run`, Ray begins each actor by that too, in an environment that is made anew: minutes, or never.
        os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
        import ray  # noqa: PLC0415 - an extra

        self.work, self.tapes, self.processes, self.on = work, tapes, processes, on
        self.ray: Any = ray
        self.room = 0
        self.waiting: deque[Values] = deque()
        self.playing: dict[Any, tuple[int, Values]] = {}
        """By what will be told: the actor's place, and its point."""
        self.died: dict[str, int] = {}
        """How many actors a point has cost, by its key."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as begun:
            begun.enter_context(contextlib.redirect_stdout(sys.stderr))  # it says who has died where results are told
            begun.callback(self.ray.shutdown)
            self._connect()
            self.room, self.code = AHEAD * self.processes, code_here()
            self.files = self.ray.put(_files(self.work, self.tapes))
            self.kind = self.ray.remote(Remote).options(num_cpus=1)
            self.actors = [self._actor() for _ in range(self.processes)]
            self.begun = begun.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        left = [actor.close.remote() for actor in self.actors]
        self.ray.wait(left, num_returns=len(left), timeout=CLOSE_S)
        for actor in self.actors:
            self.ray.kill(actor)
        self.begun.close()

    def _connect(self) -> None:
        """Begin a cluster, or find the one that runs; UsageError where none answers."""
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nobody is told what is computed here
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        here = {"address": "local", "num_cpus": self.processes, "include_dashboard": False}
        try:
            self.ray.init(**quiet, **(here if self.on == HERE else {"address": self.on}))
        except (ConnectionError, ValueError, ImportError) as error:
            raise UsageError(f"--on {self.on}: no cluster answers there: {error}") from error
        if self.on != HERE:
            cores = self.ray.cluster_resources().get("CPU", 1)
            self.processes = min(self.work.points, max(1, int(cores)))

    def give(self, values: Values) -> None:
        """Have a point played by whoever has room."""
        self.waiting.append(values)
        self._send()

    def told(self) -> bytes:
        """Return the next point that was played; DataError where an actor cannot even begin."""
        while True:
            done, _ = self.ray.wait(list(self.playing), num_returns=1, timeout=LOOK_S)
            for answer in done:
                line = self._heard(answer)
                self._send()
                if line:
                    return line

    def _heard(self, answer: Any) -> bytes:  # noqa: ANN401 - Ray's
        """Return the line that was answered; empty where the actor is lost: another one takes its place."""
        from ray.exceptions import RayActorError  # noqa: PLC0415 - an extra

        place, values = self.playing.pop(answer)
        try:
            line: bytes = self.ray.get(answer)
        except RayActorError as error:
            return self._lost(place, values, error)
        return line

    def _lost(self, place: int, values: Values, error: Exception) -> bytes:
        """Put another actor in the place of one that is lost, which cost the point at play a life."""
        if OTHER in str(error):
            raise DataError(f"--on {self.on}: {OTHER}: sweep with the same on all machines")
        behind = [answer for answer, (at, _) in self.playing.items() if at == place]
        again = [self.playing.pop(answer)[1] for answer in behind]
        self.actors[place] = self._actor()
        key = key_of(values)
        self.died[key] = self.died.get(key, 0) + 1
        left = self.died[key] < LIVES
        self.waiting.extendleft(reversed([values, *again] if left else again))
        return b"" if left else given_up(values)

    def _send(self) -> None:
        """Send points to the actors that have the fewest."""
        while self.waiting:
            has = [0] * self.processes
            for place, _ in self.playing.values():
                has[place] += 1
            place = min(range(self.processes), key=has.__getitem__)
            if has[place] >= AHEAD:
                return
            values = self.waiting.popleft()
            self.playing[self.actors[place].play.remote(values)] = place, values

    def _actor(self) -> Any:  # noqa: ANN401 - Ray's
        return self.kind.remote(self.files, self.code)


def _files(work: Work, tapes: Mapping[FeedKey, Bars]) -> dict[str, bytes]:
    """Return what an actor is sent: bars, account and models, and the modules beside the account's own file."""
    with tempfile.TemporaryDirectory(prefix="tidegate-sweep-") as name:
        folder = Path(name)
        put_down(folder, work, tapes)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    if not work.config.folder:
        return files
    return {path.name: path.read_bytes() for path in Path(work.config.folder).glob("*.py")} | files


def code_here() -> str:
    """Return the fingerprint of all that decides what comes of a point, but the account and its own modules."""
    versions = (sys.version_info[:2], *(version(name) for name in ("numpy", "numba", "msgspec")))
    digest = hashlib.sha256(repr(versions).encode())
    for room in ROOMS:
        for path in sorted(Path(room.__path__[0]).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
