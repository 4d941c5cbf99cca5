"""The guardian over stand-ins of daemons that are real processes: what it halts, what it ends, what it leaves alone."""

import os
import signal

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brokers.word import LATCH_FILE
from config.alerts import AlertsSection
from runtime.alerts.crier import Crier
from runtime.fleet_process import owner
from runtime.guardian import Guarded, Guardian
from runtime.heart import PROGRESS_FILE, progress_of
from runtime.operator import latch
from runtime.operator.control import Asked, ask
from runtime.operator.ears import GUARDIAN
from tests.latches import command, latched
from tests.stand_ins import StandIn, guarding, until

Guard = Callable[..., Guarded]
HALT_S = 0.5


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the folder of an account that may trade."""
    return latched(tmp_path / "a", "run")


@pytest.fixture
def daemon(state: Path) -> Iterator[StandIn]:
    """Return a stand-in of the account's daemon."""
    one = StandIn(state)
    yield one
    one.close()


@pytest.fixture
def guard(state: Path) -> Iterator[Guard]:
    """Guard the account, in a thread of this process."""
    with ExitStack() as stack:
        yield lambda kill_s=0.0: stack.enter_context(guarding(state, HALT_S, kill_s))


def halted(state: Path) -> bool:
    """Say whether a halt is latched, and all of it written."""
    now = latch.read(state)
    return now.level == "halt" and now.command is not None


def worked(state: Path) -> int:
    """Return how much its daemon has worked through."""
    seen = progress_of(state)
    assert seen is not None
    return seen.works


def level(state: Path) -> tuple[str, str, str]:
    """Return where the latch stands, by which path, and by whom."""
    now = latch.read(state)
    assert now.command is not None
    return now.level, now.command.path, now.command.who


@pytest.mark.parametrize("how", ["gil", "python", "consumer"])
def test_a_daemon_that_stands_still_is_halted(state: Path, daemon: StandIn, guard: Guard, how: str) -> None:
    """Its interpreter held by C code, its loop kept busy, or its consumer stuck while its loop turns: it is halted."""
    guard()
    daemon.say(how)
    took = until(lambda: halted(state))

    assert ("halt", "guardian", "guardian") == level(state)
    assert took >= HALT_S / 2
    assert not daemon.ended()


def test_one_that_is_idle_is_left_alone(state: Path, daemon: StandIn, guard: Guard) -> None:
    """Nothing happens, and it comes round all the same."""
    one = guard()
    before = worked(state)
    until(lambda: worked(state) > before + 5)

    assert ("run", "direct", "tester") == level(state)
    assert one.watch.over_s < HALT_S
    assert not daemon.ended()


def test_one_that_moves_again_stays_halted(state: Path, daemon: StandIn, guard: Guard) -> None:
    """Only a person lifts what was latched."""
    one = guard()
    daemon.signal(signal.SIGSTOP)
    until(lambda: halted(state))
    daemon.signal(signal.SIGCONT)
    until(lambda: not one.told)

    assert ("halt", "guardian", "guardian") == level(state)


def test_one_that_does_not_come_back_is_ended(state: Path, daemon: StandIn, guard: Guard) -> None:
    """Halted first, then killed; the latch's log says who did it and why."""
    guard(kill_s=1.5)
    daemon.say("gil")
    until(daemon.ended)
    until(lambda: len(latch.logged(state, 1)) == 2)

    first, last = (entry.command.why for entry in latch.logged(state, 1))
    assert "halted by the guardian" in first
    assert "the daemon is ended" in last
    assert 0 == owner(state)


def test_a_flatten_is_not_ended_by_it(state: Path, daemon: StandIn, guard: Guard) -> None:
    """It would come to its end with a halt: what is to be closed would stay open."""
    latch.tighten(state, command("flatten"))
    one = guard()
    daemon.say("gil")
    until(lambda: one.told == "stuck")

    assert "flatten" == latch.read(state).level


def test_a_dead_daemon_is_not_one_that_stands_still(state: Path, daemon: StandIn, guard: Guard) -> None:
    """What it said last stands there for ever; it is history."""
    one = guard()
    daemon.close()
    until(lambda: one.watch.loop_s > 0.3)
    until(lambda: one.watch.loop_s < 0.3)

    assert ("run", "direct", "tester") == level(state)


def test_where_the_latch_cannot_be_written_the_daemon_is_ended(
    state: Path, daemon: StandIn, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing new can leave either way; none may begin again until the halt is written."""
    one = guard()
    spoil(state, monkeypatch)
    daemon.say("gil")
    until(daemon.ended)
    until(lambda: one.bar is not None)
    barred = owner(state)
    mend(state, monkeypatch)
    until(lambda: one.owed is None)

    assert os.getpid() == barred
    assert 0 == owner(state)
    assert ("halt", "guardian", "guardian") == level(state)


def test_people_are_told_once_that_the_daemon_was_ended_instead(
    state: Path, daemon: StandIn, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that it was halted as well: what is said last is what stands in the list."""
    one, cries = guard(), Cries()
    one.crier = cries
    spoil(state, monkeypatch)
    daemon.say("gil")
    until(daemon.ended)
    until(lambda: one.bar is not None and one.watch.over_s <= 0.0)
    mend(state, monkeypatch)
    until(lambda: one.owed is None)

    assert 1 == len(cries.said)
    assert "the daemon is ended instead" in cries.said[0]


class Cries(Crier):
    """What people are told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.said: list[str] = []

    def cry(self, folder: Path, account: str, section: AlertsSection | None, text: str) -> None:  # noqa: ARG002 - its shape
        """Note it."""
        self.said.append(text)


def test_it_is_a_way_to_a_halt_by_itself(state: Path, daemon: StandIn, guard: Guard) -> None:
    """Asked at its socket it latches, and does not loosen."""
    guard()
    daemon.signal(signal.SIGSTOP)

    def asked(what: Any) -> dict[str, Any]:  # noqa: ANN401 - a level
        return ask(state, Asked(do="level", command=command(what)), 5.0, GUARDIAN)

    assert [("halt", True), (None, False)] == [(said.get("level"), said["ok"]) for said in map(asked, ("halt", "run"))]
    assert "halt" == latch.read(state).level


def test_two_guardians_do_not_guard_one_account(state: Path, guard: Guard) -> None:
    """The second has to wait until the first has gone."""
    guard()

    assert not Guardian().take(Guarded("a", state, 1.0, 0.0))


def test_a_word_that_is_none_of_ours_is_not_believed(state: Path, daemon: StandIn) -> None:
    """Cut short or of another kind, it says nothing, and nothing is done about it."""
    (state / "other").write_bytes(b"TGP0" + bytes(28))
    (state / "other").replace(state / PROGRESS_FILE)
    one = Guarded("a", state, HALT_S, HALT_S)
    for _ in range(9):
        one.look(10 * HALT_S)

    assert progress_of(state) is None
    assert ("run", "direct", "tester") == level(state)
    assert not daemon.ended()


def spoil(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a latch that cannot be written: a folder stands in the place of its lock, and its word is refused."""

    def refused(*_: object) -> None:
        raise OSError(30, "read-only file system")

    (state / latch.LOCK_FILE).unlink()
    (state / latch.LOCK_FILE).mkdir()
    monkeypatch.setattr(latch, "_write_word", refused)


def mend(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be written again."""
    monkeypatch.undo()
    (state / latch.LOCK_FILE).rmdir()
    assert (state / LATCH_FILE).exists()
