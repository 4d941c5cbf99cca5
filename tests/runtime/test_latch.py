"""The halt latch: what is wrong with its copies reads as halt; it tightens by any path, and never forgets an order."""

import contextlib

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.latch import (
    HALTED,
    HIGHEST,
    LEVELS,
    Latch,
    Level,
    agreed,
    decode_latch,
    encode_latch,
    encode_word,
    read_word,
)
from brokers.mt5.inplace import write_at
from brokers.word import LATCH_FILE, SENDING_AT, WORD_FILE, WORD_SIZE
from runtime.operator import latch
from tests.latches import command, latched

LEVEL = st.sampled_from(LEVELS)
RUNNING = Latch(level="run", generation=7, command=command("run"))


def stands(folder: Path) -> tuple[str, int]:
    """Return level and generation as anybody reads them."""
    now = latch.read(folder)
    return now.level, now.generation


# --- reading ----------------------------------------------------------------------------------------------------------


@given(level=LEVEL, generation=st.integers(0, HIGHEST), sending=st.integers(0, 2**63))
def test_a_word_comes_back_as_it_was_written(level: Level, generation: int, sending: int) -> None:
    """Level, generation and the SENDING mark survive the word."""
    assert (level, generation, sending, 0) == read_word(encode_word(Latch(level=level, generation=generation), sending))


@given(level=LEVEL, at=st.integers(0, SENDING_AT - 1), flip=st.integers(1, 255))
def test_a_word_with_any_byte_changed_reads_as_halt(level: Level, at: int, flip: int) -> None:
    """A byte of magic, level or generation that is another one contradicts the file: that is halt."""
    whole = Latch(level=level, generation=7)
    raw = bytearray(encode_word(whole))
    raw[at] ^= flip

    assert "halt" == agreed(whole, read_word(bytes(raw))).level


@given(level=LEVEL, at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_file_with_any_byte_changed_never_reads_looser(level: Level, at: int, flip: int) -> None:
    """A changed byte of the file leaves the level as it is (in somebody's reason, say), or makes it halt."""
    whole = Latch(level=level, generation=7, command=command(level))
    raw = bytearray(encode_latch(whole))
    raw[at % len(raw)] ^= flip

    assert agreed(decode_latch(bytes(raw)), read_word(encode_word(whole))).level in {level, "halt"}


@given(st.binary(max_size=200))
def test_rubbish_reads_as_halt(raw: bytes) -> None:
    """No bytes at all make a latch that lets anything through, unless both copies agree."""
    assert "halt" == agreed(decode_latch(raw), read_word(encode_word(RUNNING))).level
    assert "halt" == agreed(RUNNING, read_word(raw)).level
    assert "halt" == agreed(decode_latch(raw), read_word(raw)).level


@pytest.mark.parametrize("name", [LATCH_FILE, WORD_FILE])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\0" * WORD_SIZE, b"\xff" * WORD_SIZE, b"x" * 99])
def test_one_copy_absent_or_corrupt_reads_as_halt(tmp_path: Path, name: str, content: bytes | None) -> None:
    """One good copy is not enough, and whatever happened can be mended by latching again."""
    folder = latched(tmp_path / "a", "run")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    before = stands(folder)[0]
    latch.tighten(folder, command("halt"))

    assert ("halt", ("halt", 2)) == (before, stands(folder))


def test_nothing_there_reads_as_halt(tmp_path: Path) -> None:
    """A folder without a latch is an account at halt, of which nobody knows why."""
    assert HALTED == latch.read(tmp_path)


@pytest.mark.parametrize("generation", [-1, HIGHEST + 1, 2**64 - 1, 2**70])
def test_a_generation_that_cannot_be_is_corrupt(tmp_path: Path, generation: int) -> None:
    """A generation no latch ever reaches reads as halt, and does not keep the next change from being written."""
    folder = latched(tmp_path / "a", "run")
    if 0 <= generation < 2**64:
        (folder / WORD_FILE).write_bytes(encode_word(Latch(level="run", generation=generation)))
    raw = (folder / LATCH_FILE).read_bytes().replace(b'"generation": 1', b'"generation": %d' % generation)
    (folder / LATCH_FILE).write_bytes(raw)
    before = stands(folder)[0]
    latch.loosen(folder, command("run"))

    assert ("halt", ("run", 2)) == (before, stands(folder))


# --- changing ---------------------------------------------------------------------------------------------------------

RANK = {"run": 0, "close-only": 1, "halt": 2, "flatten": 2}


@pytest.mark.parametrize("now", LEVELS)
@pytest.mark.parametrize("to", LEVELS)
def test_anybody_may_tighten_and_nobody_loosen(tmp_path: Path, now: Level, to: Level) -> None:
    """The same or a tighter level is latched by any path; a looser one is refused and changes nothing."""
    folder = latched(tmp_path / "a", now)
    may = RANK[to] >= RANK[now]
    with contextlib.nullcontext() if may else pytest.raises(latch.LatchError, match="only the running daemon"):
        latch.tighten(folder, command(to))

    assert ((to, 2) if may else (now, 1)) == stands(folder)


def test_the_first_latch_is_written_once(tmp_path: Path) -> None:
    """Creating an account again must not lift its halt."""
    folder = latched(tmp_path / "a", "halt")

    with pytest.raises(latch.LatchError, match="has a latch already"):
        latch.create(folder, command("run"))

    assert ("halt", 1) == stands(folder)


@settings(max_examples=40)
@given(st.lists(st.one_of(LEVEL, st.sampled_from([LATCH_FILE, WORD_FILE, latch.LOG_FILE])), max_size=12))
def test_generations_rise_whatever_is_lost(tmp_path_factory: pytest.TempPathFactory, story: list[Any]) -> None:
    """Two of the three files may be lost, in any order: as long as one is left, no generation is given twice."""
    folder = latched(tmp_path_factory.mktemp("latch"), "run")
    given_out = [1]
    lost: set[str] = set()
    for what in story:
        if what in LEVELS:
            given_out.append(latch.loosen(folder, command(what)).generation)
            lost = set()
        elif len(lost | {what}) < 3:
            lost.add(what)
            (folder / what).unlink(missing_ok=True)

    assert sorted(set(given_out)) == given_out


@pytest.mark.parametrize("to", LEVELS)
def test_a_change_of_level_leaves_the_mark_alone(tmp_path: Path, to: Level) -> None:
    """The order between check and answer is named until the gateway itself takes the mark away."""
    folder = latched(tmp_path / "a", "run")
    with (folder / WORD_FILE).open("r+b", buffering=0) as word:
        write_at(word.fileno(), (4711).to_bytes(8, "little"), SENDING_AT)
        latch.loosen(folder, command(to))

        assert 4711 == latch.wait_sent(folder, 0.01)

        write_at(word.fileno(), bytes(8), SENDING_AT)
        assert 0 == latch.wait_sent(folder, 0.01)


# --- what is cut off in the middle ------------------------------------------------------------------------------------


class Cut(Exception):
    """The power went."""


@pytest.mark.parametrize("cut", ["_write_word", "_append", "_replace"])
@pytest.mark.parametrize(("now", "to"), [("run", "halt"), ("run", "close-only"), ("halt", "run")])
def test_a_change_cut_off_never_reads_looser_than_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str, now: Level, to: Level
) -> None:
    """Cut off before any of its writes, a change reads as it was or as halt; it can be made again."""
    folder = latched(tmp_path / "a", now)

    def power(*_: object) -> None:
        raise Cut

    change = latch.tighten if RANK[to] > RANK[now] else latch.loosen
    with monkeypatch.context() as patch:
        patch.setattr(latch, cut, power)
        with pytest.raises(Cut):
            change(folder, command(to))
    found = stands(folder)[0]

    assert found in {now, "halt"}
    if RANK[to] > RANK[now] and cut != "_write_word":
        assert "halt" == found
    latch.loosen(folder, command(to))
    assert to == stands(folder)[0]


@pytest.mark.parametrize("obstacle", [latch.LOG_FILE, "latch.new", latch.LOCK_FILE])
def test_a_disk_that_takes_nothing_does_not_keep_a_halt_from_falling(tmp_path: Path, obstacle: str) -> None:
    """The word is written over in place: without lock, log or file the latch reads as halt."""
    folder = latched(tmp_path / "a", "run")
    (folder / obstacle).unlink(missing_ok=True)
    (folder / obstacle).mkdir()

    assert "halt" == latch.tighten(folder, command("close-only")).level
    assert "halt" == stands(folder)[0]


def test_a_line_of_the_log_that_is_no_text_keeps_no_halt_from_falling(tmp_path: Path) -> None:
    """Bytes that a bad disk has left there are passed over, as a torn line is."""
    folder = latched(tmp_path, "run")
    with (folder / "latch.log").open("ab") as log:
        log.write(b'{"generation":2,"command":{"id":"\xff\xfe"}}\n')
    latch.tighten(folder, command("halt"))

    assert ["run", "halt"] == [entry.command.level for entry in latch.logged(folder, 0)]


def test_a_torn_line_of_the_log_takes_no_other_with_it(tmp_path: Path) -> None:
    """A line cut off by a crash is passed over, before and after the next one is written."""
    folder = latched(tmp_path / "a", "run", "close-only")
    log = folder / latch.LOG_FILE
    log.write_bytes(log.read_bytes()[:-30])
    torn = [entry.generation for entry in latch.logged(folder, 0)]
    latch.tighten(folder, command("halt", "after"))

    assert ([1], [1, 3]) == (torn, [entry.generation for entry in latch.logged(folder, 0)])
    assert ["after"] == [entry.command.id for entry in latch.logged(folder, 2)]
