"""Two regime models beside each other: their states, their descent, and what both say of the same bars."""

import math

from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
import numpy as np

from backtests.regime_reading import Array, Read, read_regime
from config.errors import DataError
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.labels import FEWEST, LEAST_EACH, LEAST_MEAN, Overlap, overlap_of

STRETCHES = 30
"""Parts of the bars whose means tell how sure a difference of likelihoods is."""


class Likelihood(msgspec.Struct, frozen=True, kw_only=True):
    """Mean log density of a bar as predicted, nats."""

    bars: int
    a: float
    b: float
    error: float | None
    """Standard error of b - a, from the means of stretches in a row; None where bars are too few."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What two models have to do with each other."""

    kinship: str
    bars: int = 0
    """On which both are warm; 0 where no bars were given, and all below is empty then."""
    overlap: Overlap | None = None
    """Which state of b stands for each of a, and by how much; None for unequal numbers of states."""
    shared: tuple[tuple[float, ...], ...] = ()
    """Of each state of a (row), which share of its posterior b gives to each of its own (column); rows sum to 1."""
    agreement: float | None = None
    """Share of the bars on which the likeliest state is the same, once matched."""
    likelihood: Likelihood | None = None
    """None where features differ: densities of different features cannot be held against each other."""
    unseen: Likelihood | None = None
    """The same on bars after those that either has learnt from."""
    notes: tuple[str, ...] = ()
    """What else is to be known: each a sentence."""


def compare(
    a: RegimeModel,
    b: RegimeModel,
    bars: Bars | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Comparison:
    """Compare two models, over the same bars if there are any; DataError where they are of another timeframe."""
    kinship = kinship_of(a, b)
    if bars is None:
        return Comparison(kinship=kinship)
    for which, model in (("A", a), ("B", b)):
        if other := model.data.other_bars(bars.timeframe, bars.made):
            raise DataError(
                f"{which} has learnt from {other}: name such as it has learnt from by --config or --data, or none"
            )
    total = 2 * len(bars)
    read_a = read_regime(a, bars, lambda done, _total: progress(done, total))
    read_b = read_regime(b, bars, lambda done, _total: progress(len(bars) + done, total))
    both = read_a.warm & read_b.warm
    notes = (*_strange("A", a, bars), *_strange("B", b, bars))
    if not both.any():
        return Comparison(kinship=kinship, notes=(f"on none of the {len(bars)} bars given are both warm", *notes))
    p, q = read_a.posteriors[both], read_b.posteriors[both]
    overlap = overlap_of(p, q) if a.states == b.states else None
    same = (p.argmax(axis=1) == np.argsort(overlap.order)[q.argmax(axis=1)]) if overlap is not None else None
    comparable = a.features == b.features
    unseen = both & (read_a.times > max(a.data.last, b.data.last))
    return Comparison(
        kinship=kinship,
        bars=int(both.sum()),
        overlap=overlap,
        shared=_shared(p, q),
        agreement=float(same.mean()) if same is not None else None,
        likelihood=_likelihood(read_a, read_b, both) if comparable else None,
        unseen=_likelihood(read_a, read_b, unseen) if comparable and unseen.any() else None,
        notes=notes,
    )


def _strange(which: str, model: RegimeModel, bars: Bars) -> Iterator[str]:
    """Say that bars are of another symbol than a model has learnt from; those of a file have its name, not a symbol's.

    That is no mistake: whoever means to read one symbol by a model of another looks at it this way first.
    """
    if model.data.symbol.lower() not in bars.symbol.lower():
        yield (
            f"{which} has learnt from {model.data.symbol}, and these are bars of {bars.symbol}: what it says of them "
            "is of a market that it has never seen"
        )


def kinship_of(a: RegimeModel, b: RegimeModel) -> str:
    """Return in words which is the refit of which, and whether their ordinals mean the same."""
    if a.fingerprint == b.fingerprint:
        return "the same model"
    if a.lineage != b.lineage:
        return f"of different lineages ({a.lineage}, {b.lineage}): equal ordinals may mean different things"
    if b.parent == a.fingerprint:
        return f"B is the refit of A, in lineage {a.lineage}"
    if a.parent == b.fingerprint:
        return f"A is the refit of B, in lineage {a.lineage}"
    if a.parent and a.parent == b.parent:
        return f"both are refits of {a.parent[:12]}, in lineage {a.lineage}"
    return f"both of lineage {a.lineage}, neither the refit of the other"


def judged(found: Comparison) -> str:
    """Return in a sentence whether B's states could stand for A's, by the limits of a refit."""
    overlap = found.overlap
    if overlap is None:
        return "" if not found.bars else "They have different numbers of states: no list of allowed states fits both."
    least = min(overlap.each)
    limits = f"a refit needs {LEAST_MEAN:.2f}, each {LEAST_EACH:.2f}, on {FEWEST} bars"
    told = f"overlap {overlap.mean:.2f} on average, {least:.2f} at least ({limits})"
    if overlap.same and overlap.bars >= FEWEST:
        order = "in the same order" if overlap.order == tuple(range(len(overlap.order))) else "in another order"
        return f"Their states mean the same, {order}: {told}."
    return f"Their states do NOT mean the same: {told}."


def _shared(p: Array, q: Array) -> tuple[tuple[float, ...], ...]:
    table = p.T @ q / np.maximum(p.sum(axis=0), 1e-300)[:, None]
    return tuple(map(tuple, cast("list[list[float]]", table.tolist())))


def _likelihood(a: Read, b: Read, part: np.ndarray[Any, np.dtype[np.bool_]]) -> Likelihood:
    """Return both means, and how sure their difference is: neighbouring bars are not independent, stretches nearly."""
    left, right = a.log_densities[part], b.log_densities[part]
    means = [stretch.mean() for stretch in np.array_split(right - left, STRETCHES)] if len(left) >= FEWEST else []
    error = float(np.std(means, ddof=1)) / math.sqrt(STRETCHES) if means else None
    return Likelihood(bars=len(left), a=float(left.mean()), b=float(right.mean()), error=error)
