"""Novelty: quiet while the model is true, raised by what no regime explains, and the same in both drives."""

import math

import numpy as np
import pytest

from scipy import integrate, stats

from regimes.calibrate import Calibration, calibrate, first_alarms, simulate
from regimes.novelty import (
    EACH,
    RATIOS,
    WAYS,
    battery,
    e_process,
    name_of,
    novelty_init,
    novelty_step,
    ratio_of,
)
from regimes.weights import Parameters, Vector, pack
from tests.kernels import bits, same_bits

ONSET, AFTER, TRIALS = 100, 200, 300
LIMITS = (*(10.0,) * RATIOS, 4.6)
MODEL = Parameters(
    centre=(0.0,),
    scale=(0.01,),
    start=(0.54, 0.34, 0.12),
    transitions=((0.99, 0.008, 0.002), (0.01, 0.98, 0.01), (0.005, 0.025, 0.97)),
    means=((0.05,), (0.0,), (-0.1,)),
    covariances=(((0.36,),), ((1.21,),), ((5.76,),)),
    full=False,
)
CALMEST, WILDEST = 0.6, 2.4
RULES = [battery(LIMITS), e_process(1)]


@pytest.fixture(scope="module")
def calibrated() -> Calibration:
    """Limits for the model, from fewer runs than training takes."""
    return calibrate(pack(MODEL), seed=1, runs=3000)


def changed(scale: float, mean: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return runs of the model that become normal noise at the onset."""
    x = simulate(MODEL, TRIALS * (ONSET + AFTER), seed=7).reshape(TRIALS, ONSET + AFTER, 1)
    x[:, ONSET:, 0] = 0.01 * (mean + scale * np.random.default_rng(8).normal(size=(TRIALS, AFTER)))
    return x


@pytest.mark.parametrize("way", range(RATIOS))
def test_each_ratio_is_that_of_a_distribution(way: int) -> None:
    """The likelihood ratio's expectation under the standard normal is 1, whatever came before: it is an e-value."""
    for before in (math.nan, 0.0, -2.0, 3.0):
        mean, _ = integrate.quad(lambda z, b=before: math.exp(ratio_of(way, z, b) - 0.5 * z * z), -math.inf, math.inf)

        assert mean / math.sqrt(2.0 * math.pi) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("p", [battery(LIMITS * 2), e_process(2)])
def test_interpreted_and_compiled_statistics_give_the_same_bits(p: Vector) -> None:
    """Plain Python and numba agree on every statistic and verdict, through an alarm and its end, gaps and extremes."""
    z = np.random.default_rng(3).normal(size=(300, 2))
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
    wild = [novelty_step(v, p, (z,)) for z in (4.0 * draw.normal(size=500)).tolist()]

    calm = [novelty_step(v, p, (z,)) for z in draw.normal(size=300).tolist()]

    assert wild[-1] == 1.0
    assert calm[18] == 1.0
    assert calm[-1] == 0.0


@pytest.mark.parametrize("p", RULES)
def test_restored_statistics_go_on_as_if_nothing_had_happened(p: Vector) -> None:
    """State that was written down and read again gives the same bits from then on, wherever it is cut."""
    z = (1.5 * np.random.default_rng(6).normal(size=120)).tolist()
    undisturbed = novelty_init(p)
    expected = [(novelty_step(undisturbed, p, (value,)), bits(undisturbed)) for value in z]

    for cut in range(0, 120, 7):
        v = novelty_init(p)
        for value in z[:cut]:
            novelty_step(v, p, (value,))
        restored = [float(repr(value)) for value in v]
        actual = [(novelty_step(restored, p, (value,)), bits(restored)) for value in z[cut:]]

        assert expected[cut:] == actual


def test_calibrated_battery_is_quiet_on_fresh_bars_of_the_model(calibrated: Calibration) -> None:
    """On bars that calibration has not seen, an alarm in a thousand is as rare as promised."""
    runs = 2000
    fresh = simulate(MODEL, runs * 1000, seed=99).reshape(runs, 1000, 1)

    alarms = int((first_alarms((pack(MODEL),), battery(calibrated.limits), fresh) > 0).sum())

    assert stats.beta.ppf(0.95, alarms + 1, runs - alarms) < 0.07


def test_e_process_keeps_its_promise_for_every_number_of_bars() -> None:
    """The share of runs with an alarm within n bars is at most n / bars_per_alarm, at every n, with no calibration."""
    runs = 2000
    fresh = simulate(MODEL, runs * 1000, seed=98).reshape(runs, 1000, 1)
    bars = first_alarms((pack(MODEL),), e_process(1, bars_per_alarm=2000.0), fresh)

    for n in (100, 300, 1000):
        share = ((bars > 0) & (bars <= n)).mean()

        assert share <= n / 2000.0 + 2.0 * math.sqrt(share / runs)


@pytest.mark.parametrize("rule", ["battery", "e-process"])
@pytest.mark.parametrize(
    ("scale", "mean"),
    [(1.7 * WILDEST, 0.0), (0.25 * CALMEST, 0.0), (CALMEST, CALMEST + 0.05), (CALMEST, 0.05 - CALMEST)],
    ids=["wilder", "dead", "drift up", "drift down"],
)
def test_what_no_regime_explains_is_seen_within_fifty_bars(
    calibrated: Calibration, rule: str, scale: float, mean: float
) -> None:
    """Volatility x 1.7 of the wildest state, x 0.25 of the calmest, and a drift of one standard deviation a bar."""
    p = battery(calibrated.limits) if rule == "battery" else e_process(1)

    bars = first_alarms((pack(MODEL),), p, changed(scale, mean), ONSET)

    assert ((bars > 0) & (bars <= 50)).mean() > 0.92  # 0.95 and above with the trials of the benchmark


def test_equal_seeds_calibrate_alike() -> None:
    """The limits depend on model, seed and sizes alone."""
    first = calibrate(pack(MODEL), seed=4, runs=1000, bars=200)

    assert first == calibrate(pack(MODEL), seed=4, runs=1000, bars=200)
    assert len(first.limits) == EACH == len(WAYS)


def test_gap_changes_no_statistic() -> None:
    """A bar without z leaves every statistic as it was."""
    p = battery(LIMITS)
    v = novelty_init(p)
    for z in (1.5, 1.5, 1.5, 1.5):
        novelty_step(v, p, (z,))
    before = list(v)

    verdict = novelty_step(v, p, (math.nan,))

    assert verdict == 0.0
    assert before[:-1] == v[:-1]
    assert name_of(int(v[3]), ("log_return",)) == "log_return: strong drift up"
