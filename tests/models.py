"""Regime models to test with: drawn at random, or small and real enough to be stored."""

from typing import Any

import msgspec
import numpy as np

from hmmlearn.hmm import GaussianHMM

from market.features import FEATURES, FeatureRef, feature_list_fingerprint
from regimes.bundle import RegimeModel, filter_fingerprint, seal
from regimes.ensemble import join
from regimes.golden import golden_of
from regimes.learnt import Profile, Training
from regimes.weights import Parameters, Vector, pack, unpack

FEATURE_LIST: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))


def draw_parameters(
    seed: int, states: int, size: int, *, full: bool = False, heavy: bool = False, penalty: float | None = None
) -> Parameters:
    """Return a persistent model whose states differ in mean and spread, and in the weight of their tails if heavy."""
    draw = np.random.default_rng(seed)
    factors = draw.normal(size=(states, size, size)) * 0.4 + np.eye(size)
    covariances = [f @ f.T * (k + 1.0) for k, f in enumerate(factors)]
    if not full:
        covariances = [np.diag(np.diag(c)) for c in covariances]
    transitions = draw.dirichlet(np.ones(states), states) * 0.2 + 0.8 * np.eye(states)
    return Parameters(
        centre=tuple(draw.normal(size=size)),
        scale=tuple(draw.uniform(0.5, 2.0, size)),
        start=tuple(draw.dirichlet(np.ones(states))),
        transitions=tuple(map(tuple, transitions)),
        means=tuple(map(tuple, draw.normal(size=(states, size)))),
        covariances=tuple(tuple(map(tuple, c)) for c in covariances),
        full=full,
        dof=tuple(2.5 + 3.0 * k for k in range(states)) if heavy else (),
        penalty=penalty,
    )


DETECTORS = ("gauss", "full", "t", "full t", "jump 0", "jump 9", "jump 50", "ensemble")
"""One of every kind of weights, by name."""
SHARES = (0.5, 0.2, 0.3)


def draw_weights(seed: int, states: int, size: int, detector: str) -> Vector:
    """Return the weights of a detector drawn at random; an ensemble's members have centres and scales of their own."""
    if detector == "ensemble":
        return join(SHARES, [draw_weights(seed + i, states, size, of) for i, of in enumerate(("full", "jump 9", "t"))])
    word, _, number = detector.partition(" ")
    penalty = float(number) if word == "jump" else None
    full, heavy = word == "full", "t" in (word, number)
    return pack(draw_parameters(seed, states, size, full=full, heavy=heavy, penalty=penalty))


def as_hmmlearn(model: Parameters) -> GaussianHMM:
    """Return the same model as hmmlearn has it; its rows are standardised ones."""
    hmm = GaussianHMM(len(model.start), "full" if model.full else "diag")
    hmm.startprob_, hmm.transmat_ = np.array(model.start), np.array(model.transitions)
    hmm.means_ = np.array(model.means)
    hmm.n_features = hmm.means_.shape[1]
    hmm.covars_ = np.array(model.covariances if model.full else [np.diag(c) for c in model.covariances])
    return hmm


def draw_rows(model: Parameters, count: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return rows that the model could have made, in the features' own units."""
    z, states = as_hmmlearn(model).sample(count, random_state=seed)
    if model.dof:
        dof, means = np.array(model.dof)[states], np.array(model.means)[states]
        z = means + (z - means) / np.sqrt(np.random.default_rng(seed).chisquare(dof) / dof)[:, None]
    return z * np.array(model.scale) + np.array(model.centre)  # type: ignore[no-any-return]


def refitted(old: RegimeModel, **parameters: Any) -> RegimeModel:  # noqa: ANN401 - fields of Parameters
    """Return a model of the same lineage, some of whose parameters were fitted anew."""
    weights = pack(msgspec.structs.replace(unpack(old.weights), **parameters))
    golden = golden_of(weights, old.golden.inputs)
    return seal(msgspec.structs.replace(old, weights=weights, golden=golden, parent=old.fingerprint))


def a_model(seed: int = 1, lineage: str = "test", states: int = 2) -> RegimeModel:
    """Return a sealed model of two real features."""
    parameters = draw_parameters(seed, states, len(FEATURE_LIST), full=False)
    weights = pack(parameters)
    rows = tuple(tuple(row) for row in draw_rows(parameters, 20, seed).tolist())
    return seal(
        RegimeModel(
            name="test",
            lineage=lineage,
            owner="nobody",
            states=states,
            features=FEATURE_LIST,
            versions=tuple(FEATURES[name].version for name, _ in FEATURE_LIST),
            feature_list=feature_list_fingerprint(FEATURE_LIST),
            weights=weights,
            profiles=tuple(Profile(state=k, occupancy=1.0 / states, volatility=0.01, dwell=9.0) for k in range(states)),
            metrics={"log_likelihood": -1.0},
            golden=golden_of(weights, rows),
            data=Training(
                hash="0" * 64,
                bars=20,
                rows=20,
                first=0,
                last=19,
                seed=seed,
                covariance="diag",
                engine="-",
                platform="-",
            ),
            kernel=filter_fingerprint(),
        )
    )
