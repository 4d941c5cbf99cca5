"""The gate: hysteresis, dwell, and shut whenever there is doubt."""

import itertools
import math

import msgspec
import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st

from regimes.gate import (
    ByCost,
    ByPosterior,
    GateParams,
    allowed_mass,
    cost_threshold,
    exposure,
    gate_exchange,
    gate_init,
    gate_step,
    most_likely,
)
from tests.kernels import compiled, same_bits, same_call

masses = st.lists(st.one_of(st.floats(0.0, 1.0), st.just(math.nan)), max_size=60)
known = st.lists(st.floats(0.0, 1.0), max_size=60)
gates = st.builds(
    lambda pair, dwell: GateParams(allow=(0,), leave=min(pair), enter=max(pair), dwell=dwell),
    st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    st.integers(0, 8),
)


def run(gate: GateParams, qs: list[float]) -> list[float]:
    """Return what the gate says on each bar."""
    p = gate.flat()
    s = gate_init(p)
    return [gate_step(s, p, q) for q in qs]


def test_gate_opens_at_enter_and_shuts_below_leave() -> None:
    """Between the two thresholds the gate stays as it is."""
    gate = GateParams(allow=(0,), enter=0.6, leave=0.4, dwell=0)

    assert [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0] == run(gate, [0.59, 0.6, 0.41, 0.4, 0.39, 0.59, 0.9])


@given(gates, known)
def test_gate_never_changes_twice_within_its_dwell(gate: GateParams, qs: list[float]) -> None:
    """Two changes are at least `dwell` bars apart while there is a posterior."""
    said = [0.0, *run(gate, qs)]

    changes = [t for t in range(1, len(said)) if said[t] != said[t - 1]]

    assert all(later - earlier >= gate.dwell for earlier, later in itertools.pairwise(changes))


@given(gates, known)
def test_gate_changes_only_across_its_thresholds(gate: GateParams, qs: list[float]) -> None:
    """It opens only at or above `enter`, and shuts only below `leave`."""
    said = [0.0, *run(gate, qs)]
    enter, leave = gate.limits()

    for t, q in enumerate(qs):
        if said[t + 1] > said[t]:
            assert q >= enter
        if said[t + 1] < said[t]:
            assert q < leave


@given(gates, masses)
def test_gate_without_a_posterior_is_shut_at_once(gate: GateParams, qs: list[float]) -> None:
    """A NaN shuts the gate on the same bar, dwell or not."""
    for q, said in zip(qs, run(gate, qs), strict=True):
        assert not (q != q and said != 0.0)


@given(gates, masses, st.integers(0, 60))
def test_gate_says_the_same_on_a_prefix(gate: GateParams, qs: list[float], t: int) -> None:
    """What the gate says on a bar does not depend on later bars."""
    assert run(gate, qs)[:t] == run(gate, qs[:t])


def test_gate_is_the_same_in_both_drives() -> None:
    """Plain Python and numba agree in every bit of the gate, NaN included."""
    gate = GateParams(allow=(0,))
    draw = np.random.default_rng(3)
    qs = draw.uniform(0, 1, 500)
    qs[::37] = math.nan

    said = same_bits(gate_step, gate_init(gate.flat()), gate.flat(), [(q,) for q in qs.tolist()])

    assert {0.0, 1.0} == set(said)


@given(gates, masses, st.one_of(st.floats(0.0, 1.0), st.just(math.nan)))
def test_an_exchange_of_models_opens_nothing_and_keeps_open_what_the_new_one_would_open(
    gate: GateParams, qs: list[float], q: float
) -> None:
    """Dwell or not; what has not changed counts its bars on, what was shut has changed now."""
    p = gate.flat()
    s = gate_init(p)
    before = [gate_step(s, p, bar) for bar in qs][-1:] or [0.0]
    since = s[1]
    said = gate_exchange(s, p, q)

    assert (1.0 if before == [1.0] and q >= p[0] else 0.0) == said == s[0]
    assert (since if [said] == before else 0.0) == s[1]


def test_an_exchange_is_the_same_in_both_drives() -> None:
    """On either side of each threshold, and where nothing is known."""
    p = GateParams(allow=(0,)).flat()
    qs = [0.0, 0.4, 0.59, 0.6, 1.0, math.nan]

    assert [0.0, 0.0, 0.0, 1.0, 1.0, 0.0] == same_call(gate_exchange, [([1.0, 7.0], p, q) for q in qs])
    assert {0.0} == set(same_call(gate_exchange, [([0.0, 7.0], p, q) for q in qs]))


def test_allowed_mass_and_most_likely_read_the_posterior_in_both_drives() -> None:
    """Both kernels look at the first K values of the filter's state only, interpreted and compiled."""
    state = [0.25, 0.45, 0.3, 9.0, 9.0, 9.0]
    mask = GateParams(allow=(0, 2)).mask(3)

    assert allowed_mass(state, mask, 3) == 0.55
    assert compiled(allowed_mass)(np.array(state), mask, 3) == 0.55
    assert most_likely(state, 3) == compiled(most_likely)(np.array(state), 3) == 1
    assert most_likely([0.5, 0.5], 2) == 0
    assert math.isnan(allowed_mass([math.nan, 0.5], (0.0, 1.0), 2))


@pytest.mark.parametrize(
    "nonsense",
    [
        {"allow": [0], "enter": 0.3, "leave": 0.4},
        {"allow": [0], "enter": 1.1},
        {"allow": [0], "dwell": -1},
        {"allow": [0], "max_age": 0},
        {"allow": [0, 0]},
        {"allow": [-1]},
        {"mode": "enforce"},
        {"allow": [0], "mode": "maybe"},
        {"allow": [0], "on_shut": "explode"},
        {"allow": [0], "entre": 0.5},
        {"allow": [0], "threshold": {"false_alarm": 1.0, "miss": 0.0}},
        {"allow": [0], "threshold": {"false_alarm": 1.0, "miss": 1.0, "width": 1.1}},
        {"allow": [0], "threshold": {"false_alarm": 1.0, "miss": 1.0, "costs": 1.0}},
        {"allow": [0], "threshold": {"false_alarm": 1.0, "miss": 1.0}, "enter": 0.6},
        {"allow": [0], "threshold": {"false_alarm": 1.0, "miss": 1.0}, "leave": 0.4},
        {"allow": [0], "exposure": {"weights": [0.0, 0.0]}},
        {"allow": [0], "exposure": {"weights": [1.0, 1.1]}},
        {"allow": [0], "exposure": {"weights": []}},
        {"allow": [0], "exposure": [1.0, 0.0]},
    ],
)
def test_gate_that_cannot_be_meant_is_refused(nonsense: dict[str, object]) -> None:
    """Thresholds the wrong way round, unknown words and unknown keys are errors, not defaults."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nonsense, GateParams)


def test_state_the_model_does_not_have_is_refused() -> None:
    """A strategy that allows state 2 of a model with states 0 and 1 is told so."""
    with pytest.raises(ValueError, match="allow names state 2, but the model has states 0 to 1 only"):
        GateParams(allow=(0, 2)).mask(2)


# --- thresholds by cost, and exposure ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "limits"),
    [
        ({}, (0.6, 0.4)),
        ({"enter": 0.8}, (0.8, 0.4)),
        ({"enter": 0.3, "leave": 0.2}, (0.3, 0.2)),
        ({"threshold": ByCost(false_alarm=1.0, miss=1.0)}, (0.6, 0.4)),
        ({"threshold": ByCost(false_alarm=1.0, miss=3.0, width=0.1)}, (0.3, 0.2)),
        ({"threshold": ByCost(false_alarm=30.0, miss=10.0, width=0.0)}, (0.75, 0.75)),
    ],
)
def test_thresholds_are_said_or_made_of_costs(gate: dict[str, object], limits: tuple[float, float]) -> None:
    """The more a false alarm costs, the surer the gate has to be; half of the width lies on either side."""
    assert pytest.approx(limits) == GateParams(allow=(0,), **gate).limits()  # type: ignore[arg-type]  # as given above


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0), st.floats(0.0, 1.0))
def test_at_the_cost_threshold_both_errors_cost_the_same(false_alarm: float, miss: float, q: float) -> None:
    """Being let in costs less than being kept out exactly above it."""
    p = cost_threshold(false_alarm, miss)

    assert pytest.approx((1.0 - p) * false_alarm) == p * miss
    if abs(q - p) > 1e-9:
        assert ((1.0 - q) * false_alarm < q * miss) is (q > p)


def test_exposure_is_the_mean_of_the_weights_by_the_posterior() -> None:
    """Whole where all weights are 1, whatever the last bit adds up to; no number where there is no posterior."""
    weights = GateParams(allow=(0,), exposure=ByPosterior(weights=(1.0, 0.5, 0.0))).weights(3)

    assert exposure([0.25, 0.5, 0.25, 9.0], weights, 3) == 0.5
    assert exposure([0.1, 0.2, 0.7000000000000002], (1.0, 1.0, 1.0), 3) == 1.0
    assert math.isnan(exposure([math.nan, 0.5, 0.5], weights, 3))


def test_a_gate_that_weighs_nothing_or_is_off_has_no_weights() -> None:
    """Then the strategy takes all of its risk."""
    weights = ByPosterior(weights=(1.0, 0.0))

    assert () == GateParams(allow=(0,)).weights(2) == GateParams(mode="off", exposure=weights).weights(2)


def test_weights_for_another_number_of_states_are_refused() -> None:
    """Nobody knows what the state without a weight is worth."""
    with pytest.raises(ValueError, match="exposure has 2 weights, but the model has 3 states"):
        GateParams(allow=(0,), exposure=ByPosterior(weights=(1.0, 0.0))).weights(3)


def test_exposure_and_cost_threshold_are_the_same_in_both_drives() -> None:
    """Plain Python and numba agree in every bit."""
    draw = np.random.default_rng(5)
    posteriors = draw.dirichlet(np.ones(4), 300)
    rows = [(p.tolist(), tuple(draw.uniform(0, 1, 4).tolist())) for p in posteriors]

    for p, w in rows:
        assert exposure(p, w, 4) == compiled(exposure)(np.array(p), w, 4)
    same_call(cost_threshold, draw.uniform(0.01, 9.0, (100, 2)).tolist())
