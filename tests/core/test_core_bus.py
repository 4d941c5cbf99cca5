"""The bus as the core knows it: its silence holds entries, and its commands are remembered over a restart."""

from runtime.core.core import Core
from runtime.core.facts import BusHeard, BusSilent, CommandJudged, RunStarted
from runtime.core.instructions import Alert
from tests.cores import a_lane, a_plan, buy, hour
from tests.told import Told, of_kind

SILENT = BusSilent(at=hour(4), problem="no heartbeat has come back for 60 s")


def judged(**fields: object) -> CommandJudged:
    """Return a command that was obeyed, or not."""
    return CommandJudged(**{"at": hour(4), "wall": 1, "key": "k", "who": "ann", "sequence": 7, **fields})  # type: ignore[arg-type] # plain fields


def test_a_silent_bus_holds_entries_until_it_is_heard_again() -> None:
    """It pages once, closes nothing, and lifts by itself."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy()))))

    first, second = told.tell(SILENT), told.tell(SILENT)
    held = told.decide(4)
    told.tell(BusHeard(at=hour(5)))

    assert (1, 0) == (len(of_kind(first, Alert)), len(of_kind(second, Alert)))
    assert ("held", ("BUS_SILENT",)) == (held.outcome, held.holds)
    assert ([], "traded") == (told.holds, told.decide(5).outcome)


def test_a_silent_bus_leaves_positions_and_exits_alone() -> None:
    """Nothing but a refusal of entries comes of it: it never flattens."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy()))))

    step = told.tell(SILENT)

    assert [Alert] == [type(wish) for wish in step.instructions]


def test_a_new_process_hears_for_itself() -> None:
    """It may run without a bus; where the bus is silent still, it says so again."""
    told = Told(a_plan(a_lane({})))
    told.tell(SILENT, RunStarted(at=hour(4), run=2))

    assert "BUS_SILENT" not in told.holds


def test_a_core_remembers_how_far_each_key_has_counted_over_a_restart() -> None:
    """Obeyed commands count, refused ones do not: a stranger's sequence must not shut an operator out."""
    told = Told(a_plan(a_lane({})))
    facts = (
        judged(), judged(sequence=5), judged(key="l", sequence=9), judged(sequence=99, refused="expired: long ago"),
    )  # fmt: skip
    steps = [told.tell(fact) for fact in facts]
    woken = Core(told.core.plan)
    woken.restore(told.core.snapshot())

    assert {"k": 7, "l": 9} == woken.ledger.sequences
    assert [0, 0, 0, 1] == [len(of_kind(step, Alert)) for step in steps]
