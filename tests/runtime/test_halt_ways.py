"""Every way to a halt is enough by itself: each subset of dead ones, with a daemon that is well, stuck or not there."""

import itertools
import os
import signal
import subprocess
import sys

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backtests.benchmarks.mosquitto import free_port
from config.remote import RemoteSection
from runtime.operator import latch
from runtime.operator.keyfiles import new_key
from tests.latches import command, latched
from tests.mosquittos import Mosquitto
from tests.stand_ins import ROOT, StandIn, guarding
from tests.standing import ACCOUNT

PATIENT_S = 1000.0
"""How long a guardian bears with a daemon that stands still: here it is a way to a halt, and nothing else."""
WRITTEN = (latch.LOCK_FILE, "latch.word", "latch.log", "latch.json")


class Scene:
    """An account, whoever could halt it, and a person who tries."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Begin with all of them well, but for the bus."""
        self.state, self.keys, self.stack = latched(folder / "state", "run"), folder, stack
        new_key(ACCOUNT, "daemon", folder / "ring.json", folder / "daemon.jwk")
        new_key("me", "operator", folder / "ring.json", folder / "me.jwk")
        confined = [sys.executable, str(ROOT / "tests" / "confined.py"), "--plain-user", "--", sys.executable]
        self.person = subprocess.Popen(
            [*confined, "-m", "tests.plain_user"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        stack.callback(self.person.communicate)

    def remote(self, port: int) -> RemoteSection:
        """Return the bus as the person knows it."""
        return RemoteSection(
            account=ACCOUNT, host="localhost", port=port, tls=False, key=str(self.keys / "me.jwk"),
            operators=str(self.keys / "ring.json"),
        )  # fmt: skip

    def halts(self, remote: RemoteSection) -> dict[str, Any]:
        """Have the person halt the account; return what came of it."""
        assert self.person.stdin is not None
        assert self.person.stdout is not None
        line = msgspec.json.encode((str(self.state), remote)).decode()
        self.person.stdin.write(f"{line}\n")
        self.person.stdin.flush()
        said: dict[str, Any] = msgspec.json.decode(self.person.stdout.readline())
        return said

    def again(self) -> None:
        """Let the account trade again."""
        latch.loosen(self.state, command("run"))
        assert "run" == latch.read(self.state).level


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Return an account in a folder of its own."""
    with ExitStack() as stack:
        yield Scene(tmp_path, stack)


def forbid(state: Path, *, direct: bool) -> None:
    """Let the person write the latch, or not."""
    for name in WRITTEN:
        (state / name).chmod(0o600 if direct else 0o444)
    state.chmod(0o700 if direct else 0o555)


def hide(state: Path, *, socket: bool) -> None:
    """Let the daemon's socket be found, or not."""
    here, away = state / "control.sock", state / "away.sock"
    if socket and away.exists():
        away.rename(here)
    elif not socket and here.exists():
        here.rename(away)


def tries(scene: Scene, alive: dict[str, bool], remote: RemoteSection, *, answers: bool) -> None:
    """Halt with some ways dead; the first that lives must be the one that works, and without any it is said."""
    with guarding(scene.state, PATIENT_S) if alive["guardian"] else nullcontext():
        hide(scene.state, socket=alive["daemon"])
        forbid(scene.state, direct=alive["direct"])
        said = scene.halts(remote)
        forbid(scene.state, direct=True)
        hide(scene.state, socket=True)
    works = [way for way, lives in alive.items() if lives and (answers or way not in {"daemon", "mqtt"})]
    if works:
        assert (works[0], "halt") == (said.get("path"), latch.read(scene.state).level), (alive, said)
        assert [way for way in alive if way not in works][: len(said["tried"]) - 1] == [
            one["path"] for one in said["tried"][:-1]
        ]
        scene.again()
    else:
        assert "NOTHING HAS WORKED" in said["problem"], (alive, said)
        assert all(f"{way}: " in said["problem"] for way in alive)
        assert "run" == latch.read(scene.state).level


def subsets(*ways: str) -> list[dict[str, bool]]:
    """Return every choice of ways that live; the others are dead."""
    order = ("direct", "daemon", "guardian", "mqtt")
    return [
        {way: dict(zip(ways, lives, strict=True)).get(way, False) for way in order}
        for lives in itertools.product((True, False), repeat=len(ways))
    ]


def test_with_a_daemon_that_is_well_any_way_is_enough(scene: Scene, tmp_path: Path) -> None:
    """Latch, socket, guardian and bus, each alive or dead, all sixteen choices."""
    broker = Mosquitto(tmp_path / "broker")
    scene.stack.callback(broker.kill)
    daemon = StandIn(scene.state, str(scene.keys), str(broker.port))
    scene.stack.callback(daemon.close)
    assert "halt" == scene.halts(scene.remote(broker.port))["level"]
    scene.again()

    for alive in subsets("direct", "daemon", "guardian", "mqtt"):
        tries(scene, alive, scene.remote(broker.port if alive["mqtt"] else free_port()), answers=True)


@pytest.mark.parametrize("stuck", [True, False])
def test_without_a_daemon_that_answers_latch_and_guardian_are_enough(scene: Scene, stuck: bool) -> None:  # noqa: FBT001 - a case
    """The daemon stands still, so that its socket takes calls and answers none, or there is none."""
    if stuck:
        daemon = StandIn(scene.state)
        scene.stack.callback(daemon.close)
        daemon.signal(signal.SIGSTOP)
    nobody = scene.remote(free_port())

    for alive in subsets("direct", "daemon", "guardian") if stuck else subsets("direct", "guardian"):
        tries(scene, alive, nobody, answers=False)


def test_where_nothing_works_it_says_what_to_end(scene: Scene) -> None:
    """The process that could still send is named, so that it can be ended by hand."""
    daemon = StandIn(scene.state)
    scene.stack.callback(daemon.close)
    hide(scene.state, socket=False)
    forbid(scene.state, direct=False)
    said = scene.halts(scene.remote(free_port()))
    forbid(scene.state, direct=True)

    assert f"kill -9 {daemon.pid}" in said["problem"]
    assert os.path.exists(f"/proc/{daemon.pid}")  # noqa: PTH110 - nobody was ended by this
