"""The contract that every feature keeps; a new one is done when it stands in CASES and this passes."""

import math
import struct

from collections.abc import Sequence

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from market.feature import Feature, FeatureError, closes, fold
from market.features import FEATURES, FeatureRef, FeatureSet, feature_list_fingerprint, feature_of
from market.sp500 import read_sp500
from tests.kernels import bits, same_bits

Row = tuple[float, float, float, float, float]

SP500 = read_sp500()
REAL: list[Row] = [(b.open, b.high, b.low, b.close, b.time / 1000.0) for b in SP500.part(0, 900)]

CASES: list[FeatureRef] = [
    (name, tuple(float(max(n, least)) for least in feature.least))
    for name, feature in FEATURES.items()
    for n in ((2, 5, 20, 50) if feature.params else (0,))
]


@st.composite
def bar_rows(draw: st.DrawFn) -> list[Row]:
    """Make bars whose open and close lie within them, flat ones and equal closes among them."""
    price = st.one_of(st.floats(0.001, 100_000.0), st.sampled_from([1.0, 1.1, 1.2]))
    prices = draw(st.lists(st.tuples(price, price, price, price), max_size=25))
    return [(a, max(a, b, c, d), min(a, b, c, d), b, 3600.0 * i) for i, (a, b, c, d) in enumerate(prices)]


def values(ref: FeatureRef, rows: Sequence[Row]) -> list[float]:
    """Fold the feature over rows from a fresh state."""
    return fold(feature_of(ref), ref[1], rows)


def named(ref: FeatureRef) -> str:
    """Name a case."""
    return f"{ref[0]}{ref[1]}"


@pytest.fixture(params=CASES, ids=named)
def ref(request: pytest.FixtureRequest) -> FeatureRef:
    """Every feature, with small and large windows."""
    found: FeatureRef = request.param
    return found


@pytest.fixture
def feature(ref: FeatureRef) -> Feature:
    """Return the feature of the case."""
    return feature_of(ref)


def test_value_on_a_prefix_is_the_value_on_the_whole(ref: FeatureRef) -> None:
    """A feature cannot see what comes after its bar."""
    whole = values(ref, REAL)

    for t in (0, 1, 2, 5, 20, 21, 50, 51, 333, 898):
        assert bits(whole[: t + 1]) == bits(values(ref, REAL[: t + 1]))


@pytest.mark.parametrize("poison", [math.nan, 1e9, -1.0, 0.0])
def test_poisoned_future_changes_nothing(ref: FeatureRef, poison: float) -> None:
    """Whatever nonsense follows a bar, its value stays bit for bit."""
    poisoned = [*REAL[:400], *[(poison, poison, poison, poison, row[4]) for row in REAL[400:]]]

    assert bits(values(ref, REAL)[:400]) == bits(values(ref, poisoned)[:400])


def test_value_is_nan_until_warm_and_a_number_from_then_on(ref: FeatureRef, feature: Feature) -> None:
    """The warm-up a feature names is exactly the one it has."""
    warmup = feature.warmup(ref[1])
    missing = [v != v for v in values(ref, REAL)]

    assert [True] * (warmup - 1) + [False] * (len(REAL) - warmup + 1) == missing


def test_state_is_as_long_as_it_says_and_never_grows(ref: FeatureRef, feature: Feature) -> None:
    """A daemon may run for years: its state is bounded, and made of floats only."""
    state = feature.init(ref[1])
    fresh = list(state)
    for row in REAL:
        feature.step(state, ref[1], *row)

    assert feature.size(ref[1]) == len(fresh) == len(state)
    assert {float} == {type(x) for x in state} | {float}


def test_window_does_not_depend_on_where_history_began(ref: FeatureRef, feature: Feature) -> None:
    """A window of n bars has one value, whichever bars came before it; recursive features say that they differ."""
    late = values(ref, REAL[137:])
    same = bits(values(ref, REAL)[-500:]) == bits(late[-500:])

    assert same or feature.recursive


def test_both_drives_agree_on_real_bars(ref: FeatureRef, feature: Feature) -> None:
    """Plain Python and numba give the same bits and leave the same state, bar by bar."""
    same_bits(feature.step, feature.init(ref[1]), ref[1], REAL[:300])


@settings(max_examples=30)
@given(rows=bar_rows(), n=st.integers(2, 6))
@pytest.mark.parametrize("name", FEATURES)
def test_both_drives_agree_on_made_bars(name: str, rows: list[Row], n: int) -> None:
    """Plain Python and numba agree on jumps, flat bars and equal closes too."""
    feature = FEATURES[name]
    params = tuple(float(max(n, least)) for least in feature.least)

    same_bits(feature.step, feature.init(params), params, rows)


@settings(max_examples=60)
@given(rows=bar_rows(), n=st.integers(2, 6))
@pytest.mark.parametrize("name", ["rsi", "efficiency_ratio", "donchian", "hour_of_week", "sortino"])
def test_bounded_features_keep_their_bounds(name: str, rows: list[Row], n: int) -> None:
    """A feature that says how far it goes never leaves that range, by not one bit."""
    feature = FEATURES[name]
    least, most = {"rsi": (0.0, 100.0), "hour_of_week": (0.0, 168.0), "sortino": (-10.0, 10.0)}.get(name, (0.0, 1.0))
    found = fold(feature, tuple(float(n) for _ in feature.params), rows)

    assert all(v != v or least <= v <= most for v in found)


def test_flat_market_is_neither_nan_nor_extreme() -> None:
    """Bars that never move give every warm feature a finite, neutral value, and those that are logarithms none."""
    flat = [(1.1, 1.1, 1.1, 1.1, 60.0 * i) for i in range(30)]
    expected = {"rsi": 50.0, "donchian": 0.5} | dict.fromkeys(
        ("zscore", "efficiency_ratio", "realised_vol", "atr", "trend_t", "sortino", "log_volume_zscore"), 0.0
    )

    assert expected == {name: values((name, (7.0,)), flat)[-1] for name in expected}
    assert math.isnan(values(("garman_klass", ()), flat)[-1])
    assert math.isnan(values(("yang_zhang", (7.0,)), flat)[-1])
    assert math.isnan(values(("log_realised_vol", (7.0,)), flat)[-1])
    assert math.isnan(values(("intrabar_vol", (7.0,)), [(0.0, 96.0, 0.0, 96.0, 0.0)])[-1])


def test_every_feature_says_what_it_is() -> None:
    """Name, unit, formula, source and one smallest value for each parameter are there."""
    for name, feature in FEATURES.items():
        assert name == feature.name
        assert len(feature.params) == len(feature.least)
        assert all((feature.unit, feature.formula, feature.source, feature.version >= 1))


def test_feature_set_gives_what_its_features_give() -> None:
    """A list of features folds to the same values as each of them alone, and is warm with the slowest."""
    refs: tuple[FeatureRef, ...] = (("log_return", ()), ("ema", (5.0,)), ("hour_of_week", ()))
    features = FeatureSet(refs)
    state = features.init()
    rows = [features.step(state, bar) for bar in SP500.part(0, 900)]

    assert 5 == features.warmup
    assert [bits(values(ref, REAL)) for ref in refs] == [bits(column) for column in zip(*rows, strict=True)]


def test_feature_of_volume_is_given_the_volume() -> None:
    """In a list of features too, a feature of volume folds the bar's volume, and no price."""
    ref: FeatureRef = ("log_volume_zscore", (5.0,))
    features = FeatureSet((("log_return", ()), ref))
    state, bars = features.init(), list(SP500.part(0, 50))
    volumes = [100.0 + 7.0 * (i % 11) for i in range(50)]

    found = [
        features.step(state, msgspec.structs.replace(bar, volume=v))[1] for bar, v in zip(bars, volumes, strict=True)
    ]

    assert bits(values(ref, closes(*volumes))) == bits(found)


def test_feature_of_parts_is_given_what_went_on_within() -> None:
    """In a list of features too: the variance and the number of the shorter bars, where there were any, and enough."""
    features = FeatureSet((("log_return", ()), ("intrabar_vol", (90.0,))))
    state, bars = features.init(), list(SP500.part(0, 3))
    within = [(1e-4, 96.0), (1e-4, 89.0), (0.0, 0.0)]

    found = [
        features.step(state, msgspec.structs.replace(bar, variance=v, parts=n))[1]
        for bar, (v, n) in zip(bars, within, strict=True)
    ]

    assert bits([0.5 * math.log(1e-4), math.nan, math.nan]) == bits(found)


def test_feature_set_state_can_be_restored_in_the_middle() -> None:
    """A copy of the state, taken at a bar, goes on exactly as the original does."""
    features = FeatureSet((("rsi", (14.0,)), ("realised_vol", (20.0,))))
    state = features.init()
    bars = list(SP500.part(0, 200))
    for bar in bars[:100]:
        features.step(state, bar)
    copied = [struct.unpack(f"{len(s)}d", struct.pack(f"{len(s)}d", *s)) for s in state]
    restored = [list(s) for s in copied]

    assert [features.step(state, b) for b in bars[100:]] == [features.step(restored, b) for b in bars[100:]]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        (("emma", (5.0,)), "unknown feature 'emma'; known are: atr, donchian"),
        (("ema", ()), r'takes 1 parameter\(s\) \(n\), not 0: write \["ema", n\]'),
        (("log_return", (5.0,)), r'takes 0 parameter\(s\) \(none\), not 1: write \["log_return"\]'),
        (("ema", (0.0,)), "n is 0.0, but must be a whole number, 1 to 100000"),
        (("ema", (2.5,)), "n is 2.5, but must be a whole number"),
        (("zscore", (1.0,)), "n is 1.0, but must be a whole number, 2"),
        (("ema", (math.nan,)), "n is nan"),
        (("ema", (math.inf,)), "n is inf"),
    ],
)
def test_feature_that_cannot_be_computed_is_refused(ref: FeatureRef, message: str) -> None:
    """The refusal says what would be right."""
    with pytest.raises(FeatureError, match=message):
        FeatureSet((ref,))


def test_fingerprint_tells_lists_apart() -> None:
    """Name, parameters and order count; whether a parameter was written 5 or 5.0 does not."""
    lists: list[list[FeatureRef]] = [
        [],
        [("sma", (5.0,))],
        [("ema", (5.0,))],
        [("ema", (6.0,))],
        [("ema", (5.0,)), ("sma", (5.0,))],
        [("sma", (5.0,)), ("ema", (5.0,))],
    ]

    assert len(lists) == len({feature_list_fingerprint(refs) for refs in lists})
    assert feature_list_fingerprint([("ema", (5,))]) == feature_list_fingerprint([("ema", (5.0,))])
