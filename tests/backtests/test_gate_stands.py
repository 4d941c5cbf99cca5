"""How a gate would have stood over recorded bars is how a daemon's gate stands, bar by bar, whatever shuts it."""

from hypothesis import given
from hypothesis import strategies as st

from backtests.gate_stands import heard, stands
from brokers.facts import BarClosed
from market.bars import Bars, bars_of
from market.types import Bar
from regimes.novelty import battery
from runtime.core.plan import RegimePlan
from tests.cores import a_gate, a_lane, a_plan, hour, up_model
from tests.told import Told

FRAME = 4
STRICT = battery([5.0] * 14, hold=3)
"""A market that does not move is dead to it within a few bars."""
RISE, FALL, STILL, NOTHING = 1.01, 0.99, 1.0, 0.0
"""What a close is of the one before; nothing: it is 0, and there is no return."""


def days(moves: list[float]) -> Bars:
    """Return bars of four hours whose closes move so."""
    rows, last = [], 1.1
    for n, move in enumerate(moves, 1):
        close = round(last * move, 5)
        last = close or last
        rows.append((hour(FRAME * n), close, close, close, close, 1.0, 0.0))
    return bars_of("EURUSD", "H4", rows)


def told(bars: Bars, dwell: int, rule: tuple[float, ...]) -> list[bool]:
    """Return how the gate of a core stands after each bar."""
    regime = RegimePlan(name="up", symbol="EURUSD", timeframe="H4", model=up_model(), novelty=rule)
    core = Told(a_plan(a_lane({}, gate=a_gate(max_age=2, dwell=dwell), regime="up"), regimes=(regime,)))
    stood = []
    for bar in map(_fact, bars):
        core.tell(bar)
        stood.append(core.core.lanes[0].gate_open)
    return stood


def _fact(bar: Bar) -> BarClosed:
    return BarClosed(at=bar.time + FRAME * 3_600_000, bar=bar, bid=1.1, ask=1.1)


@given(
    st.lists(
        st.sampled_from([RISE, FALL, STILL, NOTHING]).flatmap(lambda m: st.lists(st.just(m), max_size=6)), max_size=9
    ),
    st.integers(0, 3),
    st.sampled_from([(), STRICT]),
)
def test_a_gate_would_have_stood_as_a_daemons_stands(
    parts: list[list[float]], dwell: int, rule: tuple[float, ...]
) -> None:
    """Rises that open it, falls, bars that tell nothing, and a market that no state explains."""
    bars = days([move for part in parts for move in part])
    known = heard(up_model(), bars, rule)
    gate = a_gate(max_age=2, dwell=dwell)

    assert told(bars, dwell, rule) == stands(gate, known.posteriors, known.unknown(gate)).tolist()


def test_a_gate_is_shut_while_it_has_nothing_to_go_by() -> None:
    """Blind bars shut it after as many as may be missing, a dead market by a rule of novelty alone."""
    rising = [RISE] * 4
    bars = days([*rising, *[NOTHING] * 4, *rising, *[STILL] * 8])
    gate = a_gate(max_age=2, allow=(0, 1), enter=0.0, leave=0.0)
    bare, strict = (heard(up_model(), bars, rule) for rule in ((), STRICT))

    assert [0, 6, 7, 8] == [i for i, void in enumerate(bare.unknown(gate)) if void]
    assert bare.unknown(gate).sum() < strict.unknown(gate).sum()
    assert not stands(gate, strict.posteriors, strict.unknown(gate))[strict.unknown(gate)].any()
