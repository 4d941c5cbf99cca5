"""How a regime model is trained: which training does it, by which options, and how that is told in its bundle."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from regimes.bundle import RegimeModel
from regimes.ensemble import parts_of
from regimes.fit import Covariance, Emission, FitResult, Fitted, fit
from regimes.fit_chain import Array
from regimes.fit_ensemble import Unmatched, fit_ensemble
from regimes.fit_jump import fit_jump
from regimes.learnt import Member
from regimes.weights import ModelError, Parameters, unpack


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is trained; `regimes.fit.fit` says what each means."""

    covariance: Covariance = "diag"
    emission: Emission | float = "gauss"
    sticky: float = 0.0
    penalty: float | None = None
    """What a jump costs: a jump model, of which `regimes.fit_jump` says more, and the rest does not count."""
    members: tuple["Recipe", ...] = ()
    """Of an ensemble, and nothing else counts then; `regimes.fit_ensemble` says what comes of them."""

    @property
    def detector(self) -> Literal["hmm", "jump", "ensemble"]:
        """What is trained."""
        if self.members:
            return "ensemble"
        return "hmm" if self.penalty is None else "jump"


PLAIN = Recipe()

Begin = tuple[RegimeModel | None, bool]
"""The model that is followed, and whether training starts afresh too."""


def recipe_of(model: RegimeModel) -> Recipe:
    """Return how a model was trained."""
    data = model.data
    if data.members:
        return Recipe(members=tuple(recipe_of_member(member) for member in data.members))
    penalty = unpack(model.weights).penalty
    covariance: Covariance = "full" if data.covariance == "full" else "diag"
    return Recipe(covariance=covariance, emission=_emission(data.emission), sticky=data.sticky, penalty=penalty)


def recipe_of_member(member: Member) -> Recipe:
    """Return how a member of an ensemble was, or shall be trained."""
    return Recipe(
        covariance=member.covariance,
        emission=_emission(member.emission),
        sticky=member.sticky,
        penalty=member.penalty,
    )


def member_of(recipe: Recipe) -> Member:
    """Return the same as a bundle keeps it."""
    if recipe.penalty is not None:
        return Member(detector="jump", penalty=recipe.penalty)
    return Member(covariance=recipe.covariance, emission=str(recipe.emission), sticky=recipe.sticky)


def _emission(said: str) -> Emission | float:
    return "t" if said == "t" else "gauss" if said == "gauss" else float(said)


def fitted(x: Array, volatility: Array, states: int, seed: int, recipe: Recipe, begin: Begin) -> Fitted:
    """Return what a recipe makes of usable rows x (n, d); ModelError where that is no model.

    All members of an ensemble have the same seed, and start each from its own predecessor.
    """
    before, fresh = begin
    warm = [unpack(weights) for _, weights in parts_of(before.weights)] if before else []
    if not recipe.members:
        return _one(x, volatility, states, seed, recipe, (warm[0] if warm else None, fresh))
    if warm and len(warm) != len(recipe.members):
        raise ModelError(f"fit: the model before has {len(warm)} members, not {len(recipe.members)}: begin a lineage")
    starts: Sequence[Parameters | None] = warm or [None] * len(recipe.members)
    members = [
        _one(x, volatility, states, seed, member, (start, fresh))
        for member, start in zip(recipe.members, starts, strict=True)
    ]
    found = fit_ensemble(members, x, volatility=volatility)
    if isinstance(found, Unmatched):
        raise ModelError(found.reason)
    return found


def _one(
    x: Array, volatility: Array, states: int, seed: int, recipe: Recipe, begin: tuple[Parameters | None, bool]
) -> FitResult:
    warm, fresh = begin
    if recipe.penalty is not None:
        return fit_jump(x, states, penalty=recipe.penalty, seed=seed, warm=warm, volatility=volatility)
    return fit(
        x,
        states,
        seed=seed,
        covariance=recipe.covariance,
        emission=recipe.emission,
        sticky=recipe.sticky,
        warm=warm,
        starts=None if fresh else 0,
        volatility=volatility,
    )
