"""The look-ahead twin and its tripwire: smoothed as hmmlearn smooths, kept where nobody can trade it, never silent."""

import datetime

from collections.abc import Sequence
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import msgspec
import numpy as np
import pytest

from backtests.backtest import run_backtest
from backtests.lookahead import cheapest_path, foresee, hindsight, late, smoothed
from backtests.recorded import tapes_of
from backtests.regime_reading import Read, read_regime
from backtests.sharpe import daily, gap_interval, sharpe
from backtests.train import filtered
from backtests.tripwire import Line, Tripped, behind, leaks_of, tripwire
from config.errors import ConfigError, DataError
from market.sp500 import read_sp500
from regimes.novelty import battery
from regimes.weights import Parameters, pack
from tests.floor_plan import imports_of, modules_of
from tests.models import as_hmmlearn, draw_parameters, draw_rows
from tests.records import demo_account, peeking

ROOT = Path(__file__).parents[2]
NAME = "calm-or-storm"


@cache
def found() -> Tripped:
    """Return what the tripwire finds on the demo's account."""
    return tripwire(demo_account()[0], NAME, demo_account()[1])


@pytest.mark.parametrize("states", [2, 3, 4])
def test_smoothed_states_are_those_of_hmmlearn(states: int) -> None:
    """The twin knows exactly what `predict_proba` of the whole series knows."""
    model = draw_parameters(states, states, 2, full=True)
    x = draw_rows(model, 400, 5)
    p = filtered(pack(model), x)
    z = (x - np.array(model.centre)) / np.array(model.scale)

    np.testing.assert_allclose(smoothed(pack(model), p), as_hmmlearn(model).predict_proba(z), atol=1e-10)


def test_hindsight_of_a_jump_model_is_the_cheapest_of_all_paths() -> None:
    """Every path of nine bars through three states is tried; a bar without a value is paid for by none."""
    penalty = 0.7
    model = Parameters(
        centre=(0.0,), scale=(1.0,), start=(0.4, 0.3, 0.3), transitions=((0.4, 0.3, 0.3),) * 3,
        means=((-1.0,), (0.0,), (1.0,)), covariances=(((1.0,),),) * 3, full=False, penalty=penalty,
    )  # fmt: skip
    x = np.random.default_rng(4).normal(0.0, 1.2, (9, 1))
    x[5] = np.nan
    read = Read(times=np.arange(9.0), closes=np.ones(9), rows=x, posteriors=np.zeros((9, 3)), log_densities=x[:, 0])
    found = hindsight(pack(model), read).argmax(axis=1).tolist()

    def cost(path: Sequence[int]) -> float:
        near: float = sum(
            0.5 * (value - (-1.0, 0.0, 1.0)[k]) ** 2 for value, k in zip(x[:, 0], path, strict=True) if value == value
        )
        return near + penalty * sum(a != b for a, b in pairwise(path))

    assert pytest.approx(min(cost(path) for path in product(range(3), repeat=9))) == cost(found)
    assert found == cheapest_path(pack(model), read).argmax(axis=1).tolist()


def test_a_twin_that_is_told_the_filtered_states_trades_as_without_it() -> None:
    """The twin replaces what is said of the regime, and nothing else: the same decisions, to the bit."""
    config, model = demo_account()
    read = read_regime(model, tapes_of(config)["SP500", "D1"])
    told = dict(zip(read.times.astype(np.int64).tolist(), read.posteriors.tolist(), strict=True))
    drives = [
        run_backtest(config, bars=300, shadows=False, models={NAME: model}, prepare=prepare)[0]
        for prepare in (lambda _core: None, lambda core: foresee(core, NAME, told))
    ]

    assert msgspec.msgpack.encode(drives[0].decisions) == msgspec.msgpack.encode(drives[1].decisions)


def test_nothing_but_the_tripwire_can_know_the_future() -> None:
    """It alone imports the twin, beside two benchmarks that measure the same, and hands out Sharpe ratios only."""
    measured = {f"backtests/benchmarks/{name}.py" for name in ("money_walk", "regimes_simulation")}
    found = {
        module.path
        for module in modules_of(ROOT)
        for one in imports_of(module)
        if module.room != "tests" and f"{one.target}.".startswith("backtests.lookahead.")
    }

    assert {"backtests/tripwire.py", *measured} == found


def test_the_twin_wins_by_a_lot_and_is_no_leak() -> None:
    """Held behind the gate the index gains four tenths of Sharpe from the future, and nothing from one bar."""
    _, hold = found().lines

    assert found().ok
    assert hold.ahead > 0.3
    assert hold.ahead_interval[0] > 0.0
    assert abs(hold.fresh) < 0.2
    assert ("trend", "reversion") == found().strategies
    assert any("knowing the future is worth" in note for note in found().notes)


def test_a_claim_that_no_filtered_regime_reaches_is_a_leak_elsewhere() -> None:
    """More than four tenths above what the filtered regime gives; a little above is nobody's fault."""
    honest = found().lines[0].filtered

    assert () == leaks_of(found().lines, honest + 0.39)
    (leak,) = leaks_of(found().lines, honest + 0.41)
    assert leak.startswith("a leak elsewhere: ")


def test_a_reading_that_has_seen_the_bar_before_it_closed_is_a_leak_here() -> None:
    """Held by the posterior of the bar it earns, the index falls by more than the limit when told a bar late."""
    planted = tripwire(demo_account()[0], NAME, demo_account()[1], read=peeking)

    assert not planted.ok
    assert any(leak.startswith("a leak here (hold): told a bar late") for leak in planted.leaks)


@pytest.mark.parametrize(("fresh", "low", "leaks"), [(0.5, 0.1, 1), (0.5, -0.1, 0), (0.39, 0.3, 0)])
def test_what_one_bar_is_worth_is_a_leak_only_beyond_chance(fresh: float, low: float, leaks: int) -> None:
    """Above the limit, and its interval above zero."""
    line = Line(
        what="hold", days=900, filtered=1.0, smoothed=1.2, late=1.0 - fresh, ahead=0.2, ahead_interval=(0.0, 0.4),
        fresh=fresh, fresh_interval=(low, 0.9),
    )  # fmt: skip

    assert leaks == len(leaks_of((line,), None))


def test_a_model_that_has_learnt_from_what_is_traded_is_said_to() -> None:
    """Then the filtered result is not honest either."""
    config, model = demo_account()
    late_learner = msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, last=1 << 50))
    start = read_sp500().time[-100]
    refitted = msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, first=start, last=1 << 50))

    assert any("has learnt from 377" in note for note in tripwire(config, NAME, late_learner).notes)
    assert any("has learnt from 100 of" in note for note in tripwire(config, NAME, refitted).notes)


def test_bars_on_which_the_gate_is_shut_whatever_the_regime_are_told_of() -> None:
    """A model to which everything is novel earns nothing and loses nothing by its future: that is no clean bill."""
    config, model = demo_account()
    strict = msgspec.structs.replace(model, novelty=battery([1e-9] * 14 * len(model.features), hold=5000))
    regime = msgspec.structs.replace(config.regimes[NAME], novelty="model")
    short = msgspec.structs.replace(config.data["SP500"], to=datetime.date(2005, 1, 31))
    found = tripwire(msgspec.structs.replace(config, regimes={NAME: regime}, data={"SP500": short}), NAME, strict)

    assert [0.0] * 3 == [found.lines[1].filtered, found.lines[1].smoothed, found.lines[1].late]
    assert found.notes[0].startswith("on 271 of 271 bars that are traded the gate is shut whatever the regime")


def test_without_a_gate_or_enough_days_there_is_no_tripwire() -> None:
    """Refused with what is missing."""
    config, model = demo_account()
    with pytest.raises(ConfigError, match="no strategy has a gate of regime 'calm-or-storm'"):
        behind(msgspec.structs.replace(config, strategies=()), NAME)
    short = msgspec.structs.replace(config.data["SP500"], to=datetime.date(2004, 6, 30))
    with pytest.raises(DataError, match="days are too few"):
        tripwire(msgspec.structs.replace(config, data={"SP500": short}), NAME, model)


# --- Sharpe -----------------------------------------------------------------------------------------------------------


def test_changes_are_taken_from_the_last_value_of_each_day() -> None:
    """Values of a day before its last do not count; a year has as many days as there were."""
    hour = 3_600_000
    times = [hour * h for h in (1, 20, 25, 49, 50)]
    returns, per_year = daily(times, [1.0, 100.0, 110.0, 7.0, 99.0])

    assert pytest.approx([0.1, -0.1]) == returns.tolist()
    assert pytest.approx(365.25) == per_year


def test_a_gap_between_equals_is_none_and_a_sure_one_is_seen() -> None:
    """The same blocks are drawn of both: what both have in common makes no noise."""
    noise = np.random.default_rng(1).normal(0.0, 0.01, 2000)

    assert (0.0, 0.0) == gap_interval(noise, noise, 252.0)
    low, high = gap_interval(noise, noise + 0.001, 252.0)
    assert 0.0 < low < sharpe(noise + 0.001, 252.0) - sharpe(noise, 252.0) < high
    assert (0.0, 0.0) == (sharpe(np.zeros(9), 252.0), sharpe(np.array([0.1]), 252.0))


def test_late_is_a_bar_behind() -> None:
    """Of the first bar nothing earlier is known."""
    assert [[1.0], [1.0], [2.0]] == late(np.array([[1.0], [2.0], [3.0]])).tolist()
