"""The compiled drive is the plain one, to the bit: decisions, deals, outcomes, equity, and what it counts."""

import math
import re

from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.compiled import CompiledDrive
from backtests.drive import PlainDrive
from backtests.engine_plan import why_plain
from brokers.commission import PerDeal, PerLot, Turnover
from brokers.costs import Costs
from brokers.swap import SwapInterest, SwapMoney, SwapPoints
from brokers.within import OfBars
from market.bars import Bars, bars_of
from market.types import Symbol
from regimes.gate import ByPosterior
from regimes.novelty import e_process
from regimes.shut import OnShut, Word
from runtime.core.plan import NoModel, Plan, RegimePlan
from strategies.breakout import Breakout
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Strategy, StrategyError
from strategies.sizing import AnySizing, ByKelly, ByLots, ByRisk, ByVolatility
from strategies.trend import Trend
from strategies.window import WindowStrategy
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.engines import POLICIES, Dice, any_dice, any_gate, difference, gated, played, tapes
from tests.models import a_model
from tests.tapes import altered, rows_of, walk
from tests.venues import DAY, EURUSD, GOLD, HOUR, MONDAY, USDJPY

GOLD_BARS = walk(700)
BUILT_IN: dict[str, Strategy] = {
    "trend": Trend(fast=5, slow=12, atr=5),
    "mean_reversion": MeanReversion(n=10, atr=5, entry=1.2, max_bars=6),
    "breakout": Breakout(n=8, atr=5),
}


def compared(plan: Plan, tape: Bars, **options: Any) -> str:  # noqa: ANN401 - of a drive
    """Return in what the two drives differ; empty: in nothing."""
    return difference(played(PlainDrive, plan, tape, **options), played(CompiledDrive, plan, tape, **options))


# --- strategies, gates and policies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "advise", "enforce"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_strategy_is_played_alike(name: str, mode: str) -> None:
    """Behind every mode of gate; and something happens."""
    plan = gated(BUILT_IN[name], mode, dwell=2)

    assert not compared(plan, GOLD_BARS, shadows=True)
    assert 30 < len(played(CompiledDrive, plan, GOLD_BARS).deals)


def test_a_strategy_without_a_regime_is_played_alike() -> None:
    """Nothing is read then, and no gate is there."""
    assert not compared(a_plan(a_lane({}, strategy=BUILT_IN["trend"])), GOLD_BARS)


@pytest.mark.parametrize("mode", ["advise", "enforce"])
@pytest.mark.parametrize("on_shut", POLICIES, ids=str)
def test_every_policy_of_a_shut_gate_is_played_alike(on_shut: Word | OnShut, mode: str) -> None:
    """Stops moved and lots closed, carried out or advised."""
    plan = gated(Dice(every=2, stop=3.0, trail=2.0, bars=20), mode, dwell=1, on_shut=on_shut)

    assert not compared(plan, GOLD_BARS, shadows=True)
    assert (on_shut == "keep") != any(d.shut for d in played(CompiledDrive, plan, GOLD_BARS).decisions)


def test_a_gate_that_weighs_is_played_alike() -> None:
    """The size of an entry depends on the posterior, down to a veto."""
    plan = gated(Dice(every=2), exposure=ByPosterior(weights=(0.7, 0.0)))

    assert not compared(plan, GOLD_BARS)


def test_novel_and_unlike_bars_shut_the_gate_alike() -> None:
    """A rule that is raised at once, and bars of another kind than the model learnt from."""
    rule = (*e_process(1)[:3], 4.0)
    plan = gated(Dice(every=2), novelty=rule)
    marked = msgspec.structs.replace(up_model(), quantiles=((-1e-4, -5e-5, 5e-5, 1e-4),))
    strange = a_plan(
        a_lane({}, strategy=Dice(every=2), gate=a_gate(), regime="up"),
        regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=marked),),
    )
    reasons = [{d.gate_reason[:20] for d in played(CompiledDrive, p, GOLD_BARS).decisions} for p in (plan, strange)]

    assert not compared(plan, GOLD_BARS)
    assert not compared(strange, GOLD_BARS)
    assert "no trained regime ex" in reasons[0]
    assert "these are not the ba" in reasons[1]


def test_a_model_that_gets_too_old_shuts_the_gate_alike() -> None:
    """From the bar on that closes at its age, and people are told once."""
    model = up_model()
    last = GOLD_BARS.time[300] - HOUR - 31 * DAY
    aged = msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, last=last))
    plan = a_plan(
        a_lane({}, strategy=Dice(every=2), gate=a_gate(), regime="up"),
        regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=aged, max_age="1 month"),),
    )

    assert not compared(plan, GOLD_BARS)
    assert 2 < len({d.gate_reason for d in played(CompiledDrive, plan, GOLD_BARS).decisions})


# --- ways in and out --------------------------------------------------------------------------------------------------

PLANS = {
    "target": Dice(target=0.4),
    "both": Dice(stop=0.3, target=0.3),
    "trail": Dice(trail=0.5),
    "breakeven": Dice(breakeven=0.4, target=2.0),
    "time": Dice(bars=3),
    "exit": Dice(out=7),
    "limit": Dice(kind=1, away=0.2, target=0.5, expiry=3),
    "stop entry": Dice(kind=2, away=0.2, target=0.5, expiry=3),
    "limit that is in the way": Dice(kind=1, away=-0.2),
    "tiny stop": Dice(stop=0.004),
    "wide stop": Dice(stop=60.0),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_every_way_in_and_out_is_played_alike(name: str) -> None:
    """Behind a gate that takes resting orders back, and in a shadow book that does not."""
    assert not compared(gated(PLANS[name], dwell=1), GOLD_BARS, shadows=True)


@pytest.mark.parametrize("expiry", [math.nan, math.inf, 2.0**31, 2.0**63], ids=str)
def test_an_order_that_would_rest_for_no_number_of_bars_ends_both_alike(expiry: float) -> None:
    """With the same words, by the name of who wants it, alone on its account or beside another."""
    dice = msgspec.structs.replace(PLANS["limit"], expiry=expiry)
    for plan in (gated(dice, "off"), a_plan(a_lane({}, strategy=Dice()), a_lane({}, 2, strategy=dice))):
        for kind in (PlainDrive, CompiledDrive):
            with pytest.raises(StrategyError, match=re.escape(f"dice: an entry that rests for {expiry} bars; ")):
                played(kind, plan, GOLD_BARS)


@pytest.mark.parametrize("mode", ["observe", "live"])
@pytest.mark.parametrize("length", [31, 32, 33, 100, 101, 102])
def test_the_end_of_the_data_is_played_alike(length: int, mode: str) -> None:
    """What is open is left, what rests is taken back, and nothing is entered upon."""
    for dice in (Dice(every=1), Dice(every=1, kind=2, away=5.0, expiry=50)):
        plan = msgspec.structs.replace(gated(dice, "advise"), mode=mode)

        assert not compared(plan, GOLD_BARS.part(0, length), shadows=True)


@pytest.mark.parametrize("warmup", [0, 1, 2, 7, 30])
def test_a_warm_up_that_is_too_short_is_played_alike(warmup: int) -> None:
    """The first bars are warming; a strategy that counts has seen those of the history."""
    start = GOLD_BARS.time[warmup]

    assert not compared(gated(Dice()), GOLD_BARS.part(0, 90), warmup=warmup, start=start, shadows=True)


def test_a_shadow_book_follows_bars_that_come_too_soon() -> None:
    """It knows that a bar was over once the next has opened, a millisecond later than the account."""
    rows = rows_of(GOLD_BARS)[:200]
    soon = bars_of("XAUUSD", "H1", [(MONDAY + (row[0] - MONDAY) // 3, *row[1:]) for row in rows])
    plan = gated(Dice(every=1, stop=0.3, target=0.3), dwell=1)
    options: dict[str, Any] = {"start": soon.time[30], "shadows": True}

    assert not compared(plan, soon, **options)
    assert 20 < sum(o.book == "shadow" for o in played(CompiledDrive, plan, soon, **options).outcomes)


def test_shadow_trades_that_a_bar_leaves_unclear_are_marked() -> None:
    """Those of bars that reached both stop and target."""
    plan = gated(Dice(every=1, stop=0.1, target=0.1), dwell=1)

    assert not compared(plan, GOLD_BARS, shadows=True)
    assert any(o.unclear for o in played(CompiledDrive, plan, GOLD_BARS, shadows=True).outcomes)


# --- money ------------------------------------------------------------------------------------------------------------

COSTS = (
    Costs(),
    Costs(spread=7.0, slippage=1.5, slips=(0.0, 2.0, -1.0, 0.5, 3.0)),
    Costs(commission=PerLot(rate=5.0, on="in", minimum=2.0), swap=False),
    Costs(commission=PerDeal(rate=1.1, on="out"), swap=SwapPoints(long=-31.0, short=2.5)),
    Costs(commission=Turnover(percent=0.01, minimum=0.5), swap=SwapInterest(long=-30.0, short=1.0)),
    Costs(swap=SwapInterest(long=-30.0, short=1.0, on="open")),
    Costs(swap=SwapMoney(long=-3.0, short=1.0, currency="base"), spread=3.0),
    Costs(swap=SwapMoney(long=-3.0, short=1.0, currency="margin")),
    Costs(swap=SwapMoney(long=-3.0, short=1.0, days=(1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0))),
)


@pytest.mark.parametrize("costs", COSTS, ids=str)
@pytest.mark.parametrize("symbol", [GOLD, EURUSD, USDJPY], ids=lambda s: s.name)
def test_every_cost_is_charged_alike(symbol: Any, costs: Costs) -> None:  # noqa: ANN401 - a symbol
    """Spread, slippage and its draws, each way of commission and swap, of profits in either currency, in both books."""
    scale = int(symbol.scale)
    tape = walk(300, 3, symbol.name, start=12_000 / scale, scale=scale)
    far = 90 / scale
    regime = RegimePlan(name="up", symbol=symbol.name, timeframe="H1", model=up_model())
    strategy = Dice(every=1, stop=far, target=far, bars=9)
    lane = a_lane({}, strategy=strategy, symbol=symbol.name, gate=a_gate(dwell=2), regime="up")
    plan = a_plan(lane, symbols={symbol.name: symbol}, leverage=30, regimes=(regime,))

    assert not compared(plan, tape, costs={symbol.name: costs}, shadows=True)


@pytest.mark.parametrize("zone", ["New York close", "UTC-5 US", "UTC+5:30"])
def test_nights_by_another_clock_are_charged_alike(zone: str) -> None:
    """They begin at the server's midnight, summer and winter, and so does the day whose loss is limited."""
    days = [(row[0] + n * 6 * HOUR, *row[1:]) for n, row in enumerate(rows_of(GOLD_BARS))]
    tape = bars_of("XAUUSD", "H1", days)
    plans = [
        msgspec.structs.replace(a_plan(a_lane({}, strategy=Dice(every=2, stop=5.0, bars=3))), zone=by)
        for by in ("UTC", zone)
    ]
    plain = [played(PlainDrive, plan, tape) for plan in plans]
    swaps = [[deal.swap for deal in drive.deals] for drive in plain]
    losses = [[decision.numbers[1] for decision in drive.decisions] for drive in plain]

    assert not compared(plans[1], tape)
    assert swaps[0] != swaps[1]
    assert losses[0] != losses[1]


SIZES: dict[str, AnySizing] = {
    "few lots": ByLots(lots=0.07),
    "more lots than the risk allows": ByLots(lots=70.0),
    "half of kelly": ByKelly(part=0.5, payoff=1e6),
    "kelly by the target": ByKelly(part=1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("symbol", [GOLD, EURUSD, USDJPY], ids=lambda s: s.name)
def test_every_size_that_reads_no_feature_is_played_alike(symbol: Symbol, name: str) -> None:
    """Behind a gate that weighs, in the shadow book too; and something is traded: of chances below 1 in 100 by gold."""
    scale = int(symbol.scale)
    tape = walk(300, 3, symbol.name, start=12_000 / scale, scale=scale)
    gate = a_gate(exposure=ByPosterior(weights=(0.8, 0.3)))
    regime = RegimePlan(name="up", symbol=symbol.name, timeframe="H1", model=up_model())
    strategy = Dice(every=1, stop=30 / scale, target=9_000 / scale, bars=9)
    lane = a_lane({}, strategy=strategy, symbol=symbol.name, gate=gate, regime="up", size=SIZES[name])
    plan = a_plan(lane, symbols={symbol.name: symbol}, leverage=500, regimes=(regime,))
    drive = played(CompiledDrive, plan, tape)

    assert not compared(plan, tape, shadows=True)
    assert any(d.outcome == "traded" for d in drive.decisions) or (symbol != GOLD and name == "kelly by the target")


def test_an_account_that_is_stopped_out_is_played_alike() -> None:
    """Much is risked, and one jump takes more than the margin leaves."""
    wild = msgspec.structs.replace(a_plan().limits, max_risk=9.0, max_margin=9.0, max_value=1e9, max_daily_loss=9.0)
    plan = a_plan(a_lane({}, strategy=Dice(every=1, stop=95.0), risk=0.9), limits=wild, leverage=1)
    reasons: set[str] = set()
    for times in (0.4, 1.6):
        jump = altered(GOLD_BARS, GOLD_BARS.time[60], lambda row: (row[0], *(x * times for x in row[1:5]), 0.0, 9.0))  # type: ignore[arg-type, return-value]  # noqa: B023 - called at once
        reasons |= {deal.reason for deal in played(CompiledDrive, plan, jump).deals}

        assert not compared(plan, jump)

    assert "stop_out" in reasons


def test_a_day_whose_loss_was_won_back_is_played_alike() -> None:
    """What may be lost in a day was lost on a bar on which nothing else happened, and less is lost by then."""
    small = msgspec.structs.replace(a_plan().limits, max_daily_loss=0.002)
    plan = a_plan(a_lane({}, strategy=Dice(every=1, stop=5.0, bars=4), risk=0.02), limits=small)
    reasons = {reason for d in played(CompiledDrive, plan, GOLD_BARS).decisions for reason in d.reasons}

    assert not compared(plan, GOLD_BARS, shadows=True)
    assert {"daily loss", "daily loss reached"} < reasons


# --- bars of every shape ----------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(tapes(), any_dice, any_gate, st.sampled_from([ByRisk(), *SIZES.values()]), st.sampled_from([0.05, 0.002]))
def test_bars_of_every_shape_are_played_alike(
    tape: Bars, strategy: Dice, gate: dict[str, Any], size: AnySizing, most: float
) -> None:
    """Whatever the bars, the ways in and out, the gate and its policy, the size, and what may be lost in a day."""
    plan = gated(strategy, **gate)
    plan = msgspec.structs.replace(plan, limits=msgspec.structs.replace(plan.limits, max_daily_loss=most))
    sized = msgspec.structs.replace(plan.strategies[0], size=size)

    assert not compared(msgspec.structs.replace(plan, strategies=(sized,)), tape, shadows=True)


# --- what is compared is seen -----------------------------------------------------------------------------------------


def test_one_point_and_one_bar_are_noticed() -> None:
    """A bar that is a point higher, and one that comes a bar later, make another drive."""
    plan = gated(Dice(every=2, target=0.5), "advise")
    row = rows_of(GOLD_BARS)[100]
    higher = altered(GOLD_BARS, 0, lambda r: (r[0], r[1], r[2], r[3], r[4] + 0.01, *r[5:]) if r[0] == row[0] else r)
    later = bars_of("XAUUSD", "H1", [(r[0] + HOUR * (r[0] >= row[0]), *r[1:]) for r in rows_of(GOLD_BARS)])
    plain = played(PlainDrive, plan, GOLD_BARS)

    found = [difference(plain, played(CompiledDrive, plan, tape)) for tape in (higher, later)]

    assert ["decisions 70: features", "decisions 69: at: 1704"] == [said[:22] for said in found]


def test_a_model_of_two_features_is_read_alike() -> None:
    """Returns and ranges, with bars that have none."""
    regime = RegimePlan(name="two", symbol="XAUUSD", timeframe="H1", model=a_model(3))
    plan = a_plan(a_lane({}, strategy=Dice(), gate=a_gate("advise"), regime="two"), regimes=(regime,))

    assert not compared(plan, GOLD_BARS)


def test_a_regime_that_says_something_from_its_first_bar_on_is_read_alike() -> None:
    """The range of a bar is known with the first: all of the risk may be taken then."""
    model = msgspec.structs.replace(up_model(), features=(("garman_klass", ()),))
    regime = RegimePlan(name="two", symbol="XAUUSD", timeframe="H1", model=model)
    gate = a_gate(allow=(0, 1), enter=0.0, leave=0.0)
    plan = a_plan(a_lane({}, strategy=Dice(every=1), gate=gate, regime="two"), regimes=(regime,))

    assert not compared(plan, GOLD_BARS, warmup=3, start=GOLD_BARS.time[3])
    assert 9 < len(played(CompiledDrive, plan, GOLD_BARS, warmup=3, start=GOLD_BARS.time[3]).deals)


# --- what it cannot play ----------------------------------------------------------------------------------------------

KEY = ("XAUUSD", "H1")
OTHER = RegimePlan(name="days", symbol="XAUUSD", timeframe="D1", model=up_model())
STRANGE: dict[str, Plan] = {
    "9 strategies share the account": a_plan(*(a_lane({}, n, strategy=Dice()) for n in range(1, 10))),
    "lane1 is no kernel strategy, and shares the account": a_plan(a_lane({}), a_lane({}, 2, strategy=Dice())),
    "lane1 is asked in a process of its own": a_plan(
        a_lane({}, strategy=WindowStrategy(name="away", function=None, window=3))
    ),
    "lane1 is sized by volatility": a_plan(a_lane({}, strategy=Dice(), size=ByVolatility(target=0.01))),
    "no bars of EURUSD H1": a_plan(a_lane({}, strategy=Dice(), symbol="EURUSD")),
    "the account is netting": a_plan(a_lane({}, strategy=Dice()), hedging=False),
    "no bars of XAUUSD D1": a_plan(a_lane({}, strategy=Dice(), gate=a_gate(), regime="days"), regimes=(OTHER,)),
    "regime up has no model": a_plan(
        a_lane({}, strategy=Dice(), gate=a_gate(), regime="up"),
        regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=NoModel("lost")),),
    ),
    "XAUUSD has a freeze level that is not played": a_plan(
        a_lane({}, strategy=Dice()), symbols={"XAUUSD": msgspec.structs.replace(GOLD, freeze_level=5)}
    ),
    "XAUUSD has no way to fill that is not played": a_plan(
        a_lane({}, strategy=Dice()), symbols={"XAUUSD": msgspec.structs.replace(GOLD, fillings=())}
    ),
    "XAUUSD has an execution that is not played": a_plan(
        a_lane({}, strategy=Dice()), symbols={"XAUUSD": msgspec.structs.replace(GOLD, execution="instant")}
    ),
}


@pytest.mark.parametrize("why", STRANGE)
def test_a_plan_that_is_not_played_is_told_apart(why: str) -> None:
    """In words, and before anything is played."""
    assert why == why_plain(STRANGE[why], {KEY: GOLD_BARS}, {}, shadows=False)


def test_costs_and_spreads_that_are_not_played_are_told_apart() -> None:
    """A quote that fills only so much, and a spread that a shadow book cannot see."""
    plan = gated(Dice())
    shallow, narrow = {"XAUUSD": Costs(depth=1.0)}, {"XAUUSD": Costs(spread=0.004)}
    small = "a spread of XAUUSD is below a hundredth of a point"

    within = {"XAUUSD": OfBars(GOLD_BARS)}
    assert "H1 bars tell what goes on within the bars of XAUUSD" == why_plain(
        gated(Dice(), "off"), {KEY: GOLD_BARS}, {}, shadows=False, within=within
    )
    assert "a quote of XAUUSD fills only so many lots" == why_plain(plan, {KEY: GOLD_BARS}, shallow, shadows=False)
    assert small == why_plain(plan, {KEY: GOLD_BARS}, narrow, shadows=True)
    assert not why_plain(gated(Dice(), "off"), {KEY: GOLD_BARS}, narrow, shadows=True)
    assert not why_plain(plan, {KEY: GOLD_BARS}, narrow, shadows=False)
