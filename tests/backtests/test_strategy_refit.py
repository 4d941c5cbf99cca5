"""Strategies that learn walk forward: taught anew on each window, by rows whose labels end in it, by nothing later."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from msgspec.structs import replace

from backtests.folds import Window, windows_of
from backtests.recorded import tapes_of
from backtests.strategy_refit import lesson_of, relearnt
from backtests.walkforward import Walk, date_of
from config.account import AccountConfig
from config.errors import ConfigError
from config.making import strategies_of
from config.strategy import StrategySection
from market.bars import Bars, made_bars
from market.types import DAY_MS
from runtime.core.feeds import FeedKey
from strategies.protocol import StrategyError
from strategies.registry import resolve
from tests.records import demo_account

YEARS = 1_072_915_200_000, 1_199_145_600_000
"""From the first day of 2004 to that of 2008."""
AHEAD = 5
TAUGHT = """
from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit


def taught(w, level=0.0, stop=0.03):
    z = w.features["z"]
    if w.position:
        return (Exit() if w.held >= 5 else None), z - level
    return (Entry(side=1, plan=ExitPlan(stop=stop * w.close[-1])) if z > level else None), z - level


def train(lesson):
    close, z = lesson.bars.close, lesson.features["z"]
    after = [(z[n], close[n + 5] - close[n]) for n in lesson.labelled]
    return {"level": sum(x * y for x, y in after) / sum(abs(y) for _, y in after)}


def broken(lesson):
    return {"level": 1.0 / 0.0}


def wrong(lesson):
    return {"window": 3}


def vague(lesson):
    return object()
"""


@pytest.fixture
def account(tmp_path: Path) -> AccountConfig:
    """Return the demo's account with one function, which is taught."""
    (tmp_path / "taught_for_walks.py").write_text(TAUGHT, encoding="utf-8")
    config, _ = demo_account()
    params: dict[str, Any] = {
        "window": 3, "level": 0.0, "features": {"z": ["zscore", 20]}, "trained_by": "taught_for_walks:train",
        "horizon": AHEAD,
    }  # fmt: skip
    lane = replace(config.strategies[0], name="taught", use="taught_for_walks:taught", params=params, gate=None)
    return replace(config, strategies=(lane,), regimes={}, folder=str(tmp_path))


def by(config: AccountConfig, **params: object) -> AccountConfig:
    """Return the account with other parameters."""
    (lane,) = config.strategies
    return replace(config, strategies=(replace(lane, params={**lane.params, **params}),))


def windows() -> list[Window]:
    """Return folds of a year and a half to learn from, and half a year to trade."""
    return windows_of(YEARS, "18 months", "6 months", "5 days")


def walked(config: AccountConfig, tapes: dict[FeedKey, Bars], folds: int) -> Walk:
    """Return an account after so many folds."""
    walk = Walk(config, tapes)
    for window in windows()[:folds]:
        walk.step(window)
    return walk


def test_a_trainer_is_shown_its_window_and_which_rows_have_labels_there(account: AccountConfig) -> None:
    """Bars that had closed by its end; features as they are traded; of the last five, no label is known."""
    window, tapes = windows()[1], tapes_of(account)
    (strategy,) = strategies_of(account)

    lesson = lesson_of(account.strategies[0], strategy, tapes, window.learn)

    bars = lesson.bars
    assert window.learn[0] <= bars.time[0]
    assert bars.time[-1] + DAY_MS <= window.learn[1]
    assert range(19, len(bars) - AHEAD) == lesson.labelled
    assert bars.time[lesson.labelled[-1] + AHEAD] + DAY_MS <= window.learn[1]
    assert [True, False] == [lesson.features["z"][n] != lesson.features["z"][n] for n in (18, 19)]
    assert {"level": 0.0} == lesson.params


def test_a_trainer_has_bars_of_its_own(account: AccountConfig) -> None:
    """What it changes in them is changed for nobody else, though its window is all that there is."""
    tapes = tapes_of(account)
    ((key, tape),) = tapes.items()
    (strategy,) = strategies_of(account)
    before = list(tape.close)

    lesson = lesson_of(account.strategies[0], strategy, tapes, (tape.time[0], tape.time[-1] + DAY_MS))
    lesson.bars.close[0] = 0.0

    assert before == list(tapes[key].close)


def test_what_was_learnt_is_traded_and_is_that_of_its_window(account: AccountConfig) -> None:
    """Each fold has parameters of its own, those that the trainer returns of its window alone."""
    tapes = tapes_of(account)
    walk = walked(account, tapes, 2)

    for window, drive, fold in zip(windows(), walk.drives, walk.folds, strict=False):
        config, said = relearnt(account, tapes, window.learn)
        again = Walk(config, tapes)._play(config, window.trade)
        assert said == fold.strategies
        assert [d.score for d in drive.decisions] == [d.score for d in again.decisions]
    scores = [{d.features[0] - d.score for d in drive.decisions} for drive in walk.drives]
    assert not scores[0] & scores[1]


def test_what_comes_later_changes_nothing_of_what_is_learnt(account: AccountConfig) -> None:
    """Every bar after the end of a window is spoilt, and its fold's stretch is traded on: the same was learnt."""
    tapes, window = tapes_of(account), windows()[0]
    (key,) = tapes
    end = len(tapes[key].between(0, window.learn[1]))
    wild = [b if i < end else replace(b, high=9.0 * b.high, close=2.0 * b.close) for i, b in enumerate(tapes[key])]

    config, _ = relearnt(account, tapes, window.learn)
    other, _ = relearnt(account, {key: made_bars(*key, wild)}, window.learn)

    assert config == other
    assert account != config


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"trained_by": "taught_for_walks:broken"}, "ZeroDivisionError: float division by zero"),
        ({"trained_by": "taught_for_walks:wrong"}, "it returned window, which no trainer sets"),
        ({"trained_by": "taught_for_walks:vague"}, "no parameters of plain values"),
        ({"trained_by": "taught_for_walks:nobody"}, "has no class 'nobody', and no function"),
        ({"horizon": 5000}, "no bar of the window is left to learn from"),
    ],
)
def test_what_cannot_be_taught_is_refused(account: AccountConfig, params: dict[str, object], said: str) -> None:
    """With the key that names the trainer."""
    with pytest.raises(ConfigError, match=said) as caught:
        relearnt(by(account, **params), tapes_of(account), windows()[0].learn)

    assert "strategies.taught.params.trained_by: " in str(caught.value)
    with pytest.raises(StrategyError, match="how many bars a label looks ahead"):
        resolve("tests.windows:dip", {"window": 3, "horizon": -1})


def test_points_of_a_window_are_chosen_among_side_by_side(account: AccountConfig) -> None:
    """By processes of their own the same one is chosen, with what was learnt, as by one after the other."""
    grid = (("strategies.taught.params.stop",), ((0.02,), (0.04,)))
    account, tapes, window = by(account, stop=0.03), tapes_of(account), windows()[0]
    folds = []
    for processes in (1, 2):
        walk = Walk(account, tapes, grid, processes=processes, worth=0)
        walk.step(window)
        folds.append(walk.folds)

    assert folds[0] == folds[1]
    assert date_of(window.trade[0]).isoformat() == folds[0][0].first


def test_a_section_without_a_trainer_is_left_alone(account: AccountConfig) -> None:
    """Whatever else it is."""
    config, _ = demo_account()
    section: StrategySection = config.strategies[0]

    assert "trained_by" not in section.params
    assert (config, {}) == relearnt(config, tapes_of(account), windows()[0].learn)
    assert msgspec.json.encode(config) == msgspec.json.encode(relearnt(config, {}, windows()[0].learn)[0])
