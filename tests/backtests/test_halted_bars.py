"""Training and reading of recorded bars with halts and holes, by a model of returns alone."""

import math

import msgspec
import numpy as np
import pytest

from backtests.regime_reading import read_regime
from backtests.train import columns, train_regime
from market.bars import Bars
from market.features import FeatureRef
from market.halts import HALTED
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel
from runtime.core.core import Core
from runtime.core.plan import RegimePlan
from tests.cores import a_lane, a_plan
from tests.readings import rows, tell

ALONE: tuple[FeatureRef, ...] = (("log_return", ()),)
FIRST, LENGTH = 300, 40
"""The first bar of the halt, and for how many bars nothing moves."""


def halted(jump: float) -> Bars:
    """Return 600 days with a halt among them, after which the price is another by this factor."""
    bars = read_sp500().part(0, 600)
    for column in (bars.open, bars.high, bars.low, bars.close):
        for at in range(FIRST, FIRST + LENGTH):
            column[at] = bars.close[FIRST - 1]
        for at in range(FIRST + LENGTH, len(bars)):
            column[at] *= jump
    return bars


@pytest.fixture(scope="module")
def models() -> list[tuple[RegimeModel, int]]:
    """Train on the same days with a halt out of which the price jumps up, and with one out of which it falls."""
    trained = (train_regime(halted(jump), ALONE, 2, "days", "research") for jump in (1.03, 0.97))
    return [(model, report["rows"]) for model, report in trained]


def test_the_return_over_a_halt_is_trained_on_as_little_as_the_halt(models: list[tuple[RegimeModel, int]]) -> None:
    """Whatever it was, the weights are the same."""
    (up, many), (down, _) = models

    assert many == 600 - 1 - LENGTH - 1
    assert down.weights == pytest.approx(up.weights, rel=1e-9)  # prices are multiplied, and round otherwise


def test_what_is_read_of_a_halt_is_read_alike_in_training_and_in_a_core(models: list[tuple[RegimeModel, int]]) -> None:
    """Told bar by bar, read in one go, and as the columns of a training: the same rows are not read."""
    model, bars = models[0][0], halted(1.03)
    plan = a_plan(
        a_lane({}, symbol="SP500", timeframe="D1"),
        regimes=(RegimePlan(name="days", symbol="SP500", timeframe="D1", model=model),),
        symbols={"SP500": msgspec.structs.replace(a_plan().symbols["XAUUSD"], name="SP500")},
    )
    read = read_regime(model, bars)
    unread = [0, *range(FIRST + HALTED - 1, FIRST + LENGTH + 1)]

    assert repr(tell(Core(plan), bars)) == repr(rows(read))
    assert unread == np.flatnonzero(~read.warm).tolist()
    assert unread == np.flatnonzero(np.isnan(columns(bars, ALONE)[0][:, 0])).tolist()


def test_a_bar_that_is_not_a_number_has_no_return_nor_has_the_next() -> None:
    """There is none to it and none from it; no return goes over it."""
    bars = read_sp500().part(0, 60)
    bars.close[30] = math.nan

    assert [0, 30, 31] == np.flatnonzero(np.isnan(columns(bars, ALONE)[0][:, 0])).tolist()
