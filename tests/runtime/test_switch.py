"""The daemon's side of the latch: every change becomes a fact once; nothing stale is ever loosened."""

from pathlib import Path

import pytest

from brokers.latch import Latch, encode_word
from brokers.word import LATCH_FILE, WORD_FILE
from runtime.core.facts import LevelChanged
from runtime.core.instructions import SetLevel
from runtime.operator import latch
from runtime.switch import LOOK_EVERY_S, Switch
from tests.clocks import Moved
from tests.latches import command, latched, lose


def a_switch(folder: Path) -> tuple[Switch, Moved]:
    """Return a switch and its clock."""
    clock = Moved()
    return Switch(folder, clock), clock


def told(switch: Switch) -> list[tuple[str, int]]:
    """Return level and generation of every change told now."""
    return [(fact.command.level, fact.generation) for fact in switch.changes(7)]


def waited(switch: Switch, clock: Moved) -> list[tuple[str, int]]:
    """Return all that is told over the next two seconds: a change that is being written has its time."""
    found = []
    for _ in range(4):
        clock.now += LOOK_EVERY_S
        found += told(switch)
    return found


def test_the_first_look_tells_the_level_that_stands(tmp_path: Path) -> None:
    """Commands of before the run are history, not news; then nothing is told twice."""
    switch, clock = a_switch(latched(tmp_path / "a", "run", "halt", "close-only"))
    first = switch.changes(7)
    clock.now += 10 * LOOK_EVERY_S

    assert [(7, "close-only", 3)] == [(f.at, f.command.level, f.generation) for f in first]
    assert [] == told(switch)


def test_every_change_is_told_once_in_order_whichever_path_it_came_by(tmp_path: Path) -> None:
    """Several commands between two looks are several facts, with who and why."""
    switch, _ = a_switch(latched(tmp_path / "a", "run"))
    told(switch)
    latch.tighten(switch.folder, command("halt", "first"))
    latch.tighten(switch.folder, command("flatten", "second"))
    found = switch.changes(7)

    assert [("first", "halt", 2), ("second", "flatten", 3)] == [
        (f.command.id, f.command.level, f.generation) for f in found
    ]
    assert [] == told(switch)


@pytest.mark.parametrize("name", [LATCH_FILE, WORD_FILE])
@pytest.mark.parametrize("how", ["gone", "empty", "rubbish"])
def test_a_latch_that_becomes_unreadable_is_told_as_a_halt(tmp_path: Path, name: str, how: str) -> None:
    """Whatever happens to a copy is noticed soon, once; a new latch is told as such."""
    switch, clock = a_switch(latched(tmp_path / "a", "run"))
    told(switch)
    path = switch.folder / name
    lose(path) if how == "gone" else path.write_bytes(b"" if how == "empty" else b"x" * 24)
    halted, again = waited(switch, clock), waited(switch, clock)
    latch.loosen(switch.folder, command("run"))

    assert ["halt"] == [level for level, _ in halted]
    assert [] == again
    assert [("run", 2)] == told(switch)


def test_a_change_cut_off_in_the_middle_is_a_halt_until_it_is_whole(tmp_path: Path) -> None:
    """The word alone was written: that reads as halt, and the command itself is told when the file follows."""
    switch, clock = a_switch(latched(tmp_path / "a", "run"))
    told(switch)
    (switch.folder / WORD_FILE).write_bytes(encode_word(Latch(level="close-only", generation=2)))
    half = waited(switch, clock)
    latch.loosen(switch.folder, command("close-only"))

    assert ([("halt", 2)], [("close-only", 3)]) == (half, told(switch))


def test_a_change_that_is_being_written_is_no_halt(tmp_path: Path) -> None:
    """A look that falls between the two writes of a change waits for the second."""
    switch, clock = a_switch(latched(tmp_path / "a", "run"))
    told(switch)
    word = (switch.folder / WORD_FILE).read_bytes()
    latch.tighten(switch.folder, command("close-only"))
    whole = (switch.folder / WORD_FILE).read_bytes()
    (switch.folder / WORD_FILE).write_bytes(word)
    clock.now += 2 * LOOK_EVERY_S
    between = told(switch)
    (switch.folder / WORD_FILE).write_bytes(whole)

    assert ([], [("close-only", 2)]) == (between, told(switch))


def test_an_account_of_which_all_is_lost_is_told_as_a_halt(tmp_path: Path) -> None:
    """The folder was emptied under the daemon; the latch made anew is told though its numbers begin again."""
    switch, clock = a_switch(latched(tmp_path / "a", "run", "halt", "run"))
    told(switch)
    for name in (LATCH_FILE, WORD_FILE, latch.LOG_FILE):
        lose(switch.folder / name)
    halted = waited(switch, clock)
    latch.create(switch.folder, command("close-only"))

    assert ([("halt", 0)], [("close-only", 1)]) == (halted, told(switch))


@pytest.mark.parametrize("names", [(LATCH_FILE,), (WORD_FILE,), (LATCH_FILE, WORD_FILE)], ids=str)
def test_history_is_not_told_again_when_copies_are_lost(tmp_path: Path, names: tuple[str, ...]) -> None:
    """An old flatten must not close today's positions because a file had to be written anew."""
    switch, clock = a_switch(latched(tmp_path / "a", "run", "flatten", "run"))
    told(switch)
    for name in names:
        lose(switch.folder / name)
    lost = waited(switch, clock)
    again, _ = a_switch(switch.folder)
    waited(again, clock)
    latch.tighten(switch.folder, command("halt"))

    assert ["halt"] == [level for level, _ in lost]
    assert ([("halt", 4)], [("halt", 4)]) == (told(switch), told(again))


# --- loosening --------------------------------------------------------------------------------------------------------


def test_a_promise_is_kept(tmp_path: Path) -> None:
    """The command is latched and told; who waits gets the answer."""
    switch, _ = a_switch(latched(tmp_path / "a", "halt"))
    told(switch)
    given = command("run")
    promise = switch.expect(given)
    answer = switch.loosen(given)

    assert promise is answer
    assert [("run", 2)] == told(switch)


def test_a_command_that_was_given_up_changes_nothing(tmp_path: Path) -> None:
    """Who was told that the daemon does not answer must not find the account running later."""
    switch, _ = a_switch(latched(tmp_path / "a", "halt"))
    given = command("run")
    switch.expect(given).cancel()

    assert switch.loosen(given) is None
    assert ("halt", 1) == (latch.read(switch.folder).level, latch.read(switch.folder).generation)


def test_a_resume_does_not_undo_a_halt_that_came_after_it(tmp_path: Path) -> None:
    """It was asked at another level than stands now: refused, and said so."""
    switch, _ = a_switch(latched(tmp_path / "a", "close-only"))
    given = command("run")
    promise = switch.expect(given)
    latch.tighten(switch.folder, command("halt"))

    assert switch.loosen(given) is None
    assert "changed to halt meanwhile" in promise.result(0)["problem"]
    assert promise.result(0)["refused"]
    assert "halt" == latch.read(switch.folder).level


def test_a_latch_that_cannot_be_written_stays_and_is_said(tmp_path: Path) -> None:
    """A full disk does not end the daemon, nor loosen anything."""
    switch, _ = a_switch(latched(tmp_path / "a", "halt"))
    (switch.folder / "latch.new").mkdir()
    given = command("run")
    promise = switch.expect(given)

    assert switch.loosen(given) is None
    assert not promise.result(0)["ok"]
    assert "halt" == latch.read(switch.folder).level


def test_a_command_nobody_waits_for_is_passed_over(tmp_path: Path) -> None:
    """The same command worked twice is worked once."""
    switch, _ = a_switch(latched(tmp_path / "a", "halt"))

    assert switch.loosen(command("run")) is None
    assert "halt" == latch.read(switch.folder).level


# --- what the core asks for -------------------------------------------------------------------------------------------


def test_the_cores_halt_is_latched_and_answered_once(tmp_path: Path) -> None:
    """The fact carries the instruction it answers; the next look does not tell it again."""
    switch, _ = a_switch(latched(tmp_path / "a", "flatten"))
    told(switch)
    fact = switch.core_asks(SetLevel(id=77, level="halt", why="flattened"), 9)

    assert isinstance(fact, LevelChanged)
    assert (9, 77, "halt", 2, "core") == (fact.at, fact.id, fact.command.level, fact.generation, fact.command.who)
    assert [] == told(switch)


def test_the_end_of_a_flatten_does_not_undo_a_newer_command(tmp_path: Path) -> None:
    """A person asked to flatten again before the core's halt was written: that stands, and is what the core hears."""
    switch, _ = a_switch(latched(tmp_path / "a", "flatten"))
    told(switch)
    latch.tighten(switch.folder, command("flatten", "again"))
    fact = switch.core_asks(SetLevel(id=77, level="halt", why="flattened"), 9)

    assert ("flatten", "again", 77) == (fact.command.level, fact.command.id, fact.id)
    assert "flatten" == latch.read(switch.folder).level
    assert [] == told(switch)


def test_the_cores_halt_falls_on_a_full_disk(tmp_path: Path) -> None:
    """The word alone makes it halt."""
    switch, _ = a_switch(latched(tmp_path / "a", "run"))
    told(switch)
    (switch.folder / "latch.new").mkdir()
    fact = switch.core_asks(SetLevel(id=77, level="halt", why="wrong terminal"), 9)

    assert ("halt", "halt") == (fact.command.level, latch.read(switch.folder).level)
