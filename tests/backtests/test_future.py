"""A look for the future: it finds what knows of later bars, wherever it hides, and nothing where nothing does."""

from functools import cache
from pathlib import Path

import pytest

from msgspec.structs import replace

from backtests.future import CUTS, SAME, Tapes, cut, look, spoilt
from backtests.lookahead import foresee, hindsight
from backtests.looked import account_around
from backtests.recorded import tapes_of
from backtests.regime_reading import read_regime
from config.account import AccountConfig
from config.errors import DataError
from config.strategy import StrategySection
from market.types import DAY_MS
from runtime.core.core import Core
from tests.planted_strategies import KNOWN
from tests.records import demo_account


@cache
def tapes() -> Tapes:
    """Return the demo's bars."""
    return tapes_of(demo_account()[0])


def alone(use: str) -> AccountConfig:
    """Return the demo's account with one planted strategy, and no regime."""
    config, _ = demo_account()
    planted = f"tests.planted_strategies:{use}"
    section = StrategySection(name="asked", use=planted, symbol="SP500", timeframe="D1", risk=0.01)
    return replace(config, strategies=(section,), regimes={}, folder=str(Path(__file__).parent))


def test_the_demo_knows_nothing_of_the_future() -> None:
    """Two strategies behind a regime: every decision is the same, whatever comes after sixteen moments."""
    config, model = demo_account()

    found = look(config, {"calm-or-storm": model}, tapes(), bars=400)

    assert found.ok
    assert [] == found.leaks
    assert CUTS == len(found.moments)
    assert 2 * 400 < found.decisions


def test_smoothed_regimes_are_found() -> None:
    """A twin that was told its states beforehand: of bars cut off, and of spoilt ones."""
    config, model = demo_account()

    def peek(core: Core, known: Tapes) -> None:
        read = read_regime(model, known["SP500", "D1"])
        states = hindsight(model.weights, read).tolist()
        foresee(core, "calm-or-storm", dict(zip(known["SP500", "D1"].time, states, strict=True)))

    hindsight(model.weights, read_regime(model, tapes()["SP500", "D1"]))  # compiled here: there each call is followed
    found = look(config, {"calm-or-storm": model}, tapes(), bars=400, prepare=peek)

    assert not found.ok
    assert {"cut off", "spoilt"} == {leak.future for leak in found.leaks}
    assert {"trend", "reversion"} == {leak.strategy for leak in found.leaks}
    assert all(leak.bar_time + DAY_MS <= leak.at for leak in found.leaks)
    assert {"posterior"} >= {leak.field for leak in found.leaks} - {"regime", "allowed", "exposure"}


def test_a_strategy_that_was_told_is_found_before_it_trades_on_it() -> None:
    """It wants an entry where there was none, or the other way about."""

    def tell(_core: Core, known: Tapes) -> None:
        tape = known["SP500", "D1"]
        KNOWN.clear()
        KNOWN.update(zip(tape.time, tape.close, strict=True))

    found = look(alone("FortuneTeller"), {}, tapes(), bars=300, prepare=tell)

    assert not found.ok
    assert {"outcome", "action"} & {leak.field for leak in found.leaks}


def test_what_is_not_the_same_twice_is_told_apart() -> None:
    """Of a strategy that remembers earlier runs nothing else can be said."""
    found = look(alone("Moody"), {}, tapes(), bars=100)

    assert [(SAME, "score")] == [(leak.future, leak.field) for leak in found.leaks]
    assert not found.ok


def test_too_few_bars_have_too_few_moments() -> None:
    """It says how many there are."""
    config, model = demo_account()

    with pytest.raises(DataError, match="too few to look at 16 moments"):
        look(config, {"calm-or-storm": model}, tapes(), bars=6)


def test_bars_before_a_moment_stay_as_they_are() -> None:
    """Cut off, one tick follows; spoilt, some wild bars do, each of which could be one."""
    tape = tapes()["SP500", "D1"]
    at = tape.time[2000]

    short, wild = cut(tapes(), at)["SP500", "D1"], spoilt(tapes(), at)["SP500", "D1"]

    known = list(tape)[:2000]
    assert [*known, tape.open[2000]] == [*list(short)[:-1], short.close[-1]]
    assert short.high[-1] == short.low[-1] == tape.open[2000] == wild.open[2000]
    assert known == list(wild)[:2000]
    later = list(wild)[2000:]
    assert list(tape)[2000 : 2000 + len(later)] != later
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in later)


def test_of_a_bar_that_is_open_at_a_moment_the_open_stays() -> None:
    """It was known, what followed was not."""
    tape = tapes()["SP500", "D1"]
    at = tape.time[2000] + DAY_MS // 2

    bar = list(spoilt(tapes(), at)["SP500", "D1"])[2000]

    assert tape.open[2000] == bar.open
    assert tape.close[2000] != bar.close


def test_a_strategy_alone_is_put_into_the_demos_account() -> None:
    """Without a regime, with its own parameters, found from the current folder."""
    config = account_around("trend", {"fast": 7}, "sp500")

    assert [("trend", {"fast": 7})] == [(s.use, s.params) for s in config.strategies]
    assert ({}, str(Path.cwd())) == (config.regimes, config.folder)
