"""Rows of the log are packed against words that were there before, and come back as they were written."""

from pathlib import Path

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.journal import JournalServer
from runtime.journal.batch import HURRY
from runtime.journal.entries import Entry
from runtime.journal.errors import JournalError
from runtime.journal.migrating import migrate
from runtime.journal.packing import (
    EXAMPLE,
    MARK,
    MOST,
    PATIENCE,
    Packer,
    Unpacker,
    Words,
    number_in,
    packed_state,
    plain_state,
)
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from tests.journals import ask, edit

SAID = {"strategy": "trend", "model": "5e0dcafe" * 8, "limits": [48.0, 0.05, 4.0, 500.0, 2e6, 0.02, 0.5], "reasons": []}


def fact(number: int) -> bytes:
    """Return what a daemon might have been told, another each time."""
    return msgspec.msgpack.encode({"type": "BarClosed", "at": 60_000 * number, "bid": number / 7})


def step(number: int) -> bytes:
    """Return what might have come of it."""
    return msgspec.msgpack.encode({"decisions": [SAID | {"n": number, "score": number / 3}]})


def spoken(numbers: range) -> list[Entry]:
    """Return entries that say nearly the same."""
    return [Entry("BarClosed", n, n, fact(n), step(n)) for n in numbers]


def written(place: Path | JournalServer, numbers: range) -> None:
    """Append entries, with a snapshot behind them."""
    with JournalWriter(place) as journal:
        for entry in spoken(numbers):
            last = journal.append(entry)
        journal.snapshot(last.seq, b"state " * 100)


@given(st.lists(st.tuples(st.binary(max_size=400), st.binary(max_size=400)), max_size=20))
def test_whatever_is_packed_comes_back(rows: list[tuple[bytes, bytes]]) -> None:
    """Any bytes, also none, and those that begin as packed ones do, in any order."""
    packer = Packer()
    words: dict[int, bytes] = {}
    for seq, row in enumerate(rows, 1):
        stored = packer.pack(seq, *row)
        words |= {one.number: one.bytes for one in packer.fresh}

        assert row == Unpacker(words.get).plain(*stored)


@given(st.binary(max_size=300))
def test_a_state_comes_back(state: bytes) -> None:
    """So does what a snapshot holds, short or long."""
    for one in (state, bytes([MARK]) + state, state * 10):
        assert one == plain_state(packed_state(one))


def test_a_row_like_those_before_takes_little(place: Path | JournalServer) -> None:
    """A fifth of its length is kept of it; what is read is what was written, and the chain holds."""
    written(place, range(1, 41))

    kept = ask(place, "SELECT max(length(fact) + length(step)) FROM log WHERE seq > 20")
    with JournalReader(place) as reader:
        rows = [(row.fact, row.step) for row in reader.rows()]
        state = reader.last_snapshot()
        ok = reader.verify().ok
    assert [(fact(n), step(n)) for n in range(1, 41)] == rows
    assert len(fact(30) + step(30)) > 4 * kept[0][0]
    assert state is not None
    assert (b"state " * 100, True) == (state.state, ok)


def test_a_writer_in_a_hurry_packs_nothing(place: Path | JournalServer) -> None:
    """A commit of more rows than wait for a writer at ease saves time; later ones are packed, and all come back."""
    hurried, at_ease = range(1, HURRY + 2), range(HURRY + 2, HURRY + 42)
    with JournalWriter(place, linger=60.0, most=2 * HURRY) as journal:
        for one in spoken(hurried):
            journal.append(one)
    written(place, at_ease)

    packed = [number_in(bytes(found)) is not None for (found,) in ask(place, "SELECT fact FROM log ORDER BY seq")]
    with JournalReader(place) as reader:
        rows = [(row.fact, row.step) for row in reader.rows()]
        assert reader.verify().ok
    assert [(fact(n), step(n)) for n in (*hurried, *at_ease)] == rows
    assert [False] * len(hurried) + [True] * len(at_ease) == packed


def test_rows_of_several_kinds_teach(place: Path | JournalServer) -> None:
    """Rows that are packed already, but not well, are learned from too: what comes after takes less than with one."""
    first = len(Packer(Words(1, 1, fact(1) + step(1))).pack(50, fact(50), step(50))[0])
    written(place, range(1, 50))

    kept = ask(place, "SELECT max(length(fact)) FROM log WHERE seq > 40")
    assert kept[0][0] < first


def test_words_are_used_again_by_the_next_writer(place: Path | JournalServer) -> None:
    """A restart learns nothing anew: rows after it are packed against the words that stand there."""
    written(place, range(1, 11))
    before = ask(place, "SELECT number FROM words")

    written(place, range(11, 21))

    assert before == ask(place, "SELECT number FROM words") != []
    with JournalReader(place) as reader:
        assert [step(n) for n in range(1, 21)] == [row.step for row in reader.rows()]


@pytest.mark.parametrize("edited", ["UPDATE words SET bytes = CAST('other' AS BYTES)", "DELETE FROM words"])
def test_changed_words_are_found(place: Path | JournalServer, edited: str) -> None:
    """A row is not read by other words than its own."""
    written(place, range(1, 11))
    edit(place, edited)

    with JournalReader(place) as reader:
        with pytest.raises(JournalError, match=r"words .* are missing or changed: put back a copy"):
            list(reader.rows())
        assert not reader.verify().ok


def test_words_are_bounded() -> None:
    """Rows that are never alike lead to few words, each no longer than a row should look through."""
    packer = Packer()
    found: list[Words] = []
    for seq in range(1, 3 * PATIENCE):
        noise = b"".join(str(seq * k).encode() for k in range(EXAMPLE[0]))
        packer.pack(seq, b"\x81" + noise[:400], b"")
        found, packer.fresh = [*found, *packer.fresh], []

    assert MOST >= max(len(words.bytes) for words in found)
    assert len(found) < 30


def test_an_older_program_is_given_no_packed_rows(place: Path | JournalServer) -> None:
    """The way down is refused, and changes nothing."""
    written(place, range(1, 11))

    with pytest.raises(JournalError, match="rows of this journal are packed"):
        migrate(place, 6)
    with JournalReader(place) as reader:
        assert reader.verify().ok
