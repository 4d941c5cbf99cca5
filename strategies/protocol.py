"""What a strategy is: named features and its own state in, one `Want` out, on every closed bar.

A strategy never sees a price it could not have known: features and the bar are of the last closed bar, `position` and
`held` are what it holds. It does not size, does not send, does not know the account. Kernel strategies give a `step`
kernel over flat state (and so run compiled); any other class gives `decide`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from market.kernel import Params
from market.types import Bar, OrderKind
from strategies.exits import ExitPlan

FeatureRef = tuple[str, tuple[float, ...]]
"""A feature by name and parameters: ("ema", (20,)). Names are those of `market.features.FEATURES`."""

# What a kernel strategy wants: the first field of the flat tuple its `step` returns.
NOTHING, LONG, SHORT, EXIT = 0.0, 1.0, -1.0, 2.0

# Entry kinds in the flat tuple.
MARKET, LIMIT, STOP_ENTRY = 0.0, 1.0, 2.0
KINDS: tuple[OrderKind, OrderKind, OrderKind] = ("market", "limit", "stop")
LONGEST = 2.0**31
"""An order rests for fewer bars: when they end can be written down, whatever their timeframe is."""

FlatWant = tuple[float, float, float, float, float, float, float, float, float, float]
"""(action, kind, price, stop, target, trail, breakeven, bars, expiry bars, score); distances in price.

action: NOTHING, LONG, SHORT or EXIT. score: the prediction behind it, in the strategy's own unit (journaled).
"""


class StrategyError(ValueError):
    """A strategy that cannot be had: no such name, wrong parameters, or a class that is none."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Open a position."""

    side: Literal[-1, 1]
    plan: ExitPlan
    kind: OrderKind = "market"
    price: float = 0.0
    """Trigger of a limit or stop entry."""
    expiry: int = 1
    """Bars a limit or stop entry rests."""


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """Leave the open position now."""

    reason: str = "strategy"


Want = Entry | Exit | None


class View(msgspec.Struct, frozen=True):
    """All a strategy may see when a bar has closed."""

    bar: Bar
    features: Mapping[str, float]
    position: int
    """-1 short, 0 none, 1 long."""
    held: int
    """Closed bars since the entry."""


@runtime_checkable
class KernelStrategy(Protocol):
    """A strategy as a kernel over flat state; runs interpreted and compiled, bit for bit the same."""

    @property
    def name(self) -> str:
        """Return the name under which it is journaled."""
        ...

    @property
    def version(self) -> int:
        """Return its version: raised with every change of what it decides."""
        ...

    def features(self) -> dict[str, FeatureRef]:
        """Return the features it needs by its own names, in the order in which `step` reads them."""
        ...

    def params(self) -> Params:
        """Return its parameters as one flat tuple."""
        ...

    def init(self) -> list[float]:
        """Return its fresh state."""
        ...

    @property
    def step(self) -> Any:  # noqa: ANN401 - a kernel: (state, params, features, high, low, close, position, held) -> FlatWant
        """Return the kernel `step(s, p, f, high, low, close, position, held) -> FlatWant`."""
        ...


@runtime_checkable
class PythonStrategy(Protocol):
    """A strategy as an ordinary class; its state is a dict of plain values, so that it can be restored in mid-trade."""

    @property
    def name(self) -> str:
        """Return the name under which it is journaled."""
        ...

    @property
    def version(self) -> int:
        """Return its version: raised with every change of what it decides."""
        ...

    def features(self) -> dict[str, FeatureRef]:
        """Return the features it needs, by its own names."""
        ...

    def init(self) -> dict[str, Any]:
        """Return its fresh state: plain numbers, strings, lists and dicts only."""
        ...

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Return what it wants and the score behind it; may change `state`."""
        ...


Strategy = KernelStrategy | PythonStrategy


def lifetime(name: str, flat: Sequence[float]) -> int:
    """Return for how many bars an entry rests, 0 at the market; StrategyError where that is no number of bars."""
    if flat[1] == MARKET:
        return 0
    if not abs(flat[8]) < LONGEST:
        raise lifeless(name, flat[8])
    return int(flat[8])


def lifeless(name: str, bars: float) -> StrategyError:
    """Return what is said of a strategy whose entry would rest for what is no number of bars."""
    return StrategyError(
        f"strategy {name}: an entry that rests for {bars} bars; expiry is a number of bars below 2**31"
    )


def want_of(flat: Sequence[float]) -> tuple[Want, float]:
    """Dress a kernel's flat tuple in the words a plain strategy speaks."""
    action, kind, price, stop, target, trail, breakeven, bars, expiry, score = flat
    if action == EXIT:
        return Exit(), score
    if action == NOTHING:
        return None, score
    plan = ExitPlan(stop=stop, target=target, trail=trail, breakeven=breakeven, bars=int(bars))
    side: Literal[-1, 1] = 1 if action > 0.0 else -1
    return Entry(side=side, plan=plan, kind=KINDS[int(kind)], price=price, expiry=int(expiry)), score
