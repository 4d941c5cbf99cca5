"""The dead man's switch: what follows from silence, step by step, and what a heartbeat that comes back changes."""

from pathlib import Path

import pytest

from brokers.latch import Level
from config.watching import DeadManSection
from runtime.core.facts import LevelChanged
from runtime.dead_man import AGAIN_S, LONGEST_S, DeadMan, beat
from runtime.operator import latch
from runtime.switch import Switch
from tests.clocks import Moved
from tests.latches import command, latched

SECTION = DeadManSection(alert_s=10.0, close_only_s=20.0, flatten_s=30.0)


class Watched:
    """An account, its dead man's switch, and what people were told."""

    def __init__(self, folder: Path, *levels: Level, section: DeadManSection = SECTION) -> None:
        """Begin with somebody who looks."""
        self.folder = latched(folder / "a", *(levels or ("run",)))
        self.clock = Moved()
        self.calls: list[str] = []
        self.dead_man = DeadMan(self.folder, section, self.clock, self.calls.append)

    def passes(self, seconds: float) -> str:
        """Let time pass, a second at a time; return where the latch stands."""
        for _ in range(int(seconds)):
            self.clock.now += 1.0
            self.dead_man.look()
        return latch.read(self.folder).level


def test_silence_calls_then_closes_entries_then_flattens(tmp_path: Path) -> None:
    """Each in its time, who and why in the latch."""
    watched = Watched(tmp_path)
    levels = [watched.passes(seconds) for seconds in (9, 1, 9, 1, 9, 1)]
    by = latch.read(watched.folder).command

    assert ["run", "run", "run", "close-only", "close-only", "flatten"] == levels
    assert ["nobody watches: no heartbeat for 10 s"] == watched.calls
    assert by is not None
    assert ("deadman", "dead man", "dead man: no heartbeat of those who watch for 30 s") == (by.path, by.who, by.why)


def test_without_a_word_about_it_nothing_is_ever_flattened(tmp_path: Path) -> None:
    """To close positions can itself lose money: it is asked for, or not done."""
    watched = Watched(tmp_path, section=DeadManSection(alert_s=10.0, close_only_s=20.0))

    assert "close-only" == watched.passes(10_000)


def test_a_heartbeat_begins_anew_and_loosens_nothing(tmp_path: Path) -> None:
    """While they come nothing happens; one that comes late lifts nothing, and the next silence counts from it."""
    watched = Watched(tmp_path)
    before = []
    for _ in range(5):
        beat(watched.folder)
        before.append(watched.passes(9))
    silent = watched.passes(12)
    beat(watched.folder)
    after = watched.passes(15)

    assert ["run"] * 5 == before
    assert ("close-only", "close-only") == (silent, after)
    assert ["nobody watches: no heartbeat for 10 s", "", "nobody watches: no heartbeat for 10 s"] == watched.calls


def test_what_a_person_resumed_meanwhile_is_left_in_this_silence(tmp_path: Path) -> None:
    """Who resumes knows that nobody watches; it is not tightened again every second, but by the next step."""
    watched = Watched(tmp_path)
    watched.passes(20)
    latch.loosen(watched.folder, command("run"))

    assert ["run", "flatten"] == [watched.passes(9), watched.passes(1)]


@pytest.mark.parametrize("level", ["halt", "flatten"])
def test_a_tighter_level_is_not_loosened(tmp_path: Path, level: Level) -> None:
    """Close-only is looser than a halt: what stands stays."""
    watched = Watched(tmp_path, "run", level, section=DeadManSection(alert_s=10.0, close_only_s=20.0))

    assert level == watched.passes(100)


def test_a_flatten_that_the_disk_did_not_take_is_asked_for_again(tmp_path: Path) -> None:
    """It reads as halt meanwhile, and nobody closes anything: once there is room, the flatten is latched."""
    watched = Watched(tmp_path)
    watched.passes(29)
    (watched.folder / "latch.new").mkdir()
    before = watched.passes(2)
    (watched.folder / "latch.new").rmdir()

    assert ("halt", "flatten") == (before, watched.passes(AGAIN_S + 1.0))


def test_a_machine_that_slept_is_no_silence(tmp_path: Path) -> None:
    """Of an hour between two looks a few seconds count."""
    watched = Watched(tmp_path)
    watched.clock.now += 3600.0
    watched.dead_man.look()

    assert ("run", True) == (latch.read(watched.folder).level, watched.dead_man.silent_s <= LONGEST_S)


def test_the_daemon_hears_of_it_by_the_latch(tmp_path: Path) -> None:
    """It is a change of level like any other: a fact, and so journaled."""
    watched = Watched(tmp_path)
    switch = Switch(watched.folder, watched.clock)
    switch.dead_man = watched.dead_man
    told: list[LevelChanged] = []
    for _ in range(21):
        watched.clock.now += 1.0
        told += switch.changes(7)

    assert [("run", "direct"), ("close-only", "deadman")] == [(one.command.level, one.command.path) for one in told]
