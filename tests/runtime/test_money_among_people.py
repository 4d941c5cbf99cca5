"""What a journal's own rows make of the balance where other people trade, in our positions too."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.clock import Clock
from runtime.core.core import Core
from runtime.core.plan import Plan
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.outcomes.explained import Explained, explained
from runtime.recorder import Recorder
from tests.chaos_world import COSTS
from tests.cores import LEAVE, Script, a_lane, a_plan, buy
from tests.crowd import OLD, Crowd

AMONG = st.lists(
    st.one_of(
        st.tuples(st.just("bar"), st.integers(-80, 80), st.integers(0, 60), st.integers(0, 60)),
        st.tuples(st.just("open_by_hand"), st.sampled_from((1, -1)), st.integers(1, 400), st.sampled_from((0, OLD))),
        st.tuples(st.just("by_hand"), st.just(0), st.sampled_from((100, 40)), st.sampled_from(("client", "expert"))),
        st.tuples(st.just("adopt"), st.just(1), st.just(OLD), st.just(50)),
        st.tuples(st.just("flow"), st.integers(-200, 200)),
        st.tuples(st.just("restart")),
    ),
    min_size=10,
    max_size=40,
)


def netting(script: Script) -> Plan:
    """Return the plan of one strategy on a netting account."""
    return a_plan(a_lane(script), hedging=False)


def journaled(world: Crowd, path: Path) -> tuple[Explained | None, list[str], Books]:
    """Journal a story; return how its rows explain the balance, the names of live outcomes, and the books."""
    core = Core(world.plan)
    books = Books(core, COSTS)
    with JournalWriter(path) as journal:
        recorder = Recorder(core, books, journal, Clock())
        recorder.begin({"run": 1, "mode": "live"})
        for fact in world.facts:
            recorder.take(fact)
    with JournalReader(path) as reader:
        return explained(reader), [row["id"] for row in reader.outcomes(book="live")], books


def test_trades_that_follow_each_other_in_a_strangers_position_are_two_rows(tmp_path: Path) -> None:
    """He keeps the netting position open, so that both have its number."""
    world = Crowd(netting({4: buy(), 6: LEAVE, 8: buy(), 10: LEAVE}))
    world.play([("open_by_hand", 1, 100, 0), *[("bar", 2, 5, 5)] * 14])
    found, names, _ = journaled(world, tmp_path / "journal.sqlite")

    assert ["live/lane1/1/2", "live/lane1/1/2.1"] == names
    assert found is not None
    assert 0.0 == found.unexplained


def test_what_turns_an_adopted_position_round_is_shared_by_lots(tmp_path: Path) -> None:
    """No deal of ours told how it was entered: its outcome says how many lots of the turn were ours."""
    world = Crowd(netting({}))
    world.play([
        *[("bar", 2, 5, 5)] * 3, ("open_by_hand", 1, 100, OLD), ("adopt", 1, OLD, 50), ("bar", 2, 5, 5),
        ("open_by_hand", -1, 263, 0), ("bar", 2, 5, 5),
    ])  # fmt: skip
    found, names, books = journaled(world, tmp_path / "journal.sqlite")

    assert ["live/lane1/1/2"] == names
    assert found is not None
    assert (books.tally.foreign, 0.0) == (found.foreign, found.unexplained)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(AMONG)
def test_rows_make_the_balance_whoever_trades_in_a_netting_position(moves: list[tuple[object, ...]]) -> None:
    """As the books do that followed it: closed trades, open ones, others' and the ledger, each to the cent."""
    world = Crowd(netting({n: buy() if n % 4 == 0 else LEAVE if n % 4 == 2 else None for n in range(3, 60)}))
    world.play(moves)
    world.rest()
    with TemporaryDirectory() as place:
        found, _, books = journaled(world, Path(place) / "journal.sqlite")
    tally = books.tally

    assert found is not None
    assert 0.0 == found.unexplained
    assert (tally.outcomes, tally.foreign, books.live.standing()) == (found.outcomes, found.foreign, found.standing)
