"""What is read of a regime in a compiled drive, bar by bar, and what its gate makes of it.

Kernels over flat state: those that a daemon's reading and gate call (`runtime/core/readings.py`, `gates.py`), asked in
their order. What a strategy hears of a regime that reads other bars stands in `engine_hearing.py`.
"""

from backtests.engine_layout import (
    ABOUT,
    ALERTS,
    ALIKE,
    ALLOWED,
    ALLOWS,
    ALLOWS_NOT,
    BARS,
    BEFORE_LAST,
    BLIND,
    BLINDED,
    CONTRADICTED,
    DENSITY,
    ENDS,
    EXPOSED,
    HAS_MARKS,
    HURRIED,
    IS_OPEN,
    KEPT,
    LAST,
    LENGTH,
    LISTENS,
    MAX_AGE,
    NEXT,
    NO_EXPOSURE,
    NOTHING_YET,
    NOVEL,
    NOVELTY,
    ORDINAL,
    REASON,
    STATES,
    STRANGEST,
    TOO_OLD,
    TOO_QUICK,
    UNEXPLAINED,
    UNLIKE,
    WEIGHS,
    WIDTH,
)
from market.kernel import Params, State, kernel, write_out
from regimes.filter import filter_step
from regimes.gate import allowed_mass, exposure, gate_step, most_likely
from regimes.likeness import likeness_count, likeness_verdict
from regimes.novelty import SHARE, WHICH, novelty_step
from regimes.pit import pit_step

NAN = float("nan")
REMEMBERED = 1000
"""Rows, as `runtime.core.readings` remembers them."""
UNREAD = 1073741824.0
"""Bars that told nothing where none has told anything yet."""


@kernel
def take_in(
    m: State, q: Params, x: State, rows: State, old: State, alike: State, marks: Params, t: float, halted: float
) -> None:  # fmt: skip
    """Remember the row `x` of a bar that opened at `t` (ms); one of a halt tells the filter nothing."""
    _remember(m, q, x, rows, old, alike, marks, _hurried(m, q, t))
    if halted > 0.0:
        for k in range(int(q[WIDTH])):
            x[k] = NAN


@kernel
def fold_members(s: State, w: Params, x: Params, states: int, size: int, kind: int) -> float:  # noqa: ARG001 - as the other
    """Fold a row into the posterior of an ensemble."""
    return filter_step(s, w, x)


@kernel
def _hurried(m: State, q: Params, t: float) -> float:
    """Count a bar that opened at `t` (ms); return 1.0 where the last three follow one another too soon, else 0.0."""
    hurried = 0.0
    if m[BARS] >= 2.0 and m[LAST] - m[BEFORE_LAST] < q[LENGTH] and t - m[LAST] < q[LENGTH]:
        hurried = 1.0
    m[BARS] = m[BARS] + 1.0
    m[BEFORE_LAST], m[LAST] = m[LAST], t
    return hurried


@kernel
def _remember(
    m: State, q: Params, x: Params, rows: State, old: State, alike: State, marks: Params, hurried: float
) -> None:
    """Hold the rows that are remembered, with this one, against those that the model learnt from; `old` is scratch."""
    before, width = m[UNLIKE], int(q[WIDTH])
    if q[HAS_MARKS] > 0.0:
        at = int(m[NEXT]) * width
        if m[KEPT] == REMEMBERED:
            for k in range(width):
                old[k] = rows[at + k]
            likeness_count(alike, marks, old, -1.0)
        else:
            m[KEPT] = m[KEPT] + 1.0
        for k in range(width):
            rows[at + k] = x[k]
        m[NEXT] = m[NEXT] + 1.0
        if m[NEXT] == REMEMBERED:
            m[NEXT] = 0.0
        likeness_count(alike, marks, x, 1.0)
    m[UNLIKE] = likeness_verdict(alike, marks)
    if hurried > 0.0:
        m[UNLIKE] = TOO_QUICK
    if m[UNLIKE] != ALIKE and before == ALIKE:
        m[ALERTS] = m[ALERTS] + 1.0


@kernel
def look_at(m: State, s: State, states: int) -> None:
    """Note which state the filter thinks most likely, and for how many bars it has been told nothing."""
    m[BLIND] = 0.0 if m[DENSITY] == m[DENSITY] else m[BLIND] + 1.0
    m[ORDINAL] = float(most_likely(s, states))


@kernel
def notice_novelty(m: State, s: State, w: Params, z: State, v: State, rule: Params) -> None:
    """Take what the filter did not expect into the test of novelty."""
    if m[DENSITY] == m[DENSITY]:
        pit_step(z, s, w)
    else:
        z[0] = m[DENSITY]
    m[NOVEL] = novelty_step(v, rule, z)
    m[NOVELTY], m[STRANGEST] = v[SHARE], v[WHICH]


@kernel
def notice_nothing(m: State, s: State, w: Params, z: State, v: State, rule: Params) -> None:
    """Where no rule judges novelty there is none."""


@kernel
def _outlived(m: State, q: Params) -> float:
    """Tell whether the model is too old for this bar; people are told with the first such bar."""
    closed = m[LAST] + q[LENGTH]
    if not (q[ENDS] > 0.0 and q[ENDS] <= closed):
        return 0.0
    before = m[BEFORE_LAST] + q[LENGTH] if m[BARS] > 1.0 else 0.0
    if q[LISTENS] > 0.0 and (m[BARS] == 1.0 or before < q[ENDS]):
        m[ALERTS] = m[ALERTS] + 1.0
    return 1.0


@kernel
def judge(m: State, q: Params, s: State, gate: State, limits: Params, mask: Params, weights: Params) -> None:
    """Fold the bar into the gate, and note why it stands as it does."""
    _heed(m, q, s, mask, weights)
    stand(m, q, gate, limits)


@kernel
def _heed(m: State, q: Params, s: State, mask: Params, weights: Params) -> None:
    """Note what the regime says of the bar, and why nothing of that counts, where it does not."""
    m[ABOUT], m[REASON] = 0.0, ALLOWS
    void = _void(m, q, _outlived(m, q))
    if void > 0.0:
        know_nothing(m, q, void)
        return
    states = int(q[STATES])
    m[ALLOWED] = allowed_mass(s, mask, states)
    if m[NOVEL] > 0.0:
        m[REASON], m[ABOUT] = UNEXPLAINED, m[STRANGEST]
    if q[WEIGHS] > 0.0:
        m[EXPOSED] = exposure(s, weights, states)


@kernel
def know_nothing(m: State, q: Params, why: float) -> None:
    """Note that nothing is known of the regime."""
    m[ALLOWED], m[EXPOSED], m[REASON] = NAN, NAN if q[WEIGHS] > 0.0 else 1.0, why


@kernel
def known(m: Params) -> float:
    """Return the mass by which a gate goes: what no regime explains, none of them may allow."""
    if m[REASON] == UNEXPLAINED:
        return NAN
    return m[ALLOWED]


@kernel
def stand(m: State, q: Params, gate: State, limits: Params) -> None:
    """Fold into the gate what is noted of the bar, and note why it stands as it does."""
    m[IS_OPEN] = gate_step(gate, limits, known(m))
    if not (m[REASON] == ALLOWS or m[REASON] == ALLOWS_NOT or m[REASON] == NO_EXPOSURE):
        return
    m[REASON] = ALLOWS if m[IS_OPEN] > 0.0 else ALLOWS_NOT
    if q[WEIGHS] > 0.0 and m[IS_OPEN] > 0.0 and not m[EXPOSED] > 0.0:
        m[REASON] = NO_EXPOSURE


@kernel
def _void(m: State, q: Params, outlived: float) -> float:
    """Return why nothing counts that the regime says, and note what that is about; 0.0 where it does."""
    if m[UNLIKE] == TOO_QUICK:
        return HURRIED
    if m[UNLIKE] != ALIKE:
        m[ABOUT] = m[UNLIKE]
        return CONTRADICTED
    if outlived > 0.0:
        return TOO_OLD
    if m[BLIND] >= UNREAD:
        return NOTHING_YET
    if m[BLIND] > q[MAX_AGE]:
        m[ABOUT] = m[BLIND]
        return BLINDED
    return 0.0


write_out(look_at, take_in, judge, _hurried, _remember, _outlived, _void, _heed, stand, known)
"""What every bar goes through."""
