"""Protections: how long a strategy is kept from entering after what its last trades made, `[protections]` of a TOML."""

from typing import Annotated

import msgspec

from config.bounds import Positive

Minutes = Annotated[float, msgspec.Meta(ge=0)]
MOST = 100
"""Ended trades of a strategy that are remembered."""
Trades = Annotated[int, msgspec.Meta(ge=1, le=MOST)]


class CooldownSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After each trade its strategy waits."""

    minutes: Positive


class StopsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After so many trades in a row that were stopped at a loss, within some time, its strategy waits."""

    stops: Trades = 3
    within_minutes: Positive = 1440.0
    hold_minutes: Minutes = 0.0
    """0: until a person lifts it."""


class LowProfitSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After so many trades within some time that made too little together, its strategy waits."""

    trades: Trades = 5
    within_minutes: Positive = 10_080.0
    least: float = 0.0
    """What they must have made together, account money, costs counted."""
    hold_minutes: Minutes = 0.0
    """0: until a person lifts it."""


class ProtectionsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protections; what is not named is not kept."""

    cooldown: CooldownSection | None = None
    stops: StopsSection | None = None
    low_profit: LowProfitSection | None = None
