"""A walk forward: nothing that comes later changes what was learnt or traded before, and the money goes on."""

import math

from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from backtests.drive import Drive
from backtests.folds import Window, windows_of
from backtests.grid import turned
from backtests.recorded import tapes_of
from backtests.screen import Watch
from backtests.tried import tried
from backtests.walked_forward import Asked, walked_forward
from backtests.walkforward import Walk, date_of
from config.account import AccountConfig
from config.errors import ConfigError, DataError, UsageError
from market.bars import Bars, made_bars
from market.types import DAY_MS
from runtime.core.feeds import FeedKey
from tests.records import demo_account

KEY = "strategies.reversion.params.n"
POINTS = ((10,), (40,))
YEARS = 1_072_915_200_000, 1_230_768_000_000
"""From the first day of 2004 to that of 2009."""


def windows() -> list[Window]:
    """Return folds of a year and a half to learn from, and half a year to trade."""
    return windows_of(YEARS, "18 months", "6 months", "5 days")


@cache
def tapes() -> dict[FeedKey, Bars]:
    """Return the demo's bars."""
    return tapes_of(demo_account()[0])


def walk_through(folds: int, bars: dict[FeedKey, Bars] | None = None) -> Walk:
    """Return the demo's account after so many folds, with a choice of two points in each."""
    walk = Walk(demo_account()[0], bars or tapes(), ((KEY,), POINTS))
    for window in windows()[:folds]:
        walk.step(window)
    return walk


@cache
def walked() -> Walk:
    """Return the account after three folds; made once a process."""
    return walk_through(3)


spans = st.tuples(st.integers(1, 40), st.sampled_from(["month", "week", "day"])).map(lambda s: f"{s[0]} {s[1]}s")


@example(
    first=0, days=59, learn="1 weeks", trade="1 days", embargo="1 months", anchored=False
)  # months after the last days of January
@given(st.integers(0, 2000), st.integers(30, 5000), spans, spans, spans, st.booleans())
def test_windows_never_reach_what_is_traded(
    first: int,
    days: int,
    learn: str,
    trade: str,
    embargo: str,
    anchored: bool,  # noqa: FBT001
) -> None:
    """Each ends an embargo before its stretch begins; stretches follow each other, whole days, up to the end."""
    begin, end = first * DAY_MS + 5, (first + days) * DAY_MS
    try:
        found = windows_of((begin, end), learn, trade, embargo, anchored=anchored)
    except DataError:
        return

    assert begin == found[0].learn[0]
    assert end == found[-1].trade[1]
    for window in found:
        assert window.learn[0] < window.learn[1] < window.trade[0] < window.trade[1] <= end
        assert 0 == window.trade[0] % DAY_MS
    for one, other in pairwise(found):
        assert one.trade[1] == other.trade[0]
        assert (one.learn[0] == other.learn[0]) == anchored


def test_an_embargo_is_as_long_as_it_says() -> None:
    """Five days between the last bar learnt from and the first one traded, up to a midnight."""
    gaps = [window.trade[0] - window.learn[1] for window in windows()]

    assert {5 * DAY_MS} == set(gaps)


def test_too_few_bars_leave_nothing_to_trade() -> None:
    """It says what to do."""
    with pytest.raises(DataError, match="learn from less, or read more bars"):
        windows_of(YEARS, "60 months", "12 months", "5 days")


def test_what_comes_later_changes_nothing_before() -> None:
    """With the bars cut off after the second stretch, or all later ones different, two folds are the same."""
    end = windows()[1].trade[1]
    cut = {key: tape.between(0, end) for key, tape in tapes().items()}
    wild = {key: spoilt(tape, end) for key, tape in tapes().items()}
    before = walked()

    short, other = (walk_through(2, bars) for bars in (cut, wild))

    assert before.folds[:2] == short.folds == other.folds
    assert told(before.drives[:2]) == told(short.drives) == told(other.drives)


def told(drives: list[Drive]) -> bytes:
    """Return drives as bytes: numbers that nobody knows are equal there."""
    return msgspec.msgpack.encode(drives, enc_hook=np.ndarray.tolist)


def spoilt(tape: Bars, at: int) -> Bars:
    """Return a tape that goes on as it should up to a moment, and twice as high and nine times as wild after it."""
    end = len(tape.between(0, at))
    bars = [bar if i < end else replace(bar, high=9.0 * bar.high, close=2.0 * bar.close) for i, bar in enumerate(tape)]
    return made_bars(tape.symbol, tape.timeframe, bars)


def test_the_money_goes_on_from_fold_to_fold() -> None:
    """The last balance is the first one and all that was made; every stretch is traded inside its days."""
    walk = walked()

    drive = walk.whole()

    made = sum(fold.net for fold in walk.folds)
    assert math.isclose(walk.config.account.balance + made, drive.balance)
    assert [window.trade[0] for window in windows()[:3]] <= [d.decisions[0].at for d in walk.drives]
    assert all(
        window.trade[0] <= decision.at < window.trade[1]
        for window, part in zip(windows(), walk.drives, strict=False)
        for decision in part.decisions
    )
    assert len({deal.position for deal in drive.deals if deal.entry == "in"}) == sum(
        deal.entry == "in" for deal in drive.deals
    )


def test_models_have_learnt_from_their_windows_alone() -> None:
    """The last model's newest bar closed before its window ended; states keep their meaning or the old one stays."""
    walk = walked()
    last = max(i for i, fold in enumerate(walk.folds) if not fold.models["calm-or-storm"].startswith("kept"))
    window = windows()[last]
    model = walk.models["calm-or-storm"]

    assert "trained" == walk.folds[0].models["calm-or-storm"]
    assert window.learn[0] <= model.data.first
    assert model.data.last + DAY_MS <= window.learn[1]


def test_the_point_that_was_best_in_the_window_is_traded() -> None:
    """Not the one that is best afterwards: it is held against a backtest of the window."""
    walk = Walk(demo_account()[0], tapes(), ((KEY,), POINTS))
    window = windows()[0]

    walk.step(window)

    asked = {"first": date_of(window.learn[0]), "last": date_of(window.learn[1] - 1)}
    rows = [
        tried(turned(walk.config, (KEY,), point), point, models=walk.models, recorded=tapes(), **asked)
        for point in POINTS
    ]
    best = max(rows, key=lambda row: row.sharpe)
    assert (best.values, best.sharpe) == (walk.folds[0].values, walk.folds[0].learnt_sharpe)


def test_a_window_without_a_point_that_can_be_meant_is_refused() -> None:
    """Whatever is wrong with it is said."""
    walk = Walk(demo_account()[0], tapes(), (("strategies.trend.params.fast",), ((60,),)))

    with pytest.raises(ConfigError, match="must be less than slow"):
        walk.step(windows()[0])


def test_a_model_that_learns_elsewhere_is_refused() -> None:
    """There are no bars here that it could learn from."""
    config, _ = demo_account()
    regime = replace(config.regimes["calm-or-storm"], learnt_from="OTHER")

    with pytest.raises(ConfigError, match="learn"):
        Walk(replace(config, regimes={"calm-or-storm": regime}), tapes())


class Hasty(Watch):
    """Somebody who presses Ctrl-C after so many backtests."""

    def __init__(self, after: int) -> None:
        """Wait for so many."""
        super().__init__()
        self.after = after

    def progress(self, done: int, total: int) -> None:  # noqa: ARG002 - the face of the real one
        """Lose patience."""
        if done > self.after:
            raise KeyboardInterrupt


def of_years() -> AccountConfig:
    """Return the demo's account with bars up to 2010."""
    config, _ = demo_account()
    data = replace(config.data["SP500"], to=date_of(YEARS[1] + 365 * DAY_MS))
    return replace(config, data={"SP500": data})


def test_an_interrupted_walk_keeps_its_folds() -> None:
    """What is done is judged; where nothing is, there is nothing to judge."""
    asked = Asked(learn="36 months", trade="6 months")

    found = walked_forward(of_years(), asked, None, Hasty(after=3))

    assert len(found.folds) < found.planned
    assert found.summary.trades == sum(fold.trades for fold in found.folds)
    assert "Traded in" in found.summary.notes[0]
    with pytest.raises(KeyboardInterrupt):
        walked_forward(of_years(), asked, None, Hasty(after=0))


def test_a_walk_is_summed_up_as_a_backtest_is() -> None:
    """Numbers, remarks and faults of all stretches together, and what is left of what was learnt."""
    found = walked_forward(of_years(), Asked(learn="48 months", trade="8 months"), None, Watch())

    assert found.planned == len(found.folds)
    assert math.isclose(found.summary.realised_pnl, sum(fold.net for fold in found.folds))
    assert found.folds[0].first <= found.summary.first
    assert "which nothing had learnt from" in found.sentence
    assert not [note for note in found.summary.notes if "knew their future" in note]


@pytest.mark.parametrize("asked", [Asked(learn="long"), Asked(trade="10 bars"), Asked(embargo="")])
def test_spans_that_are_none_are_refused(asked: Asked) -> None:
    """Calendar time is what is meant."""
    with pytest.raises(UsageError, match="expected a span like"):
        walked_forward(demo_account()[0], asked, None, Watch())
