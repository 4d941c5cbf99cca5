# ruff: noqa: ARG001 - strategies of a sort share one signature; none uses all of it
"""The plain and the compiled drive side by side, a kernel strategy that tries everything a plan can say, and a twin."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import msgspec

from hypothesis import strategies as st

from backtests.compiled import CompiledDrive
from backtests.decided import Part, decided_of, parts
from backtests.drive import Drive, PlainDrive
from backtests.equity import Curve
from backtests.saved_decisions import ROWS, batch_of, limits_of, schema_of
from backtests.scratch import parts_of
from brokers.costs import Costs
from market.bars import Bars, bars_of
from market.kernel import Params, State, kernel
from regimes.shut import OnShut, Word
from runtime.core.core import Core
from runtime.core.decision import Decision
from runtime.core.plan import Plan, RegimePlan
from runtime.outcomes.books import Books
from strategies.protocol import (
    EXIT,
    LONG,
    NOTHING,
    SHORT,
    FeatureRef,
    FlatWant,
    KernelStrategy,
    Strategy,
    View,
    Want,
    want_of,
)
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.tapes import COSTS, Row
from tests.venues import HOUR, MONDAY

START = MONDAY + 30 * HOUR

Kind = TypeVar("Kind", bound=PlainDrive | CompiledDrive)


def begun(
    kind: type[Kind],
    plan: Plan,
    tape: Bars,
    *,
    beside: Sequence[Bars] = (),
    costs: Mapping[str, Costs] = COSTS,
    shadows: bool = False,
    **options: Any,  # noqa: ANN401 - of the drive
) -> Kind:
    """Return a drive that has yet to play a plan over one tape, and what is told beside; 30 bars are the warm-up."""
    core = Core(plan)
    tapes = {(each.symbol, each.timeframe): each for each in (tape, *beside)}
    given: dict[str, Any] = {"balance": 10_000.0, "start": START, "warmup": 30}
    return kind(core, Books(core, costs, shadows=shadows), tapes, costs, **(given | options))


def played(kind: type[PlainDrive | CompiledDrive], plan: Plan, tape: Bars, **options: Any) -> Drive:  # noqa: ANN401
    """Play a plan over one tape by a drive, with the options of `begun`."""
    return begun(kind, plan, tape, **options).run()


def difference(plain: Drive, compiled: Drive) -> str:
    """Return the first thing in which two drives differ, to the bit; empty where they are the same."""
    for name in ("decisions", "deals", "outcomes", "equity"):
        one, other = told(getattr(plain, name)), told(getattr(compiled, name))
        if len(one) != len(other):
            return f"{len(one)} and {len(other)} {name}"
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            if _bytes(a) != _bytes(b):
                return f"{name} {place}: {_fields(a, b)}"
    mine, theirs = columned(plain.decisions), columned(compiled.decisions)
    if mine != theirs:
        return "; ".join(
            f"column {name}: {mine[name]} and {theirs[name]}" for name in mine if mine[name] != theirs[name]
        )
    rest = {
        name: (getattr(plain, name), getattr(compiled, name)) for name in ("bars", "balance", "orders", "ambiguous")
    }
    return "; ".join(f"{name}: {a} and {b}" for name, (a, b) in rest.items() if a != b)


def told(recorded: Any) -> list[Any]:  # noqa: ANN401 - decisions, deals, outcomes or a curve
    """Return what is recorded, one by one."""
    if isinstance(recorded, Curve):
        return list(zip(recorded.at.tolist(), recorded.money.tolist(), strict=True))
    return list(recorded)


def columned(decisions: Sequence[Decision]) -> dict[str, str]:
    """Return decisions as a report counts them, names in place of their places, as texts: NaN is NaN."""
    decided = decided_of(decisions)
    found: dict[str, list[Any]] = {name: [] for name in Part._fields}
    for part in parts(decided):
        for name, column in part._asdict().items():
            found[name] += column.tolist()
    entries = {f"entries' {name}": column.tolist() for name, column in decided.entries()._asdict().items()}
    found["why"] = [decided.whys[place] if place >= 0 else None for place in found["why"]]
    limits = limits_of(decisions)
    batches = (batch_of(decisions, *part, schema_of(limits)) for part in parts_of(len(decisions), ROWS))
    table = [row for batch in batches for row in batch.to_pylist()]
    named = {
        "table on disk": table,
        "limits": [limits],
        "names": [*decided.strategies, *decided.symbols],
        "models": sorted(decided.models.items()),
    }
    return {name: str(column) for name, column in (found | entries | named).items()}


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


class Twin:
    """A kernel strategy written as an ordinary class."""

    version: ClassVar[int] = 1

    def __init__(self, kernel: KernelStrategy) -> None:
        """Decide as this one does."""
        self.kernel, self.name = kernel, kernel.name

    def features(self) -> dict[str, FeatureRef]:
        """Return the kernel's."""
        return self.kernel.features()

    def init(self) -> dict[str, Any]:
        """Return its state."""
        return {"state": list(self.kernel.init())}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Call the kernel and dress what it returns."""
        bar, features, (position, held) = view.bar, tuple(view.features.values()), (view.position, view.held)
        step, params = self.kernel.step, self.kernel.params()
        return want_of(
            step(state["state"], params, features, bar.high, bar.low, bar.close, float(position), float(held))
        )


# --- plans and bars of every sort ------------------------------------------------------------------------------------

POLICIES: tuple[Word | OnShut, ...] = (
    "keep", "breakeven", "tighten", "reduce", OnShut(tighten=0.3), OnShut(reduce=0.7), OnShut(close_after=2),
)  # fmt: skip


def gated(strategy: Strategy, mode: str = "enforce", *, novelty: tuple[float, ...] = (), **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan of one strategy on gold hours behind a gate that follows the last bar."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model(), novelty=novelty)
    return a_plan(a_lane({}, strategy=strategy, gate=a_gate(mode, **gate), regime="up"), regimes=(regime,))


@st.composite
def tapes(draw: st.DrawFn) -> Bars:
    """Draw hour bars with gaps, flat bars, equal highs and lows, halts, spikes and missing hours."""
    rows: list[Row] = []
    time, last = MONDAY, 10_000
    for _ in range(draw(st.integers(34, 90))):
        shape = draw(st.sampled_from(("walk", "walk", "gap", "flat", "equal", "spike", "halt", "away")))
        count = draw(st.integers(19, 23)) if shape == "halt" else 1
        for _ in range(count):
            moves = [draw(st.integers(-60, 60)) for _ in range(2)] if shape not in {"flat", "halt"} else [0, 0]
            opened = last + (draw(st.integers(-300, 300)) if shape == "gap" else 0)
            last = max(opened + moves[0], 100) if shape != "flat" else opened
            top, bottom = max(opened, last), min(opened, last)
            if shape == "spike":
                top, bottom = top + draw(st.integers(0, 400)), max(bottom - draw(st.integers(0, 400)), 50)
            elif shape == "walk":
                top, bottom = top + abs(moves[1]), bottom - abs(moves[1]) // 2
            prices = (opened / 100, top / 100, bottom / 100, last / 100)
            rows.append((time, *prices, 0.0, float(draw(st.sampled_from((0, 0, 8, 30))))))
            time += HOUR * (draw(st.integers(2, 60)) if shape == "away" else 1)
    return bars_of("XAUUSD", "H1", rows)


any_dice = st.builds(
    Dice,
    every=st.integers(1, 4),
    kind=st.sampled_from((0, 0, 1, 2)),
    away=st.sampled_from((0.0, 0.1, 0.5)),
    stop=st.sampled_from((0.2, 0.5, 2.0)),
    target=st.sampled_from((0.0, 0.2, 0.5, 2.0)),
    trail=st.sampled_from((0.0, 0.3, 1.0)),
    breakeven=st.sampled_from((0.0, 0.2)),
    bars=st.sampled_from((0, 1, 4)),
    expiry=st.integers(1, 4),
    out=st.sampled_from((0, 2, 5)),
)
any_gate = st.builds(
    lambda mode, dwell, on_shut: {"mode": mode, "dwell": dwell, "on_shut": on_shut},
    st.sampled_from(("off", "advise", "enforce")), st.integers(0, 3), st.sampled_from(POLICIES),
)  # fmt: skip
