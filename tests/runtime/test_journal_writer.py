"""The writer commits in groups, in order, and a successor goes on where it ended."""

import asyncio
import threading
import time

from pathlib import Path

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from config.journal import JournalServer
from runtime.journal.entries import Entry, Recovered
from runtime.journal.errors import JournalFailed
from runtime.journal.reader import JournalReader
from runtime.journal.ticket import Ticket
from runtime.journal.writer import JournalWriter
from tests.journals import ask, entry, journal

LONG = 60.0
"""A linger that no test waits for."""

LONGS = st.integers(-(2**63), 2**63 - 1)
ENTRIES = st.builds(Entry, kind=st.text(), at=LONGS, wall=LONGS, fact=st.binary(), step=st.binary(max_size=5000))


@given(entries=st.lists(ENTRIES, max_size=8))
@settings(max_examples=25)
def test_bytes_come_back_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    """Whatever bytes, texts and 64-bit numbers an entry holds, the log gives them back and holds its chain."""
    path = tmp_path_factory.mktemp("journal") / "account.db"
    with JournalWriter(path) as writer:
        for one in entries:
            writer.append(one)

    with JournalReader(path) as reader:
        found = [Entry(row.kind, row.at, row.wall, row.fact, row.step) for row in reader.rows()]
        assert entries == found
        assert reader.verify().ok


def test_a_commit_reaches_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    """The file is a write-ahead log that is synced at every commit, not only at checkpoints."""
    with JournalWriter(tmp_path / "account.db") as writer:
        ask_for = writer._connection.exec_driver_sql
        found = (ask_for("PRAGMA journal_mode").scalar(), ask_for("PRAGMA synchronous").scalar())

    assert ("wal", 2) == found


def test_a_durable_entry_takes_all_before_it_along(place: Path | JournalServer) -> None:
    """Entries that waited for company are on disk when a later durable one is acknowledged."""
    with JournalWriter(place, linger=LONG) as writer:
        waiting = [writer.append(entry(number)) for number in (1, 2, 3)]
        assert [False, False, False] == [ticket.done() for ticket in waiting]

        writer.append(entry(4), durable=True).wait(5)

        assert [(1,), (2,), (3,), (4,)] == ask(place, "SELECT seq FROM log ORDER BY seq")
        assert [1, 2, 3] == [ticket.result() for ticket in waiting]


def test_a_grouped_entry_is_written_within_the_linger(place: Path | JournalServer) -> None:
    """An entry nobody waits for is neither committed at once nor much later than the linger."""
    with JournalWriter(place, linger=0.1) as writer:
        begun = time.monotonic()
        ticket = writer.append(entry())
        at_once = ticket.done()
        ticket.wait(5)
        took = time.monotonic() - begun

    assert not at_once
    assert 0.07 < took < 2.0


def test_a_full_group_does_not_wait(place: Path | JournalServer) -> None:
    """As soon as enough entries are queued they are committed."""
    with JournalWriter(place, linger=LONG, most=10) as writer:
        tickets = [writer.append(entry(number)) for number in range(10)]

        assert 10 == tickets[-1].wait(5)


def test_entries_of_many_threads_form_one_gapless_log(place: Path | JournalServer) -> None:
    """Threads that append at the same time get different numbers, none left out, in the order of the log."""
    told: dict[int, str] = {}

    def produce(writer: JournalWriter, name: str) -> None:
        for number in range(50):
            kind = f"{name}{number}"
            told[writer.append(Entry(kind, 0, 0, b"", b""), durable=number % 3 == 0).wait(5)] = kind

    with JournalWriter(place, linger=0.01) as writer:
        threads = [threading.Thread(target=produce, args=(writer, name)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with JournalReader(place) as reader:
        assert sorted(told.items()) == [(row.seq, row.kind) for row in reader.rows()]
        assert 200 == reader.verify().seq


def test_closing_writes_what_is_queued(place: Path | JournalServer) -> None:
    """Nothing that was appended before `close` is lost by it."""
    writer = JournalWriter(place, linger=LONG)
    tickets = [writer.append(entry(number)) for number in range(5)]

    writer.close()

    assert [1, 2, 3, 4, 5] == [ticket.result() for ticket in tickets]
    with pytest.raises(JournalFailed, match="it is closed"):
        writer.append(entry())


def test_an_event_loop_waits_without_blocking(place: Path | JournalServer) -> None:
    """A coroutine awaits its ticket while others run, also when the ticket is already done."""

    async def main() -> tuple[int, int]:
        ticket = writer.append(entry(), durable=True)
        return await ticket.settled(), await ticket.settled()

    with JournalWriter(place) as writer:
        assert (1, 1) == asyncio.run(main())


def test_a_callback_is_told_once(place: Path | JournalServer) -> None:
    """A callback hears of its ticket exactly once, whether it was added before or after the commit."""
    told: list[Ticket] = []
    with JournalWriter(place, linger=LONG) as writer:
        ticket = writer.append(entry())
        ticket.add_done_callback(told.append)
        writer.append(entry(), durable=True).wait(5)
        ticket.add_done_callback(told.append)

    assert [ticket, ticket] == told


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_broken_callback_harms_nobody_else(place: Path | JournalServer) -> None:
    """An error in one callback is shown; the other tickets and later entries live on."""

    def broken(_ticket: Ticket) -> None:
        raise RuntimeError("not the journal's fault")

    with JournalWriter(place, linger=LONG) as writer:
        writer.append(entry(1)).add_done_callback(broken)

        assert 2 == writer.append(entry(2), durable=True).wait(5)
        assert 3 == writer.append(entry(3), durable=True).wait(5)


def test_waiting_ends_without_an_answer(place: Path | JournalServer) -> None:
    """Who waits only so long is told that the entry is not written yet."""
    with JournalWriter(place, linger=LONG) as writer:
        ticket = writer.append(entry())

        with pytest.raises(TimeoutError, match="entry 1 is not written yet"):
            ticket.wait(0.01)


def test_living_rows_change_column_by_column(place: Path | JournalServer) -> None:
    """A later row of an order changes the columns it names, in order, and leaves the others."""
    with JournalWriter(place, linger=LONG) as writer:
        writer.append(entry(1, ("orders", {"instruction": 9, "state": "new", "symbol": "EURUSD"})))
        writer.append(entry(2, ("orders", {"instruction": 9, "state": "sent"})))
        writer.append(entry(3, ("orders", {"instruction": 9, "state": "new again", "symbol": "EURUSD.m"})))
        writer.append(entry(4, ("orders", {"fill_price": 1.5, "instruction": 9})))
        writer.append(entry(5, ("orders", {"instruction": 10, "state": "new"})))

    found = ask(place, "SELECT instruction, state, symbol, fill_price FROM orders ORDER BY instruction")
    assert [(9, "new again", "EURUSD.m", 1.5), (10, "new", None, None)] == found


def test_snapshots_follow_the_last_entry(place: Path | JournalServer) -> None:
    """A snapshot belongs to the last entry appended; the first of a seq stays."""
    with JournalWriter(place) as writer:
        writer.append(entry(1))
        writer.snapshot(1, b"one")
        writer.append(entry(2))
        writer.append(entry(3))
        writer.snapshot(3, b"three")
        with pytest.raises(ValueError, match="after the last entry, 3, not after 2"):
            writer.snapshot(2, b"two")
    with JournalWriter(place) as writer:
        writer.snapshot(3, b"three again")

    with JournalReader(place) as reader:
        snapshot = reader.last_snapshot()
        assert snapshot is not None
        assert (3, b"three", next(reader.rows(3)).hash) == (snapshot.seq, snapshot.state, snapshot.prev)
        assert reader.verify().ok


def test_a_restart_goes_on_where_the_journal_ended(place: Path | JournalServer) -> None:
    """A reopened journal continues its numbers and its chain, under the next run."""
    journal(place, 3, snapshot_at=2)
    with JournalWriter(place) as writer:
        recovered, seq, run = writer.recover(), writer.next_seq, writer.run
        writer.append(entry(4))

    with JournalReader(place) as reader:
        rows = list(reader.rows())
        assert Recovered(seq=3, hash=rows[2].hash, next_run=2) == recovered
        assert (4, 2) == (seq, run)
        assert [1, 1, 1, 2] == [row.run for row in rows]
        assert reader.verify().ok


def test_a_run_that_told_nothing_keeps_its_number(place: Path | JournalServer) -> None:
    """The next run is above every run in `runs`, also one without a row in the log."""
    with JournalWriter(place) as writer:
        writer.append(entry(1, ("runs", {"run": 7, "mode": "paper"})))

    with JournalWriter(place) as writer:
        assert 8 == writer.recover().next_run


def test_a_run_can_begin_above_the_next(place: Path | JournalServer) -> None:
    """A lost journal starts its run above any the venue has seen, and never at a number already used."""
    journal(place, 1)
    with JournalWriter(place) as writer:
        with pytest.raises(ValueError, match="run 1 cannot begin: this journal's next run is 2"):
            writer.begin(1)
        writer.begin(40)
        writer.append(entry(2))
        with pytest.raises(ValueError, match="cannot begin"):
            writer.begin(41)

    with JournalWriter(place) as writer:
        assert 41 == writer.recover().next_run
