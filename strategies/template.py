"""The start of a strategy of one's own: the text that `tidegate new-strategy` writes."""

import keyword

from strategies.protocol import StrategyError
from strategies.registry import BUILT_IN

LONGEST = 40
"""Letters of a name."""

_SOURCE = '''"""NAME: say here what it trades, and why that should earn anything.

In the account's configuration, with this file beside it:

    use = "NAME:CLASS"
"""

import math

from typing import Any, ClassVar

from msgspec import Struct

from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, FeatureRef, View, Want


class CLASS(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys a dip in a rising market and sells a rally in a falling one; leaves at the mean."""

    name: ClassVar[str] = "NAME"
    # Raise it with every change of what is decided: the journal and the trained gate go by it.
    version: ClassVar[int] = 1

    # Parameters, with their defaults; the configuration may set each, and unknown names are refused.
    slow: int = 50
    n: int = 20
    entry: float = 1.0
    stop_atr: float = 3.0
    pause: int = 3

    def features(self) -> dict[str, FeatureRef]:
        """Return what `decide` will see in `view.features`; `market/features.py` lists what there is."""
        return {
            "slow": ("ema", (float(self.slow),)),
            "z": ("zscore", (float(self.n),)),
            "atr": ("atr", (14.0,)),
        }

    def init(self) -> dict[str, Any]:
        """Return the state before the first bar.

        All that the strategy remembers is in here: plain numbers, strings, lists and dicts, which are saved and
        restored when the daemon is started anew in mid-trade. Nothing may be kept on `self`.
        """
        return {"since": self.pause}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Return what is wanted now that a bar has closed, and the score behind it (journaled; any unit).

        Asked on every closed bar, in a position or not. No size, no account: that is decided elsewhere.
        """
        state["since"] = 0 if view.position else min(state["since"] + 1, self.pause)
        slow, z, atr = view.features["slow"], view.features["z"], view.features["atr"]
        # Features are NaN until they are warm, and every comparison with NaN is False.
        if any(map(math.isnan, (slow, z, atr))):
            return None, 0.0
        if view.position:
            return (Exit(reason="mean") if z * view.position >= 0.0 else None), -z
        if state["since"] < self.pause or atr == 0.0:
            return None, -z
        # Every entry has a protective stop, which goes to the venue with it; distances are in price.
        plan = ExitPlan(stop=self.stop_atr * atr, bars=50)
        if z <= -self.entry and view.bar.close > slow:
            return Entry(side=1, plan=plan), -z
        if z >= self.entry and view.bar.close < slow:
            return Entry(side=-1, plan=plan), -z
        return None, -z
'''


def source_of(name: str) -> str:
    """Return the text of a module `name` with one commented strategy; StrategyError where the name cannot be one.

    >>> print(source_of("night_owl").splitlines()[4].strip())
    use = "night_owl:NightOwl"
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise StrategyError(f"{name!r} cannot be a strategy's name: use small letters, digits and underscores")
    if len(name) > LONGEST:
        raise StrategyError(f"{name!r} is too long for a strategy's name: use at most {LONGEST} letters")
    if name in BUILT_IN:
        raise StrategyError(f"a strategy {name!r} is built in: choose another name")
    return _SOURCE.replace("CLASS", class_name(name)).replace("NAME", name)


def class_name(name: str) -> str:
    """Return the class a module's name gives: night_owl, NightOwl."""
    return "".join(part.capitalize() for part in name.split("_")) or "Strategy"
