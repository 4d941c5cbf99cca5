"""Limits beyond the mandatory ones, as an account's TOML may set them: what stands in `[controls]`.

`[limits]` bounds one order; these bound what the whole account carries. Each is left out until it is named, and is then
held against every entry in the core, live and in a backtest alike.
"""

import msgspec

from config.bounds import Count, Positive, Share


class ThrottleSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many entries a strategy may send within some time; with the last one it is held until a person lifts that."""

    entries: Count
    minutes: Positive


class ControlsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the account may carry, the entry in question counted, ours and foreign, open and resting.

    Values are in multiples of the equity: 2.0 is twice what the account is worth.
    """

    max_symbol: Positive | None = None
    """Value of all that is on one symbol in the entry's direction."""
    max_strategy: Positive | None = None
    """Value of all that one strategy has."""
    max_account: Positive | None = None
    """Value of everything, long and short added up."""
    max_currency: Positive | None = None
    """Net value in the one of the symbol's two currencies that is exposed most, whatever of what rests is filled."""
    max_orders: Count | None = None
    """Orders that rest or are on their way; this one is one."""
    max_open_risk: Share | None = None
    """Loss at all stops from the quotes as they are, as a share of equity."""
    unstopped: Share = 0.1
    """A position without a stop counts as if one stood so far from its price, as a share of it."""
    min_margin_level: Positive | None = None
    """Equity over margin after the entry, from which on it is taken; 2.0 is what terminals show as 200 %."""
    throttle: ThrottleSection | None = None
