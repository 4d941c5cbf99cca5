"""The regime model of made-up minutes that gates the accounts of `accounts.py` while they are measured."""

from pathlib import Path

from backtests.benchmarks.accounts import walk
from backtests.train import train_regime
from market.bars import bars_of
from market.features import FeatureRef
from runtime.bundles import promote, write_bundle

FEATURES: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))
LEARNT = 2000  # minutes


def minute_model(folder: Path) -> Path:
    """Train it on minutes like those that are traded, put it into a folder, and return that."""
    rows = ((b.time, b.open, b.high, b.low, b.close, b.volume, b.spread) for b in walk(LEARNT, seed=8))
    model, _ = train_regime(bars_of("EURUSD", "M1", rows), FEATURES, 2, "calm-or-storm", "Bench")
    write_bundle(folder, model)
    promote(folder, model.fingerprint)
    return folder
