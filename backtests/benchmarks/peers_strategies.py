"""The strategies of Tidegate's rows in `peers.py`: the two jobs, as kernels and as a class in plain Python.

Every entry has a protective stop, here so far away that no bar reaches it.
"""

from typing import Any, ClassVar

from msgspec import Struct

from backtests.benchmarks.peers_work import FAST, HIGH, LOW, PERIOD, SLOW, STOP
from market.kernel import Params, State, kernel
from strategies.crosses import above
from strategies.exits import ExitPlan
from strategies.protocol import EXIT, LONG, MARKET, NOTHING, SHORT, Entry, Exit, FeatureRef, FlatWant, View, Want

GUARD = 0.1
"""Distance of the protective stop, as a share of the price."""


@kernel
def sma_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want the side of the fast average, and out once it is on the other; `f` is (fast, slow), `s` is (side)."""
    side = above(f[0], f[1])
    if side > 0.0 or side < 0.0:
        s[0] = side
    action = NOTHING
    if position == 0.0:
        action = s[0]
    elif position * s[0] < 0.0:
        action = EXIT
    return action, MARKET, 0.0, GUARD * close, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


class Sma(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma by one strategy, which enters a bar after it has left."""

    name: ClassVar[str] = "sma"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages."""
        return {"fast": ("sma", (float(FAST),)), "slow": ("sma", (float(SLOW),))}

    def params(self) -> Params:
        """Return none."""
        return ()

    def init(self) -> list[float]:
        """Return no side."""
        return [0.0]

    @property
    def step(self) -> Any:
        """Return the kernel."""
        return sma_step


@kernel
def side_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want the side `p[0]` while the fast average is on it, and out once it is on the other; `f` is (fast, slow)."""
    side = above(f[0], f[1]) * p[0]
    action = NOTHING
    if side > 0.0 and position == 0.0:
        action = p[0]
    elif side < 0.0 and position != 0.0:
        action = EXIT
    return action, MARKET, 0.0, GUARD * close, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


class SmaLong(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma while the fast average is above."""

    name: ClassVar[str] = "sma-long"
    version: ClassVar[int] = 1
    side: ClassVar[float] = LONG

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages."""
        return {"fast": ("sma", (float(FAST),)), "slow": ("sma", (float(SLOW),))}

    def params(self) -> Params:
        """Return the side."""
        return (self.side,)

    def init(self) -> list[float]:
        """Return no state."""
        return []

    @property
    def step(self) -> Any:
        """Return the kernel."""
        return side_step


class SmaShort(SmaLong, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma while the fast average is below."""

    name: ClassVar[str] = "sma-short"
    side: ClassVar[float] = SHORT


@kernel
def rsi_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Enter against an index below or above `p`, leave at the stop; `f` is (RSI, ATR), `s` is (stop)."""
    rsi, atr = f[0], f[1]
    action = NOTHING
    if position != 0.0:
        behind = close - position * STOP * atr
        if (close - s[0]) * position <= 0.0:
            action = EXIT
        elif (behind - s[0]) * position > 0.0:
            s[0] = behind
    elif rsi < p[0]:
        action = LONG
        s[0] = close - STOP * atr
    elif rsi > p[1]:
        action = SHORT
        s[0] = close + STOP * atr
    return action, MARKET, 0.0, GUARD * close, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


class RsiTrail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job rsi."""

    name: ClassVar[str] = "rsi-trail"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return index and range."""
        return {"rsi": ("rsi", (float(PERIOD),)), "atr": ("atr", (float(PERIOD),))}

    def params(self) -> Params:
        """Return where it enters."""
        return (LOW, HIGH)

    def init(self) -> list[float]:
        """Return no stop."""
        return [0.0]

    @property
    def step(self) -> Any:
        """Return the kernel."""
        return rsi_step


class PlainSma(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same as `Sma`, as people write it who know no kernels."""

    name: ClassVar[str] = "plain-sma"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages."""
        return {"fast": ("sma", (float(FAST),)), "slow": ("sma", (float(SLOW),))}

    def init(self) -> dict[str, Any]:
        """Return no side."""
        return {"side": 0}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Return what is wanted at a close."""
        side = above(view.features["fast"], view.features["slow"])
        if side > 0.0 or side < 0.0:
            state["side"] = 1 if side > 0.0 else -1
        if not view.position and state["side"]:
            return Entry(side=state["side"], plan=ExitPlan(stop=GUARD * view.bar.close)), 0.0
        return (Exit() if view.position * state["side"] < 0 else None), 0.0
