"""The books of a drive: every cent explained, and shadows that are worth comparing with."""

import msgspec
import pytest

from backtests.drive import PlainDrive
from brokers.costs import Costs
from regimes.gate import GateParams
from runtime.core.plan import Plan, RegimePlan
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from strategies.breakout import Breakout
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Strategy
from strategies.trend import Trend
from tests.cores import LEAVE, Scripted, a_gate, a_lane, a_plan, buy, up_model
from tests.tapes import COSTS, drive_of, driven, walk
from tests.venues import MONDAY

TAPE = walk(400)
FLAT = {"XAUUSD": Costs(spread=10.0)}
ALWAYS_OPEN = a_gate(allow=(0, 1), enter=0.0, leave=0.0)
STRATEGIES: dict[str, Strategy] = {
    "trend": Trend(fast=5, slow=12, atr=5),
    "mean reversion": MeanReversion(n=10, atr=5, entry=1.2, max_bars=6),
    "breakout": Breakout(n=8, atr=5),
    "trailing": Scripted({n: buy(0.9, trail=0.6, breakeven=0.3) for n in range(3, 400, 2)}),
    "impatient": Scripted({n: (LEAVE if n % 5 == 0 else buy(0.9, target=0.5, bars=9)) for n in range(3, 400)}),
}


def alone(strategy: Strategy, gate: GateParams | None, reads: str = "XAUUSD") -> Plan:
    """Return a plan of one strategy behind a gate whose regime reads bars of a symbol."""
    regime = RegimePlan(name="up", symbol=reads, timeframe="H1", model=up_model())
    return a_plan(a_lane({}, strategy=strategy, gate=gate, regime="up" if gate else ""), regimes=(regime,))


def book(outcomes: list[Outcome], gate: str = "") -> list[Outcome]:
    """Return the outcomes of the live book, or of that without a gate, but for what only tells the books apart."""
    same = {"book": "live", "position": 0, "gate": ""}
    return [msgspec.structs.replace(o, **same) for o in outcomes if o.gate == gate]


@pytest.mark.parametrize("name", STRATEGIES)
def test_behind_a_gate_that_is_always_open_the_shadow_is_the_live_book(name: str) -> None:
    """Where nothing is vetoed, live and shadow trades are equal in every field: prices, sizes, money and reasons."""
    outcomes = driven(alone(STRATEGIES[name], ALWAYS_OPEN), TAPE).outcomes

    assert 5 < len(book(outcomes))
    for gate in ("regime", "risk", "all"):
        assert book(outcomes) == book(outcomes, gate)


@pytest.mark.parametrize("name", STRATEGIES)
def test_without_a_gate_the_trades_are_those_of_the_shadow(name: str) -> None:
    """The shadow of a strategy that may never enter is what it would have done: all but sizes, which follow equity."""
    free = book(driven(alone(STRATEGIES[name], None), TAPE).outcomes)
    shut = driven(alone(STRATEGIES[name], ALWAYS_OPEN, reads="EURUSD"), TAPE).outcomes  # no such bars: always shut
    shape = [(o.opened, o.closed, o.side, o.entry_price, o.exit_price, o.exit_reason) for o in free]

    assert [] == book(shut)
    for gate in ("regime", "all"):
        assert shape == [
            (o.opened, o.closed, o.side, o.entry_price, o.exit_price, o.exit_reason) for o in book(shut, gate)
        ]


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_ungated_strategy_has_no_shadow(name: str) -> None:
    """There is nothing to compare with."""
    plans = [alone(STRATEGIES[name], gate) for gate in (None, a_gate("off"))]

    assert {"live"} == {o.book for plan in plans for o in driven(plan, TAPE).outcomes}


@pytest.mark.parametrize("length", [150, 277, 400])
@pytest.mark.parametrize("costs", [COSTS, FLAT], ids=["all costs", "spread only"])
def test_the_live_outcomes_are_the_change_of_the_balance(length: int, costs: dict[str, Costs]) -> None:
    """Nothing is open at the end, so the closed trades explain every cent; swaps are charged in this tape too."""
    plan = a_plan(*(a_lane({}, n, strategy=s) for n, s in enumerate(STRATEGIES.values(), 1)))
    drive = driven(plan, TAPE.part(0, length), costs=costs)
    live = [o for o in drive.outcomes if o.book == "live"]

    assert pytest.approx(drive.balance - 10_000.0, abs=0.001) == sum(o.net for o in live)
    assert any(o.swap for o in live)
    assert len(live) == sum(d.entry == "in" for d in drive.deals)


def test_the_shadow_books_add_up_to_their_own_balance() -> None:
    """A shadow's venue is an account of its own, which its outcomes explain."""
    core, books, tapes, costs = drive_of(alone(STRATEGIES["trend"], a_gate()), TAPE)
    drive = PlainDrive(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run()

    assert ["regime", "risk", "all"] == [shadow.gate for shadow in books.shadows]
    for shadow in books.shadows:
        assert () == shadow.venue.positions()
        assert pytest.approx(shadow.venue.balance - 10_000.0, abs=0.001) == sum(
            o.net for o in drive.outcomes if o.gate == shadow.gate
        )


def kept_after(bars: int) -> int:
    """Return how many values core and books keep at rest after so many bars of one pattern, and all trades closed."""
    leaving = {n: (LEAVE if n % 5 == 0 else buy(0.9, target=0.5, bars=9)) for n in range(3, 2000)}
    core, books, tapes, costs = drive_of(alone(Scripted(leaving), ALWAYS_OPEN), walk(bars))
    PlainDrive(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run()
    return values_in(msgspec.msgpack.decode(core.snapshot())) + values_in(msgspec.msgpack.decode(books.snapshot()))


def values_in(rest: object) -> int:
    """Return how many values something at rest is made of, whatever lies packed in it."""
    if isinstance(rest, bytes):
        return values_in(msgspec.msgpack.decode(rest))
    if isinstance(rest, dict):
        return sum(values_in(value) for value in rest.values())
    return sum(values_in(value) for value in rest) if isinstance(rest, list) else 1


def test_what_core_and_books_keep_does_not_grow_with_the_bars() -> None:
    """Hundreds of trades later there is not one order, deal or decision more, and of rows as many as are remembered."""
    assert kept_after(1200) == kept_after(1800)


def test_what_a_bar_leaves_unclear_is_marked_in_the_shadow_books() -> None:
    """Each trade that counts as stopped, its last bar having reached the target too: all that its venue has counted."""
    both = Scripted({n: buy(0.25, target=0.25) for n in range(3, 400)})
    core, books, tapes, costs = drive_of(alone(both, ALWAYS_OPEN), TAPE)
    drive = PlainDrive(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run()
    unclear = [o for o in drive.outcomes if o.unclear]

    assert {("shadow", "stop")} == {(o.book, o.exit_reason) for o in unclear}
    assert [s.venue.ambiguous for s in books.shadows] == [sum(o.gate == s.gate for o in unclear) for s in books.shadows]


def test_shadows_do_not_touch_the_live_drive() -> None:
    """With or without them decisions and deals are the same."""
    plan = alone(STRATEGIES["trend"], a_gate())
    drives = []
    for shadows in (True, False):
        core, _, tapes, costs = drive_of(plan, TAPE)
        books = Books(core, costs, shadows=shadows)
        drives.append(PlainDrive(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run())

    assert msgspec.msgpack.encode(drives[0].decisions) == msgspec.msgpack.encode(drives[1].decisions)
    assert drives[0].deals == drives[1].deals
    assert ({"live", "shadow"}, {"live"}) == tuple({o.book for o in drive.outcomes} for drive in drives)


def test_each_outcome_belongs_to_its_decision() -> None:
    """Decision, strategy, side, regime and gate of an outcome are those of the decision that wanted it."""
    drive = driven(alone(STRATEGIES["mean reversion"], a_gate("advise")), TAPE)
    decisions = {d.id: d for d in drive.decisions}
    live = [o for o in drive.outcomes if o.book == "live"]

    assert 5 < len(live)
    for o in live:
        d = decisions[o.decision]
        assert (d.outcome, d.strategy, d.side, d.volume, d.regime, d.gate_open, d.model) == (
            "traded", o.strategy, o.side, o.volume, o.regime, o.gate_open, o.model
        )  # fmt: skip
        assert pytest.approx(o.net / d.risk) == o.r


@pytest.mark.parametrize("name", ["trend", "mean reversion", "breakout"])
def test_excursions_hold_what_was_won_and_lost(name: str) -> None:
    """A trade never ended beyond its own excursions, and none is negative."""
    outcomes = driven(alone(STRATEGIES[name], None), TAPE).outcomes

    for o in outcomes:
        ahead = (o.exit_price - o.entry_price) * o.side
        assert -o.mae - 1e-9 <= ahead <= o.mfe + 1e-9
        assert min(o.mae, o.mfe) >= 0.0
