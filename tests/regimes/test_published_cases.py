"""The filter against published Markov-switching models, by the numbers that statsmodels ships with its own tests.

Our states say of a row what it is; those of a regression say what it is given other values. With all of them in one row
both are the same: regressors x are given one Gaussian in every state, of which the posterior knows nothing, and
y = a + b x + noise then makes (x, y) Gaussian in each. Its density is that of x times that of y given x. A mean that
depends on states before is a mean of states in a row, and transitions that vary are other weights for each row.

| published case                            | states, features | what it takes                                        |
|-------------------------------------------|------------------|------------------------------------------------------|
| Fed funds, mean (Stata)                   | 2, 1             | as it is                                             |
| Fed funds, on the rate before             | 2, 2             | the rate before in the row                           |
| Fed funds, on rate, gap and inflation     | 2, 4; 3, 4       | three regressors in the row                          |
| S&P 500 absolute returns, variance        | 2, 2             | the return before in the row                         |
| Mumps, variance, no constant              | 2, 2             | the cases before in the row                          |
| RGNP, AR(1), its slope switching          | 4, 2             | pairs of states; the quarter before in the row       |
| the same, transitions of recessions       | 4, 2             | weights of each quarter                              |
| RGNP, AR(2), its slopes switching (Stata) | 8, 3             | threes of states: more than a model of ours may have |
| Hamilton 1989, RGNP, AR(4)                | 32, 5            | fives of states, likewise                            |
| Filardo 1994, AR(4), transitions of leads | 32, 5            | fives of states, weights of each month               |

To the last three the kernel is given weights that `regimes/weights.py` does not let pass: it reads any number.
"""

import ast
import math

from collections.abc import Sequence
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from regimes.filter import filter_init, filter_step
from regimes.layout import DIAGONAL, FULL
from regimes.weights import MOST, Vector, pack, unpack

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
PUBLISHED = files("statsmodels.tsa.regime_switching.tests")


def series(name: str, source: str = "regression") -> Array:
    """Return numbers that stand in a module of statsmodels' tests under this name."""
    text = PUBLISHED.joinpath(f"test_markov_{source}.py").read_text(encoding="utf-8")
    for line in ast.parse(text).body:
        match line:
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.List(elts=numbers)) if found == name:
                return np.array([math.nan if isinstance(n, ast.Attribute) else ast.literal_eval(n) for n in numbers])
    raise AssertionError(f"statsmodels ships no {name}")


def table(name: str) -> Any:  # noqa: ANN401 - columns by name are no array to mypy
    """Return the columns of a table of results by name."""
    lines = PUBLISHED.joinpath("results", name).read_text(encoding="utf-8").splitlines()
    return np.genfromtxt(lines, delimiter=",", names=True)


class Model(NamedTuple):
    """A Markov-switching regression or autoregression of `order` lags, its states as published."""

    y: Array
    moves: Array
    """(K, K), or (n, K, K) where they vary: into row t from the row before."""
    consts: Sequence[float]
    """(K,) of a regression; the mean, of an autoregression."""
    sds: Sequence[float]
    x: Array = np.empty((0, 0))
    """(n, r)"""
    slopes: Array = np.empty((0, 0))
    """(K, r) on x."""
    lags: Array = np.empty((0, 0))
    """(K, p) of what the series was off its mean."""

    @property
    def order(self) -> int:
        """How many states before count."""
        return self.lags.shape[1]


def transitions(stay: float, back: float) -> Array:
    """Return the matrix of two states."""
    return np.array([[stay, 1.0 - stay], [back, 1.0 - back]])


def varying(z: Array, stay: Sequence[float], back: Sequence[float]) -> Array:
    """Return matrices (n, 2, 2) whose logits are linear in z (n,)."""
    return np.array([transitions(*(1.0 / (1.0 + math.exp(-a - b * u)) for a, b in (stay, back))) for u in z])


def stationary(moves: Array) -> Array:
    """Return the probability of each state when nothing is known."""
    states = len(moves)
    system = np.vstack((moves.T - np.eye(states), np.ones(states)))
    found: Array = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    return found


def weights(model: Model) -> tuple[list[Vector], Array, Array]:
    """Return the filter's weights for each row, the rows (n, d), and the log density (n,) of their regressors."""
    order, states = model.order, len(model.consts)
    tuples = list(product(range(states), repeat=order + 1))  # newest first
    moves = model.moves if model.moves.ndim == 3 else np.array([model.moves] * len(model.y))
    start = [
        float(np.prod([stationary(moves[0])[t[-1]], *(moves[i + 1][t[-1 - i], t[-2 - i]] for i in range(order))]))
        for t in tuples
    ]
    lagged = [model.y[order - i : len(model.y) - i] for i in range(1, order + 1)]
    x = np.column_stack([*model.x.T, *lagged]) if order or model.x.size else np.empty((len(model.y), 0))
    around, spread = x.mean(axis=0), x.std(axis=0)
    blocks: list[float] = []
    for t in tuples:
        lags = model.lags[t[0]] if order else np.empty(0)
        const = model.consts[t[0]] - sum(lag * model.consts[s] for lag, s in zip(lags, t[1:], strict=True))
        slopes = [*(model.slopes[t[0]] if model.x.size else ()), *lags]
        blocks += block(const, slopes, model.sds[t[0]], around, spread)
    size = x.shape[1] + 1
    head = (len(tuples), size, FULL if size > 1 else DIAGONAL, *[0.0] * size, *[1.0] * size, *start)
    rows = [(*map(float, head), *chained(tuples, moves[i]), *blocks) for i in range(order, len(model.y))]
    known = -0.5 * (((x - around) / spread) ** 2 + math.log(2.0 * math.pi)) - np.log(spread)
    return rows, np.column_stack((x, model.y[order:])), known.sum(axis=1)


def block(const: float, slopes: Sequence[float], sd: float, around: Array, spread: Array) -> list[float]:
    """Return the weights of a state: mean, log normaliser, whitening."""
    size = len(slopes) + 1
    white = np.diag([*(1.0 / spread), 1.0 / sd])
    white[-1, :-1] = -np.array(slopes) / sd
    normaliser = -0.5 * size * math.log(2.0 * math.pi) - np.log(spread).sum() - math.log(sd)
    return [*around, const + float(np.dot(slopes, around)), float(normaliser), *white.ravel()]


def chained(tuples: list[tuple[int, ...]], moves: Array) -> list[float]:
    """Return the transitions, row-major, of states in a row: the oldest is forgotten."""
    return [float(moves[a[0], b[0]]) if a[:-1] == b[1:] else 0.0 for a in tuples for b in tuples]


def filtered(model: Model) -> tuple[float, Array]:
    """Return the log likelihood of y, and the posterior (n, K) of its newest state."""
    each, rows, known = weights(model)
    if each[0][0] <= MOST and each[0][1] <= MOST:
        each = [pack(unpack(w)) for w in each]  # it is a model of ours
    s, count = filter_init(each[0]), int(each[0][0])
    densities, posteriors = [], []
    for w, row in zip(each, rows.tolist(), strict=True):
        densities.append(filter_step(s, w, row))
        posteriors.append(np.reshape(s[:count], (len(model.consts), -1)).sum(axis=1))
    return float((np.array(densities) - known).sum()), np.array(posteriors)


def fed_funds(*, states: int = 2, regressors: int = 3) -> Model:
    """Return the Fed funds rate on nothing, its own last value, or that with output gap and inflation."""
    rate = series("fedfunds")
    if regressors == 0:
        return Model(rate, transitions(0.9820939, 0.0503587), (3.70877, 9.556793), [2.107562] * 2)
    if regressors == 1:
        moves, slopes = transitions(0.6378175, 0.1306295), np.array([[0.7631424], [1.061174]])
        return Model(rate[1:], moves, (0.724457, -0.0988764), [0.6915759] * 2, rate[:-1, None], slopes)
    x = np.column_stack((rate[3:-1], series("ogap")[4:], series("inf")[4:]))
    if states == 2:
        moves = transitions(0.7279288, 0.2114578)
        slopes = np.array([[0.8314458, 0.1355425, -0.0273928], [0.9292574, 0.0343072, 0.2125275]])
        return Model(rate[4:], moves, (0.6554954, -0.0944924), [0.5764495] * 2, x, slopes)
    into = np.array([[0.7253684, 0.1641252, 0.6178282], [0.2564055, 0.7994204, 0.3821718]]).T
    slopes = np.array(
        [[0.8464551, 0.1201952, -0.0425603], [0.9690088, 0.0464136, 0.1298906], [0.4178913, 0.1075357, 0.9099168]]
    )
    moves = np.column_stack((into, 1.0 - into.sum(axis=1)))
    return Model(rate[4:], moves, (0.5261292, -0.0034106, 0.6015991), [0.438375] * 3, x, slopes)


def doubled(name: str) -> Model:
    """Return absolute returns of the S&P 500, or cases of mumps, on their own last value: the variance switches."""
    y = series(name)
    if name == "mumpspc":
        moves, slopes = transitions(0.762733, 0.1473767), np.array([[0.420275], [0.9847369]])
        return Model(y[1:], moves, (0.0, 0.0), (0.0562405, 0.2611362), y[:-1, None], slopes)
    moves, slopes = transitions(0.7530865, 0.6825357), np.array([[0.0790744], [0.527953]])
    return Model(y[1:], moves, (0.7641424, 1.972771), (0.5895792, 1.605333), y[:-1, None], slopes)


def growth(order: int, *, recessions: bool = False) -> Model:
    """Return the growth of US output on its own past: Hamilton's four lags, or one or two that switch."""
    y = series("rgnp", "autoregression")
    if recessions:
        moves = varying(series("rec", "autoregression"), (6.564923, -8.064123), (7.846371, -15.37636))
        return Model(
            y, moves, (1.027190, -0.719760), [math.exp(-0.217003)] * 2, lags=np.array([[0.161489], [0.022536]])
        )
    if order == 1:
        moves, lags = transitions(0.85472458, 0.53662099), np.array([[0.243128], [0.713029]])
        return Model(y, moves, (1.041419, -0.479157), [math.exp(-0.231404)] * 2, lags=lags)
    if order == 2:
        moves, lags = transitions(0.3812383, 0.3564492), np.array([[0.3710719, 0.7002937], [0.4621503, -0.3206652]])
        return Model(y, moves, (-0.0055216, 1.195482), [0.6677098] * 2, lags=lags)
    lags = np.array([[0.013486, -0.057521, -0.246983, -0.212923]] * 2)
    return Model(y, transitions(0.754673, 0.095915), (-0.358811, 1.163516), [math.exp(-0.262658)] * 2, lags=lags)


def filardo() -> Model:
    """Return the growth of US industry, whose transitions follow leading indicators of the month before."""
    shipped = table("mar_filardo.csv")
    moves = varying(shipped["dmdlleading"][:-1], (4.35941747, 1.7702123), (-1.6493936, 0.9945672))
    lags = np.array([[0.189474, 0.079344, 0.110944, 0.122251]] * 2)
    return Model(shipped["dlip"][1:], moves, (0.517298, -0.865888), [math.exp(-0.362469)] * 2, lags=lags)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (fed_funds(regressors=0), "-508.63592"),
        (fed_funds(regressors=1), "-264.71069"),
        (fed_funds(), "-229.25614"),
        (fed_funds(states=3), "-189.89493"),
        (doubled("areturns"), "-745.7977"),
        (doubled("mumpspc"), "131.7225"),
        (growth(1), "-186.7575"),
        (growth(1, recessions=True), "-163.91405"),
        (growth(2), "-179.32354"),
        (growth(4), "-181.26339"),
        (filardo(), "-586.5718"),
    ],
)
def test_likelihood_is_the_published_one(model: Model, published: str) -> None:
    """At the published parameters, in every digit that was printed."""
    likelihood, _ = filtered(model)

    assert published == f"{likelihood:.{len(published.partition('.')[2])}f}"


@pytest.mark.parametrize(
    ("model", "state", "published", "apart"),
    [
        (fed_funds(regressors=0), 0, table("results_predict_fedfunds.csv")["const_f1"], 1e-6),
        (growth(2), 0, table("results_predict_rgnp.csv")["switchar2_f1"], 1e-6),
        (growth(1), 0, series("hamilton_ar1_switch_filtered", "autoregression"), 1e-5),
        (growth(1, recessions=True), 0, series("hamilton_ar1_switch_tvtp_filtered", "autoregression"), 1e-5),
        (growth(4), 1, series("hamilton_ar4_filtered", "autoregression"), 1e-5),
        (filardo(), 0, table("mar_filardo.csv")["filtered_0"], 1e-5),
    ],
)
def test_filtered_probabilities_are_the_published_ones(
    model: Model, state: int, published: Array, apart: float
) -> None:
    """As far as six digits of parameters go: 1e-6 of Stata's, 1e-5 of those by EViews and Filardo."""
    known = published[np.isfinite(published)]

    _, posteriors = filtered(model)

    assert np.abs(known - posteriors[-len(known) :, state]).max() < apart
    assert 0 <= len(posteriors) - len(known) <= 1  # Stata prints none for the first quarter of its autoregression


@pytest.mark.parametrize(
    "model", [fed_funds(regressors=1), fed_funds(), fed_funds(states=3), doubled("areturns"), doubled("mumpspc")]
)
def test_regressions_whose_probabilities_are_not_published_are_filtered_as_by_statsmodels(model: Model) -> None:
    """To 1e-9, at every row."""
    theirs = MarkovRegression(model.y, len(model.consts), exog=model.x, switching_variance=True)
    parameters = [*model.moves[:, :-1].T.ravel(), *model.consts, *model.slopes.T.ravel(), *np.square(model.sds)]

    _, posteriors = filtered(model)

    assert np.abs(theirs.filter(parameters).filtered_marginal_probabilities - posteriors).max() < 1e-9
