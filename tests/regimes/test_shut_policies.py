"""What becomes of a trade when the gate shuts: no policy widens a stop, opens anything, or closes a part too small."""

import itertools
import math

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from regimes.shut import OnShut, Word, flat_policy, shut_lots, shut_stop
from tests.kernels import same_call

WORDS: tuple[Word, ...] = ("keep", "breakeven", "tighten", "reduce")
POLICIES: tuple[Word | OnShut, ...] = (
    *WORDS, OnShut(tighten=0.25), OnShut(reduce=0.7), OnShut(close_after=3),
)  # fmt: skip

policies = st.sampled_from([flat_policy(policy) for policy in POLICIES])
sides = st.sampled_from((1.0, -1.0))
prices = st.integers(5_000, 15_000).map(lambda x: x / 100.0)


def stop_of(policy: Word | OnShut, stop: float, quote: float, **more: float) -> float:
    """Return the stop of a trade that was opened at 100.00, on a grid of cents."""
    given: dict[str, float] = {"side": 1.0, "level": 0.0} | more
    return shut_stop(flat_policy(policy), given["side"], 100.0, stop, quote, given["level"], 100.0, 1.0)


@pytest.mark.parametrize(
    ("policy", "stop", "quote", "more", "expected"),
    [
        ("keep", 99.0, 102.0, {}, 99.0),
        ("breakeven", 99.0, 102.0, {}, 100.0),
        ("breakeven", 100.5, 102.0, {}, 100.5),
        ("breakeven", 99.0, 100.0, {}, 99.0),
        ("breakeven", 99.0, 99.5, {}, 99.0),
        ("breakeven", 99.0, 100.2, {"level": 20.0}, 100.0),
        ("breakeven", 99.0, 100.19, {"level": 20.0}, 99.0),
        ("breakeven", 101.0, 98.0, {"side": -1.0}, 100.0),
        ("tighten", 99.0, 102.0, {}, 100.5),
        ("tighten", 101.0, 98.0, {"side": -1.0}, 99.5),
        (OnShut(tighten=0.25), 98.0, 102.0, {}, 101.0),
        ("tighten", 99.0, 99.1, {"level": 10.0}, 99.0),
        ("tighten", 0.0, 102.0, {}, 0.0),
        ("reduce", 99.0, 102.0, {}, 99.0),
        (OnShut(close_after=1), 99.0, 102.0, {}, 99.0),
    ],
)
def test_a_policy_moves_the_stop_to_where_it_says(
    policy: Word | OnShut, stop: float, quote: float, more: dict[str, float], expected: float
) -> None:
    """To the entry, or nearer to the price; not where the venue would not take it, and not where a person took it."""
    assert expected == stop_of(policy, stop, quote, **more)


@given(policies, sides, prices, prices, prices, st.sampled_from((0.0, 30.0)))
def test_no_policy_widens_a_stop_or_crosses_the_price(
    policy: tuple[float, float], side: float, entry: float, stop: float, quote: float, level: float
) -> None:
    """The stop stays as it is, or is tighter by some ticks and as far from the price as the venue asks."""
    moved = shut_stop(policy, side, entry, stop, quote, level, 100.0, 1.0)

    assert moved == stop or (
        (moved - stop) * side > 0.0 and (quote - moved) * side > 0.0 and (quote - moved) * side * 100.0 >= level - 0.002
    )


@pytest.mark.parametrize(
    ("policy", "bars", "volume", "low", "expected"),
    [
        ("keep", 9.0, 1.0, 0.01, 0.0),
        ("reduce", 1.0, 1.0, 0.01, 0.5),
        ("reduce", 1.0, 0.03, 0.01, 0.01),
        ("reduce", 1.0, 0.01, 0.01, 0.0),
        ("reduce", 1.0, 0.5, 0.3, 0.0),
        (OnShut(reduce=0.7), 1.0, 0.1, 0.05, 0.1),
        (OnShut(reduce=0.3), 1.0, 0.1, 0.01, 0.03),
        (OnShut(close_after=3), 2.0, 0.1, 0.01, 0.0),
        (OnShut(close_after=3), 3.0, 0.1, 0.01, 0.1),
        ("breakeven", 9.0, 0.1, 0.01, 0.0),
    ],
)
def test_a_policy_closes_as_many_lots_as_it_says(
    policy: Word | OnShut, bars: float, volume: float, low: float, expected: float
) -> None:
    """A share rounded down to a step: nothing below the smallest lot, and all where less than that would be left."""
    assert expected == shut_lots(flat_policy(policy), bars, volume, 0.01, low)


@given(policies, st.integers(1, 9), st.integers(1, 500), st.sampled_from((0.01, 0.05, 0.3)))
def test_what_is_closed_and_what_is_left_can_be_traded(
    policy: tuple[float, float], bars: int, hundredths: int, low: float
) -> None:
    """Nothing, all, or a part that leaves a part, neither of them below the smallest lot."""
    volume = hundredths / 100.0
    lots = shut_lots(policy, float(bars), volume, 0.01, low)

    assert lots in {0.0, volume} or (lots >= low - 1e-9 and volume - lots >= low - 1e-9)


def test_the_policies_are_the_same_in_both_drives() -> None:
    """Plain Python and numba agree in every bit."""
    flat = [flat_policy(policy) for policy in POLICIES]
    stops = [0.0, 98.77, 99.0, 100.02, math.inf]
    quotes = [97.31, 99.005, 100.0, 103.21]
    rows = itertools.product(flat, (1.0, -1.0), (100.0, 99.995), stops, quotes, (0.0, 13.0), (100.0,), (1.0, 25.0))
    lots = itertools.product(flat, (1.0, 3.0), (0.01, 0.07, 0.3, 1.0), (0.01, 0.1), (0.01, 0.05))

    moved = same_call(shut_stop, rows)
    closed = same_call(shut_lots, lots)

    assert 20 < len(set(moved))
    assert 6 < len(set(closed))


@pytest.mark.parametrize(
    ("said", "flat"),
    [
        ("keep", (0.0, 0.0)),
        ("breakeven", (1.0, 0.0)),
        ("tighten", (2.0, 0.5)),
        ("reduce", (3.0, 0.5)),
        ({"tighten": 0.3}, (2.0, 0.3)),
        ({"reduce": 0.3}, (3.0, 0.3)),
        ({"close_after": 5}, (4.0, 5.0)),
    ],
)
def test_every_policy_can_be_written(said: object, flat: tuple[float, float]) -> None:
    """As a word, or as a table with its number."""
    assert flat == flat_policy(msgspec.convert(said, Word | OnShut))


@pytest.mark.parametrize(
    "nonsense",
    [
        "explode", {}, {"close_after": 0}, {"close_after": 1.5}, {"tighten": 1.0}, {"reduce": 0.0}, {"reduce": -0.5},
        {"tighten": math.nan}, {"reduce": 0.5, "tighten": 0.5}, {"closeafter": 5}, 5,
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_is_refused(nonsense: Any) -> None:  # noqa: ANN401 - whatever a file may say
    """Unknown words and keys, no number or two, shares beyond a part."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nonsense, Word | OnShut)
