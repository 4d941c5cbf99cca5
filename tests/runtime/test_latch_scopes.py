"""Scopes of the latch: a strategy, symbol or model has a level of its own; no crash and no damage reads looser."""

import struct

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.latch import (
    LEVELS,
    RANK,
    Latch,
    Level,
    agreed,
    check_of,
    concerns,
    decode_latch,
    encode_latch,
    encode_word,
    read_word,
    scope_problem,
)
from brokers.word import LATCH_FILE, WORD_FILE
from runtime.operator import latch
from tests.latches import command, latched

TREND, GOLD = "strategy:trend", "symbol:GOLD"
TIGHT: tuple[Level, ...] = ("close-only", "halt", "flatten")


def stands(folder: Path) -> tuple[str, dict[str, str]]:
    """Return the level of the account, and of each scope that is latched."""
    now = latch.read(folder)
    return now.level, {one.scope: one.level for one in now.scopes}


def scoped(folder: Path, level: Level = "halt", scope: str = TREND) -> Path:
    """Give a folder a latch at run, with one scope latched."""
    latch.tighten(latched(folder, "run"), command(level, scope=scope))
    return folder


# --- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", LEVELS)
@pytest.mark.parametrize("to", LEVELS)
def test_anybody_may_tighten_a_scope_and_nobody_loosen_it(tmp_path: Path, now: Level, to: Level) -> None:
    """As with the account's level, which stays where it is."""
    folder = latched(tmp_path / "a", "run")
    latch.loosen(folder, command(now, scope=TREND))
    if RANK[to] >= RANK[now]:
        latch.tighten(folder, command(to, scope=TREND))
    else:
        with pytest.raises(latch.LatchError, match="only the running daemon"):
            latch.tighten(folder, command(to, scope=TREND))
    found = to if RANK[to] >= RANK[now] else now

    assert ("run", {} if found == "run" else {TREND: found}) == stands(folder)


def test_each_scope_keeps_who_set_it_and_stays_when_another_is_lifted(tmp_path: Path) -> None:
    """And so does the account: its own level is another thing than that of its scopes."""
    folder = latched(tmp_path / "a", "run")
    latch.tighten(folder, command("halt", "one", "it loses", TREND))
    latch.tighten(folder, command("close-only", "two", "a holiday", GOLD))
    latch.tighten(folder, command("halt", "three", "lunch"))
    latch.loosen(folder, command("run", "four", "back"))
    latch.loosen(folder, command("run", "five", "over", GOLD))
    now = latch.read(folder)
    (left,) = now.scopes

    assert ("run", "four", 6) == (now.level, now.command.id if now.command else "", now.generation)
    assert (TREND, "halt", 2, "it loses") == (left.scope, left.level, left.generation, left.command.why)
    assert ["", TREND, GOLD, "", "", GOLD] == [entry.command.scope for entry in latch.logged(folder, 0)]


def test_the_newest_command_is_the_one_latched_last(tmp_path: Path) -> None:
    """Whichever scope it was about."""
    folder = scoped(tmp_path / "a")
    first = latch.read(folder).newest
    latch.tighten(folder, command("halt", "account"))
    second = latch.read(folder).newest

    assert (TREND, "account") == (first.scope if first else "", second.id if second else "")


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_latch_of_before_there_were_scopes_reads_as_it_stood(tmp_path: Path) -> None:
    """File and word as older versions wrote them, to the byte."""
    folder = latched(tmp_path / "a", "run")
    told = '"who": "ann", "why": "x", "wall": 5, "path": "direct", "force": false'
    old = f'{{"level": "close-only", "generation": 7, "command": {{"id": "c-1", "level": "close-only", {told}}}}}'
    (folder / LATCH_FILE).write_text(old)
    (folder / WORD_FILE).write_bytes(struct.pack("<4sIQQ", b"TGL1", 1, 7, 0))
    now = latch.read(folder)

    assert ("close-only", 7, "ann", ()) == (now.level, now.generation, now.command and now.command.who, now.scopes)


def test_who_does_not_know_of_scopes_halts(tmp_path: Path) -> None:
    """An older gateway takes the level's index with a check above it for a corrupt one: it must not trade on."""
    folder = scoped(tmp_path / "a", "close-only")
    _, index, _, _ = struct.unpack("<4sIQQ", (folder / WORD_FILE).read_bytes())

    assert index >= len(LEVELS)


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), level=st.sampled_from(TIGHT))
def test_a_file_with_any_byte_changed_never_reads_a_scope_looser(at: int, flip: int, level: Level) -> None:
    """A changed byte leaves the scope where it is, or halts the account."""
    one = command(level, scope=TREND)
    whole = Latch(level="run", generation=7, command=command("run"), scopes=(latch._scoped(one, 7),))
    raw = bytearray(encode_latch(whole))
    raw[at % len(raw)] ^= flip
    found = agreed(decode_latch(bytes(raw)), read_word(encode_word(whole)))

    assert found.level == "halt" or found.own(TREND) == level


def test_no_scopes_have_no_check_and_any_have_one() -> None:
    """A latch without scopes is written as it always was."""
    some = (latch._scoped(command("halt", scope=TREND), 7),)

    assert (0, True) == (check_of(()), 0 < check_of(some) < 1 << 24)


@pytest.mark.parametrize(
    ("scope", "of", "expected"),
    [
        ("strategy:trend", {"strategy:trend", "symbol:GOLD"}, True),
        ("strategy:tren", {"strategy:trend"}, False),
        ("symbol:GOLD", {"strategy:GOLD"}, False),
        ("model:calm", {"model:calm", "model:00c0ffee00"}, True),
        ("model:00c0ffee", {"model:calm", "model:00c0ffee00"}, True),
        ("model:00c0ff", {"model:00c0ffee00"}, False),
        ("model:00c0ffee01", {"model:00c0ffee00"}, False),
        ("strategy:trend", set(), False),
        ("strategy:trend", None, True),
    ],
)
def test_a_scope_concerns_what_is_in_it(scope: str, of: set[str] | None, expected: bool) -> None:  # noqa: FBT001 - a case
    """Names are whole names; a fingerprint may be the beginning of one; what nobody knows may be anybody's."""
    assert expected is concerns(scope, of)


@pytest.mark.parametrize("scope", ["strategy:", "strategy: ", "strategy: x", "account:x", "trend", ":x", "user:ann"])
def test_what_names_no_scope_is_refused(scope: str) -> None:
    """With what is expected."""
    assert "expected strategy:NAME" in scope_problem(scope)


# --- what is cut off, damaged or overtaken ----------------------------------------------------------------------------


class Cut(Exception):
    """The power went."""


def cut_off(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, change: Any, *words: Any) -> None:  # noqa: ANN401
    """Make a change that is cut off before one of its writes."""

    def power(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(latch, where, power)
        with pytest.raises(Cut):
            change(folder, *words)


@pytest.mark.parametrize("where", ["_append", "_replace"])
def test_a_scope_cut_off_behind_the_word_halts_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Nothing leaves until a person has looked; where the log has the command, it stands after that, too."""
    folder = latched(tmp_path / "a", "run")
    cut_off(folder, monkeypatch, where, latch.tighten, command("halt", scope=TREND))
    before = stands(folder)
    latch.loosen(folder, command("run"))

    assert ("halt", {}) == before
    assert ("run", {TREND: "halt"} if where == "_replace" else {}) == stands(folder)


@pytest.mark.parametrize("where", ["_append", "_replace", "_write_word"])
def test_the_resume_of_a_scope_that_is_cut_off_lifts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """It reads as it was, or as a halt of the account."""
    folder = scoped(tmp_path / "a")
    cut_off(folder, monkeypatch, where, latch.loosen, command("run", scope=TREND))
    before = stands(folder)

    assert (("run", {TREND: "halt"}) if where == "_replace" else ("halt", {})) == before


@pytest.mark.parametrize("raw", [None, b"", b"junk"])
def test_a_file_that_is_lost_loses_no_scope(tmp_path: Path, raw: bytes | None) -> None:
    """The log has them: what is written next has them again; until then the account is halted."""
    folder = scoped(tmp_path / "a", "close-only")
    latch.tighten(folder, command("halt", scope=GOLD))
    latch.loosen(folder, command("run", scope=GOLD))
    (folder / LATCH_FILE).unlink()
    if raw is not None:
        (folder / LATCH_FILE).write_bytes(raw)
    before = stands(folder)
    latch.loosen(folder, command("run"))

    assert (("halt", {}), ("run", {TREND: "close-only"})) == (before, stands(folder))


def test_a_scope_whose_line_was_cut_off_is_at_halt_where_its_file_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next line names it as standing, and nothing says any more at what: it is not forgotten for that."""
    folder = scoped(tmp_path / "a")
    cut_off(folder, monkeypatch, "_append", latch.loosen, command("close-only", scope=TREND))
    cut_off(folder, monkeypatch, "_replace", latch.tighten, command("close-only", scope=GOLD))
    (folder / LATCH_FILE).unlink()
    latch.loosen(folder, command("run"))

    assert ("run", {TREND: "halt", GOLD: "close-only"}) == stands(folder)


def test_scopes_that_the_word_does_not_know_are_not_believed(tmp_path: Path) -> None:
    """A file whose scope names another strategy contradicts the word; what is written next is the log's."""
    folder = scoped(tmp_path / "a")
    raw = (folder / LATCH_FILE).read_bytes()
    (folder / LATCH_FILE).write_bytes(raw.replace(b"strategy:trend", b"strategy:trenD"))
    before = stands(folder)
    latch.loosen(folder, command("run"))

    assert (("halt", {}), ("run", {TREND: "halt"})) == (before, stands(folder))


def test_latching_a_scope_does_not_mend_an_account_that_cannot_be_read(tmp_path: Path) -> None:
    """A halt of the account that was cut off behind its word must not be undone by the next word about a strategy."""
    folder = latched(tmp_path / "a", "run")
    halted = msgspec.structs.replace(latch.read(folder), level="halt", generation=2)
    (folder / WORD_FILE).write_bytes(encode_word(halted))
    latch.tighten(folder, command("close-only", scope=TREND))
    now = latch.read(folder)

    assert ("halt", {TREND: "close-only"}) == stands(folder)
    assert ("tidegate", True) == (now.command and now.command.who, now.command and TREND in now.command.why)


def test_a_scope_is_not_loosened_by_whom_the_damage_keeps_from_seeing_it(tmp_path: Path) -> None:
    """The copies tell no scope, the log does: what is asked for is held against that."""
    folder = scoped(tmp_path / "a")
    (folder / LATCH_FILE).unlink()

    with pytest.raises(latch.LatchError, match="close-only is looser than halt"):
        latch.tighten(folder, command("close-only", scope=TREND))


def test_a_scope_goes_past_a_writer_that_hangs_and_halts_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word alone cannot name a strategy; what is written next has it from the log."""
    monkeypatch.setattr(latch, "PATIENCE_S", 0.01)
    folder = latched(tmp_path / "a", "run")
    with latch._locked(folder):
        told = latch.tighten(folder, command("halt", scope=TREND))
    before = stands(folder)
    latch.loosen(folder, command("run"))

    assert ("halt", None) == (told.level, told.command)
    assert (("halt", {}), ("run", {TREND: "halt"})) == (before, stands(folder))


def test_a_disk_that_takes_nothing_halts_the_account_for_a_scope(tmp_path: Path) -> None:
    """Rather than nothing."""
    folder = latched(tmp_path / "a", "run")
    (folder / "latch.new").mkdir()

    assert "halt" == latch.tighten(folder, command("close-only", scope=TREND)).level
    assert "halt" == stands(folder)[0]


@pytest.mark.parametrize("scope", ["", TREND])
def test_a_change_of_a_scope_asked_at_an_old_generation_is_refused(tmp_path: Path, scope: str) -> None:
    """Whatever was latched since, it was not known to who asked."""
    folder = scoped(tmp_path / "a")
    latch.tighten(folder, command("halt", scope=GOLD))

    with pytest.raises(latch.LatchError, match="meanwhile"):
        latch.loosen(folder, command("run", scope=scope), 2)
