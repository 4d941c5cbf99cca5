"""A strategy at work, how its trades are sized and which regime it listens to, as the TOML of an account may say."""

from typing import Any

import msgspec

from config.bounds import Name, Text
from config.recorded import Timeframe
from regimes.gate import GateParams
from strategies.sizing import AnySizing, ByRisk


class GateSection(GateParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which regime a strategy listens to, and when it may enter."""

    regime: str
    lineage: str = ""
    """Lineage of the models whose states `allow` means; a model of another is refused. Empty: of any."""


class StrategySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy at work on one symbol."""

    name: Name
    use: Text
    """One of ours by name, or `module:Class`, found from the folder of the TOML too."""
    symbol: str
    timeframe: Timeframe
    risk: float
    """Loss at the stop, as a share of equity, at most; above 0, up to `limits.max_risk`."""
    size: AnySizing = ByRisk()
    """By which rule its trades are sized; by the risk alone, where nothing is said."""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    gate: GateSection | None = None
