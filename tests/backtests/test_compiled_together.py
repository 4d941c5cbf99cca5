"""Strategies that share an account are played by the compiled drive as by the plain one, to the bit."""

from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.compiled import CompiledDrive
from backtests.drive import PlainDrive
from backtests.engine_plan import why_plain
from backtests.gained import gained, gained_of
from brokers.costs import Costs
from market.bars import Bars
from runtime.core.plan import Plan, RegimePlan
from strategies.protocol import Strategy
from strategies.trend import Trend
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.engines import Dice, any_dice, any_gate, begun, difference, played
from tests.tapes import altered, walk
from tests.venues import GOLD

GOLD_BARS = walk(500)
UP = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model())
BESIDE = RegimePlan(name="beside", symbol="XAUUSD", timeframe="H1", model=up_model())


TREND = Trend(fast=5, slow=12, atr=5)


def sharing(*dice: Dice, gates: tuple[Any, ...] = (), **fields: Any) -> Plan:  # noqa: ANN401 - of gates, of the plan
    """Return a plan of a trend strategy and of some that try everything, each behind its gate, where it has one."""
    strategies: list[Strategy] = [TREND, *dice]
    gated = dict(enumerate(gates))
    lanes = [
        a_lane({}, n + 1, strategy=strategy, gate=gated.get(n), regime="up") for n, strategy in enumerate(strategies)
    ]
    return a_plan(*lanes, **({"regimes": (UP,)} | fields))


def compared(plan: Plan, tape: Bars = GOLD_BARS, **options: Any) -> str:  # noqa: ANN401 - of a drive
    """Return in what the two drives differ, shadow books and all; empty: in nothing."""
    assert not why_plain(plan, {(tape.symbol, tape.timeframe): tape}, {}, shadows=True)
    given = {"shadows": True, **options}
    return difference(played(PlainDrive, plan, tape, **given), played(CompiledDrive, plan, tape, **given))


TIGHT = msgspec.structs.replace(a_plan().limits, max_positions=2, max_margin=0.5)
ACCOUNTS: dict[str, dict[str, Any]] = {
    "hedged for nothing": {"symbols": {"XAUUSD": msgspec.structs.replace(GOLD, margin_hedged=0.0)}},
    "hedged for a share": {"symbols": {"XAUUSD": msgspec.structs.replace(GOLD, margin_hedged=25.0)}},
    "few positions and little margin": {"limits": TIGHT, "leverage": 20},
    "observed": {"mode": "observe"},
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_account_is_shared_alike(name: str) -> None:
    """Opposite positions, limits that one strategy fills for the other, orders that rest beside positions."""
    dice = (Dice(every=2, stop=2.0, bars=7), Dice(every=1, kind=1, away=0.2, target=0.5, expiry=3), Dice(trail=0.6))
    plan = sharing(*dice, gates=(None, a_gate(dwell=1), a_gate("advise")), **ACCOUNTS[name])

    assert not compared(plan)


@pytest.mark.parametrize("length", [31, 32, 60, 61])
def test_the_end_of_the_data_is_shared_alike(length: int) -> None:
    """Each leaves what it holds, and takes back what rests."""
    plan = sharing(Dice(every=1), Dice(every=1, kind=2, away=5.0, expiry=50), Dice(every=2), gates=(a_gate("advise"),))

    assert not compared(plan, GOLD_BARS.part(0, length))


def test_one_regime_beside_that_of_a_single_strategy_is_heard_alike() -> None:
    """People are told that its bars are of another kind, which takes a number, as taking back what rests does."""
    model = msgspec.structs.replace(up_model(), quantiles=((-1e-4, -5e-5, 5e-5, 1e-4),))
    strange = msgspec.structs.replace(BESIDE, model=model)
    plan = sharing(gates=(a_gate(),), regimes=(strange, UP))

    assert not compared(plan)


def test_an_account_that_is_stopped_out_loses_the_worst_first_alike() -> None:
    """Each risks much, and one jump takes more than the margin leaves."""
    wild = msgspec.structs.replace(a_plan().limits, max_risk=9.0, max_margin=9.0, max_value=1e9, max_daily_loss=9.0)
    plan = sharing(Dice(every=1, stop=95.0), Dice(every=1, stop=90.0), limits=wild, leverage=1)
    risky = tuple(msgspec.structs.replace(lane, risk=0.45) for lane in plan.strategies)
    plan = msgspec.structs.replace(plan, strategies=risky)
    reasons: list[str] = []
    for times in (0.4, 1.6):
        jump = altered(GOLD_BARS, GOLD_BARS.time[60], lambda row: (row[0], *(x * times for x in row[1:5]), 0.0, 9.0))  # type: ignore[arg-type, return-value]  # noqa: B023 - called at once
        reasons += [deal.reason for deal in played(CompiledDrive, plan, jump).deals]

        assert not compared(plan, jump)

    assert 0 < reasons.count("stop_out")


def test_what_was_written_down_can_be_told_twice() -> None:
    """Rows are counted by the bar in what is told, and stay as they were written."""
    drive = begun(CompiledDrive, sharing(Dice(every=2, stop=2.0, bars=7), Dice(every=3, bars=5)), GOLD_BARS)
    drive.plain.come_up()
    live, _ = drive._play(None)

    once, again = live.record(), live.record()

    assert len(once.dealt) > 2
    assert once.dealt.tolist() == again.dealt.tolist()
    assert str(once.decisions()) == str(again.decisions())  # type: ignore[union-attr]  # of several, with NaN


def test_what_all_made_is_added_up_from_columns_as_from_words() -> None:
    """Trades, and their money: what a sweep looks at."""
    plan = sharing(Dice(every=2, stop=2.0, bars=7))
    drive = begun(CompiledDrive, plan, GOLD_BARS)
    record, _ = drive.played()

    words, columns = gained(played(CompiledDrive, plan, GOLD_BARS)), gained_of(record, drive.equity_of(record))

    assert (words.trades, words.net) == (columns.trades, columns.net)


# --- whatever they do -------------------------------------------------------------------------------------------------

gates = st.one_of(st.none(), any_gate.map(lambda gate: a_gate(**gate)))
costs = st.builds(
    Costs, spread=st.sampled_from((0.0, 7.0)), slips=st.sampled_from(((), (0.0, 2.0, -1.0, 0.5, 3.0))),
    commission=st.sampled_from((0.0, 3.0)),
)  # fmt: skip


@settings(max_examples=40)
@given(st.tuples(any_dice, any_dice), st.tuples(gates, gates, gates), costs, st.integers(0, 400))
def test_whatever_strategies_do_they_share_an_account_alike(
    strategies: tuple[Dice, ...], behind: tuple[Any, ...], cost: Costs, begin: int
) -> None:
    """Their ways in and out, gates and policies, and whose turn it is."""
    plan = sharing(*strategies, gates=behind, symbols={"XAUUSD": msgspec.structs.replace(GOLD, margin_hedged=50.0)})
    tape = GOLD_BARS.part(begin, begin + 100)

    assert not compared(plan, tape, start=tape.time[30], costs={"XAUUSD": cost})


def test_strategies_on_two_feeds_are_told_apart() -> None:
    """They are played by the plain drive."""
    plan = a_plan(a_lane({}, strategy=Dice()), a_lane({}, 2, strategy=Dice(), timeframe="H4"))

    assert "2 strategies on 2 feeds share the account" == why_plain(plan, {}, {}, shadows=False)
