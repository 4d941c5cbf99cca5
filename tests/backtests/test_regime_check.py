"""The questions a regime model is asked on a user's bars: all are answered, and what is wrong is found."""

from functools import cache

import msgspec
import numpy as np
import pytest

from backtests.regime_calibration import calibrated, transformed
from backtests.regime_check import Finding, Reader, check_regime
from backtests.regime_reading import read_regime
from config.errors import DataError
from market.bars import Bars
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, seal
from regimes.labels import reordered
from tests.records import demo_account, peeking


def model() -> RegimeModel:
    """Return the demo's model."""
    return demo_account()[1]


@cache
def bars() -> Bars:
    """Return the days it has learnt from, and as many again."""
    return read_sp500().part(0, 2500)


def answers(model: RegimeModel, bars: Bars, *, cuts: int = 4, read: Reader = read_regime) -> dict[str, Finding]:
    """Return the findings by their question."""
    return {finding.question: finding for finding in check_regime(model, bars, cuts=cuts, seed=1, read=read)}


def test_the_demos_model_looks_at_nothing_later_and_is_what_it_says() -> None:
    """Cut, poisoned, restarted and compiled it says the same; its profiles are those of the bars it learnt from."""
    found = answers(model(), bars(), cuts=12)

    asked = ("prefix", "poison", "resume", "live is batch", "order of states", "states are seen", "profiles")
    assert dict.fromkeys(asked, "yes") == {name: found[name].answer for name in asked}
    assert "0 of 12 cuts differ" in found["poison"].detail


def test_a_reader_that_looks_ahead_is_found_by_prefix_poison_and_restart() -> None:
    """One bar too early is enough, at every cut."""
    found = answers(model(), bars(), read=peeking)

    assert ["NO"] * 4 == [found[name].answer for name in ("prefix", "poison", "resume", "live is batch")]
    assert "4 of 4 cuts differ, the first at" in found["prefix"].detail


def test_states_in_another_order_than_their_profiles_are_found() -> None:
    """Ordinals are swapped under profiles that stay where they were."""
    swapped = seal(msgspec.structs.replace(reordered(model(), (1, 0)), profiles=model().profiles))
    found = answers(swapped, bars(), cuts=1)

    assert ("NO", "NO") == (found["order of states"].answer, found["profiles"].answer)


def test_profiles_are_asked_only_where_the_bars_are_those_it_learnt_from() -> None:
    """On another stretch nobody knows, and nobody says no."""
    found = answers(model(), bars().part(1300, 2000), cuts=1)

    assert "-" == found["profiles"].answer
    assert "-" == found["calibrated learnt"].answer


def test_predictions_hold_on_bars_it_learnt_from_and_not_ten_years_later() -> None:
    """The quiet years after 2003 are calmer than any state: most ranges fall into the lowest twentieth."""
    learnt, later = calibrated(model(), bars())
    few, none = calibrated(model(), bars().part(1200, 1300))

    assert ("yes", "NO") == (learnt.answer, later.answer)
    assert max(learnt.distances) < 0.05 < max(later.distances)
    assert ("-", "-") == (few.answer, none.answer)


def test_places_in_the_prediction_lie_between_0_and_1_and_wait_for_warm_features() -> None:
    """The first bar has no return, and so no place."""
    places = transformed(model(), bars().part(0, 300))

    assert np.isnan(places[0]).all()
    assert ((places[1:] >= 0.0) & (places[1:] <= 1.0)).all()


def test_too_few_bars_are_refused() -> None:
    """Fewer than a hundred say nothing about anybody."""
    with pytest.raises(DataError, match="99 bars are too few"):
        answers(model(), bars().part(0, 99))
