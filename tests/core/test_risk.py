"""Risk: what is approved is protected, no larger than it may be, and within every limit."""

import math

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.risk import (
    CHECKS,
    Approved,
    Exposure,
    Intent,
    RefusedByRisk,
    UnprotectedError,
    judge,
    limits_of,
    numbers_of,
    share,
    size,
    standing_numbers,
)
from tests.cores import LIMITS

NAN, INF = math.nan, math.inf


def an_intent(**fields: Any) -> Intent:  # noqa: ANN401
    """Return a lot of gold bought at 100.10, one dollar above its stop; fields may be changed."""
    given: dict[str, Any] = {
        "strategy": "test", "symbol": "XAUUSD", "side": 1, "kind": "market", "volume": 1.0, "price": 100.1,
        "stop": 99.1, "target": 0.0, "expiry": 0,
    }  # fmt: skip
    return Intent(**(given | fields))


def exposed(**fields: Any) -> Exposure:  # noqa: ANN401
    """Return an account of 10,000 that carries nothing, gold at 100.00 and 100.10; fields may be changed."""
    given: dict[str, Any] = {
        "equity": 10_000.0, "day_equity": 10_000.0, "margin": 0.0, "open": 0, "bid": 100.0, "ask": 100.1,
        "scale": 100.0, "contract": 100.0, "rate": 1.0,
    }  # fmt: skip
    given |= fields
    return Exposure(**({"day_size": given["day_equity"]} | given))


# --- approved means protected -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"stop": 0.0},
        {"stop": -1.0},
        {"stop": 100.1},
        {"stop": 100.2},
        {"stop": NAN},
        {"side": -1},
        {"side": -1, "stop": 100.1},
        {"side": -1, "stop": 0.0},
        {"volume": 0.0},
        {"volume": -1.0},
        {"volume": NAN},
        {"price": NAN},
    ],
    ids=str,
)
def test_nothing_unprotected_can_be_approved(fields: dict[str, Any]) -> None:
    """An order without a stop on its losing side, or without a size, cannot be built as approved."""
    with pytest.raises(UnprotectedError, match=r"test on XAUUSD: stop .* does not protect side"):
        Approved(an_intent(**fields))


@pytest.mark.parametrize("intent", [an_intent(), an_intent(side=-1, stop=101.1)])
def test_a_protected_intent_can_be_approved(intent: Intent) -> None:
    """A stop on the losing side is all it takes to be built."""
    assert intent == Approved(intent).intent


def test_approval_cannot_be_forged_from_bytes() -> None:
    """What is read back from a journal is held to the same rule."""
    raw = msgspec.json.encode({"intent": msgspec.to_builtins(an_intent(stop=0.0))})

    with pytest.raises((UnprotectedError, msgspec.ValidationError), match="does not protect"):
        msgspec.json.decode(raw, type=Approved)


# --- size -------------------------------------------------------------------------------------------------------------

money = st.floats(1.0, 1e8)
shares = st.floats(1e-5, 0.2)
distances = st.floats(1e-5, 1e4)
contracts = st.sampled_from((1.0, 100.0, 100_000.0))
lot_steps = st.sampled_from((0.01, 0.1, 1.0))


@given(money, shares, distances, contracts, lot_steps)
def test_a_size_never_loses_more_than_the_risk(
    equity: float, risk: float, distance: float, contract: float, step: float
) -> None:
    """The loss over the distance is at most the share of equity, but for the dust of binary floats."""
    lots = size(equity, risk, distance, contract, 1.0, step, step, 1000.0)

    assert lots * distance * contract <= equity * risk * (1.0 + 1e-9) + 2e-9 * step * distance * contract


@given(money, shares, distances, contracts, lot_steps)
def test_a_size_is_as_large_as_the_risk_allows(
    equity: float, risk: float, distance: float, contract: float, step: float
) -> None:
    """One volume step more would lose more than the risk, or be above the maximum."""
    lots = size(equity, risk, distance, contract, 1.0, step, step, 50.0)

    assert lots == 50.0 or (lots + step) * distance * contract > equity * risk * (1.0 - 1e-9)


@given(st.floats(), st.floats(), st.floats(), st.floats(), st.floats())
def test_a_size_is_never_below_nothing_nor_above_the_maximum(
    equity: float, risk: float, distance: float, contract: float, rate: float
) -> None:
    """Whatever the numbers, NaN and infinities too, the size is zero or within the symbol's limits."""
    lots = size(equity, risk, distance, contract, rate, 0.01, 0.1, 50.0)

    assert lots == 0.0 or 0.1 <= lots <= 50.0


@pytest.mark.parametrize(
    ("args", "lots"),
    [
        ((10_000.0, 0.01, 1.0, 100.0, 1.0, 0.01, 0.01, 50.0), 1.0),
        ((10_000.0, 0.01, 0.3, 100.0, 1.0, 0.01, 0.01, 50.0), 3.33),
        ((10_000.0, 0.01, 0.3, 100.0, 1.0, 0.1, 0.1, 50.0), 3.3),
        ((10_000.0, 0.01, 0.3, 100.0, 1.0, 1.0, 1.0, 50.0), 3.0),
        ((10_000.0, 0.01, 150.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((10_000.0, 0.01, 100.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.01),
        ((10_000.0, 0.01, 0.001, 100.0, 1.0, 0.01, 0.01, 50.0), 50.0),
        ((10_000.0, 0.01, 1.0, 100_000.0, 1.0 / 150.0, 0.01, 0.01, 50.0), 0.15),
        ((10_000.0, 0.01, 0.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((10_000.0, 0.01, NAN, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((10_000.0, NAN, 1.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((NAN, 0.01, 1.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((0.0, 0.01, 1.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((-5_000.0, 0.01, 1.0, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
        ((10_000.0, 0.01, INF, 100.0, 1.0, 0.01, 0.01, 50.0), 0.0),
    ],
)
def test_a_size_is_rounded_down(args: tuple[float, ...], lots: float) -> None:
    """Lots are cut to the step, to the maximum, and to nothing below the minimum or where a number is missing."""
    assert lots == size(*args)


# --- checks -----------------------------------------------------------------------------------------------------------


def judged(intent: Intent, now: Exposure, margin: float = 100.0, **limits: Any) -> Approved | RefusedByRisk:  # noqa: ANN401
    """Hold an intent against the usual limits, some of them changed."""
    bounds = msgspec.structs.replace(LIMITS, **limits)
    return judge(intent, numbers_of(intent, now, margin, 0.0, now.rate), limits_of(bounds))


def test_an_intent_within_every_limit_is_approved() -> None:
    """Nothing fails where nothing is beyond its limit."""
    assert Approved(an_intent()) == judged(an_intent(), exposed())


def test_the_numbers_are_what_a_pencil_makes_of_them() -> None:
    """Spread in points, loss of the day, positions, lots, value, risk, margin and collar, in this order."""
    now = exposed(equity=9_800.0, margin=980.0, open=2)

    actual = numbers_of(an_intent(volume=2.0, price=101.101, stop=100.101), now, 500.0, 0.0, now.rate)

    assert (
        "spread",
        "daily loss",
        "positions",
        "volume",
        "value",
        "risk",
        "margin",
        "collar",
        "symbol volume",
    ) == CHECKS
    assert pytest.approx((10.0, 0.02, 3.0, 2.0, 20_220.2, 200.0 / 9_800.0, 1480.0 / 9_800.0, 0.01, 2.0)) == actual


@pytest.mark.parametrize(
    ("name", "intent", "now", "margin", "limits"),
    [
        ("spread", {}, {"ask": 100.11}, 100.0, {"max_spread": 10.5}),
        ("daily loss", {}, {"equity": 9_499.0}, 100.0, {}),
        ("positions", {}, {"open": 8}, 100.0, {}),
        ("volume", {}, {}, 100.0, {"max_volume": 0.99}),
        ("value", {}, {}, 100.0, {"max_value": 10_009.99}),
        ("risk", {}, {}, 100.0, {"max_risk": 0.0099}),
        ("margin", {}, {"margin": 8_950.0}, 100.0, {}),
        ("collar", {"price": 102.2, "stop": 101.5}, {}, 100.0, {}),
        ("collar", {"price": 97.9, "stop": 97.0}, {}, 100.0, {}),
    ],
)
def test_each_check_fails_alone_and_under_its_name(
    name: str, intent: dict[str, Any], now: dict[str, Any], margin: float, limits: dict[str, Any]
) -> None:
    """An intent just beyond one limit is refused by that check, and by no other."""
    wish = an_intent(**intent)

    assert RefusedByRisk(wish, (name,)) == judged(wish, exposed(**now), margin, **limits)


@pytest.mark.parametrize(
    ("now", "margin", "limits"),
    [
        ({"bid": 100.0, "ask": 100.5}, 100.0, {}),
        ({"equity": 9_500.0}, 100.0, {}),
        ({"open": 7}, 100.0, {}),
        ({}, 100.0, {"max_volume": 1.0}),
        ({}, 100.0, {"max_value": 10_010.0}),
        ({}, 100.0, {"max_risk": 0.01}),
        ({"margin": 8_900.0}, 100.0, {}),
    ],
)
def test_a_number_at_its_limit_passes(now: dict[str, Any], margin: float, limits: dict[str, Any]) -> None:
    """A limit is the last number that is allowed."""
    assert isinstance(judged(an_intent(), exposed(**now), margin, **limits), Approved)


def test_all_that_fails_is_named() -> None:
    """No check hides behind another: a refusal names every limit that is broken."""
    actual = judged(an_intent(), exposed(ask=100.9, open=8), 100.0, max_value=1.0)

    assert RefusedByRisk(an_intent(), ("spread", "positions", "value")) == actual


def test_a_number_that_is_missing_fails_its_check() -> None:
    """NaN is within no limit."""
    actual = judged(an_intent(), exposed(equity=NAN))

    assert isinstance(actual, RefusedByRisk)
    assert ("daily loss", "risk", "margin") == actual.reasons


@pytest.mark.parametrize("stop", [0.0, -3.0, 100.1, 101.0])
def test_an_unprotected_intent_is_refused_and_no_bug(stop: float) -> None:
    """A strategy that names no protective stop is told so as a refusal."""
    actual = judged(an_intent(stop=stop), exposed(), max_risk=2.0)

    assert isinstance(actual, RefusedByRisk)
    assert "no protective stop" in actual.reasons


def test_an_intent_without_size_is_refused_for_that_alone() -> None:
    """Where risk allows less than the smallest order, nothing else is asked."""
    wish = an_intent(volume=0.0)

    assert RefusedByRisk(wish, ("size below the minimum volume",)) == judged(wish, exposed())


def test_standing_numbers_need_no_intent() -> None:
    """Spread, loss of the day and positions are known on every bar."""
    assert pytest.approx((10.0, 0.01, 3.0)) == standing_numbers(exposed(equity=9_900.0, open=3))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1.0, 4.0, 0.25), (-1.0, 4.0, -0.25), (1.0, 0.0, 1e9), (1.0, -5.0, 1e9), (0.0, 0.0, 0.0), (-1.0, 0.0, 0.0)],
)
def test_a_share_of_nothing_is_beyond_every_limit(part: float, whole: float, expected: float) -> None:
    """An account with no equity may carry nothing."""
    assert expected == share(part, whole)
