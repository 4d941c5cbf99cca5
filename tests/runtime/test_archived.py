"""Old rows of the log are moved to Parquet with the chain intact, and nobody misses them who can read them there."""

import os
import random

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pyarrow import parquet

from backtests.archive import WORDS, archive
from backtests.archived import Archived, joined
from backtests.replay import recompute, replay
from config.journal import JournalServer
from runtime.journal.entries import Entry
from runtime.journal.errors import JournalError
from runtime.journal.migrating import migrate
from runtime.journal.packing import Unpacker, Words
from runtime.journal.reader import JournalReader
from runtime.journal.segments import Segment
from runtime.journal.writer import JournalWriter
from runtime.outcomes.explained import explained
from runtime.rebuild import rebuild
from tests.journaled import a_config, as_bytes, began_again, traded, woken
from tests.journals import ask, edit, journal
from tests.power.recording import record, why_not
from tests.power.unsynced import Disk, drawn

EVER = 2**60
Where = Path | JournalServer


@pytest.fixture
def lived(place: Where, tmp_path: Path) -> Where:
    """Return the journal of an account that traded, restarted and goes on."""
    config = a_config(tmp_path / "account")
    traded(place, config)
    began_again(place, config)
    return place


def moved(where: Where, folder: Path, before: int = EVER) -> Segment:
    """Archive what may go."""
    segment = archive(where, before, folder, 5)
    assert segment is not None
    return segment


def test_a_log_and_its_segments_are_one_chain(lived: Where, tmp_path: Path) -> None:
    """What was archived is gone from the database and is read as before; verify follows it all, from the first row."""
    with JournalReader(lived) as reader:
        before = list(reader.rows())
    segment = moved(lived, tmp_path / "out")
    with joined(lived) as reader:
        after = list(reader.rows())
        part = list(reader.rows(segment.last - 1))

        assert reader.verify().ok
    assert before == after[:-1]
    assert after[segment.last - 2 :] == part
    assert [(segment.last + 1,)] == ask(lived, "SELECT min(seq) FROM log")
    assert (1, before[segment.last - 1].hash.hex()) == (segment.first, segment.hash)


def test_a_segment_can_be_read_by_itself(lived: Where, tmp_path: Path) -> None:
    """What its rows are packed against lies in the file: it outlives its journal."""
    with JournalReader(lived) as reader:
        before = list(reader.rows())
    segment = moved(lived, tmp_path / "out")
    raw = parquet.read_schema(segment.file).metadata[WORDS]
    known = {one.number: one.bytes for one in msgspec.json.decode(raw, type=list[Words])}
    unpacker = Unpacker(known.get)

    assert known
    assert [(row.fact, row.step) for row in before[: segment.last]] == [
        unpacker.plain(row.fact, row.step) for row in Archived().rows(segment)
    ]


def test_nobody_misses_what_was_archived(lived: Where, tmp_path: Path) -> None:
    """A restart is the same, tables made again are too, a replay goes through it, and money is explained."""
    config = a_config(tmp_path / "account")
    before = as_bytes(woken(lived, config))
    with JournalReader(lived) as reader:
        money, played = explained(reader), replay(lived)
    began = recompute(lived, 40)
    moved(lived, tmp_path / "out")

    assert before == as_bytes(woken(lived, config))
    assert {} == rebuild(lived, earlier=Archived()).differences
    assert played == replay(lived)
    assert began == recompute(lived, 40)
    with joined(lived) as reader:
        assert money == explained(reader)


def test_it_is_archived_again_and_again(lived: Where, tmp_path: Path) -> None:
    """Each segment follows the one before, and the account goes on between them."""
    config = a_config(tmp_path / "account")
    first = moved(lived, tmp_path / "one")
    again = archive(lived, EVER, tmp_path / "two", 6)
    for _ in range(2):
        began_again(lived, config)
    second = moved(lived, tmp_path / "two")

    assert again is None
    assert (first.last + 1, first.hash) == (second.first, second.prev)
    with joined(lived) as reader:
        assert reader.verify().ok
        assert [*range(1, reader.head().seq + 1)] == [row.seq for row in reader.rows()]


def test_only_older_rows_go(tmp_path: Path) -> None:
    """Rows of the day that was named stay, and so does all behind the newest snapshot; without one all stays."""
    path = journal(tmp_path, 9, snapshot_at=8)
    bare = journal(tmp_path / "bare.sqlite", 9)

    assert None is archive(bare, EVER, tmp_path / "out", 5)
    assert None is archive(path, 1000, tmp_path / "out", 5)
    assert 3 == moved(path, tmp_path / "out", before=1004).last
    assert 7 == moved(path, tmp_path / "out").last


def test_a_segment_that_is_not_there_is_asked_for(lived: Where, tmp_path: Path) -> None:
    """Whoever needs it says which rows are missing and where they should be; a folder they were moved to serves too."""
    segment = moved(lived, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "far")
    said = f"rows 1 to {segment.last} of the log are in .* which is not there: put it back"

    with pytest.raises(JournalError, match=said):
        replay(lived)
    with pytest.raises(JournalError, match=said):
        rebuild(lived, earlier=Archived())
    with JournalReader(lived) as reader, pytest.raises(JournalError, match="this command does not look there"):
        list(reader.rows())
    with joined(lived, tmp_path / "far") as reader:
        assert reader.verify().ok


def test_a_changed_segment_is_found(lived: Where, tmp_path: Path) -> None:
    """Another file in its place is found by the chain, one that is damaged by what it is, and so is a row that lies."""
    segment = moved(lived, tmp_path / "out")
    other = moved(journal(tmp_path / "other.sqlite", 9, snapshot_at=8), tmp_path / "out")
    os.replace(other.file, segment.file)  # noqa: PTH105 - as anybody might
    with joined(lived) as reader:
        assert f"{segment.file} ends at row 7, not {segment.last}" == reader.verify().problem
    Path(segment.file).write_bytes(b"PAR1 no more")
    with joined(lived) as reader, pytest.raises(JournalError, match="is no segment of a log"):
        reader.verify()
    edit(lived, "DELETE FROM log WHERE kind = 'Archived'")
    with JournalReader(lived) as reader:
        assert f"rows 1 to {segment.last} are missing" == reader.verify().problem


def test_a_log_is_append_only_again(lived: Where, tmp_path: Path) -> None:
    """The guard that was lifted for archived rows is in place again."""
    moved(lived, tmp_path / "out")
    with pytest.raises(Exception, match="append only"):
        edit_plainly(lived)


def edit_plainly(where: Where) -> None:
    """Delete a row without dropping what forbids it."""
    if isinstance(where, JournalServer):
        from tests.journals import connected  # noqa: PLC0415

        with connected(where) as connection:
            connection.execute(b"DELETE FROM log")
    else:
        ask(where, "DELETE FROM log")


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_power_cut_loses_no_row_between_journal_and_segment(tmp_path: Path) -> None:
    """Whenever the power goes, each row is in the journal, or in a segment that it names and that is whole."""
    account = tmp_path / "account"
    account.mkdir()
    calls = record(["tests.power.archiving", str(account)], account, tmp_path)
    written = next(n for n, call in enumerate(calls) if call.path.endswith(".making"))
    draw, found = random.Random(1), set()
    for number in range(25):
        disk, there = Disk(), tmp_path / str(number)
        there.mkdir()
        for call in calls[: draw.randint(written - 1, len(calls))]:
            disk.see(call)
        disk.cut(there, drawn(draw), draw)
        with joined(there / "journal.sqlite", there) as reader:
            assert reader.verify().ok
            found.add(len(list(reader.rows())))

    assert {60, 61} == found


def test_an_older_program_is_given_no_log_that_begins_in_a_segment(place: Where, tmp_path: Path) -> None:
    """It would take what was archived for missing: the way back is refused, and the journal stays as it was."""
    journal(place, 9, snapshot_at=8)
    moved(place, tmp_path / "out")
    for older in (6, 8):
        with pytest.raises(JournalError, match="rows of this journal were archived"):
            migrate(place, older)
    with joined(place) as reader:
        found = reader.verify()
    assert (True, 10) == (found.ok, found.seq)


@pytest.mark.parametrize(
    ("walls", "last"),
    [
        ((1, 2, 3, 9, 9, 9), 3),
        ((1, 2, 7, 3, 4, 9), 2),  # the clock was ahead, and set back
        ((1, 2, 3, 1, 2, 9), 5),  # it was behind for a while, all within what goes
        ((9, 1, 2, 3, 4, 9), 0),  # it was ahead from the beginning on
        ((1, 2, 3, 9, 2, 3), 3),  # set back behind the day that was named
    ],
)
def test_a_clock_that_was_set_back_takes_no_row_of_the_day(tmp_path: Path, walls: tuple[int, ...], last: int) -> None:
    """The first row of the day named, or of a later one, stays with all behind it, whatever the clock says there."""
    path = tmp_path / "journal.sqlite"
    with JournalWriter(path) as writer:
        for wall in walls:
            writer.append(Entry("K", 1, wall, b"fact", b"step"))
        writer.snapshot(len(walls), b"state")
    segment = archive(path, 7, tmp_path / "out", 5)

    assert last == (segment.last if segment else 0)
    with joined(path) as reader:
        assert reader.verify().ok


def test_a_damaged_segment_is_found_wherever_it_is_damaged(lived: Where, tmp_path: Path) -> None:
    """Bytes that were overwritten among its facts are named in one line, by the file's own form or by the chain."""
    segment = moved(lived, tmp_path / "out")
    file, whole = Path(segment.file), Path(segment.file).read_bytes()
    chunk = parquet.read_metadata(file).row_group(0).column(6)
    first = chunk.dictionary_page_offset or chunk.data_page_offset
    places = range(first, first + chunk.total_compressed_size - 16, 997)

    assert places
    for place in places:
        file.write_bytes(whole[:place] + bytes(16) + whole[place + 16 :])
        assert told_wrong(lived)


def told_wrong(where: Where) -> str:
    """Return what is said of a journal that is not whole."""
    with joined(where) as reader:
        try:
            return reader.verify().problem
        except JournalError as error:
            return str(error)


def test_the_last_facts_are_read_from_the_end_of_a_segment(lived: Where, tmp_path: Path) -> None:
    """Forwards or backwards, of some rows or a time, what is asked of archived facts is what was asked before."""
    asked: list[dict[str, Any]] = [
        {"kind": "BarClosed"}, {"kind": "BarClosed", "last": True, "limit": 5},
        {"kind": "BarClosed", "seq": (20, 60), "last": True}, {"kind": "DealMade", "seq": (1, 90)},
    ]  # fmt: skip

    def answers() -> list[Any]:
        with joined(lived) as reader:
            return [list(reader.facts_where(**words)) for words in asked]

    before = answers()
    moved(lived, tmp_path / "out")

    assert before == answers()
    assert all(before)
