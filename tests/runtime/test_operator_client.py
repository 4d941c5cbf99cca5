"""The operator's end: it says which path worked, what was in flight, and what nobody has confirmed."""

import concurrent.futures
import getpass
import os
import socket
import threading

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brokers.latch import Level
from brokers.word import LATCH_FILE, SENDING_AT, WORD_FILE
from runtime.clock import Clock
from runtime.operator import client, latch
from runtime.operator.client import UnreachableError, change_level, status
from runtime.operator.control import Asked, Control, ask
from runtime.operator.socketfile import socket_path
from runtime.switch import Switch
from tests.latches import command, latched

RUNS = {"running": True, "resting": 0, "in_doubt": 0, "positions": 0}


class Daemon:
    """The part of a daemon that an operator meets: its socket and its switch, worked at once."""

    def __init__(self, folder: Path, **shown: Any) -> None:  # noqa: ANN401 - of a status
        """Listen, and show what is given besides level and generation."""
        self.folder, self.shown = folder, RUNS | shown
        self.switch = Switch(folder, Clock())
        self.ear = Control(folder, self.status, self.loosen, lambda: None)

    def status(self) -> dict[str, Any]:
        """Show the latch as the core has heard it."""
        now = latch.read(self.folder)
        return {"level": now.level, "generation": now.generation, **self.shown}

    def loosen(self, command: Any) -> "concurrent.futures.Future[dict[str, Any]]":  # noqa: ANN401 - a Command
        """Loosen as the consumer does."""
        promise = self.switch.expect(command)
        answer = self.switch.loosen(command)
        if answer is not None:
            answer.set_result({"ok": True, "level": command.level, "generation": latch.read(self.folder).generation})
        return promise


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Have a daemon of an account whose latch stands at run, or another level."""
    with ExitStack() as stack:

        def make(level: Any = "run", **shown: Any) -> Daemon:  # noqa: ANN401 - of a status
            found = Daemon(latched(tmp_path / "a", level), **shown)
            stack.callback(found.ear.close)
            return found

        yield make


def test_without_a_daemon_a_halt_falls_all_the_same(tmp_path: Path) -> None:
    """The latch is written directly; what nobody can confirm is said."""
    folder = latched(tmp_path / "a", "run")
    report = change_level(folder, "halt", "smoke", who="ann")
    now = latch.read(folder)

    assert ("halt", 2, "direct", False) == (report.level, report.generation, report.path, report.confirmed)
    assert "no daemon runs" in report.note
    assert now.command is not None
    assert ("ann", "smoke", "halt") == (now.command.who, now.command.why, now.level)


@pytest.mark.parametrize(("level", "said"), [("flatten", True), ("halt", False)])
def test_without_a_daemon_a_flatten_says_who_will_close(tmp_path: Path, level: Level, said: bool) -> None:  # noqa: FBT001 - a case
    """The positions stand until a daemon runs, which is what the operator has to see to."""
    report = change_level(latched(tmp_path / "a", "run"), level, "smoke")

    assert said == ("start the daemon with tidegate run, and it closes them" in report.note)


@pytest.mark.parametrize(("level", "said"), [("flatten", True), ("halt", False), ("close-only", False)])
def test_a_halt_says_that_it_ends_a_flatten(tmp_path: Path, level: Level, said: bool) -> None:  # noqa: FBT001 - a case
    """Who meant to be sure would leave positions open that were about to be closed."""
    folder = latched(tmp_path / "a", "run")
    change_level(folder, level, "a test", patience_s=0.0)
    report = change_level(folder, "halt", "a test", patience_s=0.0)

    assert ("halt", said) == (report.level, "a flatten was under way and ends here" in report.note)


@pytest.mark.parametrize("force", [True, False])
def test_a_flatten_says_whether_it_is_forced(tmp_path: Path, force: bool) -> None:  # noqa: FBT001 - a case
    """What the operator insisted on is latched with the level, so that a restart resumes it as it was asked."""
    folder = latched(tmp_path / "a", "run")
    change_level(folder, "flatten", "smoke", force=force)
    now = latch.read(folder).command

    assert now is not None
    assert ("flatten", force) == (now.level, now.force)


def test_without_a_daemon_nothing_is_loosened(tmp_path: Path) -> None:
    """Only a running daemon grants a resume."""
    folder = latched(tmp_path / "a", "halt")
    with pytest.raises(UnreachableError, match="only a running daemon"):
        change_level(folder, "run", "all clear")

    assert "halt" == latch.read(folder).level


@pytest.mark.parametrize("level", ["run", "halt"])
@pytest.mark.parametrize("why", ["", " \t"])
def test_every_change_needs_a_reason(tmp_path: Path, level: Level, why: str) -> None:
    """It is the first thing asked for afterwards."""
    folder = latched(tmp_path / "a", "run")
    with pytest.raises(ValueError, match="a reason is needed"):
        change_level(folder, level, why)

    assert 1 == latch.read(folder).generation


def test_a_daemon_confirms_that_nothing_rests(daemon: Callable[..., Daemon]) -> None:
    """The latch is written directly, and the daemon's own word ends the waiting."""
    report = change_level(daemon().folder, "halt", "smoke")

    assert ("halt", "direct", True, "") == (report.level, report.path, report.confirmed, report.note)


@pytest.mark.parametrize(
    ("level", "shown"),
    [("halt", {"resting": 2}), ("halt", {"in_doubt": 1}), ("flatten", {"positions": 1}), ("flatten", {})],
)
def test_what_is_not_confirmed_in_time_is_said(
    daemon: Callable[..., Daemon], level: Level, shown: dict[str, int]
) -> None:
    """Entries that rest or may, positions that a flatten has not closed, and a flatten that the core has not ended."""
    report = change_level(daemon(**shown).folder, level, "smoke", patience_s=0.1)

    assert (False, shown) == (report.confirmed, {name: getattr(report, name, shown[name]) for name in shown})
    assert "has not confirmed" in report.note


def test_the_order_in_flight_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A halt that returns knows which order was between check and answer."""
    monkeypatch.setattr(latch, "wait_sent", lambda folder, _: latch.sending(folder))
    folder = latched(tmp_path / "a", "run")
    with (folder / WORD_FILE).open("r+b") as word:
        os.pwrite(word.fileno(), (99).to_bytes(8, "little"), SENDING_AT)

    assert 99 == change_level(folder, "halt", "smoke").in_flight


def test_loosening_goes_through_the_daemon(daemon: Callable[..., Daemon]) -> None:
    """The daemon writes the latch, and says so."""
    found = daemon("halt")
    report = change_level(found.folder, "run", "all clear")

    assert ("run", 2, "daemon", True) == (report.level, report.generation, report.path, report.confirmed)
    assert "run" == latch.read(found.folder).level


def test_a_latch_that_this_process_may_not_write_is_the_daemons_to_tighten(
    daemon: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any path suffices: where the file cannot be written from here, the socket is asked."""
    found, real, calls = daemon(), latch.tighten, []

    def tighten(folder: Path, *args: Any) -> Any:  # noqa: ANN401 - as the real one
        calls.append(1)
        if len(calls) == 1:
            raise PermissionError("not yours")
        return real(folder, *args)

    monkeypatch.setattr(latch, "tighten", tighten)
    report = change_level(found.folder, "halt", "smoke")

    assert ("halt", "daemon", "halt") == (report.level, report.path, latch.read(found.folder).level)


def test_a_halt_needs_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system knows no name for who is here, in a container say, the number stands for it."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    folder = latched(tmp_path / "a", "run")

    assert "halt" == change_level(folder, "halt", "smoke").level
    assert f"user {os.getuid()}" == status(folder)["latched"]["who"]


# --- scopes -----------------------------------------------------------------------------------------------------------

LEFT = [
    {"kind": "position", "ticket": 7, "symbol": "GOLD", "side": 1, "lots": 0.5, "strategy": "trend", "state": ""},
    {"kind": "position", "ticket": 8, "symbol": "EURUSD", "side": -1, "lots": 0.1, "strategy": "mean", "state": ""},
]
SCOPES = {"trend": ["strategy:trend", "symbol:GOLD"], "mean": ["strategy:mean", "symbol:EURUSD"]}


@pytest.mark.parametrize(
    ("scope", "left", "concerned"),
    [("", [7, 8], None), ("strategy:trend", [7], 1), ("symbol:EURUSD", [8], 1), ("strategy:trnd", [], 0)],
)
def test_a_halt_lists_what_is_left_of_its_scope(
    daemon: Callable[..., Daemon], scope: str, left: list[int], concerned: int | None
) -> None:
    """Tickets of the account, or of the strategies that are in the scope; and whether any is."""
    one = daemon(left=LEFT, scopes=SCOPES, scoped={scope: "halt"}, positions=2)
    report = change_level(one.folder, "halt", "smoke", scope=scope)

    assert (True, scope, "halt") == (report.confirmed, report.scope, report.level)
    assert (left, concerned) == ([item.ticket for item in report.left], report.concerned)
    assert len(left) == report.positions


def test_the_daemon_lifts_a_scope_and_tells_what_else_is_latched(daemon: Callable[..., Daemon]) -> None:
    """By the same question as an account's level, in a word that an older daemon does not take for that."""
    one = daemon(left=[], scopes=SCOPES, scoped={})
    latch.tighten(one.folder, command("halt", scope="strategy:trend"))
    latch.tighten(one.folder, command("close-only", scope="symbol:GOLD"))
    report = change_level(one.folder, "run", "well again", scope="strategy:trend")

    assert ("run", "daemon", True) == (report.level, report.path, report.confirmed)
    assert "symbol:GOLD still stands at close-only" == report.note
    assert ["symbol:GOLD"] == [left.scope for left in latch.read(one.folder).scopes]


def test_what_is_no_scope_is_refused_on_every_way(daemon: Callable[..., Daemon]) -> None:
    """Nothing is latched."""
    one = daemon()
    asked = Asked(do="scoped", command=command("halt", scope="desk:7"))

    with pytest.raises(ValueError, match="expected strategy:NAME"):
        change_level(one.folder, "halt", "smoke", scope="desk:7")
    assert "expected strategy:NAME" in ask(one.folder, asked)["problem"]
    assert () == latch.read(one.folder).scopes


# --- a daemon that is stuck -------------------------------------------------------------------------------------------


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of an account whose daemon is there, but never answers."""
    monkeypatch.setattr(client, "STATUS_S", 0.05)
    folder = latched(tmp_path / "a", "run")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(socket_path(folder)))
        line.listen()
        yield folder


def test_a_stuck_daemon_is_not_called_absent(stuck: Path) -> None:
    """Its level is the latch's; that it is there is said."""
    told = status(stuck)

    assert {
        "level": "run", "generation": 1, "who": "tester", "at": 1, "why": "a test", "path": "direct", "scope": "",
        "scopes": (),
    } == told.pop("latched")  # fmt: skip
    assert {"ok": False, "running": False, "stuck": True, "level": "run", "generation": 1} == told


def test_a_halt_falls_past_a_stuck_daemon_and_is_not_called_confirmed(stuck: Path) -> None:
    """Its gateway obeys the latch; whether entries still rest, nobody has said."""
    report = change_level(stuck, "halt", "smoke", patience_s=0.1)

    assert ("halt", "halt", False) == (latch.read(stuck).level, report.level, report.confirmed)
    assert "has not confirmed" in report.note


def test_status_without_a_daemon_is_the_latchs(tmp_path: Path) -> None:
    """A folder without anything is an account at halt that nobody runs."""
    told = status(tmp_path)

    assert "no latch yet" in told.pop("latched")["why"]
    assert {"ok": False, "running": False, "stuck": False, "level": "halt", "generation": 0} == told


# --- who set the level ------------------------------------------------------------------------------------------------


def test_status_says_who_set_the_level_when_and_why(daemon: Callable[..., Daemon]) -> None:
    """The latch knows, whoever answers for the rest; it stands behind level and generation."""
    found = daemon()
    change_level(found.folder, "halt", "smoke", who="ann")
    told = status(found.folder)
    latched = told["latched"]

    assert ("halt", 2, "ann", "smoke", "direct") == tuple(
        latched[n] for n in ("level", "generation", "who", "why", "path")
    )
    assert abs(Clock().wall_ms() - latched["at"]) < 10_000
    assert list(told).index("generation") + 1 == list(told).index("latched")


def test_of_a_damaged_latch_it_is_said_how_it_is_mended(tmp_path: Path) -> None:
    """Who set it is lost; that a halt writes it anew is not."""
    folder = latched(tmp_path / "a", "run")
    (folder / LATCH_FILE).write_bytes(b"junk")
    told = status(folder)["latched"]

    assert ("halt", "", 0) == (told["level"], told["who"], told["at"])
    assert "damaged" in told["why"]
    assert "tidegate halt" in told["why"]


# --- what a flatten is about ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["direct", "daemon"])
def test_a_flatten_says_how_many_positions_it_is_about(
    daemon: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """They are counted before the latch falls, as the daemon may close the first while it is being asked."""
    found, real = daemon(positions=2), latch.tighten

    def tighten(folder: Path, *given: Any) -> Any:  # noqa: ANN401 - as the real one
        if path == "daemon" and threading.current_thread() is threading.main_thread():
            raise PermissionError("not yours")
        found.shown |= {"positions": 0, "level": "halt"}
        return real(folder, *given)

    monkeypatch.setattr(latch, "tighten", tighten)
    report = change_level(found.folder, "flatten", "home time")

    assert (path, 2, 0, True) == (report.path, report.about, report.positions, report.confirmed)


def test_a_flatten_that_the_daemon_latched_is_not_called_done_before_it_is(
    daemon: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path by which it was latched closes nothing."""
    found, real = daemon(positions=1), latch.tighten

    def tighten(folder: Path, *given: Any) -> Any:  # noqa: ANN401 - as the real one
        if threading.current_thread() is threading.main_thread():
            raise PermissionError("not yours")
        return real(folder, *given)

    monkeypatch.setattr(latch, "tighten", tighten)
    report = change_level(found.folder, "flatten", "home time", patience_s=0.1)

    assert ("daemon", False, 1, 1) == (report.path, report.confirmed, report.about, report.positions)


def test_only_a_flatten_is_about_positions(daemon: Callable[..., Daemon]) -> None:
    """A halt leaves them to their stops; and of an account that nobody runs nobody knows."""
    found = daemon(positions=2)
    halt = change_level(found.folder, "halt", "smoke")
    found.ear.close()

    assert (None, None) == (halt.about, change_level(found.folder, "flatten", "home time").about)
