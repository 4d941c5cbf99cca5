"""What each built-in strategy wants, and that both drives want the same."""

import itertools
import math

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.features import FeatureSet
from strategies.breakout import Breakout
from strategies.contract import check
from strategies.exits import ExitPlan
from strategies.harness import drive, sample_bars
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Entry, Exit, KernelStrategy, Want, want_of
from strategies.registry import BUILT_IN
from strategies.trend import Trend
from tests.kernels import same_bits

NAN = math.nan
NUMBERS = st.one_of(st.just(NAN), st.just(0.0), st.floats(-1e6, 1e6))


def asked(strategy: KernelStrategy, *features: float, close: float = 100.0, position: int = 0) -> tuple[Want, float]:
    """Return what a fresh strategy wants on one bar."""
    return want_of(
        strategy.step(strategy.init(), strategy.params(), features, close, close, close, float(position), 0.0)
    )


def entry(side: int, **plan: Any) -> Entry:  # noqa: ANN401 - fields of a plan
    """Return an entry at market."""
    return Entry(side=1 if side > 0 else -1, plan=ExitPlan(**plan), expiry=0)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_strategy_keeps_the_contract(name: str) -> None:
    """Every built-in strategy gives the right answer to every question of the contract."""
    findings = check(BUILT_IN[name]())

    assert [] == [finding for finding in findings if not finding.ok]


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_strategy_has_the_name_it_is_registered_under(name: str) -> None:
    """The journal names a strategy as the configuration does."""
    assert name == BUILT_IN[name]().name


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_both_drives_want_the_same_on_bars(name: str) -> None:
    """Over a thousand bars, flat and in a position, plain Python and compiled code want the same bits."""
    strategy = BUILT_IN[name]()
    features = FeatureSet(refs=tuple(strategy.features().values()))
    folds = features.init()
    rows = [
        (features.step(folds, bar), bar.high, bar.low, bar.close, float(position), 3.0)
        for bar in sample_bars(1000)
        for position in [(-1, 0, 0, 1)[bar.time // 3_600_000 % 4]]
    ]
    wants = same_bits(strategy.step, strategy.init(), strategy.params(), rows)

    assert {-1.0, 0.0, 1.0} <= {want[0] for want in wants}


@given(st.data())
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_both_drives_want_the_same_on_any_numbers(name: str, data: st.DataObject) -> None:
    """Zeros, NaNs and nonsense give the same bits in both drives, and raise in neither."""
    strategy = BUILT_IN[name]()
    features = data.draw(st.tuples(*[NUMBERS] * len(strategy.features())))
    bar = data.draw(st.tuples(NUMBERS, NUMBERS, NUMBERS))
    position = float(data.draw(st.sampled_from([-1, 0, 1])))
    wants = same_bits(strategy.step, strategy.init(), strategy.params(), [(features, *bar, position, 1.0)])

    assert 10 == len(wants[0])


@pytest.mark.parametrize(("fast", "slow", "side"), [(101.0, 100.0, 1), (99.0, 100.0, -1)])
def test_trend_enters_on_the_side_of_the_fast_average(fast: float, slow: float, side: int) -> None:
    """Without a position the trend strategy wants the side of the cross; its score is the gap in ATR."""
    assert (entry(side, stop=6.0), side / 2.0) == asked(Trend(), fast, slow, 2.0)


@pytest.mark.parametrize("side", [-1, 1])
def test_trend_stays_while_the_cross_holds_and_leaves_when_it_flips(side: int) -> None:
    """A position is kept on its side of the cross and left on the other."""
    kept = asked(Trend(), 100.0 + side, 100.0, 2.0, position=side)
    left = asked(Trend(), 100.0 - side, 100.0, 2.0, position=side)

    assert (None, Exit()) == (kept[0], left[0])


def test_trend_leaves_on_a_flip_though_no_bar_has_moved() -> None:
    """An ATR of 0 forbids entries, not exits."""
    assert Exit() == asked(Trend(), 99.0, 100.0, 0.0, position=1)[0]
    assert asked(Trend(), 101.0, 100.0, 0.0)[0] is None


def test_trend_may_enter_the_other_side_on_the_bar_after_its_exit() -> None:
    """Over bars, an exit by the cross is followed at once by an entry on the other side."""
    wants = [want for want, _ in drive(Trend(), sample_bars())]
    after = [later for now, later in itertools.pairwise(wants) if isinstance(now, Exit)]

    assert after
    assert all(isinstance(want, Entry) for want in after)


@pytest.mark.parametrize(("z", "side"), [(-1.5, 1), (1.5, -1)])
def test_mean_reversion_enters_against_a_far_close(z: float, side: int) -> None:
    """At the entry z-score, and not before it, the strategy wants the side of the mean, for ten bars."""
    assert (entry(side, stop=6.0, bars=10), -z) == asked(MeanReversion(), z, 2.0)
    assert (None, -z * 0.99) == asked(MeanReversion(), z * 0.99, 2.0)


def test_mean_reversion_leaves_by_time_alone_unless_told_otherwise() -> None:
    """The exit on the z-score is off by default and works on both sides when it is on."""
    on = MeanReversion(exit_z=0.0)

    assert asked(MeanReversion(), 4.0, 2.0, position=1)[0] is None
    assert [Exit(), None] == [asked(on, z, 2.0, position=1)[0] for z in (0.1, -0.1)]
    assert [Exit(), None] == [asked(on, z, 2.0, position=-1)[0] for z in (-0.1, 0.1)]


@pytest.mark.parametrize(("place", "side", "price"), [(0.8, 1, 110.0), (0.5, 1, 110.0), (0.2, -1, 90.0)])
def test_breakout_rests_at_the_nearer_end_of_the_channel(place: float, side: int, price: float) -> None:
    """Without a position a stop entry rests at the channel's nearer end for five bars, with a trailing stop."""
    plan = ExitPlan(stop=6.0, trail=6.0)
    expected = Entry(side=1 if side > 0 else -1, plan=plan, kind="stop", price=price, expiry=5)

    assert (expected, place - 0.5) == asked(Breakout(), place, 110.0, 90.0, 2.0)


@pytest.mark.parametrize(("place", "side", "close"), [(1.0, 1, 110.0), (0.0, -1, 90.0)])
def test_breakout_enters_at_market_where_the_close_is_the_end(place: float, side: int, close: float) -> None:
    """A close at the very end of the channel has broken out: no stop entry could rest there."""
    assert entry(side, stop=6.0, trail=6.0) == asked(Breakout(), place, 110.0, 90.0, 2.0, close=close)[0]


def test_breakout_wants_nothing_in_a_position_or_in_a_channel_without_height() -> None:
    """Its exits are the stop's business, and a flat channel has no ends."""
    assert asked(Breakout(), 0.8, 110.0, 90.0, 2.0, position=1)[0] is None
    assert asked(Breakout(), 0.5, 100.0, 100.0, 2.0)[0] is None


@pytest.mark.parametrize("name", sorted(BUILT_IN))
@pytest.mark.parametrize("position", [-1, 0, 1])
def test_a_cold_feature_silences_and_has_no_score(name: str, position: int) -> None:
    """With any feature NaN a built-in strategy wants nothing, in a position or not, and its score is NaN."""
    strategy = BUILT_IN[name]()
    width = len(strategy.features())
    for cold in range(width):
        want, score = asked(strategy, *[NAN if i == cold else 1.0 for i in range(width)], position=position)

        assert want is None
        assert math.isnan(score)
