"""Novelty: quiet while the model is true, raised by what no regime explains, and the same in both drives."""

import math

import msgspec
import numpy as np
import pytest

from scipy import integrate, stats

from market.kernel import fingerprint
from regimes.calibrate import CHANGES, Calibration, calibrate, standard_limits, told
from regimes.calibrate_read import CALLED, Reader, reading
from regimes.calibrate_runs import Change, draw, known, plausible
from regimes.ensemble import join
from regimes.novelty import (
    CALM,
    EACH,
    RATIOS,
    WAYS,
    battery,
    e_process,
    fits,
    name_of,
    novelty_init,
    novelty_step,
    ratio_of,
)
from regimes.novelty_limits import STANDARD, standard
from regimes.weights import ModelError, Parameters, Vector, pack
from tests.kernels import bits, same_bits

TRIALS = 1000
LIMITS = (*(10.0,) * RATIOS, 4.6)
"""Of each feature's z."""
BOTH = (10.0, 10.0)
"""Of its calm drifts."""
MODEL = Parameters(
    centre=(0.0,),
    scale=(0.01,),
    start=(0.54, 0.34, 0.12),
    transitions=((0.99, 0.008, 0.002), (0.01, 0.98, 0.01), (0.005, 0.025, 0.97)),
    means=((0.05,), (0.0,), (-0.1,)),
    covariances=(((0.36,),), ((1.21,),), ((5.76,),)),
    full=False,
)
LEARNT = (1000.0, 700.0, 300.0)
"""Bars each state is thought to be learnt from."""
RULES = [battery(LIMITS + BOTH), e_process(1)]


def without_drift(z: float) -> tuple[float, ...]:
    """Return what is told of a bar of one feature, where nothing speaks for a calm drift."""
    return (z, -0.5, -0.5)


@pytest.fixture(scope="module")
def calibrated() -> Calibration:
    """Limits for the model, learnt from two thousand bars."""
    return calibrate(pack(MODEL), LEARNT, seed=1)


@pytest.mark.parametrize("way", range(RATIOS))
def test_each_ratio_is_that_of_a_distribution(way: int) -> None:
    """The likelihood ratio's expectation under the standard normal is 1, whatever came before: it is an e-value."""
    for before in (math.nan, 0.0, -2.0, 3.0):
        mean, _ = integrate.quad(lambda z, b=before: math.exp(ratio_of(way, z, b) - 0.5 * z * z), -math.inf, math.inf)

        assert mean / math.sqrt(2.0 * math.pi) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("p", [battery((LIMITS + BOTH) * 2), e_process(2)])
def test_interpreted_and_compiled_statistics_give_the_same_bits(p: Vector) -> None:
    """Plain Python and numba agree on every statistic and verdict, through an alarm and its end, gaps and extremes."""
    z = np.random.default_rng(3).normal(size=(300, 6)) - [0.0, 0.0, 0.5, 0.5, 0.5, 0.5]
    z[50:90] *= 2.5
    z[120:125] = math.nan
    z[140] = 8.2

    verdicts = same_bits(novelty_step, novelty_init(p), p, [(tuple(row),) for row in z.tolist()])

    assert {0.0, 1.0} == set(verdicts)


@pytest.mark.parametrize("p", RULES)
def test_alarm_is_lifted_after_quiet_bars_and_everything_begins_anew(p: Vector) -> None:
    """A long wild stretch is forgotten within some hundred bars; no statistic remembers it once the alarm is lifted."""
    v = novelty_init(p)
    draw = np.random.default_rng(5)
    wild = [novelty_step(v, p, without_drift(z)) for z in (4.0 * draw.normal(size=500)).tolist()]

    calm = [novelty_step(v, p, without_drift(z)) for z in draw.normal(size=300).tolist()]

    assert wild[-1] == 1.0
    assert calm[18] == 1.0
    assert calm[-1] == 0.0


@pytest.mark.parametrize("p", RULES)
def test_restored_statistics_go_on_as_if_nothing_had_happened(p: Vector) -> None:
    """State that was written down and read again gives the same bits from then on, wherever it is cut."""
    z = (1.5 * np.random.default_rng(6).normal(size=120)).tolist()
    undisturbed = novelty_init(p)
    expected = [(novelty_step(undisturbed, p, without_drift(value)), bits(undisturbed)) for value in z]

    for cut in range(0, 120, 7):
        v = novelty_init(p)
        for value in z[:cut]:
            novelty_step(v, p, without_drift(value))
        restored = [float(repr(value)) for value in v]
        actual = [(novelty_step(restored, p, without_drift(value)), bits(restored)) for value in z[cut:]]

        assert expected[cut:] == actual


@pytest.mark.parametrize("features", [1, 2])
def test_standard_limits_are_those_of_independent_normals(features: int) -> None:
    """Found again from other and fewer runs, every limit is near the stored one; more features have higher ones."""
    actual = standard_limits(features, seed=5, runs=4000)

    assert actual == pytest.approx(STANDARD[features - 1], abs=1.2)
    assert len(standard(features)) == (EACH + CALM) * features
    assert all(few < more for few, more in zip(STANDARD[0], STANDARD[3], strict=True))


def test_true_model_has_as_few_alarms_as_the_standard_limits_promise() -> None:
    """On bars of the model, known as it is, at most 5 % of runs have an alarm, with 95 % confidence."""
    runs = 3000
    fresh = draw(known(MODEL, runs), 1000, np.random.default_rng(99))

    alarms = int((Reader(pack(MODEL), (), battery(standard(1))).first_alarms(fresh) > 0).sum())

    assert stats.beta.ppf(0.95, alarms + 1, runs - alarms) < 0.05


def test_calibrated_battery_is_quiet_on_bars_of_the_truths_behind_a_model(calibrated: Calibration) -> None:
    """On bars that calibration has not seen, of truths that the model may stand for, an alarm is rare."""
    runs, dice = 2000, np.random.default_rng(99)
    fresh = draw(plausible(MODEL, LEARNT, runs, dice), 1000, dice)

    alarms = int((Reader(pack(MODEL), LEARNT, battery(calibrated.limits)).first_alarms(fresh) > 0).sum())

    assert stats.beta.ppf(0.95, alarms + 1, runs - alarms) < 0.07


def test_model_that_knows_how_little_it_learnt_takes_fewer_truths_for_novel() -> None:
    """Where a state was learnt from a few dozen bars, a model sure of its numbers is alarmed more by its own truth.

    And limits are raised for the rest: a mean that is a little wrong adds up.
    """
    few, dice = (240.0, 150.0, 60.0), np.random.default_rng(12)
    fresh = draw(plausible(MODEL, few, 1000, dice), 1000, dice)
    sure, humble = (
        (Reader(pack(MODEL), learnt, battery(standard(1))).first_alarms(fresh) > 0).mean() for learnt in ((), few)
    )

    assert 0.08 < humble < 0.85 * sure
    assert calibrate(pack(MODEL), few, seed=1, trials=10).factor > 1.05


def test_e_process_keeps_its_promise_for_every_number_of_bars() -> None:
    """The share of runs with an alarm within n bars is at most n / bars_per_alarm, at every n, with no calibration."""
    fresh = draw(known(MODEL, 2000), 1000, np.random.default_rng(98))
    bars = Reader(pack(MODEL), (), e_process(1, bars_per_alarm=2000.0)).first_alarms(fresh)

    for n in (100, 300, 1000):
        share = ((bars > 0) & (bars <= n)).mean()

        assert share <= n / 2000.0 + 2.0 * math.sqrt(share / len(bars))


@pytest.mark.parametrize("change", CHANGES)
def test_what_no_regime_explains_is_told_within_fifty_bars(calibrated: Calibration, change: Change) -> None:
    """Volatility x 1.7 of the wildest state, x 0.25 of the calmest, and a drift of one standard deviation a bar.

    By a model learnt from two thousand bars, and by one that is known, the e-process too.
    """
    dice = np.random.default_rng(7)
    learnt = Reader(pack(MODEL), LEARNT, battery(calibrated.limits))
    sure = [Reader(pack(MODEL), (), rule) for rule in (battery(standard(1)), e_process(1))]

    powers = [told(learnt, plausible(MODEL, LEARNT, TRIALS, dice), change, dice)]
    powers += [told(reader, known(MODEL, TRIALS), change, dice) for reader in sure]

    assert powers[0] > 0.93
    assert powers[1] > 0.94
    assert powers[2] > 0.90
    assert calibrated.power[change] == pytest.approx(powers[0], abs=0.04)


def test_equal_seeds_calibrate_alike_and_tell_how_far_they_are() -> None:
    """The limits depend on model, evidence, seed and sizes alone."""
    shares: list[float] = []
    first = calibrate(pack(MODEL), LEARNT, seed=4, runs=300, trials=20, progress=shares.append)

    assert first == calibrate(pack(MODEL), LEARNT, seed=4, runs=300, trials=20)
    assert (EACH + CALM, EACH) == (len(first.limits), len(WAYS))
    assert sorted(shares) == shares
    assert shares[-1] == pytest.approx(1.0)


def test_what_is_kept_compiled_is_known_by_the_kernels_that_it_calls() -> None:
    """Numba's cache sees a change of one file only, but asks what a function closes over: the hash of the kernels."""
    assert [fingerprint(CALLED)] == [cell.cell_contents for cell in reading().py_func.__closure__]


def test_an_ensemble_is_calibrated_by_the_truths_behind_each_member_that_predicts() -> None:
    """Its own transform reads them; a jump model, which predicts nothing, has no truth behind it."""
    jump, other = (msgspec.structs.replace(MODEL, **change) for change in ({"penalty": 50.0}, {"scale": (0.012,)}))
    both = join((0.5, 0.5), (pack(MODEL), pack(other)))
    models = (pack(MODEL), join((0.3, 0.7), (pack(MODEL), pack(jump))), both)
    alone, twins, mixed = (calibrate(model, LEARNT, seed=4, runs=600, trials=20) for model in models)
    dice, reader = np.random.default_rng(5), Reader(both, LEARNT, battery(mixed.limits))
    alarms = [
        float((reader.first_alarms(draw(plausible(member, LEARNT, 400, dice), 1000, dice)) > 0).mean())
        for member in (MODEL, other)
    ]

    assert twins.limits == pytest.approx(alone.limits, rel=1e-9)
    assert twins.power == alone.power
    assert 0.0 <= mixed.alarms <= 0.05
    assert max(alarms) < 0.1
    assert sum(alarms) / 2.0 < 0.07


def test_too_few_runs_calibrate_nothing() -> None:
    """With so few runs not even one without an alarm proves that alarms are rare."""
    with pytest.raises(ModelError, match="50 runs are too few"):
        calibrate(pack(MODEL), LEARNT, seed=4, runs=50)


def test_gap_changes_no_statistic() -> None:
    """A bar without z leaves every statistic as it was."""
    p = battery(LIMITS + BOTH)
    v = novelty_init(p)
    for z in (1.5, 1.5, 1.5, 1.5):
        novelty_step(v, p, without_drift(z))
    before = list(v)

    verdict = novelty_step(v, p, (math.nan, 9.0, 9.0))

    assert verdict == 0.0
    assert before[:-1] == v[:-1]
    assert name_of(int(v[3]), ("log_return",)) == "log_return: strong drift up"


def test_battery_of_a_model_from_before_there_were_calm_drifts_is_what_it_was() -> None:
    """Its rule is known by its number and length; it looks at z alone, and its state has no room for more."""
    old, new = (2.0, 0.0, 20.0, *LIMITS * 2), battery((*LIMITS * 2, *[1e9] * 4))
    v, w = novelty_init(old), novelty_init(new)
    z = (1.4 * np.random.default_rng(8).normal(size=(400, 6))).tolist()

    verdicts = [(novelty_step(v, old, row), novelty_step(w, new, row)) for row in z]

    assert fits(old, 2)
    assert fits(new, 2)
    assert not fits(old, 1)
    assert {(0.0, 0.0), (1.0, 1.0)} == set(verdicts)
    assert v[: 4 + 24] == w[: 4 + 24]
    assert len(w) == len(v) + 4


def test_calm_drift_is_raised_by_its_own_ratio_and_named() -> None:
    """Ratios that z knows nothing of add up to an alarm, which says whose drift it is, and where to."""
    p = battery((*[1e9] * 24, *[10.0] * 4))
    v = novelty_init(p)

    verdicts = [novelty_step(v, p, (0.1, -0.2, -1.0, -1.0, -1.0, 0.5)) for _ in range(21)]

    assert [0.0] * 19 + [1.0] * 2 == verdicts
    assert name_of(int(v[3]), ("log_return", "garman_klass")) == "garman_klass: calm drift down"
