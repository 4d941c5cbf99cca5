"""A refit: the model in use trained again on newer bars, and what may come of it; nothing here replaces a model."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.recipe import PLAIN, Recipe, recipe_of
from backtests.train import columns, filtered, train_regime
from market.bars import Bars
from market.features import FeatureRef
from regimes.bundle import RegimeModel
from regimes.labels import Kept, Relabelled, succeed
from regimes.weights import ModelError

Array = NDArray[np.float64]

SETTLED = 50
"""Bars that a filter is run before it is held against another: it forgets where it began."""


class Refit(msgspec.Struct, frozen=True, kw_only=True):
    """What came of training a model again."""

    old: RegimeModel
    verdict: Relabelled | Kept
    report: dict[str, Any] = {}
    """Of the training; empty where it found no model."""
    cost: float = 0.0
    """Nats a bar by which another model was likelier, whose states would have meant something else."""


def refit(old: RegimeModel, bars: Bars, seed: int = 1) -> Refit:
    """Train the model in use again, as it was trained, on these bars; its states keep their meaning or it stays.

    It starts from the old parameters as well as afresh. Where the likeliest model means something else, the one that is
    reached from the old parameters alone is asked too: on one window a likelihood has several peaks, some of them
    nearly as high, and which is the highest changes with a handful of bars. What cannot be trained is a reason to keep
    the old model.
    """
    if other := old.data.other_symbol(bars.symbol):
        return Refit(
            old=old, verdict=Kept(reason=f"it has learnt from {other}, not from {bars.symbol}: train one anew")
        )
    if other := old.data.other_bars(bars.timeframe, bars.made):
        return Refit(old=old, verdict=Kept(reason=f"it has learnt from {other}: train one anew"))
    found = _trained(old, bars, seed, fresh=True)
    if isinstance(found.verdict, Relabelled) or found.verdict.overlap is None:
        return found
    near = _trained(old, bars, seed, fresh=False)
    if not isinstance(near.verdict, Relabelled):
        return found
    cost = (found.report["log_likelihood"] - near.report["log_likelihood"]) / near.report["rows"]
    return msgspec.structs.replace(near, cost=cost)


def _trained(old: RegimeModel, bars: Bars, seed: int, *, fresh: bool) -> Refit:
    try:
        new, report = train_regime(
            bars, old.features, old.states, old.name, old.owner, seed, recipe=recipe_of(old), before=old, fresh=fresh
        )
    except ModelError as error:
        return Refit(old=old, verdict=Kept(reason=f"no model could be trained: {error}"))
    p, q = both(old, new, bars)
    return Refit(old=old, verdict=succeed(old, new, p, q), report=report)


def unlike(old: RegimeModel, new: RegimeModel, bars: Bars) -> str:
    """Return why a model that was trained from nothing may not take the place of another of its lineage; empty: it may.

    Both say "state 0", and whoever allows it means the old one's: as of a refit, that has to be shown on these bars.
    """
    if other := old.data.other_symbol(bars.symbol) or old.data.other_bars(bars.timeframe, bars.made):
        return f"the one there has learnt from {other}"
    verdict = succeed(old, new, *both(old, new, bars))
    if isinstance(verdict, Kept):
        return verdict.reason
    order = verdict.overlap.order
    return "" if order == tuple(range(old.states)) else f"its states stand in another order ({order})"


def both(old: RegimeModel, new: RegimeModel, bars: Bars) -> tuple[Array, Array]:
    """Return what either model says after each of the bars, from where both are warm and settled."""
    x = columns(bars, old.features)[0]
    y = x if new.features == old.features else columns(bars, new.features)[0]
    warm = np.flatnonzero(np.isfinite(np.column_stack((x, y))).all(axis=1))
    known = warm[warm >= warm[:1].sum() + SETTLED]
    return filtered(old.weights, x)[known], filtered(new.weights, y)[known]


def rolling(
    bars: Bars, features: tuple[FeatureRef, ...], states: int, span: tuple[int, int], recipe: Recipe = PLAIN
) -> Iterator[Refit]:
    """Yield a refit every so many bars on a window of so many, `span` being (window, every), as live ones follow.

    The model in use is the first one until a successor is taken; a refusal leaves it in use for the next refit.
    """
    window, every = span
    model, _ = train_regime(bars.part(0, window), features, states, bars.symbol, "-", recipe=recipe)
    for last in range(window + every, len(bars) + 1, every):
        found = refit(model, bars.part(last - window, last))
        if isinstance(found.verdict, Relabelled):
            model = found.verdict.model
        yield found
