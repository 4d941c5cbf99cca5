# ruff: noqa: ARG001 - strategies of a sort share one signature; none uses all of it
"""The plain and the compiled drive side by side, and a kernel strategy that tries everything a plan can say."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from backtests.compiled import CompiledDrive
from backtests.drive import Drive, PlainDrive
from brokers.venue import Costs
from market.bars import Bars
from market.kernel import Params, State, kernel
from runtime.core.core import Core
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from strategies.protocol import EXIT, LONG, NOTHING, SHORT, FeatureRef, FlatWant
from tests.tapes import COSTS
from tests.venues import HOUR, MONDAY

START = MONDAY + 30 * HOUR


def played(
    kind: type[PlainDrive | CompiledDrive],
    plan: Plan,
    tape: Bars,
    *,
    costs: Mapping[str, Costs] = COSTS,
    shadows: bool = False,
    **options: Any,  # noqa: ANN401 - of the drive
) -> Drive:
    """Play a plan over one tape by a drive; 30 of its bars are the warm-up."""
    core = Core(plan)
    tapes = {(tape.symbol, tape.timeframe): tape}
    given: dict[str, Any] = {"balance": 10_000.0, "start": START, "warmup": 30}
    return kind(core, Books(core, costs, shadows=shadows), tapes, costs, **(given | options)).run()


def difference(plain: Drive, compiled: Drive) -> str:
    """Return the first thing in which two drives differ, to the bit; empty where they are the same."""
    for name in ("decisions", "deals", "outcomes", "equity"):
        one, other = getattr(plain, name), getattr(compiled, name)
        if len(one) != len(other):
            return f"{len(one)} and {len(other)} {name}"
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            if _bytes(a) != _bytes(b):
                return f"{name} {place}: {_fields(a, b)}"
    rest = {
        name: (getattr(plain, name), getattr(compiled, name)) for name in ("bars", "balance", "orders", "ambiguous")
    }
    return "; ".join(f"{name}: {a} and {b}" for name, (a, b) in rest.items() if a != b)


def _fields(one: Any, other: Any) -> str:  # noqa: ANN401 - whatever is recorded
    names = getattr(one, "__struct_fields__", ())
    both = ((name, getattr(one, name), getattr(other, name)) for name in names)
    return "; ".join(f"{n}: {a} and {b}" for n, a, b in both if _bytes(a) != _bytes(b)) or f"{one} and {other}"


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - likewise
    return msgspec.msgpack.encode(value)


@kernel
def dice_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want now this and now that, by the last digits of a count: `s` is (bars seen).

    `p` is (every how many bars it wants in, kind, distance of the trigger, stop, target, trail, breakeven, bars,
    expiry, every how many bars it wants out); `f` is (mean of three closes).
    """
    s[0] = s[0] + 1.0
    turn = s[0] / p[0]
    if position != 0.0:
        if p[9] > 0.0 and s[0] / p[9] == float(int(s[0] / p[9])):
            return EXIT, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, s[0]
        return NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, s[0]
    if turn != float(int(turn)) or f[0] != f[0]:
        return NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, s[0]
    side = LONG
    if close < f[0]:
        side = SHORT
    away = p[2]
    if p[1] == 1.0:
        away = 0.0 - p[2]
    return side, p[1], close + side * away, p[3], p[4], p[5], p[6], p[7], p[8], close - f[0]


class Dice(msgspec.Struct, frozen=True, kw_only=True):
    """Tries whatever it is told to."""

    name: ClassVar[str] = "dice"
    version: ClassVar[int] = 1

    every: int = 3
    kind: int = 0
    away: float = 0.3
    stop: float = 1.0
    target: float = 0.0
    trail: float = 0.0
    breakeven: float = 0.0
    bars: int = 0
    expiry: int = 2
    out: int = 0

    def features(self) -> dict[str, FeatureRef]:
        """Return a mean of three closes."""
        return {"mean": ("sma", (3.0,))}

    def params(self) -> Params:
        """Return what it was told."""
        numbers = (self.every, self.kind, self.away, self.stop, self.target, self.trail, self.breakeven, self.bars)
        return tuple(float(x) for x in (*numbers, self.expiry, self.out))

    def init(self) -> list[float]:
        """Return no bars seen."""
        return [0.0]

    @property
    def step(self) -> Any:  # noqa: ANN401 - a kernel
        """Return the kernel."""
        return dice_step
