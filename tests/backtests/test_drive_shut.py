"""What a shut gate does to open trades in a drive: each policy acts, blind to the future, and on gated trades only."""

from typing import Any

import msgspec
import numpy as np
import pytest

from backtests.drive import Drive, PlainDrive
from brokers.facts import BarClosed
from regimes.shut import OnShut, Word
from runtime.core.core import Core
from runtime.core.plan import Plan, RegimePlan
from runtime.outcomes.books import Books
from strategies.trend import Trend
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.tapes import altered, drive_of, driven, poisoned, walk
from tests.venues import MONDAY

TAPE = walk(400)
POLICIES: dict[str, Word | OnShut] = {
    "breakeven": "breakeven", "tighten": "tighten", "reduce": "reduce", "close": OnShut(close_after=2),
}  # fmt: skip
each = pytest.mark.parametrize("name", POLICIES)


def house(on_shut: Word | OnShut, mode: str = "enforce", **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan of one trend follower behind a gate that often shuts."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model())
    gated = a_gate(mode, on_shut=on_shut, **gate)
    return a_plan(a_lane({}, strategy=Trend(fast=5, slow=12, atr=5), gate=gated, regime="up"), regimes=(regime,))


def trades(drive: Drive, gate: str = "") -> list[bytes]:
    """Return the outcomes of the live book, or of that without a gate, as bytes, but for what tells the books apart."""
    same: dict[str, Any] = {"book": "live", "decision": "", "position": 0, "gate": ""}
    return [msgspec.msgpack.encode(msgspec.structs.replace(o, **same)) for o in drive.outcomes if o.gate == gate]


@each
def test_a_policy_acts_and_the_books_add_up(name: str) -> None:
    """Trades end otherwise than under `keep`, none is left open, and outcomes explain the balance to the cent."""
    kept, drive = driven(house("keep"), TAPE), driven(house(POLICIES[name]), TAPE)
    live = [o for o in drive.outcomes if o.book == "live"]

    assert 5 < sum(bool(d.shut) for d in drive.decisions)
    assert trades(kept) != trades(drive)
    assert pytest.approx(drive.balance - 10_000.0, abs=0.001) == sum(o.net for o in live)
    assert pytest.approx(0.0, abs=1e-9) == sum(
        d.volume * (1 if d.entry == "in" else -1) for d in drive.deals if d.entry != "none"
    )


@each
def test_advice_leaves_every_trade_as_it_is(name: str) -> None:
    """Under `advise` it is journaled what would have been done, and the deals are those of `keep`."""
    kept, advised = driven(house("keep", "advise"), TAPE), driven(house(POLICIES[name], "advise"), TAPE)

    assert kept.deals == advised.deals
    assert 5 < sum(bool(d.shut) for d in advised.decisions)
    assert not any(d.shut for d in kept.decisions)


@each
def test_behind_a_gate_that_never_shuts_a_policy_is_not_felt(name: str) -> None:
    """The trades are those of `keep`, and those of the shadow book, which has no gate."""
    always: dict[str, Any] = {"allow": (0, 1), "enter": 0.0, "leave": 0.0}
    kept, drive = (driven(house(policy, **always), TAPE) for policy in ("keep", POLICIES[name]))

    assert trades(kept) == trades(drive) == trades(drive, "regime")


@each
def test_the_shadow_book_leaves_its_trades_to_their_own_plans(name: str) -> None:
    """A shadow is the strategy without its gate: what the gate does to open trades is part of what it is worth."""
    kept, drive = driven(house("keep"), TAPE), driven(house(POLICIES[name]), TAPE)
    shapes = [
        [(o.opened, o.closed, o.side, o.exit_price, o.exit_reason) for o in one.outcomes if o.gate == "regime"]
        for one in (kept, drive)
    ]

    assert shapes[0] == shapes[1]


@each
@pytest.mark.parametrize("bar", [60, 133, 250])
def test_a_policy_is_blind_to_the_future(name: str, bar: int) -> None:
    """Prices of another world from some bar on leave every decision and deal before its first tick as it was."""
    since = TAPE.time[bar]
    clean, sick = (driven(house(POLICIES[name]), tape) for tape in (TAPE, altered(TAPE, since, poisoned)))

    assert [d for d in clean.deals if d.at < since] == [d for d in sick.deals if d.at < since]
    assert [msgspec.msgpack.encode(d) for d in clean.decisions if d.at < since] == [
        msgspec.msgpack.encode(d) for d in sick.decisions if d.at < since
    ]


class Restarting(PlainDrive):
    """A drive whose core and books are put to rest and woken elsewhere before every seventh bar."""

    def _take(self, fact: Any) -> Any:  # noqa: ANN401 - facts in, steps out, as it is
        if isinstance(fact, BarClosed) and fact.phase != "warm" and self.bars % 7 == 0:
            core = Core(self.core.plan)
            core.restore(self.core.snapshot())
            books = Books(core, self.costs)
            books.restore(self.books.snapshot())
            self.core, self.books = core, books
        return super()._take(fact)


@each
def test_a_drive_that_is_restarted_over_and_over_is_the_same(name: str) -> None:
    """Bars shut and policies carried out survive a restart byte for byte."""
    core, books, tapes, costs = drive_of(house(POLICIES[name]), TAPE)
    plain = PlainDrive(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run()
    core, books, tapes, costs = drive_of(house(POLICIES[name]), TAPE)
    restarted = Restarting(core, books, tapes, costs, balance=10_000.0, start=MONDAY, warmup=0).run()
    told = [msgspec.msgpack.encode(drive, enc_hook=np.ndarray.tolist) for drive in (plain, restarted)]

    assert told[0] == told[1]
