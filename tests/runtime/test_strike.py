"""The first blow of a halt: what it changes, what it leaves, and that the halt behind it latches as ever."""

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.latch import LEVELS, RANK, Latch, Level, encode_word, read_word
from brokers.limits import GATES
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.word import HALT, LEVEL_AT, LOOSER, SENDING_AT, WORD_FILE
from runtime.operator import latch
from runtime.operator.latchlog import Logged
from runtime.operator.strike import strike
from tests.latches import command, latched
from tests.orders import ASK, BID, LIMITS, NOW, entry
from tests.trade_server import GOLD


def test_the_word_means_what_the_latch_means() -> None:
    """The blow knows levels by their place alone: it is the place they have."""
    assert "halt" == LEVELS[HALT]
    assert [level for level in LEVELS if RANK[level] < RANK["halt"]] == [LEVELS[index] for index in LOOSER]
    assert 1 == encode_word(Latch(level="close-only", generation=7))[LEVEL_AT]


@given(level=st.sampled_from(LEVELS), generation=st.integers(0, 2**53), sending=st.integers(0, 2**63))
def test_one_byte_is_changed_and_only_where_that_tightens(
    tmp_path_factory: pytest.TempPathFactory, level: Level, generation: int, sending: int
) -> None:
    """Generation, scopes and the SENDING mark stay; a flatten is not turned into a halt that closes nothing."""
    folder = tmp_path_factory.mktemp("a")
    before = encode_word(Latch(level=level, generation=generation), sending)
    (folder / WORD_FILE).write_bytes(before)
    struck = strike(folder)
    after = read_word((folder / WORD_FILE).read_bytes())

    assert struck == (RANK[level] < RANK["halt"])
    assert read_word(before)._replace(level="halt" if struck else level) == after


@given(raw=st.binary(max_size=40))
def test_what_is_no_word_is_left_alone(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """It reads as halt already, or is no file of ours."""
    folder = tmp_path_factory.mktemp("a")
    (folder / WORD_FILE).write_bytes(raw)

    assert not strike(folder)
    assert raw == (folder / WORD_FILE).read_bytes()
    assert not strike(folder / "nowhere")


def test_nothing_new_leaves_from_the_blow_on(tmp_path: Path) -> None:
    """The gateway that has the word open sees it before its next send."""
    folder = latched(tmp_path / "a", "run")
    gateway = Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD")
    gateway.mark(1)
    assert gateway.check(entry(1), Tick(NOW, BID, ASK)) is None
    strike(folder)
    refused = gateway.check(entry(2), Tick(NOW, BID, ASK))

    assert "halted" == GATES[(refused.code if refused else 0) - 1]
    assert 1 == int.from_bytes((folder / WORD_FILE).read_bytes()[SENDING_AT:], "little")


def test_the_halt_that_follows_says_who_and_why_and_keeps_scopes(tmp_path: Path) -> None:
    """Number and log are what they would be without the blow."""
    folder = latched(tmp_path / "a", "run")
    latch.tighten(folder, command("close-only", scope="strategy:trend"))
    strike(folder)
    between = latch.read(folder)
    latch.tighten(folder, command("halt", "whole"))
    now = latch.read(folder)

    assert ("halt", None) == (between.level, between.command)
    assert ("halt", 3, "whole") == (now.level, now.generation, now.command.id if now.command else "")
    assert ["close-only"] == [one.level for one in now.scopes]


def test_a_resume_that_was_under_way_does_not_undo_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who loosens finds the word changed, and leaves it: what stands then reads as halt."""
    folder = latched(tmp_path / "a", "close-only")
    append = latch._append

    def struck(path: Path, line: Logged) -> None:
        append(path, line)
        assert strike(folder)

    monkeypatch.setattr(latch, "_append", struck)
    with pytest.raises(latch.LatchError, match="tightened while it was written"):
        latch.loosen(folder, command("run"))

    assert "halt" == latch.read(folder).level
