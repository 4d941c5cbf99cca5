"""Where regime models are looked for and trained to: their configured place, or a cache where that is not ours."""

import hashlib
import os

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import msgspec

from platformdirs import user_cache_path

from backtests.recorded import regime_bars, tapes_of, training_part
from backtests.train import content_hash
from backtests.training import train_from_config
from config.account import AccountConfig
from config.load import digest
from config.regime import RegimeSection
from regimes.bundle import RegimeModel
from runtime.assemble import models_of


def ready_models(config: AccountConfig, stage: Callable[[str], None]) -> dict[str, RegimeModel]:
    """Return the account's regime models; those that nobody has trained yet are trained first, and that is said.

    ModelError where a model is there and cannot be used.
    """
    if not any(untrained(Path(regime.model)) for regime in config.regimes.values()):
        return models_of(config)
    placed = writable(config)
    for name, regime in placed.regimes.items():
        if untrained(Path(regime.model)):
            stage(f"no model of {name} yet: training it into {regime.model}")
            train_from_config(placed, name)
    return models_of(placed)


def untrained(folder: Path) -> bool:
    """Tell whether nothing was ever put into a model's place."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def writable(config: AccountConfig) -> AccountConfig:
    """Return the account with each model's place that may not be written replaced by one in the user's cache.

    What was shipped with the program stays as it was shipped; a place in the cache belongs to one configuration and one
    content of the bars it learns from.
    """
    shut = {name for name, regime in config.regimes.items() if untrained(Path(regime.model)) and not _may_write(regime)}
    if not shut:
        return config
    tapes = tapes_of(config)
    regimes = {}
    for name, regime in config.regimes.items():
        learnt = training_part(regime_bars(config, regime, tapes), regime.train)
        key = hashlib.sha256(f"{digest(config)} {content_hash(learnt, regime.feature_refs)}".encode()).hexdigest()[:16]
        place = user_cache_path("tidegate") / "models" / key / name
        regimes[name] = msgspec.structs.replace(regime, model=str(place)) if name in shut else regime
    return msgspec.structs.replace(config, regimes=regimes)


def _may_write(regime: RegimeSection) -> bool:
    folder = Path(regime.model)
    if folder.resolve().is_relative_to(shipped().resolve()):
        return False
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return os.access(there, os.W_OK)


def shipped() -> Path:
    """Return the folder of the configurations that come with the program."""
    return Path(str(resources.files("config")))
