"""Training the regime models an account names, on its own recorded bars, into bundles that its daemon loads."""

from pathlib import Path
from typing import Any

import msgspec

from backtests.choose_states import EMISSIONS, choose, metrics_of, options
from backtests.recipe import Recipe, recipe_of_member
from backtests.recorded import regime_bars, tapes_of, training_part
from backtests.refit import unlike
from backtests.train import train_regime
from backtests.watched import Progress, watched
from config.account import AccountConfig
from config.errors import ConfigError
from config.regime import RegimeSection
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.weights import ModelError
from runtime.bundles import CHAMPION, promote, read_bundle, write_bundle


def recipe_of_section(section: RegimeSection) -> Recipe:
    """Return how a regime's model is to be trained; what is not configured is as plain as it can be."""
    if section.detector == "ensemble":
        return Recipe(members=tuple(recipe_of_member(member.meant) for member in section.members))
    return recipe_of_member(section.meant)


def trained(bars: Bars, section: RegimeSection, name: str, owner: str) -> tuple[RegimeModel, dict[str, Any]]:
    """Train a regime's model with as many states as are configured, or as its bars speak for."""
    recipe = recipe_of_section(section)
    if isinstance(section.states, int):
        return train_regime(bars, section.feature_refs, section.states, name, owner, recipe=recipe)
    emissions = EMISSIONS if section.emission is None else (section.emission,)
    choice = choose(bars, section.feature_refs, options(section.among, recipe, emissions))
    chosen = choice.option
    model, report = train_regime(
        bars, section.feature_refs, chosen.states, name, owner, recipe=chosen.recipe, metrics=metrics_of(choice)
    )
    return model, {**report, "choice": msgspec.to_builtins(choice)}


def train_from_config(
    config: AccountConfig, regime: str | None = None, progress: Progress | None = None
) -> dict[str, dict[str, Any]]:
    """Train every regime model of an account, or the one named; write, promote and report each.

    Where a regime goes by its model's own limits of novelty, they are calibrated, which takes some seconds, and the
    first time some more to compile: `progress` is told how far that is.
    """
    names = trained_here(config, regime)
    tapes = tapes_of(config)
    reports = {}
    for name in names:
        section = config.regimes[name]
        bars = training_part(regime_bars(config, section, tapes), section.train)
        owner = section.owner or config.account.owner
        model, report = trained(bars, section, name, owner)
        if section.novelty == "model":
            model, told = watched(model, bars, progress)
            report["novelty"] = msgspec.to_builtins(told)
        folder = Path(section.model)
        _check_place(folder, model, bars)
        write_bundle(folder, model)
        promote(folder, model.fingerprint)
        reports[name] = {**report, "folder": str(folder), "fingerprint": model.fingerprint}
    return reports


def trained_here(config: AccountConfig, regime: str | None = None) -> list[str]:
    """Return the regimes whose models learn from the bars that they read, or the one named; ConfigError for none.

    What has learnt from another symbol is trained where that symbol is read.
    """
    if regime is not None and regime not in config.regimes:
        raise ConfigError(f"no regime {regime!r}: the account has {', '.join(config.regimes) or 'none'}")
    if not config.regimes:
        raise ConfigError("no regime is configured: there is no model to train; [regimes.NAME] makes one")
    asked = [regime] if regime else list(config.regimes)
    own = [name for name in asked if not config.regimes[name].learnt_from]
    if not own:
        where = ", ".join(sorted({config.regimes[name].learnt_from for name in asked}))
        raise ConfigError(
            f"regimes.{', '.join(asked)}: learnt_from says that it reads by a model of {where}: train it by a regime "
            f"that reads {where}"
        )
    return own


def _check_place(folder: Path, model: RegimeModel, bars: Bars) -> None:
    """Raise ModelError where a model is in use whose states mean something else than those of the one just trained."""
    if not (folder / CHAMPION).exists():
        return
    old = read_bundle(folder / CHAMPION)
    if old.fingerprint != model.fingerprint and (reason := unlike(old, model, bars)):
        raise ModelError(
            f"model {model.name}: not put in the place of {old.fingerprint[:12]} in {folder}: {reason}: name another "
            "folder as its model, look at the new profiles, and edit what gates allow; or clear this one if nobody "
            "trades by it"
        )
