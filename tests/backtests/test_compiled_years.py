"""The compiled drive on recorded bars: real years are the plain drive's, to the bit, and a backtest says who played."""

import datetime

from pathlib import Path
from typing import Any

import msgspec
import numba
import pytest

from backtests.backtest import run_backtest
from backtests.compiled import CompiledDrive
from backtests.compiling import told_of_compiling
from backtests.demo import demo_config
from backtests.drive import PlainDrive
from backtests.model_place import ready_models
from brokers.costs import Costs
from brokers.hours import Hours
from brokers.made import FrameRule
from config.account import AccountConfig
from config.errors import DataError, UsageError
from market.barfile import read_bars
from market.bars import Bars, bars_of
from market.calendar import Calendar
from market.sp500 import read_sp500
from runtime.core.plan import RegimePlan
from strategies.breakout import Breakout
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Strategy
from strategies.trend import Trend
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.cuts import cuts
from tests.engines import difference, played
from tests.models import a_model
from tests.tapes import coarser, rows_of
from tests.venues import DAY, EURUSD, GOLD, HOUR

STRATEGIES: dict[str, Strategy] = {"trend": Trend(), "mean_reversion": MeanReversion(), "breakout": Breakout()}
MINUTES = cuts(8_000, 15_000)
HEARD = 9_000
"""Minutes before the first that is played, where hours are made of them: 150 of those."""


def compared(tape: Bars, strategy: Strategy, on_shut: str) -> str:
    """Return in what the two drives differ over a tape, the strategy behind a gate; empty: in nothing."""
    regime = RegimePlan(name="two", symbol=tape.symbol, timeframe=tape.timeframe, model=a_model(3))
    lane = a_lane(
        {}, strategy=strategy, symbol=tape.symbol, timeframe=tape.timeframe, risk=0.0005, regime="two",
        gate=a_gate("enforce", enter=0.5, dwell=3, on_shut=on_shut),
    )  # fmt: skip
    symbol = msgspec.structs.replace(EURUSD if tape.close[0] < 10.0 else GOLD, name=tape.symbol, stops_level=0)
    limits = msgspec.structs.replace(a_plan().limits, max_value=1e9, max_volume=1e3)
    plan = a_plan(lane, regimes=(regime,), symbols={tape.symbol: symbol}, limits=limits)
    costs = {tape.symbol: Costs(spread=8.0, slippage=1.0, commission=3.0)}
    given: dict[str, Any] = {"costs": costs, "start": tape.time[2000], "warmup": 2000, "balance": 100_000.0}
    given["shadows"] = on_shut != "reduce"
    return difference(played(PlainDrive, plan, tape, **given), played(CompiledDrive, plan, tape, **given))


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(
    ("file", "on_shut"), [("eurusd-m1-2018.histdata.zip", "tighten"), ("gbpusd-m1-bid-2012-02.csv.gz", "reduce")]
)
def test_real_minutes_are_played_alike(shared_data: Path, name: str, file: str, on_shut: str) -> None:
    """Of the euro in 2018 and the pound in 2012, weekends and all; the euro in shadow books, too."""
    tape = read_bars(shared_data / "prices" / file, file[:6].upper(), "M1", digits=5)[0].part(0, MINUTES)

    assert not compared(tape, STRATEGIES[name], on_shut)


@pytest.mark.parametrize("made", [True, False])
def test_real_minutes_behind_longer_bars_are_played_alike(shared_data: Path, *, made: bool) -> None:
    """Hours that they make up, and hours that are told beside them; nobody enters in the hour around midnight."""
    tape = read_bars(shared_data / "prices" / "eurusd-m1-2018.histdata.zip", "EURUSD", "M1", digits=5)[0]
    tape = tape.part(0, 15_000)
    rule = FrameRule("H1", "M1") if made else None
    regime = RegimePlan(name="two", symbol="EURUSD", timeframe="H1", model=up_model(), made=rule)
    gate = a_gate("enforce", enter=0.5, dwell=1, on_shut="tighten", max_age=2)
    lane = a_lane(
        {}, strategy=Breakout(n=8, atr=5, expiry=40), symbol="EURUSD", timeframe="M1", risk=0.0005, regime="two",
        gate=gate,
    )  # fmt: skip
    day = ((HOUR // 2, DAY - HOUR // 2),)
    hours = Hours(calendar=Calendar(week=(day, day, day, day, day, (), ())), zone="New York close")
    limits = msgspec.structs.replace(a_plan().limits, max_value=1e9, max_volume=1e3)
    plan = a_plan(lane, regimes=(regime,), limits=limits, hours={"EURUSD": hours}, zone="New York close")
    given: dict[str, Any] = {"start": tape.time[HEARD], "warmup": HEARD, "balance": 100_000.0, "shadows": True}
    given |= {"costs": {"EURUSD": Costs(spread=8.0)}, "beside": [] if made else [coarser(tape, "H1")]}
    plain, compiled = played(PlainDrive, plan, tape, **given), played(CompiledDrive, plan, tape, **given)

    assert not difference(plain, compiled)
    assert {"vetoed_by_regime", "traded", "in_position", "held"} <= {d.outcome for d in compiled.decisions}


@pytest.mark.parametrize("name", STRATEGIES)
def test_real_days_are_played_alike(name: str) -> None:
    """Of the S&P 500, years of which open where they had closed."""
    assert not compared(read_sp500("SP500"), STRATEGIES[name], "breakeven")


# --- a backtest -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> AccountConfig:
    """Return the demo's account with its trend strategy alone."""
    config = demo_config(tmp_path_factory.mktemp("compiled"))
    return msgspec.structs.replace(config, strategies=config.strategies[:1])


def test_a_backtest_says_which_drive_has_played(account: AccountConfig) -> None:
    """And comes to the same by either; few bars are not worth compiling for."""
    models = ready_models(account, lambda _text: None)
    plain = run_backtest(account, bars=400, models=models)[0]
    compiled = run_backtest(account, bars=400, models=models, engine="compiled")[0]

    assert not difference(plain, compiled)
    assert {"live", "shadow"} == {outcome.book for outcome in compiled.outcomes}
    assert ("plain", "400 bars are played before loops are compiled") == (plain.played, plain.why)
    assert ("compiled", "") == (compiled.played, compiled.why)


def test_who_waits_for_loops_is_told_once() -> None:
    """Where they are compiled; whoever has them hears nothing."""

    def twice(x: float) -> float:
        return x + x

    said: list[str] = []
    with told_of_compiling(lambda: said.append("compiling")):
        made: Any = [numba.njit(twice), numba.njit(twice)]
        doubled = [each(1.0) for each in made]

    assert (["compiling"], [2.0, 2.0]) == (said, doubled)


def test_what_cannot_be_compiled_is_refused_where_it_was_asked_for(account: AccountConfig) -> None:
    """With the reason; else the plain drive plays, and says why."""
    netting = msgspec.structs.replace(account, account=msgspec.structs.replace(account.account, positions="netting"))
    models = ready_models(account, lambda _text: None)

    with pytest.raises(UsageError, match="the account is netting"):
        run_backtest(netting, bars=50, models=models, engine="compiled")

    assert "the account is netting" == run_backtest(netting, bars=50, models=models)[0].why


def test_a_first_day_beyond_the_bars_is_answered_with_their_last(account: AccountConfig) -> None:
    """What a model has learnt from is not to blame for it."""
    models = ready_models(account, lambda _text: None)

    with pytest.raises(DataError, match=r"no bars from 2099-01-01 on: the last one is of \d{4}-\d\d-\d\d, see --from"):
        run_backtest(account, first=datetime.date(2099, 1, 1), models=models)


def test_another_tape_is_another_record(account: AccountConfig) -> None:
    """One close that is a point higher is noticed."""
    tape = read_sp500("SP500").part(0, 2500)
    rows = rows_of(tape)
    rows[2100] = (*rows[2100][:4], rows[2100][4] + 0.01, *rows[2100][5:])
    other = bars_of("SP500", "D1", rows)
    key = ("SP500", "D1")
    models = ready_models(account, lambda _text: None)
    one = run_backtest(account, shadows=False, models=models, recorded={key: tape}, engine="plain")[0]
    two = run_backtest(account, shadows=False, models=models, recorded={key: other}, engine="compiled")[0]

    assert "features" in difference(one, two)
