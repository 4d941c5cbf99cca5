"""Signed checkpoints: what a chain alone cannot show, that its end was cut off or all of it written anew, they do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from backtests.archive import archive
from backtests.archived import Archived
from config.checkpoints import FILE
from runtime.clock import Clock
from runtime.journal.checkpoints import Checkpoint, Seal, check, sign
from runtime.journal.entries import EVER, Head, LogRow, Span
from runtime.journal.reader import JournalReader
from runtime.journal.segments import Segment
from runtime.journal.writer import JournalWriter
from runtime.operator.signing import Ring, new_signer
from tests.journals import ask, edit, entry, journal
from tests.signers import ACCOUNT, pinned, ring, signer

DAY_MS = 86_400_000


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """Return a journal of five rows, of which the third and the last were signed."""
    path = tmp_path / "journal.sqlite"
    journal(path, 5)
    for seq, digest in ask(path, "SELECT seq, hash FROM log WHERE seq IN (3, 5)"):
        sign(tmp_path, signer("daemon"), ACCOUNT, Head(seq, digest), 1000 * seq)
    return path


def problem_of(path: Path, keys: Ring | None = None) -> str:
    """Return what its checkpoints say is wrong with a journal whose chain holds."""
    with JournalReader(path) as reader:
        verdict, sealed = check(path.with_name(FILE), keys or ring("daemon"), reader, ACCOUNT)
    assert verdict.ok
    return sealed.problem


def cut_off(path: Path) -> None:
    """Take the last row away, so that the chain holds."""
    edit(path, "DELETE FROM log WHERE seq = 5")
    edit(path, "UPDATE head SET seq = 4, hash = (SELECT hash FROM log WHERE seq = 4)")


def anew(path: Path) -> None:
    """Write other rows in its place, with a chain of their own."""
    path.unlink()
    with JournalWriter(path) as writer:
        for number in range(11, 17):
            writer.append(entry(number))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda _path: None, ""),
        (cut_off, "row 5 was signed, and the log ends at row 4: its end was cut off"),
        (anew, "row 3 is not the one that was signed: the log was written anew up to there, or before"),
    ],
)
def test_a_journal_is_held_against_what_was_signed(sealed: Path, change: Callable[[Path], None], problem: str) -> None:
    """A log that is as it was signed is well; one that was cut off or written anew is not, though its chain holds."""
    change(sealed)

    assert problem == problem_of(sealed)


def test_a_stranger_seals_nothing(sealed: Path) -> None:
    """A line that another key has signed, or the same key for another account, is found; a torn one is none."""
    lines = sealed.with_name(FILE).read_bytes()
    with sealed.with_name(FILE).open("ab") as file:
        file.write(lines[:40])
    torn = problem_of(sealed)
    sign(sealed.parent, new_signer(), ACCOUNT, Head(1, bytes(32)), 1)
    stranger = problem_of(sealed)
    sealed.with_name(FILE).write_bytes(lines)
    sign(sealed.parent, signer("daemon"), "another", Head(1, bytes(32)), 1)
    other = problem_of(sealed)

    assert "" == torn
    assert f"checkpoint 4 of {FILE}: key: nobody we know has signed it" == stranger
    assert f"checkpoint 3 of {FILE}: role: {ACCOUNT} has signed it, of another" == other


def test_a_revoked_key_is_believed_in_what_it_signed_before(sealed: Path) -> None:
    """Keys are changed now and then: what the old one signed until then still counts, and nothing after."""
    old = msgspec.structs.replace(pinned("daemon"), until=4000)

    assert f"checkpoint 2 of {FILE}: key: the key of {ACCOUNT} was revoked" == problem_of(sealed, Ring((old,)))
    assert "" == problem_of(sealed, Ring((msgspec.structs.replace(old, until=5001),)))


def test_a_daemon_signs_each_day_and_its_run(tmp_path: Path) -> None:
    """With the first entry of another day the day before is signed, and at the end of a run what stands then."""
    path = tmp_path / "journal.sqlite"
    with JournalWriter(path) as writer:
        seal = Seal(tmp_path, signer("daemon"), ACCOUNT, writer, Clock())
        for number, wall in enumerate((5, 6, DAY_MS, DAY_MS + 1), 1):
            ticket = writer.append(entry(number), durable=True)
            seal.took(wall, ticket)
            ticket.wait()
        seal.ended(writer.append(entry(5)))
    signed = [ring().open(line, 0) for line in (tmp_path / FILE).read_bytes().splitlines()]
    told = [msgspec.json.decode(one.payload, type=Checkpoint) for one in signed if not hasattr(one, "fault")]

    assert [3, 5] == [one.seq for one in told]
    assert "" == problem_of(path)


def test_a_disk_that_takes_no_checkpoint_stops_nobody(tmp_path: Path) -> None:
    """Where the file cannot be written, the daemon says so and goes on: the log is what it acts by."""
    (tmp_path / FILE).mkdir()
    with JournalWriter(tmp_path / "journal.sqlite") as writer:
        seal = Seal(tmp_path, signer("daemon"), ACCOUNT, writer, Clock())
        seal.ended(writer.append(entry(1)))

    assert [(1,)] == ask(tmp_path / "journal.sqlite", "SELECT seq FROM head")


class Counting(Archived):
    """Reads segments, and notes which."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.asked: list[int] = []

    def rows(self, segment: Segment, span: Span = EVER, *, backwards: bool = False) -> Iterator[LogRow]:
        """Note it, and read it."""
        self.asked.append(segment.first)
        return super().rows(segment, span, backwards=backwards)


def test_all_checkpoints_are_met_on_one_walk_of_the_chain(tmp_path: Path) -> None:
    """However many were signed, each row is read once, archived rows in their segment too."""
    path = journal(tmp_path / "journal.sqlite", 60, snapshot_at=50)
    for seq, digest in ask(path, "SELECT seq, hash FROM log"):
        sign(tmp_path, signer("daemon"), ACCOUNT, Head(seq, digest), 1000 * seq)
    archive(path, 2**60, tmp_path / "out", 5)
    earlier = Counting()
    with JournalReader(path, earlier) as reader:
        verdict, sealed = check(path.with_name(FILE), ring("daemon"), reader, ACCOUNT)

    assert [1] == earlier.asked
    assert (True, 61) == (verdict.ok, verdict.seq)
    assert (60, 60, "") == (sealed.checkpoints, sealed.last, sealed.problem)


def test_a_changed_row_is_told_by_the_chain_before_any_checkpoint(sealed: Path) -> None:
    """Of a chain that does not hold, what was signed behind the fault says nothing more."""
    edit(sealed, "UPDATE log SET step = CAST('' AS BYTES) WHERE seq = 2")
    with JournalReader(sealed) as reader:
        verdict, found = check(sealed.with_name(FILE), ring("daemon"), reader, ACCOUNT)

    assert (2, "row 2 was changed, or row 1: its hash does not fit") == (verdict.seq, verdict.problem)
    assert (2, "") == (found.checkpoints, found.problem)
