"""Real bars held against those a model learnt from: a crisis is of the same kind, bars made in another way are not."""

import datetime

from collections import deque
from pathlib import Path

import numpy as np
import pytest

from numpy.typing import NDArray

from backtests.benchmarks.indices import sp500
from backtests.benchmarks.money_series import GARMAN_KLASS, RETURN, values
from market.features import FeatureRef
from regimes.likeness import (
    PROBABILITIES,
    contradiction,
    likeness_count,
    likeness_init,
    likeness_params,
    likeness_verdict,
)
from runtime.core.readings import REMEMBERED

FEATURES: tuple[FeatureRef, ...] = (RETURN, GARMAN_KLASS)
LEARNT = 2000
AHEAD = 2520
"""Ten years: four times as old as any model should get."""


@pytest.fixture(scope="module")
def index(shared_data: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Return the days of the S&P 500 since 1962, and their features."""
    bars = sp500(shared_data)
    days = [datetime.datetime.fromtimestamp(t / 1000, datetime.UTC).date().isoformat() for t in bars.time]
    return days[1:], values(bars, FEATURES)[1:]


def first_doubt(x: NDArray[np.float64], begin: int, warm: int = 500) -> tuple[int, str] | None:
    """Return on which row, and why, a feed is contradicted that begins so many rows before a model has learnt all."""
    marks = likeness_params(np.nanquantile(x[begin : begin + LEARNT], PROBABILITIES, axis=0).T.tolist())
    counts, ring = likeness_init(marks), deque[list[float]]()
    first = begin + LEARNT - warm
    for place, row in enumerate(x[first : begin + LEARNT + AHEAD].tolist(), first):
        if len(ring) == REMEMBERED:
            likeness_count(counts, marks, ring.popleft(), -1.0)
        ring.append(row)
        likeness_count(counts, marks, row, 1.0)
        if why := contradiction(likeness_verdict(counts, marks), FEATURES):
            return place, why
    return None


def test_in_58_years_only_the_index_whose_highs_and_lows_were_made_anew_is_of_another_kind(
    index: tuple[list[str], NDArray[np.float64]],
) -> None:
    """Not 1974, 1987, 2000, 2008 or 2020: from 1982 on a day's range is half as wide, from one year to the next."""
    days, x = index
    found = [first_doubt(x, begin) for begin in range(0, len(x) - LEARNT - 500, 252)]
    doubts = [(days[place], why) for place, why in filter(None, found)]

    assert {"garman_klass is mostly beyond what it was in training"} == {why for _, why in doubts}
    assert ("1984-10-08", "1984-12-17") == (min(doubts)[0], max(doubts)[0])


@pytest.mark.parametrize("scale", [(100.0, 1.0), (0.01, 1.0), (1.0, 30.0)])
def test_other_units_or_a_standing_price_are_noticed_within_a_warm_up(
    index: tuple[list[str], NDArray[np.float64]], scale: tuple[float, float]
) -> None:
    """In either feature, whichever way, as soon as 250 bars are known."""
    _, x = index
    sick = x * np.array([1.0, 1.0])
    sick[9000:] *= scale
    doubt = first_doubt(sick, 9000 - LEARNT, warm=0)

    assert doubt is not None
    assert 9249 == doubt[0]
