"""How large a trade is: a rule as data, by which the core turns a want into lots.

Whatever the rule says, a trade loses no more at its stop than its strategy's `risk`; what the gate leaves of the risk
scales every rule; and lots are rounded down. All of it is reckoned of balance and open profit: a broker's credit is not
the account's own.
"""

from typing import Annotated

import msgspec

from market.features import FeatureRef
from market.kernel import kernel

Positive = Annotated[float, msgspec.Meta(gt=0)]
Part = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Sizing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by"):
    """A rule of size."""

    @property
    def ref(self) -> FeatureRef | None:
        """Return the feature that it reads of the strategy's own bars, if any."""
        return None


class ByRisk(Sizing, frozen=True, tag="risk"):
    """As many lots as lose the strategy's `risk`, a share of equity, from the entry to the stop."""


class ByLots(Sizing, frozen=True, kw_only=True, tag="lots"):
    """Always so many lots."""

    lots: Positive


class ByVolatility(Sizing, frozen=True, kw_only=True, tag="volatility"):
    """As many lots as move the account by `target`, a share of equity, when the price moves by its average true range.

    Moskowitz, Ooi and Pedersen, "Time series momentum" (2012), section 2.4 scale positions so; here by the range of
    one bar, so that no length of a year need be known.
    """

    target: Part
    atr: Annotated[int, msgspec.Meta(ge=1)] = 14
    """Bars of the average."""

    @property
    def ref(self) -> FeatureRef | None:
        """Return the average true range."""
        return "atr", (float(self.atr),)


class ByKelly(Sizing, frozen=True, kw_only=True, tag="kelly"):
    """The share of equity that grows it fastest (Kelly 1956), times `part`; the strategy's score is the chance to win.

    A score that is no chance (outside 0 to 1) takes no risk at all.
    """

    part: Part = 0.25
    """Of what the formula says: its chances are estimates, and half of it already costs a quarter of the growth."""
    payoff: Positive | None = None
    """What is won where it is won, in multiples of the loss at the stop; left out: as far as the target is away."""


AnySizing = ByRisk | ByLots | ByVolatility | ByKelly


@kernel
def kelly(chance: float, payoff: float) -> float:
    """Return the share of equity to risk on a bet: won with `chance`, it pays `payoff` times what is risked.

    chance - (1 - chance) / payoff, 0.0 where that is nothing to win, or no chance is known (Kelly 1956; Thorp 2006).

    >>> kelly(0.6, 1.0), kelly(0.5, 1.0), kelly(1.5, 1.0)
    (0.19999999999999996, 0.0, 0.0)
    """
    if not (chance >= 0.0 and chance <= 1.0) or not payoff > 0.0:
        return 0.0
    share = chance - (1.0 - chance) / payoff
    if not share > 0.0:
        return 0.0
    return share
