"""Training of a regime model on recorded bars: with the folds and the filter that will run live, from the first bar."""

import hashlib
import math
import platform
import sys

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.mute import mute_features
from backtests.recipe import PLAIN, Recipe, fitted, member_of
from market.bars import COLUMNS, WITHIN, Bars
from market.features import FEATURES, FeatureRef, FeatureSet, feature_list_fingerprint
from market.halts import halt_init, halt_step
from regimes.bundle import RegimeModel, filter_fingerprint, seal
from regimes.ensemble import transitions_of
from regimes.filter import filter_rows
from regimes.fit import Fitted
from regimes.fit_ensemble import EnsembleResult
from regimes.fit_rows import halted_by
from regimes.golden import golden_of
from regimes.learnt import Profile, Training
from regimes.likeness import PROBABILITIES
from regimes.weights import Vector

Array = NDArray[np.float64]

GOLDEN_ROWS = 64
EFFICIENCY: FeatureRef = ("efficiency_ratio", (10.0,))
LOG_RETURN: FeatureRef = ("log_return", ())


NO_METRICS: Mapping[str, float] = MappingProxyType({})


def train_regime(
    bars: Bars,
    features: tuple[FeatureRef, ...],
    states: int,
    name: str,
    owner: str,
    seed: int = 1,
    *,
    metrics: Mapping[str, float] = NO_METRICS,
    recipe: Recipe = PLAIN,
    before: RegimeModel | None = None,
    fresh: bool = True,
) -> tuple[RegimeModel, dict[str, Any]]:
    """Return a sealed model trained on all the bars, and a report of plain values.

    `metrics` are told in the bundle beside those of the training. `before` is the model it shall follow: its lineage
    goes on, and training starts from it too, beside the fresh starts, or instead of them if `fresh` is false (a jump
    model's starts always). Features that are mute over the bars are left out of a first model, and its report names
    them; one that follows has those of the model before. Equal bars and arguments give an equal fingerprint on one
    platform. Raises ModelError when the bars cannot carry the model.
    """
    x, returns, efficiency = columns(bars, features)
    mute = before.data.mute if before else mute_features(x, returns, features)
    x = x[:, [ref not in mute for ref in features]]
    features = tuple(ref for ref in features if ref not in mute)
    usable = np.isfinite(x).all(axis=1) & np.isfinite(returns) & ~halted_by(abs(returns))
    result = fitted(x[usable], abs(returns[usable]), states, seed, recipe, (before, fresh))
    posteriors = filtered(result.weights, x)
    model = seal(
        RegimeModel(
            name=name,
            lineage=before.lineage if before else name,
            owner=owner,
            parent=before.fingerprint if before else "",
            states=states,
            features=features,
            versions=tuple(FEATURES[feature].version for feature, _ in features),
            feature_list=feature_list_fingerprint(features),
            weights=result.weights,
            profiles=_profiles(result, posteriors, returns, efficiency, usable),
            metrics={
                "log_likelihood": result.log_likelihood,
                "log_likelihood_per_row": result.log_likelihood / result.rows,
                **metrics,
                **{f"overlap of member {n}": share for n, share in enumerate(_overlaps(result), 1)},
            },
            quantiles=tuple(tuple(q) for q in np.quantile(x[usable], PROBABILITIES, axis=0).T.tolist()),
            golden=golden_of(result.weights, _golden_rows(x[usable], returns[usable])),
            data=_training(bars, result, content_hash(bars, features), seed, recipe, mute),
            kernel=filter_fingerprint(),
        )
    )
    return model, _report(model, result, len(bars))


def _overlaps(result: Fitted) -> list[float]:
    """Return how much of what the first member of an ensemble says is said by each other one."""
    return [overlap.mean for overlap in result.overlaps] if isinstance(result, EnsembleResult) else []


def content_hash(bars: Bars, features: tuple[FeatureRef, ...] = ()) -> str:
    """Return the SHA-256 of what the bars say, whichever file they came from: names, then columns, little-endian.

    What went on within bars that were made of shorter ones counts where one of the features reads it.
    """
    digest = hashlib.sha256(f"{bars.symbol} {bars.timeframe} {len(bars)}\n".encode())
    within = WITHIN if any(FEATURES[name].of == "parts" for name, _ in features) else ()
    for name in (*COLUMNS, *within):
        column = getattr(bars, name)[:]
        if sys.byteorder == "big":
            column.byteswap()
        digest.update(column.tobytes())
    return digest.hexdigest()


def filtered(weights: Vector, x: Array) -> Array:
    """Return the filtered posterior (n, K) after each row of features (n, d), as a live filter would have had it."""
    return np.array(filter_rows(weights, x.tolist())[0], dtype=np.float64)


def columns(bars: Bars, features: tuple[FeatureRef, ...]) -> tuple[Array, Array, Array]:
    """Return the features (n, d), the log return and the efficiency ratio (n,) of each bar; NaN where not warm.

    Features are as a reading takes them: NaN in a halt, which tells nothing.
    """
    folds = FeatureSet((*features, LOG_RETURN, EFFICIENCY))
    state, halt = folds.init(), halt_init()
    table = np.array([folds.step(state, bar) for bar in bars], dtype=np.float64).reshape(len(bars), len(features) + 2)
    table[[halt_step(halt, close) > 0.0 for close in bars.close], :-2] = math.nan
    return table[:, :-2], table[:, -2], table[:, -1]


def _profiles(
    result: Fitted, posteriors: Array, returns: Array, efficiency: Array, usable: NDArray[np.bool_]
) -> tuple[Profile, ...]:
    before = np.concatenate(([math.nan], returns[:-1]))
    profiles = []
    for state, row in enumerate(transitions_of(result.weights)):
        weight = np.where(usable, posteriors[:, state], 0.0)
        profiles.append(
            Profile(
                state=state,
                occupancy=float(weight.sum() / usable.sum()),
                volatility=math.sqrt(_covariance(returns, returns, weight)),
                dwell=1.0 / (1.0 - row[state]),
                efficiency=_mean(efficiency, weight),
                autocorrelation=_correlation(returns, before, weight),
            )
        )
    return tuple(profiles)


def _mean(values: Array, weight: Array) -> float:
    known = np.isfinite(values)
    return float((values[known] * weight[known]).sum() / weight[known].sum())


def _covariance(a: Array, b: Array, weight: Array) -> float:
    return _mean((a - _mean(a, weight)) * (b - _mean(b, weight)), weight)


def _correlation(a: Array, b: Array, weight: Array) -> float | None:
    spread = _covariance(a, a, weight) * _covariance(b, b, weight)
    return _covariance(a, b, weight) / math.sqrt(spread) if spread > 0.0 else None


def _golden_rows(x: Array, returns: Array) -> tuple[Vector, ...]:
    """Return real rows from all over the training bars, the largest move last."""
    spaced = np.linspace(0, len(x) - 1, GOLDEN_ROWS - 1).astype(int)
    return tuple(tuple(x[i].tolist()) for i in (*spaced, int(abs(returns).argmax())))


def _training(
    bars: Bars, result: Fitted, data_hash: str, seed: int, recipe: Recipe, mute: tuple[FeatureRef, ...]
) -> Training:
    return Training(
        hash=data_hash,
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        made=bars.made,
        bars=len(bars),
        rows=result.rows,
        first=bars.time[0],
        last=bars.time[-1],
        seed=seed,
        covariance="-" if recipe.members else recipe.covariance,
        emission="-" if recipe.members else str(recipe.emission),
        sticky=recipe.sticky,
        detector=recipe.detector,
        members=tuple(member_of(member) for member in recipe.members),
        mute=mute,
        engine=result.engine,
        platform=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )


def _report(model: RegimeModel, result: Fitted, bars: int) -> dict[str, Any]:
    return {
        "name": model.name,
        "detector": model.data.detector,
        "members": msgspec.to_builtins(model.data.members),
        "mute": msgspec.to_builtins(model.data.mute),
        "overlaps": _overlaps(result),
        "states": model.states,
        "covariance": model.data.covariance,
        "emission": model.data.emission,
        "sticky": model.data.sticky,
        "first": model.data.first,
        "last": model.data.last,
        "fingerprint": model.fingerprint,
        "data": model.data.hash,
        "bars": bars,
        "rows": result.rows,
        "dropped": bars - result.rows,
        "log_likelihood": result.log_likelihood,
        "starts": list(result.starts),
        "iterations": result.iterations,
        "converged": result.converged,
        "transitions": [list(row) for row in transitions_of(result.weights)],
        "profiles": [
            {field: getattr(profile, field) for field in profile.__struct_fields__} for profile in model.profiles
        ],
    }
