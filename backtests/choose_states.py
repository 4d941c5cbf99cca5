"""How many states a regime model of some bars should have, and of which kind: by what it foretells; fewer in doubt.

A likelihood goes on rising with each state (Pohle et al. 2017: information criteria take too many where states shall
mean something), so a richer model has to earn its place: walk forward, each fold trains on a window and is asked for
the density of each bar after it, one bar ahead. A gain counts where it is above a threshold a bar and above twice its
standard error, found from paired differences in blocks; and only for a model whose every state is there often enough,
stays long enough, and means the same in the next fold.
"""

import math

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.metrics import CHOSEN, CHOSEN_BY
from backtests.recipe import PLAIN, Recipe
from backtests.refit import both
from backtests.train import columns, train_regime
from market.bars import Bars
from market.features import FeatureRef
from regimes.bundle import RegimeModel
from regimes.filter import filter_rows
from regimes.fit import Emission
from regimes.labels import mean_the_same
from regimes.weights import ModelError

Array = NDArray[np.float64]

GAIN = 0.01
"""Nats a bar that a richer model must foretell better: on indices the third Student state is worth about as much."""
SURE = 2.0
"""Standard errors that a gain must exceed."""
BLOCK = 20
"""Bars of a block: gains come in clusters, as volatility does."""
LEAST_SHARE, LEAST_DWELL, LEAST_STABLE = 0.05, 5.0, 0.75
"""Of each state: share of bars, and bars of a stay; share of folds whose states meant the same as the fold's before."""
WINDOW, STEP, FOLDS = 2000, 250, 8
"""Bars that a fold trains on and is asked about, and the most folds, the newest."""
FEWEST = 500
"""Bars to train on below which nothing is chosen."""
EMISSIONS: tuple[Emission, ...] = ("gauss", "t")


class Option(msgspec.Struct, frozen=True):
    """A kind of model that may be chosen."""

    states: int
    recipe: Recipe

    @property
    def label(self) -> str:
        """How it is called in tables."""
        full = ", full" if self.recipe.covariance == "full" else ""
        sticky = f", sticky {self.recipe.sticky:g}" if self.recipe.sticky else ""
        return f"{self.states} {self.recipe.emission}{full}{sticky}"


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What an option came to, walk forward."""

    option: str
    density: float
    """Mean log density of a bar as foretold, nats, in the features' units; NaN where a fold could not be trained."""
    gain: float
    """Over the option that was in the lead before it, nats a bar."""
    error: float
    """Standard error of the gain, from blocks of paired differences."""
    occupancy: float
    """Least share of bars of any state, in any fold."""
    dwell: float
    """Least expected stay of any state, in any fold, bars."""
    stable: float
    """Share of folds whose states meant the same as those of the fold before."""
    verdict: str
    """Why it took the lead, or why it did not."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The option to train, and the table it was chosen from."""

    option: Option
    table: tuple[Scored, ...]
    bars: int
    """Foretold, the same ones for every option."""
    folds: int


class _Walk(msgspec.Struct, frozen=True, kw_only=True):
    """An option's models and the densities they foretold."""

    models: tuple[RegimeModel, ...] = ()
    windows: tuple[Bars, ...] = ()
    densities: tuple[float, ...] = ()
    fault: str = ""


def options(
    states: Sequence[int] = (2, 3, 4),
    recipe: Recipe = PLAIN,
    emissions: Sequence[Emission | float] = EMISSIONS,
) -> tuple[Option, ...]:
    """Return the options, from the simplest to the richest, each trained by the recipe but for its emission."""
    return tuple(
        Option(k, msgspec.structs.replace(recipe, emission=emission)) for k in states for emission in emissions
    )


def choose(bars: Bars, features: tuple[FeatureRef, ...], among: Sequence[Option], seed: int = 1) -> Choice:
    """Return the option that these bars speak for; the first of them where none is better beyond doubt.

    Nothing but these bars is looked at: whoever chooses at a moment hands over the bars up to it. Raises ModelError
    when they are too few to choose by.
    """
    folds = folds_of(len(bars))
    if not folds:
        raise ModelError(
            f"choice: {len(bars)} bars; at least {FEWEST + STEP} are needed to choose a number of states by"
        )
    walks = [walk_of(bars, features, option, folds, seed) for option in among]
    table: list[Scored] = []
    lead: int | None = None
    for place, (option, walk) in enumerate(zip(among, walks, strict=True)):
        scored = _scored(option, walk, walks[lead] if lead is not None else None)
        table.append(scored)
        if not scored.verdict:
            lead = place
    verdicts = ["in the lead" if not row.verdict else row.verdict for row in table]
    told = tuple(msgspec.structs.replace(row, verdict=said) for row, said in zip(table, verdicts, strict=True))
    return Choice(option=among[lead or 0], table=told, bars=sum(b - a for _, a, b in folds), folds=len(folds))


def metrics_of(choice: Choice) -> dict[str, float]:
    """Return the table as a bundle keeps it: finite numbers by option and name."""
    names = ("density", "gain", "error", "occupancy", "dwell", "stable")
    found = {f"{CHOSEN}{row.option}: {name}": float(getattr(row, name)) for row in choice.table for name in names}
    return {name: value for name, value in found.items() if math.isfinite(value)} | {CHOSEN_BY: float(choice.bars)}


def folds_of(count: int) -> list[tuple[int, int, int]]:
    """Return (first bar learnt from, first bar foretold, end) of each fold, the newest ending with the last bar."""
    window = min(WINDOW, max(FEWEST, count - FOLDS * STEP))
    ends = [count - k * STEP for k in reversed(range(FOLDS)) if count - (k + 1) * STEP >= window]
    return [(end - STEP - window, end - STEP, end) for end in ends]


def walk_of(
    bars: Bars, features: tuple[FeatureRef, ...], option: Option, folds: Sequence[tuple[int, int, int]], seed: int
) -> _Walk:
    """Return what an option's models, each of its fold's window, foretell of the bars after it."""
    models, windows, densities = [], [], []
    try:
        for first, begin, end in folds:
            window = bars.part(first, begin)
            model, _ = train_regime(window, features, option.states, "choice", "-", seed, recipe=option.recipe)
            models.append(model)
            windows.append(window)
            densities += foretold(model, bars.part(first, end))[begin - first :]
    except ModelError as error:
        return _Walk(fault=str(error))
    return _Walk(models=tuple(models), windows=tuple(windows), densities=tuple(densities))


def foretold(model: RegimeModel, bars: Bars) -> list[float]:
    """Return the log density of each bar's features as foretold from the bars before; NaN where they are not warm."""
    return filter_rows(model.weights, columns(bars, model.features)[0].tolist())[1]


def _scored(option: Option, walk: _Walk, lead: _Walk | None) -> Scored:
    if walk.fault:
        return Scored(
            option=option.label, density=math.nan, gain=math.nan, error=math.nan, occupancy=0.0, dwell=0.0, stable=0.0,
            verdict=walk.fault,
        )  # fmt: skip
    gain, error = gain_of(walk.densities, lead.densities) if lead is not None else (0.0, 0.0)
    profiles = [profile for model in walk.models for profile in model.profiles]
    scored = Scored(
        option=option.label,
        density=float(np.nanmean(walk.densities)),
        gain=gain,
        error=error,
        occupancy=min(profile.occupancy for profile in profiles),
        dwell=min(profile.dwell for profile in profiles),
        stable=float(np.mean(list(_meanings(walk)) or [True])),
        verdict="",
    )
    return msgspec.structs.replace(scored, verdict=_against(scored, first=lead is None))


def gain_of(densities: Sequence[float], before: Sequence[float]) -> tuple[float, float]:
    """Return the mean of paired differences, and its standard error from blocks of them; NaN rows are left out."""
    apart = np.array(densities) - np.array(before)
    apart = apart[np.isfinite(apart)]
    blocks = apart[: len(apart) // BLOCK * BLOCK].reshape(-1, BLOCK).mean(axis=1)
    error = float(blocks.std(ddof=1) / math.sqrt(len(blocks))) if len(blocks) > 1 else math.inf
    return float(apart.mean()), error


def _meanings(walk: _Walk) -> Iterator[bool]:
    """Yield whether each fold's states meant the same, in the same order, as those of the fold before."""
    for (old, new), window in zip(pairwise(walk.models), walk.windows[1:], strict=True):
        yield mean_the_same(*both(old, new, window))


def _against(scored: Scored, *, first: bool) -> str:
    """Return what speaks against an option; empty when it takes the lead."""
    if scored.occupancy < LEAST_SHARE:
        return f"a state has {scored.occupancy:.1%} of the bars, less than {LEAST_SHARE:.0%}"
    if scored.dwell < LEAST_DWELL:
        return f"a state stays {scored.dwell:.1f} bars, less than {LEAST_DWELL:g}"
    if scored.stable < LEAST_STABLE:
        return f"states kept their meaning on {scored.stable:.0%} of folds, less than {LEAST_STABLE:.0%}"
    if not first and scored.gain < GAIN:
        return f"a gain of {scored.gain:.4f} nats a bar is less than {GAIN:g}"
    if not first and scored.gain < SURE * scored.error:
        return f"a gain of {scored.gain:.4f} nats a bar is less than {SURE:g} standard errors of {scored.error:.4f}"
    return ""
