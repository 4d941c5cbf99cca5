"""A core that is woken from its journal is the core that fell asleep, byte for byte, with snapshots and without."""

import shutil

from pathlib import Path

import pytest

from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.core.core import Core
from runtime.journal.reader import JournalReader
from runtime.outcomes.books import Books
from runtime.recorder import decode_fact, rest_of
from runtime.revive import revive
from tests.demos import BREAKOUT, Demo, MakeDemo
from tests.journals import ask, edit


def new_born(demo: Demo) -> tuple[Core, Books]:
    """Return core and books as the account's daemon begins with."""
    config = demo.config
    return core_of(plan_of(config, models_of(config)), costs_of(config))


def woken(demo: Demo, journal: Path) -> tuple[bytes, bytes]:
    """Return what a restart would find in a journal, as bytes."""
    with JournalReader(journal) as reader:
        core, books = revive(reader, new_born(demo))
    return core.snapshot(), books.snapshot()


def copied(demo: Demo, journal: Path) -> Path:
    """Return a copy of the journal as it lies there, its write-ahead log with it."""
    for end in ("", "-wal"):
        if (there := demo.journal.with_name(demo.journal.name + end)).exists():
            shutil.copy(there, journal.with_name(journal.name + end))
    return journal


def test_every_snapshot_of_the_whole_demo_is_what_its_facts_make(whole: Demo) -> None:
    """The facts from the first to a snapshot make the snapshot, its every byte."""
    core, books = new_born(whole)
    unlike = []
    seqs = {seq for (seq,) in ask(whole.journal, "SELECT seq FROM snapshots")}

    with JournalReader(whole.journal) as reader:
        snapshots = {seq: found.state for seq in seqs if (found := reader.snapshot_before(seq + 1))}
        for row in reader.rows():
            if row.fact:
                fact = decode_fact(row.fact)
                books.observe(fact, core.handle(fact))
            if row.seq in snapshots:
                rest = rest_of(snapshots[row.seq])
                unlike += [] if (rest.core, rest.books) == (core.snapshot(), books.snapshot()) else [row.seq]

    assert [] == unlike
    assert len(snapshots) >= 5


@pytest.mark.parametrize("strategies", ["", BREAKOUT], ids=["demo", "breakout"])
def test_a_killed_core_is_restored_whole(make_demo: MakeDemo, tmp_path: Path, strategies: str) -> None:
    """After `kill -9`, with an order on its way, the last snapshot and the facts behind it make what all facts make."""
    demo = make_demo(strategies=strategies)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(90)
    demo.freeze(sending=True)
    demo.kill("daemon")
    bare = copied(demo, tmp_path / "bare.sqlite")
    edit(bare, "DELETE FROM snapshots WHERE seq > ?", 0)

    with_snapshot, without = woken(demo, copied(demo, tmp_path / "copy.sqlite")), woken(demo, bare)

    assert with_snapshot == without
    assert ask(demo.journal, "SELECT seq FROM snapshots WHERE seq > 1000")


def test_a_restored_core_carries_on_over_several_runs(make_demo: MakeDemo, tmp_path: Path) -> None:
    """Killed and begun again, ended by hand and begun again: all facts of all runs make the last snapshot."""
    demo = make_demo()
    demo.begin()
    demo.until_bar(50)
    demo.kill("daemon")
    demo.start()
    demo.until_bar(100)
    demo.stop()
    demo.start()
    demo.end()
    bare = copied(demo, tmp_path / "bare.sqlite")
    edit(bare, "DELETE FROM snapshots WHERE seq > ?", 0)

    found = woken(demo, demo.journal)

    assert woken(demo, bare) == found
    assert [1, 2, 3] == [run for (run,) in ask(demo.journal, "SELECT run FROM runs ORDER BY run")]
