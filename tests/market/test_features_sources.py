"""Features against the sources they name: TA-Lib where it has them, their formula in numpy where it has not."""

import math

import numpy as np
import pytest
import talib

from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.stats import linregress

from market.feature import closes, fold
from market.features import FEATURES
from market.sp500 import read_sp500

Column = NDArray[np.float64]

BARS = read_sp500()
OPEN, HIGH, LOW, CLOSE = (np.array(x) for x in (BARS.open, BARS.high, BARS.low, BARS.close))
RETURN = np.diff(np.log(CLOSE))
ROWS = [(b.open, b.high, b.low, b.close, b.time / 1000.0) for b in BARS]


def folded(name: str, *params: float) -> Column:
    """Return our values at each of 5,031 real bars."""
    return np.array(fold(FEATURES[name], params, ROWS))


def padded(values: Column) -> Column:
    """Return values with NaN before them, as long as the history."""
    return np.concatenate([np.full(len(CLOSE) - len(values), np.nan), values])


@pytest.mark.parametrize("n", [2, 5, 14, 20, 50, 200])
def test_equals_talib(n: int) -> None:
    """The features that TA-Lib has agree with it within 1e-9, NaN for NaN, on twenty years of real bars."""
    channel = talib.STOCHF(HIGH, LOW, CLOSE, fastk_period=n, fastd_period=1)[0] / 100.0
    theirs = {
        "sma": talib.SMA(CLOSE, n),
        "ema": talib.EMA(CLOSE, n),
        "rsi": talib.RSI(CLOSE, n),
        "atr": talib.ATR(HIGH, LOW, CLOSE, n),
        "donchian_high": talib.MAX(HIGH, n),
        "donchian_low": talib.MIN(LOW, n),
        "donchian": channel,
    }

    for name, expected in theirs.items():
        np.testing.assert_allclose(folded(name, n), expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("n", [2, 5, 20, 50])
def test_windows_equal_their_formula(n: int) -> None:
    """The windows that TA-Lib has not agree with their formula in numpy within 1e-9."""
    windows, returns = sliding_window_view(CLOSE, n), sliding_window_view(RETURN, n)
    above, spread = CLOSE[n - 1 :] - windows.mean(axis=1), windows.std(axis=1)
    paths = sliding_window_view(np.abs(np.diff(CLOSE)), n).sum(axis=1)

    np.testing.assert_allclose(folded("realised_vol", n), padded(returns.std(axis=1, ddof=1)), rtol=1e-9)
    np.testing.assert_allclose(folded("efficiency_ratio", n), padded(np.abs(CLOSE[n:] - CLOSE[:-n]) / paths), rtol=1e-9)
    np.testing.assert_allclose(folded("zscore", n), padded(above / np.where(spread > 0.0, spread, 1.0)), 1e-9, 1e-9)
    np.testing.assert_allclose(folded("log_realised_vol", n), padded(np.log(returns.std(axis=1, ddof=1))), rtol=1e-9)


@pytest.mark.parametrize("n", [2, 5, 20, 60])
def test_yang_zhang_equals_its_formula(n: int) -> None:
    """The three variances of Yang and Zhang, weighted as they say, in numpy."""
    jump, way = np.log(OPEN[1:] / CLOSE[:-1]), np.log(CLOSE / OPEN)[1:]
    up, down = np.log(HIGH / OPEN)[1:], np.log(LOW / OPEN)[1:]
    k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0))
    outer, inner = (sliding_window_view(x, n).var(axis=1, ddof=1) for x in (jump, way))
    range_ = sliding_window_view(up * (up - way) + down * (down - way), n).mean(axis=1)

    expected = 0.5 * np.log(outer + k * inner + (1.0 - k) * range_)

    np.testing.assert_allclose(folded("yang_zhang", n), padded(expected), rtol=1e-9)


@pytest.mark.parametrize("n", [3, 5, 20, 60])
def test_trend_t_is_that_of_a_regression(n: int) -> None:
    """The slope over its standard error is the one that a linear regression of the window reports."""
    found = folded("trend_t", n)

    for t in (n - 1, 100, 1234, 5030):
        line = linregress(np.arange(n), np.log(CLOSE[t - n + 1 : t + 1]))
        assert found[t] == pytest.approx(line.slope / line.stderr, rel=1e-7)


@pytest.mark.parametrize("n", [5, 20, 60])
def test_sortino_is_the_mean_over_the_downside_deviation(n: int) -> None:
    """Numerator and denominator are exponential means with one span; both begin with the mean of the first n."""
    mean = folded_mean(RETURN, n)
    loss = folded("downside_deviation", n)[n:]
    least = 0.1 * np.sqrt(folded_mean(RETURN**2, n))

    np.testing.assert_allclose(folded("sortino", n), padded(mean / np.maximum(loss, least)), rtol=1e-9, atol=1e-12)


def folded_mean(x: Column, n: int) -> Column:
    """Return the exponential mean with span n, from the mean of the first n on."""
    means = [x[:n].mean()]
    for value in x[n:]:
        means.append(means[-1] + (value - means[-1]) * 2.0 / (n + 1.0))
    return np.array(means)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_volume_score_equals_its_formula(n: int) -> None:
    """The logarithm of the volume in standard deviations of its window, in numpy."""
    volumes = np.random.default_rng(n).lognormal(8.0, 0.5, 500)
    windows = sliding_window_view(np.log(volumes), n)

    found = np.array(fold(FEATURES["log_volume_zscore"], (n,), closes(*volumes.tolist())))

    expected = (windows[:, -1] - windows.mean(axis=1)) / windows.std(axis=1)
    np.testing.assert_allclose(found[n - 1 :], expected, rtol=1e-7, atol=1e-12)


def test_single_bar_features_equal_their_formula() -> None:
    """Return and Garman-Klass volatility agree with their formula in numpy, and no real day is without one."""
    variance = 0.5 * np.log(HIGH / LOW) ** 2 - (2.0 * math.log(2.0) - 1.0) * np.log(CLOSE / OPEN) ** 2

    np.testing.assert_allclose(folded("log_return"), padded(RETURN), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(folded("garman_klass"), 0.5 * np.log(variance), rtol=1e-9)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_downside_deviation_equals_its_formula(n: int) -> None:
    """The exponential mean of squared losses is the textbook recursion from the mean of the first n."""
    squares = np.minimum(RETURN, 0.0) ** 2
    mean = squares[:n].mean()
    expected = [math.sqrt(mean)]
    for square in squares[n:]:
        mean = mean + (square - mean) * 2.0 / (n + 1.0)
        expected.append(math.sqrt(mean))

    np.testing.assert_allclose(folded("downside_deviation", n), padded(np.array(expected)), rtol=1e-9, atol=1e-15)


def test_hour_of_week_is_the_calendars() -> None:
    """Every one of the days begins at the hour that Python's calendar says."""
    expected = [((t // 86_400_000 + 3) % 7) * 24.0 for t in BARS.time]

    assert expected == folded("hour_of_week").tolist()
