"""The demo's journal, played again through a fresh core: the same to the last bit, and a changed bit is named."""

import shutil
import signal

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from backtests.replay import ReplayMismatch, replay
from brokers.facts import BarClosed
from runtime.core.decision import Step
from runtime.core.facts import AnyFact
from runtime.operator.client import change_level
from tests.demos import BREAKOUT, Demo, MakeDemo
from tests.journaled import lived, put
from tests.journals import ask, edit
from tests.oracle import table

NO = 11


@pytest.fixture
def copy(whole: Demo, tmp_path: Path) -> Path:
    """Return a copy of the whole demo's journal, to be spoilt."""
    return Path(shutil.copy(whole.journal, tmp_path / "journal.sqlite"))


def traded(journal: Path) -> tuple[int, AnyFact, Step]:
    """Return the row of a step in which something was traded, its fact, and the step."""
    return next(row for row in lived(journal, "BarClosed", 2000) if row[2].instructions)


def test_the_whole_demo_replays_bit_for_bit(whole: Demo) -> None:
    """Every step of every fact comes out as it was written down."""
    found = replay(whole.journal)

    assert len(table(whole.journal, "decisions")) == found.decisions
    assert len(ask(whole.journal, "SELECT seq FROM log WHERE fact <> x''")) == found.facts
    assert 1 == found.runs


def another_volume(journal: Path) -> tuple[int, str]:
    """Change the volume of a journaled decision by the last bit; return row and field."""
    seq, fact, step = traded(journal)
    place = next(i for i, decision in enumerate(step.decisions) if decision.instruction)
    more = msgspec.structs.replace(step.decisions[place], volume=step.decisions[place].volume * (1 + 2.0**-52))
    changed = msgspec.structs.replace(step, decisions=(*step.decisions[:place], more, *step.decisions[place + 1 :]))
    put(journal, seq, fact, changed)
    return seq, f"decisions[{place}].volume"


def another_ask(journal: Path) -> tuple[int, str]:
    """Change the ask of a journaled bar by a cent; return row and field of the decision that saw it."""
    seq, fact, step = traded(journal)
    assert isinstance(fact, BarClosed)
    put(journal, seq, msgspec.structs.replace(fact, ask=fact.ask + 0.01), step)
    return seq, "decisions[0].ask"


@pytest.mark.parametrize("another", [another_volume, another_ask])
def test_a_changed_journal_does_not_replay(whole: Demo, copy: Path, another: Callable[[Path], tuple[int, str]]) -> None:
    """The first row that comes out otherwise is named, with its field; and the chain shows that it was changed."""
    seq, field = another(copy)

    with pytest.raises(ReplayMismatch) as caught:
        replay(copy)

    said = whole.tidegate("journal verify", account=copy, code=NO)
    assert (seq, field) == (caught.value.seq, caught.value.field)
    assert f"row {seq} was changed" in said


def test_a_row_of_the_log_cannot_go_missing_unseen(whole: Demo, copy: Path) -> None:
    """A row taken out of the middle, or off the end, is missed."""
    ((last,),) = ask(copy, "SELECT max(seq) FROM log")
    edit(copy, "DELETE FROM log WHERE seq = ?", last)
    off_the_end = whole.tidegate("journal verify", account=copy, code=NO)
    edit(copy, "DELETE FROM log WHERE seq = ?", 3000)
    out_of_the_middle = whole.tidegate("journal verify", account=copy, code=NO)

    assert "missing" in off_the_end
    assert "missing" in out_of_the_middle
    assert "whole" in whole.tidegate("journal verify")


def test_a_disturbed_demo_replays_too(make_demo: MakeDemo) -> None:
    """Killed with an order on its way, begun again, halted and resumed: all of it is in the facts."""
    demo = make_demo(bars=None, strategies=BREAKOUT, call_timeout_s=1.0, settle_s=1.0)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(40)
    demo.freeze(sending=True)
    demo.kill("daemon")
    demo.signal("server", signal.SIGCONT)
    demo.start()
    demo.until_bar(120)
    change_level(demo.state, "halt", "a test")
    change_level(demo.state, "run", "a test")
    demo.stop()

    found = replay(demo.journal)

    assert 2 == found.runs
    assert f"the same to the last bit: 2 runs, {found.facts} facts" in demo.tidegate("replay")


def test_a_replay_that_differs_is_told_to_programs(make_demo: MakeDemo) -> None:
    """Row and field as keys, beside the words and the code that are the same without --json."""
    demo = make_demo(bars=None, strategies=BREAKOUT)
    demo.begin()
    demo.until_bar(20)
    demo.stop()
    *_, (seq, fact, step) = lived(demo.journal, "BarClosed")
    moved = msgspec.structs.replace(step.decisions[0], volume=step.decisions[0].volume + 1.0)
    put(demo.journal, seq, fact, msgspec.structs.replace(step, decisions=(moved, *step.decisions[1:])))

    said, err = demo.tidegate("replay", "--json", code=NO).splitlines()

    found = msgspec.json.decode(said)
    assert (False, seq, "decisions[0].volume") == (found["ok"], found["row"], found["field"])
    assert f"tidegate: error: {found['problem']}" == err
